"""How talks go: plainly, or with a correction, a cancel, a digression, bad input, a backend that is down.

Every scenario of the manual wants the plain way and at least two of the others (kind ``scenarios`` of the coverage).
What happened is read off the talk itself, so that no label can say more than the talk does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

PLAIN = "plain"
CORRECTION, CANCEL, DIGRESSION, BAD_INPUT, DOWN = "correction", "cancel", "digression", "bad input", "backend down"
ENOUGH = 2  # of the others

# What is said about the talk itself and begins nothing.
TURNS = {"affirm", "deny", "stop", "inform", "nlu_fallback", "silence", "secret_entered", "session_opened"}
BAD = ("utter_invalid_", "utter_verification_wrong_", "utter_verification_unknown_number", "utter_verification_weak_")
# Slots that are set again without anybody's correcting anything.
OWN = {"requested_slot", "last_task", "fault_step", "complaint_category", "line_cause", "dropped_task"}


def scenario_intents(scenarios: Path) -> set[str]:
    """The intents that the manual's scenarios open with, without those that begin nothing; none where there is no such
    file.
    """
    if not scenarios.exists():
        return set()
    parts: Mapping[str, Any] = yaml.safe_load(scenarios.read_text(encoding="utf-8"))
    rows = (row for name, part in parts.items() if name != "rules" for row in part)
    return {str(row["intent"]) for row in rows if "intent" in row} - TURNS


def ways(outcome: Any) -> dict[str, set[str]]:
    """The intents of a played case (``hotline.testing.runner.Outcome``), each with the ways in which the talk went."""
    intents: set[str] = set()
    found: set[str] = {DOWN} if any(step.kind == "down" for step in outcome.case.steps) else set()
    loop, values = "", dict[str, str]()
    for exchange in outcome.exchanges:
        said = {one.intent for one in exchange.move.understood}
        intents |= said
        found |= _in_words(said, loop, [answer.name for answer in exchange.move.answers])
        for event in exchange.move.events:
            if event.type_name == "active_loop":
                loop = event.name or ""
            elif event.type_name == "slot" and isinstance(event.value, str) and event.key not in OWN:
                if values.get(event.key, event.value) != event.value:
                    found.add(CORRECTION)
                values[event.key] = event.value
    return {intent: found or {PLAIN} for intent in intents}


def _in_words(said: set[str], loop: str, answers: Iterable[str]) -> set[str]:
    found = set()
    if said & {"stop", "deny"}:
        found.add(CANCEL)
    if said & {"nlu_fallback", "silence"} or any(name.startswith(BAD) for name in answers):
        found.add(BAD_INPUT)
    if loop and any(f"{intent}_form" != loop for intent in said - TURNS):
        found.add(DIGRESSION)
    return found


def varied(found: Mapping[str, Iterable[str]]) -> set[str]:
    """The intents that have the plain way and enough of the others."""
    return {intent for intent, seen in found.items() if PLAIN in seen and len(set(seen) - {PLAIN}) >= ENOUGH}
