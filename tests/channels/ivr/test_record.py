"""What a call's record says of callers, and what a transfer carries."""

from __future__ import annotations

import pytest

from hotline.answers import Answer
from hotline.channels.ivr.prompts import MOST_UUI, user_to_user
from hotline.channels.ivr.protocol import Event
from hotline.channels.ivr.record import note_answers, number, opened
from tests.support import NOW


@pytest.mark.parametrize(
    ("caller", "mobile"),
    [
        ("13800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("sip:13800138000@10.0.0.1", "13800138000"),
        ("01012345678", ""),
        ("anonymous", ""),
        ("", ""),
        ("１３８００１３８０００", ""),
    ],
)
def test_the_mobile_number_is_found_however_it_is_written(caller: str, mobile: str) -> None:
    assert number(Event("c", "e", "start", caller=caller)) == mobile


@pytest.mark.parametrize("caller", ["13800138000", "+8613800138000", "sip:13800138000@10.0.0.1"])
def test_the_record_has_the_number_masked(caller: str) -> None:
    assert opened(Event("c", "e", "start", caller=caller), NOW)["caller"] == "138****8000"


def test_topics_are_those_that_were_served_latest_last() -> None:
    call = opened(Event("c", "e", "start"), NOW)
    for name in (
        "utter_courtesy_greet",
        "utter_billing_x",
        "utter_complaint_y",
        "utter_ask_phone_number",
        "utter_billing_z",
    ):
        note_answers(call, "", [Answer("好。", name)], NOW)
    assert call["topics"] == ["complaint", "billing"]


def test_only_the_last_turns_are_kept() -> None:
    call = opened(Event("c", "e", "start"), NOW)
    for turn in range(9):
        note_answers(call, f"第{turn}句", [Answer("好。")], NOW)
    assert [turn["caller"] for turn in call["said"]] == [f"第{turn}句" for turn in range(3, 9)]


def test_a_ticket_stays_with_the_call() -> None:
    call = opened(Event("c", "e", "start"), NOW)
    note_answers(call, "", [Answer("好。", values={"ticket": "T1"})], NOW)
    note_answers(call, "", [Answer("好。")], NOW)
    assert call["ticket"] == "T1"


@pytest.mark.parametrize("conversation", ["c", "x" * 64, "x" * 128])
def test_what_goes_into_a_header_fits_and_keeps_the_id(conversation: str) -> None:
    found = user_to_user(conversation, "complain_staff_attitude", True, "C20261021000001")
    assert len(found.encode()) <= max(MOST_UUI, len(conversation) + 3)
    assert found.startswith(f"id={conversation}")


def test_the_header_names_ticket_topic_and_verification() -> None:
    assert user_to_user("c", "query_bill", False, "T1") == "id=c;ticket=T1;topic=query_bill;verified=0"
    assert user_to_user("c", "查账单", True, "") == "id=c;verified=1"
