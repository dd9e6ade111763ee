"""The rules for changes of an account, each change once, and its entry in the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update

from hotline.clock import FixedClock
from hotline.errors import NoSuchItemError, OrderRefusedError, UnknownSubscriberError
from hotline.gateways import REFUSALS, schema
from hotline.gateways.account import SqlAccountGateway
from hotline.gateways.billing import SqlBillingGateway
from hotline.gateways.database import Database
from hotline.ports import BillItem, DataPackage, Order

WANG, LI, ZHANG, ZHAO, CHEN = "13800138000", "13900139000", "13700137000", "13600136000", "13500135000"
TODAY, NEXT_MONTH = date(2026, 10, 21), date(2026, 11, 1)


@pytest.fixture
def account(database: Database, clock: FixedClock) -> SqlAccountGateway:
    return SqlAccountGateway(database, clock)


async def order(account: SqlAccountGateway, phone: str, kind: str, item: str = "", key: str = "k") -> Order:
    return await account.execute(phone, kind, item, key, "conversation-1")


async def refusal(account: SqlAccountGateway, phone: str, kind: str, item: str = "") -> tuple[str, Mapping[str, Any]]:
    with pytest.raises(OrderRefusedError) as refused:
        await order(account, phone, kind, item, f"{phone} {kind} {item}")
    assert refused.value.reason in REFUSALS
    return refused.value.reason, refused.value.facts


async def set_subscriber(database: Database, phone: str, **values: Any) -> None:
    table = schema.subscribers
    await database.write(
        lambda connection: connection.execute(update(table).where(table.c.phone == phone).values(values))
    )


# --- plans ---


async def test_a_new_plan_holds_from_the_first_of_next_month(
    account: SqlAccountGateway, sql_billing: SqlBillingGateway, clock: FixedClock
) -> None:
    assert (await order(account, WANG, "change_plan", "畅享套餐38元")).effective == NEXT_MONTH
    assert (await sql_billing.subscriber(WANG)).plan == "畅享套餐58元"
    clock.advance(timedelta(days=11))
    subscriber = await sql_billing.subscriber(WANG)
    assert (subscriber.plan, subscriber.plan_since) == ("畅享套餐38元", NEXT_MONTH)
    assert (await sql_billing.usage(WANG)).packages[0].total == 5120


async def test_after_a_change_has_come_into_force_another_can_follow(
    account: SqlAccountGateway, sql_billing: SqlBillingGateway, clock: FixedClock
) -> None:
    await order(account, WANG, "change_plan", "畅享套餐38元")
    clock.advance(timedelta(days=11))
    await order(account, WANG, "change_plan", "全球通套餐128元", "k2")
    subscriber = await sql_billing.subscriber(WANG)
    assert (subscriber.plan, subscriber.plan_since) == ("畅享套餐38元", NEXT_MONTH)
    clock.advance(timedelta(days=30))
    assert (await sql_billing.subscriber(WANG)).plan == "全球通套餐128元"


async def test_the_present_plan_cannot_be_ordered(account: SqlAccountGateway) -> None:
    assert await refusal(account, WANG, "change_plan", "畅享套餐58元") == ("already", {})


async def test_a_plan_ordered_for_next_month_cannot_be_ordered_again(account: SqlAccountGateway) -> None:
    await order(account, WANG, "change_plan", "畅享套餐38元")
    assert await refusal(account, WANG, "change_plan", "畅享套餐38元") == ("already", {})


async def test_ordering_the_present_plan_takes_back_a_change_that_is_to_come(
    account: SqlAccountGateway, sql_billing: SqlBillingGateway, clock: FixedClock
) -> None:
    await order(account, WANG, "change_plan", "畅享套餐38元")
    await order(account, WANG, "change_plan", "畅享套餐58元", "k2")
    clock.advance(timedelta(days=11))
    assert (await sql_billing.subscriber(WANG)).plan == "畅享套餐58元"


async def test_a_suspended_line_cannot_change_its_plan(account: SqlAccountGateway) -> None:
    assert await refusal(account, LI, "change_plan", "畅享套餐38元") == ("suspended", {"suspended_for": "arrears"})


async def test_a_contract_forbids_a_cheaper_plan_and_says_until_when(account: SqlAccountGateway) -> None:
    assert await refusal(account, ZHAO, "change_plan", "畅享套餐58元") == ("contract", {"until": date(2027, 5, 31)})


async def test_a_contract_allows_a_dearer_plan(account: SqlAccountGateway, database: Database) -> None:
    await set_subscriber(database, ZHAO, plan="畅享套餐38元")
    assert (await order(account, ZHAO, "change_plan", "畅享套餐58元")).effective == NEXT_MONTH


async def test_a_contract_that_ends_before_the_change_does_not_forbid_it(
    account: SqlAccountGateway, database: Database
) -> None:
    await set_subscriber(database, ZHAO, contract_until=date(2026, 10, 31))
    assert (await order(account, ZHAO, "change_plan", "畅享套餐58元")).effective == NEXT_MONTH


# --- packs ---


async def test_a_pack_holds_at_once_and_is_paid_from_the_balance(
    account: SqlAccountGateway, sql_billing: SqlBillingGateway
) -> None:
    assert (await order(account, WANG, "buy_data_pack", "20元流量包")).effective == TODAY
    assert await sql_billing.balance(WANG) == Decimal("66.40")
    pack = DataPackage("20元流量包", "国内", 0, 3072, date(2026, 11, 20))
    assert (await sql_billing.usage(WANG)).packages[-1] == pack
    bill = await sql_billing.bill(WANG, TODAY)
    assert bill is not None and bill.items[-1] == BillItem("20元流量包", Decimal(20))


async def test_a_pack_that_has_expired_is_gone(
    account: SqlAccountGateway, sql_billing: SqlBillingGateway, clock: FixedClock
) -> None:
    await order(account, WANG, "buy_data_pack", "20元流量包")
    clock.advance(timedelta(days=30))
    assert len((await sql_billing.usage(WANG)).packages) == 2  # on its last day
    clock.advance(timedelta(days=1))
    assert len((await sql_billing.usage(WANG)).packages) == 1


async def test_a_pack_that_the_balance_does_not_cover_is_refused(account: SqlAccountGateway) -> None:
    facts = {"balance": Decimal("12.80"), "fee": Decimal(20)}
    assert await refusal(account, ZHAO, "buy_data_pack", "20元流量包") == ("balance", facts)


async def test_packs_bought_at_the_same_moment_never_overdraw_the_balance(
    account: SqlAccountGateway, sql_billing: SqlBillingGateway
) -> None:
    orders = [order(account, ZHAO, "buy_data_pack", "10元流量包", f"k{n}") for n in range(8)]
    outcomes = await asyncio.gather(*orders, return_exceptions=True)
    assert sum(isinstance(outcome, Order) for outcome in outcomes) == 1
    assert await sql_billing.balance(ZHAO) == Decimal("2.80")


# --- services ---


async def test_a_service_opens_at_once(account: SqlAccountGateway, sql_billing: SqlBillingGateway) -> None:
    assert (await order(account, WANG, "open_service", "国际漫游")).effective == TODAY
    assert (await sql_billing.subscriber(WANG)).services == ("来电显示", "咪咕音乐会员", "国际漫游")


async def test_an_open_service_cannot_be_opened(account: SqlAccountGateway) -> None:
    assert await refusal(account, WANG, "open_service", "来电显示") == ("already", {})


async def test_a_service_ends_at_once(account: SqlAccountGateway, sql_billing: SqlBillingGateway) -> None:
    assert (await order(account, WANG, "cancel_service", "咪咕音乐会员")).effective == TODAY
    assert (await sql_billing.subscriber(WANG)).services == ("来电显示",)


@pytest.mark.parametrize("item", ["国际漫游", "10元流量包", "畅享套餐38元"])
async def test_what_is_not_held_cannot_be_cancelled(account: SqlAccountGateway, item: str) -> None:
    assert await refusal(account, WANG, "cancel_service", item) == ("not_open", {})


async def test_a_pack_runs_until_it_expires(account: SqlAccountGateway) -> None:
    assert await refusal(account, WANG, "cancel_service", "周末流量包") == (
        "pack_running",
        {"until": date(2026, 10, 31)},
    )


async def test_a_plan_cannot_be_cancelled(account: SqlAccountGateway) -> None:
    assert await refusal(account, WANG, "cancel_service", "畅享套餐58元") == ("plan_required", {})


@pytest.mark.parametrize("kind", ["change_plan", "buy_data_pack", "open_service", "cancel_service"])
async def test_an_unknown_item_is_said_to_be_unknown(account: SqlAccountGateway, kind: str) -> None:
    with pytest.raises(NoSuchItemError):
        await order(account, WANG, kind, "月球漫游")


# --- the line ---


async def test_a_lost_phone_is_stopped_at_once(account: SqlAccountGateway, sql_billing: SqlBillingGateway) -> None:
    assert (await order(account, WANG, "report_lost")).effective == TODAY
    subscriber = await sql_billing.subscriber(WANG)
    assert (subscriber.status, subscriber.suspended_for) == ("suspended", "lost")


async def test_a_lost_phone_cannot_be_lost_again(account: SqlAccountGateway) -> None:
    assert await refusal(account, CHEN, "report_lost") == ("already", {})


@pytest.mark.parametrize("phone", [CHEN, ZHANG], ids=["found again", "paid but still stopped"])
async def test_a_line_without_arrears_resumes_at_once(
    account: SqlAccountGateway, sql_billing: SqlBillingGateway, phone: str
) -> None:
    assert (await order(account, phone, "resume_service")).effective == TODAY
    subscriber = await sql_billing.subscriber(phone)
    assert (subscriber.status, subscriber.suspended_for) == ("active", None)


async def test_a_line_in_arrears_stays_stopped_and_the_amount_is_said(account: SqlAccountGateway) -> None:
    assert await refusal(account, LI, "resume_service") == ("arrears", {"amount": Decimal("37.50")})


async def test_a_lost_line_in_arrears_stays_stopped(account: SqlAccountGateway) -> None:
    await order(account, LI, "report_lost")
    assert (await refusal(account, LI, "resume_service"))[0] == "arrears"


async def test_a_running_line_cannot_be_resumed(account: SqlAccountGateway) -> None:
    assert await refusal(account, WANG, "resume_service") == ("already", {})


@pytest.mark.parametrize("cause", ["realname", "contract"])
async def test_a_line_stopped_for_another_cause_stays_stopped(
    account: SqlAccountGateway, database: Database, cause: str
) -> None:
    await set_subscriber(database, CHEN, suspended_for=cause)
    assert (await refusal(account, CHEN, "resume_service"))[0] == cause


# --- all of them ---


async def test_a_change_is_done_once_however_often_its_key_is_sent(
    account: SqlAccountGateway, sql_billing: SqlBillingGateway
) -> None:
    receipts = await asyncio.gather(*(order(account, WANG, "buy_data_pack", "10元流量包", "k") for _ in range(6)))
    assert len(set(receipts)) == 1
    assert await sql_billing.balance(WANG) == Decimal("76.40")


async def test_a_receipt_is_found_by_its_key(account: SqlAccountGateway) -> None:
    receipt = await order(account, WANG, "report_lost", key="k7")
    assert receipt == Order("20261021000001", TODAY)
    assert await account.find("k7") == receipt
    assert await account.find("k8") is None


async def test_a_preview_tells_the_day_and_changes_nothing(
    account: SqlAccountGateway, sql_billing: SqlBillingGateway, database: Database
) -> None:
    assert await account.preview(WANG, "change_plan", "畅享套餐38元") == NEXT_MONTH
    assert await account.preview(WANG, "buy_data_pack", "10元流量包") == TODAY
    assert await account.preview(WANG, "report_lost", "") == TODAY
    assert (await sql_billing.subscriber(WANG)).status == "active"
    assert await sql_billing.balance(WANG) == Decimal("86.40")
    assert await database.read(lambda connection: connection.execute(select(schema.orders)).all()) == []


async def test_a_preview_is_refused_as_the_change_would_be(account: SqlAccountGateway) -> None:
    with pytest.raises(OrderRefusedError) as refused:
        await account.preview(ZHAO, "buy_data_pack", "20元流量包")
    assert refused.value.reason == "balance"
    with pytest.raises(ValueError, match="no such change"):
        await account.preview(WANG, "give_away", "")


async def test_a_change_is_in_the_audit_log_with_before_and_after(
    account: SqlAccountGateway, database: Database, clock: FixedClock
) -> None:
    await order(account, WANG, "report_lost", key="k9")
    entry = (await database.read(lambda connection: connection.execute(select(schema.audit_log)).all()))[0]
    assert (entry.phone, entry.kind, entry.item, entry.key) == (WANG, "report_lost", "", "k9")
    assert (entry.conversation, entry.at) == ("conversation-1", clock.now())
    assert entry.before == {"status": "active", "suspended_for": None}
    assert entry.after == {"status": "suspended", "suspended_for": "lost"}


async def test_a_refused_change_leaves_no_trace(account: SqlAccountGateway, database: Database) -> None:
    await refusal(account, ZHAO, "buy_data_pack", "20元流量包")
    for table in (schema.orders, schema.audit_log):
        count = select(func.count()).select_from(table)
        assert await database.read(lambda connection, count=count: connection.execute(count).scalar()) == 0


async def test_nobody_and_a_closed_number_have_no_account(account: SqlAccountGateway, database: Database) -> None:
    await set_subscriber(database, CHEN, status="closed")
    for phone in (CHEN, "13312345678"):
        with pytest.raises(UnknownSubscriberError):
            await order(account, phone, "resume_service")


async def test_a_kind_that_is_none_is_a_mistake_of_the_caller(account: SqlAccountGateway) -> None:
    with pytest.raises(ValueError, match="no such change"):
        await order(account, WANG, "give_away")
