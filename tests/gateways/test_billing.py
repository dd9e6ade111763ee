"""What every ``BillingGateway`` must do, run against all of them; dates count from 2026-10-21 (tests/support.py)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hotline.errors import UnknownSubscriberError
from hotline.ports import BillingGateway, BillItem, DataPackage, Payment, Subscriber

WANG, LI, ZHAO, CHEN = "13800138000", "13900139000", "13600136000", "13500135000"
NOBODY = "13312345678"


async def test_a_subscriber_in_order_has_plan_and_services(billing: BillingGateway) -> None:
    assert await billing.subscriber(WANG) == Subscriber(
        phone=WANG,
        name="王建国",
        gender="male",
        status="active",
        suspended_for=None,
        plan="畅享套餐58元",
        plan_since=date(2025, 8, 1),
        contract_until=None,
        services=("来电显示", "咪咕音乐会员"),
    )


async def test_a_suspended_subscriber_says_why(billing: BillingGateway) -> None:
    arrears, lost = await billing.subscriber(LI), await billing.subscriber(CHEN)
    assert (arrears.status, arrears.suspended_for) == ("suspended", "arrears")
    assert (lost.status, lost.suspended_for) == ("suspended", "lost")


async def test_a_contract_has_its_last_day(billing: BillingGateway) -> None:
    assert (await billing.subscriber(ZHAO)).contract_until == date(2027, 5, 31)


@pytest.mark.parametrize(("phone", "balance"), [(WANG, "86.40"), (LI, "-37.50"), (ZHAO, "12.80")])
async def test_a_balance_is_exact_to_the_fen(billing: BillingGateway, phone: str, balance: str) -> None:
    assert str(await billing.balance(phone)) == balance


async def test_a_bill_has_its_items_in_order_and_their_sum(billing: BillingGateway) -> None:
    bill = await billing.bill(WANG, date(2026, 9, 1))
    assert bill is not None
    assert bill.month == date(2026, 9, 1)
    assert bill.items == (
        BillItem("套餐月费", Decimal("58.00")),
        BillItem("咪咕音乐会员", Decimal("6.00")),
        BillItem("套外流量", Decimal("15.00")),
        BillItem("国内长途", Decimal("4.20")),
    )
    assert bill.total == Decimal("83.20")


async def test_any_day_of_a_month_means_that_month(billing: BillingGateway) -> None:
    bill = await billing.bill(WANG, date(2026, 10, 21))
    assert bill is not None
    assert (bill.month, bill.total) == (date(2026, 10, 1), Decimal(64))


async def test_a_month_without_bill_has_none(billing: BillingGateway) -> None:
    assert await billing.bill(WANG, date(2026, 1, 1)) is None


async def test_usage_has_the_plan_first_then_packs(billing: BillingGateway) -> None:
    usage = await billing.usage(WANG)
    assert usage.packages == (
        DataPackage("畅享套餐58元", "国内", 7321, 10240, date(2026, 10, 31)),
        DataPackage("周末流量包", "周末", 1024, 3072, date(2026, 10, 31)),
    )
    assert (usage.voice_used, usage.voice_total) == (141, 200)


async def test_payments_come_newest_first(billing: BillingGateway) -> None:
    assert list(await billing.payments(WANG)) == [
        Payment(date(2026, 10, 2), Decimal("50.00"), "微信支付"),
        Payment(date(2026, 9, 3), Decimal("100.00"), "支付宝"),
    ]


async def test_payments_are_as_many_as_were_asked_for(billing: BillingGateway) -> None:
    assert [payment.method for payment in await billing.payments(WANG, limit=1)] == ["微信支付"]


async def test_points_and_puk_are_known(billing: BillingGateway) -> None:
    assert await billing.points(WANG) == 3260
    assert await billing.puk(WANG) == "23018466"


@pytest.mark.parametrize(
    "question",
    [
        lambda billing: billing.subscriber(NOBODY),
        lambda billing: billing.balance(NOBODY),
        lambda billing: billing.bill(NOBODY, date(2026, 9, 1)),
        lambda billing: billing.usage(NOBODY),
        lambda billing: billing.payments(NOBODY),
        lambda billing: billing.points(NOBODY),
        lambda billing: billing.puk(NOBODY),
    ],
    ids=["subscriber", "balance", "bill", "usage", "payments", "points", "puk"],
)
async def test_an_unknown_number_is_said_to_be_unknown_and_not_repeated(
    billing: BillingGateway, question: Callable[[BillingGateway], Any]
) -> None:
    with pytest.raises(UnknownSubscriberError) as refused:
        await question(billing)
    assert NOBODY not in str(refused.value)
