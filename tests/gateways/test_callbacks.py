"""Wishes to be called back: each is kept once, and stays on the list until somebody was reached or nobody can be."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hotline.clock import FixedClock
from hotline.errors import NoSuchItemError
from hotline.gateways import schema
from hotline.gateways.callbacks import SqlCallbackRequests
from hotline.gateways.database import Database
from hotline.gateways.outbox import SqlOutbox

WANG = "13800138000"


@pytest.fixture
def callbacks(database: Database, clock: FixedClock) -> SqlCallbackRequests:
    return SqlCallbackRequests(database, clock)


async def test_a_wish_to_be_called_back_is_kept_once(database: Database, callbacks: SqlCallbackRequests) -> None:
    for _ in range(2):
        await callbacks.file(WANG, "下午三点", "k1", "c1")
    rows = await database.read(lambda connection: connection.execute(select(schema.callback_requests)).all())
    assert [(row.phone, row.wanted, row.conversation) for row in rows] == [(WANG, "下午三点", "c1")]
    assert [posted.news.kind for posted in await SqlOutbox(database).tail("desk", 0)] == ["callback"]


async def test_who_waits_longest_is_called_first_and_is_off_the_list_once_reached(
    callbacks: SqlCallbackRequests,
) -> None:
    await callbacks.file(WANG, "下午三点", "k1", "c1")
    await callbacks.file("13900139000", "", "k2", "c2")
    first, second = await callbacks.open()
    assert (first.phone, first.wanted, first.tries) == (WANG, "下午三点", 0)
    await callbacks.tried(first.id, "a1001", reached=True, most=3)
    assert [wish.id for wish in await callbacks.open()] == [second.id]


async def test_who_cannot_be_reached_is_tried_again_but_not_for_ever(callbacks: SqlCallbackRequests) -> None:
    await callbacks.file(WANG, "", "k1", "c1")
    number = (await callbacks.open())[0].id
    for tries in (1, 2):
        await callbacks.tried(number, "a1001", reached=False, most=3)
        assert [wish.tries for wish in await callbacks.open()] == [tries]
    await callbacks.tried(number, "a1001", reached=False, most=3)
    assert await callbacks.open() == []
    with pytest.raises(NoSuchItemError):
        await callbacks.tried(number, "a1002", reached=True, most=3)
