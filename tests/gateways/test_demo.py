"""The demo data is dated from today, and a later start keeps what customers have changed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from hotline.clock import ZONE, FixedClock
from hotline.gateways import schema
from hotline.gateways.account import SqlAccountGateway
from hotline.gateways.billing import SqlBillingGateway
from hotline.gateways.catalogue import SqlCatalogue
from hotline.gateways.database import Database
from hotline.gateways.demo import seed
from hotline.gateways.passwords import SqlPasswordStore
from tests.support import CHEAP_HASHER, NOW

WANG = "13800138000"
NEXT_MONTH = datetime(2026, 11, 1, 8, 0, tzinfo=ZONE)


async def counts(database: Database) -> dict[str, int]:
    return await database.read(
        lambda connection: {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar()
            for table in schema.metadata.sorted_tables
        }
    )


async def test_all_five_subscribers_are_there(database: Database) -> None:
    assert (await counts(database))["subscribers"] == 5


async def test_a_second_start_in_the_same_month_changes_nothing_but_the_outages(
    database: Database, sql_billing: SqlBillingGateway, clock: FixedClock
) -> None:
    before = await counts(database)
    payments = await sql_billing.payments(WANG)
    clock.advance(timedelta(days=3))
    seed(database.engine, clock.now(), CHEAP_HASHER)
    assert await counts(database) == before
    assert await sql_billing.payments(WANG) == payments
    outage = (await SqlCatalogue(database, clock).outages("北京", "海淀"))[0]
    assert outage.since == NOW + timedelta(days=3, hours=-2)


async def test_a_start_in_another_month_has_that_months_bills_usage_payments_and_packs(
    database: Database, sql_billing: SqlBillingGateway, clock: FixedClock
) -> None:
    before = await counts(database)
    clock.set(NEXT_MONTH)
    seed(database.engine, clock.now(), CHEAP_HASHER)
    assert await counts(database) == before
    bill = await sql_billing.bill(WANG, date(2026, 11, 1))
    assert bill is not None and bill.total == 64
    usage = await sql_billing.usage(WANG)
    assert [(package.used, package.expires) for package in usage.packages] == [
        (7321, date(2026, 11, 30)),
        (1024, date(2026, 11, 30)),
    ]
    assert (await sql_billing.payments(WANG))[1].day == date(2026, 10, 3)


async def test_a_payment_is_never_in_the_future(
    database: Database, sql_billing: SqlBillingGateway, clock: FixedClock
) -> None:
    clock.set(NEXT_MONTH)  # the file says: paid on the second of this month
    seed(database.engine, clock.now(), CHEAP_HASHER)
    assert (await sql_billing.payments(WANG))[0].day == date(2026, 11, 1)


async def test_what_customers_have_changed_stays_changed(
    database: Database, sql_billing: SqlBillingGateway, clock: FixedClock
) -> None:
    account, passwords = SqlAccountGateway(database, clock), SqlPasswordStore(database, CHEAP_HASHER)
    await account.execute(WANG, "change_plan", "畅享套餐38元", "k1", "c")
    await account.execute(WANG, "buy_data_pack", "半年流量包", "k2", "c")
    await account.execute(WANG, "cancel_service", "咪咕音乐会员", "k3", "c")
    await account.execute(WANG, "report_lost", "", "k4", "c")
    await passwords.change(WANG, "975310")
    clock.set(NEXT_MONTH)
    seed(database.engine, clock.now(), CHEAP_HASHER)
    subscriber = await sql_billing.subscriber(WANG)
    assert (subscriber.plan, subscriber.services) == ("畅享套餐38元", ("来电显示",))
    assert subscriber.suspended_for == "lost"
    assert await sql_billing.balance(WANG) == Decimal("26.40")
    assert [package.name for package in (await sql_billing.usage(WANG)).packages][1:] == ["周末流量包", "半年流量包"]
    assert await passwords.check(WANG, "975310")
    assert await account.find("k2") is not None
    passwords.close()


async def test_a_month_without_start_has_used_nothing_yet(
    database: Database, sql_billing: SqlBillingGateway, clock: FixedClock
) -> None:
    clock.set(NEXT_MONTH)
    usage = await sql_billing.usage(WANG)
    assert (usage.packages[0].used, usage.packages[0].total, usage.voice_used) == (0, 10240, 0)
