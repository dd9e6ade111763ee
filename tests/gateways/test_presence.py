"""Who is at the desk, in the database or in Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hotline.clock import FixedClock
from hotline.gateways.database import Database
from hotline.gateways.outbox import SqlOutbox
from hotline.gateways.redis import RedisStaffStore, connect
from hotline.gateways.staff import SqlStaffStore
from hotline.ports import StaffStore


@pytest.fixture(params=["sql", pytest.param("redis", marks=pytest.mark.services)])
async def store(request: pytest.FixtureRequest, database: Database, clock: FixedClock) -> AsyncIterator[StaffStore]:
    """Every implementation of presence."""
    if request.param == "sql":
        yield SqlStaffStore(database, clock)
        return
    client = connect(request.getfixturevalue("redis_server").url, 1.0)
    await client.flushdb()
    yield RedisStaffStore(client, database, clock)
    await client.close(close_connection_pool=True)


async def test_presence_is_what_was_heard_last(store: StaffStore) -> None:
    await store.see("a1001", 10.0)
    await store.see("a1001", 20.0, "busy")
    await store.see("a1001", 15.0)
    (one,) = await store.presences()
    assert (one.status, one.since, one.seen) == ("busy", 20.0, 20.0)
    await store.gone("a1001")
    assert await store.presences() == []


async def test_the_time_since_when_is_that_of_the_last_change(store: StaffStore) -> None:
    await store.see("a1001", 1700000000.25, "busy")
    await store.see("a1001", 1700000010.5)
    await store.see("a1001", 1700000020.75, "busy")
    (one,) = await store.presences()
    assert (one.since, one.seen) == (1700000000.25, 1700000020.75)


async def test_the_desk_hears_of_changes_and_of_nothing_else(store: StaffStore, database: Database) -> None:
    outbox = SqlOutbox(database)
    start = await outbox.last()
    await store.see("a1001", 10.0)
    await store.see("a1001", 20.0)
    await store.see("a1001", 30.0, "away")
    await store.see("a1002", 30.0)
    await store.gone("a1001")
    told = [one.news.payload["login"] for one in await outbox.tail("desk", start) if one.news.kind == "presence"]
    assert told == ["a1001", "a1001", "a1002", "a1001"]
    assert [one.login for one in await store.presences()] == ["a1002"]
