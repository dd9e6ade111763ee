"""How much proving a run does: the bounded form that CI can afford, or all of it (``make prove`` sets PROVE=full)."""

from __future__ import annotations

import os

FULL = os.environ.get("PROVE") == "full"

# What a fault costs in real time; scaled down for CI, as in production for the full proof. Seconds.
DEADLINE = 8.0 if FULL else 3.0
BACKEND_LIMIT = 3.0 if FULL else 0.5
SLOW = 0.8 if FULL else 0.1

KILLS = int(os.environ.get("KILL_ROUNDS", "500" if FULL else "16"))
STEPS = 50 if FULL else 25  # of a state machine
EXAMPLES = 200 if FULL else 12
SPELLINGS = 1000 if FULL else 100
UTTERANCES = 792 if FULL else 100
