"""What the operator sells and where."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from hotline.clock import FixedClock
from hotline.gateways.catalogue import SqlCatalogue
from hotline.gateways.database import Database
from hotline.ports import Hall, Outage, Pack, Plan, Service
from tests.support import NOW


@pytest.fixture
def catalogue(database: Database, clock: FixedClock) -> SqlCatalogue:
    return SqlCatalogue(database, clock)


async def test_plans_come_cheapest_first(catalogue: SqlCatalogue) -> None:
    plans = await catalogue.plans()
    assert [plan.fee for plan in plans] == [8, 18, 38, 58, 128]
    assert plans[0] == Plan("飞享套餐8元", Decimal(8), 100, 30)


async def test_packs_come_cheapest_first(catalogue: SqlCatalogue) -> None:
    packs = await catalogue.packs()
    assert [pack.fee for pack in packs] == [10, 10, 20, 50, 60]
    assert Pack("周末流量包", Decimal(10), 3072, "周末", 30) in packs


async def test_services_have_their_fees(catalogue: SqlCatalogue) -> None:
    assert Service("手机报", Decimal(5)) in await catalogue.services()


async def test_halls_are_found_by_city_and_district(catalogue: SqlCatalogue) -> None:
    assert len(await catalogue.halls()) == 3
    assert len(await catalogue.halls("北京")) == 2
    haidian = Hall("海淀中关村营业厅", "北京", "海淀", "中关村大街27号", "09:00-19:00")
    assert await catalogue.halls("北京", "海淀") == [haidian]
    assert await catalogue.halls(None, "海淀") == [haidian]
    assert await catalogue.halls("上海", "海淀") == []


async def test_an_outage_is_told_while_it_lasts(catalogue: SqlCatalogue, clock: FixedClock) -> None:
    outage = Outage("北京", "海淀", NOW - timedelta(hours=2), NOW + timedelta(hours=3), "光缆抢修")
    assert await catalogue.outages("北京", "海淀") == [outage]
    assert await catalogue.outages(None, None) == [outage]
    assert await catalogue.outages("上海", None) == []
    clock.advance(timedelta(hours=3))
    assert await catalogue.outages("北京", "海淀") == []
    clock.set(NOW - timedelta(hours=2, seconds=1))
    assert await catalogue.outages("北京", "海淀") == []


async def test_the_times_of_an_outage_are_the_clocks(catalogue: SqlCatalogue) -> None:
    assert (await catalogue.outages("北京", None))[0].until.isoformat() == "2026-10-21T13:00:00+08:00"
