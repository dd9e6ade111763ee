"""A verification belongs to one number in one conversation and ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hotline.gateways.database import Database
from hotline.gateways.grants import SqlGrantStore
from tests.support import NOW

WANG, LI = "13800138000", "13900139000"
LATER = NOW + timedelta(minutes=30)


@pytest.fixture(params=[False, True], ids=["shared", "alone"])
def grants(database: Database, request: pytest.FixtureRequest) -> SqlGrantStore:
    return SqlGrantStore(database, lambda: request.param)


async def test_a_grant_holds_for_its_number_and_conversation_alone(grants: SqlGrantStore) -> None:
    await grants.grant("a", WANG, LATER)
    assert await grants.granted("a", WANG, NOW)
    assert not await grants.granted("a", LI, NOW)
    assert not await grants.granted("b", WANG, NOW)


async def test_a_grant_ends_at_its_moment(grants: SqlGrantStore) -> None:
    await grants.grant("a", WANG, LATER)
    assert await grants.granted("a", WANG, LATER - timedelta(seconds=1))
    assert not await grants.granted("a", WANG, LATER)


async def test_a_new_grant_replaces_the_old_one(grants: SqlGrantStore) -> None:
    await grants.grant("a", WANG, NOW)
    await grants.grant("a", WANG, LATER)
    assert await grants.granted("a", WANG, NOW)


async def test_revoking_ends_all_grants_of_a_conversation_and_no_other(grants: SqlGrantStore) -> None:
    for conversation, phone in (("a", WANG), ("a", LI), ("b", WANG)):
        await grants.grant(conversation, phone, LATER)
    await grants.revoke("a")
    assert not await grants.granted("a", WANG, NOW)
    assert not await grants.granted("a", LI, NOW)
    assert await grants.granted("b", WANG, NOW)


async def test_who_serves_alone_remembers_until_somebody_comes(database: Database) -> None:
    company = [False]
    grants, other = SqlGrantStore(database, lambda: not any(company)), SqlGrantStore(database)
    await grants.grant("a", WANG, LATER)
    await other.revoke("a")
    assert await grants.granted("a", WANG, NOW)
    company[0] = True
    assert not await grants.granted("a", WANG, NOW)


async def test_what_is_taken_back_while_it_is_read_is_not_remembered(database: Database) -> None:
    grants = SqlGrantStore(database, lambda: True)
    await SqlGrantStore(database).grant("a", WANG, LATER)
    await asyncio.gather(grants.granted("a", WANG, NOW), grants.revoke("a"), grants.granted("a", WANG, NOW))
    assert not await grants.granted("a", WANG, NOW)


async def test_an_earlier_end_counts_at_once(grants: SqlGrantStore) -> None:
    await grants.grant("a", WANG, LATER)
    assert await grants.granted("a", WANG, NOW)
    await grants.grant("a", WANG, NOW)
    assert not await grants.granted("a", WANG, NOW)
