"""The gate: held-out turns are understood hardly worse than when it was last measured (docs/understanding.md).

Bounds lie a few points below the figures of benchmarks/understanding.py, which stand beside them. Raise a bound when
the figure rises; never train on what is measured here.
"""

from __future__ import annotations

import pytest

from benchmarks.understanding import (
    BACKCHANNELS,
    accuracy,
    best,
    held_out,
    loss,
    perturbations,
    threshold,
    without_context,
)
from hotline.nlu.model import IntentModel, Row

UTTERANCES, FAR, CALLS = held_out()
REQUESTS = [row for row in CALLS if row[1] not in BACKCHANNELS]
BACK = [row for row in CALLS if row[1] in BACKCHANNELS]


@pytest.mark.parametrize(
    ("rows", "bare", "in_force"),
    [
        pytest.param(UTTERANCES, 0.96, 0.945, id="utterances"),  # 0.981, 0.966
        pytest.param(REQUESTS, 0.78, 0.76, id="requests of calls"),  # 0.828, 0.825; the weak spot
        pytest.param(BACK, 0.87, 0.85, id="backchannels of calls"),  # 0.899, 0.886
        pytest.param(without_context(BACK), 0.83, 0.81, id="backchannels without context"),  # 0.878, 0.863
    ],
)
def test_held_out_turns_are_understood(model: IntentModel, rows: list[Row], bare: float, in_force: float) -> None:
    figures = accuracy(model, rows)
    assert figures["bare"] >= bare
    assert figures["in force"] >= in_force


def test_context_helps_with_backchannels(model: IntentModel) -> None:
    gain = accuracy(model, BACK)["bare"] - accuracy(model, without_context(BACK))["bare"]
    assert gain >= 0.01  # 0.021


def test_far_out_of_scope_is_refused(model: IntentModel) -> None:
    guesses = [best(model, text) for text in FAR]
    refused = [intent == "out_of_scope" or sure < threshold() for intent, sure in guesses]
    assert sum(refused) >= 0.92 * len(FAR)  # 0.950


@pytest.mark.parametrize(
    ("kind", "bare", "in_force"),
    [("homophones", 3, 10), ("fillers", 3, 3), ("traditional script", 0.5, 0.5)],  # 0.6 8.2, 0.8 1.5, 0 0
)
def test_noise_costs_few_points(model: IntentModel, kind: str, bare: float, in_force: float) -> None:
    change = perturbations(UTTERANCES)[kind]
    lost = loss(accuracy(model, UTTERANCES), accuracy(model, [(change(t), i, a) for t, i, a in UTTERANCES]))
    assert lost["bare"] <= bare
    assert lost["in force"] <= in_force
