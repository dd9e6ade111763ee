"""The rules of billing, on the real embedded database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from hotline.bootstrap import Services
from hotline.clock import ZONE
from hotline.errors import NoSuchItemError, NotVerifiedError, UnknownSubscriberError
from hotline.ports import BillItem
from hotline.services.billing import asks_what_fits, item_to_explain, months_meant
from tests.support import demo_services

PASSWORDS = {
    "13800138000": "246810",
    "13900139000": "135791",
    "13700137000": "112358",
    "13600136000": "808080",
    "13500135000": "369369",
}


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    built = demo_services(tmp_path)
    for phone, password in PASSWORDS.items():
        await built.verification.check_password("c", phone, password)
    yield built
    built.close()


@pytest.mark.parametrize("question", ["account", "usage", "payments", "points", "recommendation"])
async def test_personal_data_needs_a_verification_in_that_very_conversation(services: Services, question: str) -> None:
    with pytest.raises(NotVerifiedError):
        await getattr(services.billing, question)("another", "13800138000")


async def test_bills_need_it_too(services: Services) -> None:
    with pytest.raises(NotVerifiedError):
        await services.billing.bills("another", "13800138000", [date(2026, 9, 1)])


async def test_an_unknown_number_is_none_of_ours(services: Services) -> None:
    with pytest.raises(UnknownSubscriberError):
        await services.billing.check_number("13812345678")


@pytest.mark.parametrize(
    ("phone", "cause", "owed"),
    [
        ("13800138000", None, "0"),
        ("13900139000", "arrears", "37.50"),
        ("13700137000", "paid", "0"),
        ("13500135000", "lost", "0"),
    ],
)
async def test_the_cause_of_a_suspension_is_arrears_only_while_money_is_owed(
    services: Services, phone: str, cause: str | None, owed: str
) -> None:
    account = await services.billing.account("c", phone)
    assert (account.cause, account.owed) == (cause, Decimal(owed))


async def test_a_higher_bill_names_the_items_that_grew(services: Services) -> None:
    (explained,) = await services.billing.bills("c", "13600136000", [date(2026, 9, 1)])
    assert explained.difference == Decimal("246.50")
    assert explained.grown == (
        BillItem("国际漫游流量", Decimal("180.00")),
        BillItem("国际漫游语音", Decimal("46.50")),
        BillItem("增值业务·游戏点卡", Decimal("20.00")),
    )


async def test_a_bill_that_is_not_higher_names_none(services: Services) -> None:
    (explained,) = await services.billing.bills("c", "13800138000", [date(2026, 10, 1)])
    assert (explained.grown, explained.difference) == ((), Decimal(0))


async def test_the_first_bill_has_nothing_to_compare_with(services: Services) -> None:
    (explained,) = await services.billing.bills("c", "13800138000", [date(2026, 8, 1)])
    assert (explained.previous, explained.grown, explained.difference) == (None, (), Decimal(0))


async def test_months_without_any_bill_are_said_to_have_none(services: Services) -> None:
    with pytest.raises(NoSuchItemError):
        await services.billing.bills("c", "13800138000", [date(2026, 5, 1)])


async def test_the_recommended_plan_is_the_cheapest_that_covers_the_use(services: Services) -> None:
    fitting = await services.billing.recommendation("c", "13700137000")
    assert (fitting.plan.name, fitting.present) == ("畅享套餐38元", "畅享套餐38元")


async def test_six_months_back_and_this_one_can_be_asked_for(services: Services) -> None:
    months = services.billing.open_months()
    assert (months[0], months[-1], len(months)) == (date(2026, 10, 1), date(2026, 4, 1), 7)


@pytest.mark.parametrize(
    ("value", "months"),
    [
        ("0", ["2026-10"]),
        ("-1", ["2026-09"]),
        ("m:3", ["2026-03"]),
        ("m:10", ["2026-10"]),
        ("m:11", ["2025-11"]),
        ("ly:3", ["2025-03"]),
        ("y:2026-03", ["2026-03"]),
        ("last:3", ["2026-09", "2026-08", "2026-07"]),
        ("m:13", []),
        ("y:2026-13", []),
        ("x", []),
        ("x:1", []),
    ],
)
def test_months_are_meant_relative_to_today(value: str, months: list[str]) -> None:
    today = datetime(2026, 10, 21, tzinfo=ZONE)
    assert [f"{month:%Y-%m}" for month in months_meant(value, today)] == months


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("套外流量是什么", "data_beyond_plan"),
        ("超出套餐的流量是啥意思", "data_beyond_plan"),
        ("国内长途是什么", "long_distance"),
        ("国际漫游语音是什么", "roaming"),
        ("月租费是什么意思", "plan_fee"),
        ("游戏点卡是个什么", "value_added"),
        ("套外流量是什么时候用的", None),
        ("套外流量怎么这么多", None),
        ("这是什么", None),
    ],
)
def test_who_asks_what_an_item_is_asks_for_no_bill(text: str, item: str | None) -> None:
    assert item_to_explain(text) == item


@pytest.mark.parametrize(
    ("text", "fits"),
    [("我适合哪个", True), ("哪个划算", True), ("有什么套餐", False), ("哪个最便宜", False), ("老年人适合哪个", False)],
)
def test_what_fits_needs_the_use_what_is_cheapest_does_not(text: str, fits: bool) -> None:
    assert asks_what_fits(text) is fits
