"""What customers would notice: each kind of change is found, and nothing is found where nothing changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hotline.testing.difference import compare, markdown

RECORD: Any = {
    "talks": [
        {
            "file": "talk.yml",
            "name": "a talk",
            "broke_off": "",
            "moves": [
                {
                    "did": "查话费",
                    "intents": ["query_balance"],
                    "answers": [{"name": "utter_a", "text": "甲"}],
                    "mode": "bot",
                },
                {"did": "好", "intents": ["affirm"], "answers": [{"name": "utter_b", "text": "乙"}], "mode": "bot"},
            ],
        }
    ],
    "utterances": [{"text": "还剩多少", "expected": "query_balance", "found": "query_balance", "confidence": 0.9}],
}


@pytest.fixture
def after() -> Any:
    return copy.deepcopy(RECORD)


def report(after: Any) -> str:
    return markdown(compare(RECORD, after), "main")


def test_nothing_changed(after: Any) -> None:
    assert "**Nothing.**" in report(after)
    assert "1 test talks were replayed on both." in report(after)


def test_a_sentence_changed(after: Any) -> None:
    after["talks"][0]["moves"][0]["answers"][0]["text"] = "丙"
    text = report(after)
    assert "### Sentences changed: 1" in text
    assert "`utter_a` in 1 talk\n  - before: “甲”\n  - now: “丙”" in text
    assert "go differently" not in text


def test_a_conversation_goes_differently_and_ends_the_same(after: Any) -> None:
    after["talks"][0]["moves"][0]["answers"][0]["name"] = "utter_c"
    assert "go differently: 1, of which 0 end differently" in report(after)


@pytest.mark.parametrize("key", ["mode", "intents"])
def test_the_same_words_for_another_reason_are_shown(after: Any, key: str) -> None:
    after["talks"][0]["moves"][0][key] = "closed" if key == "mode" else ["goodbye"]
    text = report(after)
    assert "go differently: 1" in text
    assert ("understood query_balance → goodbye" in text) == (key == "intents")
    assert "  - the same is said\n" in text


def test_a_conversation_ends_differently(after: Any) -> None:
    after["talks"][0]["moves"][1]["answers"] = [{"name": "utter_d", "text": "丁"}]
    text = report(after)
    assert "1 end differently" in text
    assert "ended with “乙 (bot)”, now with “丁 (bot)”" in text


def test_a_talk_that_breaks_off_is_shown(after: Any) -> None:
    after["talks"][0]["moves"].pop()
    after["talks"][0]["broke_off"] = "no button"
    text = report(after)
    assert "move 2: “好”" in text
    assert "now with “no button”" in text


def test_an_intent_moved(after: Any) -> None:
    after["utterances"][0]["found"] = "query_plan"
    text = report(after)
    assert "1 understood rightly before, 0 now (100.0 % → 0.0 %)" in text
    assert "| query_balance | query_balance | query_plan ✗ | 1 | “还剩多少” |" in text


def test_a_talk_that_is_new_is_only_counted(after: Any) -> None:
    after["talks"][0]["name"] = "another"
    text = report(after)
    assert "0 test talks were replayed on both, 1 are new." in text
    assert "**Nothing.**" in text
