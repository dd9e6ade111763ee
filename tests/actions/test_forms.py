"""What counts as an answer to a form's question: only what was said to that very question, and a yes beyond doubt."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from rasa_sdk import Tracker

from actions.forms import (
    BARE_YES,
    DOUBTFUL,
    PLAIN_YES,
    before_this_message,
    begins_anew,
    loop_when_spoken,
    said_since_start,
)

FORM = "change_plan_form"


def tracker(*events: dict[str, Any], intent: str = "change_plan", requested: Optional[str] = None) -> Tracker:
    """A tracker as a validation gets it: Rasa has put the form itself last."""
    latest = {"intent": {"name": intent}, "entities": [], "text": ""}
    events = (*events, action(FORM))
    return Tracker("c", {"requested_slot": requested}, latest, list(events), False, None, {"name": FORM}, FORM)


def action(name: str) -> dict[str, Any]:
    return {"event": "action", "name": name}


def loop(name: Optional[str]) -> dict[str, Any]:
    return {"event": "active_loop", "name": name}


def slot(name: str, value: Any) -> dict[str, Any]:
    return {"event": "slot", "name": name, "value": value}


LISTEN, USER = action("action_listen"), {"event": "user"}


def test_who_asks_for_a_task_begins_it_anew() -> None:
    assert begins_anew(tracker(LISTEN, USER), FORM)


def test_who_asks_for_it_while_another_form_is_in_hand_begins_it_anew() -> None:
    events = (LISTEN, USER, action("query_bill_form"), loop("query_bill_form"), LISTEN, USER)
    assert begins_anew(tracker(*events, requested="bill_month"), FORM)


@pytest.mark.parametrize(
    ("events", "intent"),
    [
        ((LISTEN, USER, action(FORM), loop(FORM), LISTEN, USER), "change_plan"),  # asked again for what is in hand
        ((LISTEN, USER, action("action_affirm")), "affirm"),  # taken up again
        ((LISTEN, USER, action("action_talk_to_owner")), "change_plan"),  # led to it by another task
    ],
)
def test_who_goes_on_does_not_begin_anew(events: tuple[dict[str, Any], ...], intent: str) -> None:
    assert not begins_anew(tracker(*events, intent=intent), FORM)


def test_the_form_in_hand_is_the_one_from_before_the_words() -> None:
    assert loop_when_spoken(tracker(loop("query_bill_form"), LISTEN, USER, loop(FORM))) == "query_bill_form"
    assert loop_when_spoken(tracker(loop(FORM), loop(None), LISTEN, USER)) is None
    assert loop_when_spoken(tracker(LISTEN, USER)) is None


def test_a_slots_value_before_the_words_is_found_under_what_they_changed() -> None:
    changed = tracker(slot("chosen_plan", "a"), LISTEN, USER, slot("chosen_plan", "b"))
    assert before_this_message(changed, "chosen_plan") == "a"
    assert before_this_message(changed, "phone_number") is None


def test_only_what_was_said_in_this_run_of_a_form_counts() -> None:
    said = {"event": "bot", "metadata": {"utter_action": "utter_invalid_chosen_plan"}}
    assert (
        said_since_start(
            tracker(loop(FORM), said, loop(None), loop(FORM), said), FORM, said["metadata"]["utter_action"]
        )
        == 1
    )


@pytest.mark.parametrize("text", ["好的", "嗯好", "对", "是的", "确认", "需要", "可以", "要的", "行吧", "没错"])
def test_a_bare_yes_is_one_whatever_it_was_understood_as(text: str) -> None:
    assert BARE_YES.fullmatch(text)
    assert not DOUBTFUL.search(text)


@pytest.mark.parametrize("text", ["对快点", "好的谢谢你", "嗯确认办理"])
def test_a_yes_may_have_something_behind_it(text: str) -> None:
    assert PLAIN_YES.search(text)
    assert not DOUBTFUL.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "算了不挂失了",
        "好像不对吧",
        "好的吗?",
        "对我来说太贵了吧不要",
        "等一下",
        "别办了",
        "没听清",
        "多少钱来着",
        "不是",
    ],
)
def test_a_yes_in_doubt_is_none(text: str) -> None:
    assert DOUBTFUL.search(text)
    assert not BARE_YES.fullmatch(text)


@pytest.mark.parametrize("text", ["不错", "没问题", "没错就是这个"])
def test_a_yes_by_denying_a_fault_is_a_yes(text: str) -> None:
    assert not DOUBTFUL.search(text)
