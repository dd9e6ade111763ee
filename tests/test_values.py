"""Small things that many rely on: the clock, figures in sentences, masking, words of a domain."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hotline import formats
from hotline.clock import ZONE, FixedClock, SystemClock, add_months, clock_for, month_of
from hotline.masking import mask, mask_all
from hotline.wording import Words, has_placeholder


def test_a_fixed_clock_stands_still_until_it_is_moved() -> None:
    clock = clock_for("2026-10-01T01:00:00+00:00")
    assert isinstance(clock, FixedClock)
    assert clock.now() == datetime(2026, 10, 1, 9, tzinfo=ZONE)
    clock.advance(timedelta(hours=1))
    assert clock.now().hour == 10
    clock.set(datetime(2026, 1, 1, tzinfo=ZONE))
    assert clock.now().year == 2026


def test_the_real_clock_tells_chinas_civil_time() -> None:
    clock = clock_for("")
    assert isinstance(clock, SystemClock)
    assert clock.now().utcoffset() == timedelta(hours=8)


def test_months_carry_over_years() -> None:
    assert add_months(date(2026, 1, 31), -1) == date(2025, 12, 1)
    assert month_of(date(2026, 12, 5), 1) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.money(Decimal("86.4")), "86.40"),
        (formats.fee(Decimal("58.00")), "58"),
        (formats.fee(Decimal("9.90")), "9.90"),
        (formats.volume(500), "500MB"),
        (formats.volume(3072), "3GB"),
        (formats.volume(7321), "7.15GB"),
        (formats.day(date(2026, 3, 5)), "2026年3月5日"),
        (formats.month(date(2026, 3, 1)), "2026年3月"),
    ],
)
def test_figures_are_written_as_customers_read_them(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("打给13800138000吧", "打给138****8000吧"),
        ("138-0013-8000", "138****8000"),
        ("密码246810。", "密码******。"),
        ("卡号6222021234567890123", "卡号622************0123"),
        ("话费86.40元,2026年3月5日", "话费86.40元,2026年3月5日"),
    ],
)
def test_personal_numbers_are_masked_and_others_are_not(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_masking_reaches_into_lists_and_mappings() -> None:
    assert mask_all({"a": ["13800138000", 1], "b": None}) == {"a": ["138****8000", 1], "b": None}


WORDS = {
    "utter_a": [
        {"text": "按{key}", "channel": "ivr", "metadata": {"clause": "house", "asks": "choose"}},
        {"text": "选{key}", "buttons": [{"title": "一", "payload": "/a"}]},
        {"text": "条件", "condition": [{"type": "slot"}]},
    ],
    "utter_row": [{"text": "{name}{amount}元", "metadata": {"separator": ";"}}],
}


def test_words_choose_the_variant_of_the_channel_else_the_default() -> None:
    words = Words(WORDS)
    assert words.answer("utter_a", "ivr", key="1").text == "按1"
    assert words.answer("utter_a", "web", key="1").buttons == [{"title": "一", "payload": "/a"}]


def test_a_listing_fills_in_each_row_and_joins_them_by_its_own_separator() -> None:
    rows = [{"name": "套餐", "amount": 58}, {"name": "流量", "amount": 15}]
    assert Words(WORDS).listing("utter_row", rows) == "套餐58元;流量15元"


def test_the_words_of_the_product_can_be_read() -> None:
    words = Words.from_file(Path("domain.yml"))
    assert words.answer("utter_courtesy_greet").metadata["clause"] == "1258-1"


@pytest.mark.parametrize(("text", "left"), [("您欠{amount}元", True), ("{1}", False), ("好的。", False)])
def test_an_open_placeholder_is_recognised(text: str, left: bool) -> None:
    assert has_placeholder(text) is left
