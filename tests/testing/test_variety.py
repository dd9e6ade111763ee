"""How a talk went is read off the talk itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.testing.coverage import Coverage
from hotline.testing.variety import scenario_intents, varied, ways
from tests.testing.conftest import Play

ASK = ["user: 查话费", "..."]
NUMBER = ["user: '13800138000'", "..."]


def talk(*steps: str) -> str:
    return "test_cases:\n- test_case: a talk\n  steps:\n" + "".join(f"  - {step}\n" for step in steps)


@pytest.mark.parametrize(
    ("steps", "way"),
    [
        ([*ASK, *NUMBER, "user: '246810'"], "plain"),
        ([*ASK, *NUMBER, "user: '13900139000'"], "correction"),
        ([*ASK, "user: 算了,不查了"], "cancel"),
        ([*ASK, "user: 你是机器人吗"], "digression"),
        ([*ASK, "user: '1380013'"], "bad input"),
        ([*ASK, "silence:"], "bad input"),
        (["down: billing", *ASK], "backend down"),
    ],
)
def test_a_talk_goes_in_one_of_six_ways(played: Play, steps: list[str], way: str) -> None:
    assert way in ways(played(talk(*steps)))["query_balance"]


def test_a_scenario_wants_the_plain_way_and_two_others() -> None:
    found = {"a": ["plain", "cancel", "correction"], "b": ["plain", "cancel"], "c": ["cancel", "correction"]}
    assert varied(found) == {"a"}


def test_processes_add_up_the_ways_that_talks_went() -> None:
    parts = [Coverage(ways={"a": {way}}) for way in ("plain", "cancel", "correction")]
    total = Coverage()
    for part in parts:
        total.add(Coverage.loads(part.dumps()))
    assert total.reached["scenarios"] == {"a"}


def test_the_scenarios_are_those_of_the_manual(tmp_path: Path) -> None:
    path = tmp_path / "scenarios.yml"
    path.write_text("talk:\n- {intent: greet}\n- {intent: affirm}\n- {event: silence}\nrules:\n- {id: one}\n")
    assert scenario_intents(path) == {"greet"}
    assert scenario_intents(tmp_path / "none.yml") == set()
