"""Wishes to be called back: each is kept once."""

from __future__ import annotations

from sqlalchemy import select

from hotline.clock import FixedClock
from hotline.gateways import schema
from hotline.gateways.callbacks import SqlCallbackRequests
from hotline.gateways.database import Database

WANG = "13800138000"


async def test_a_wish_to_be_called_back_is_kept_once(database: Database, clock: FixedClock) -> None:
    callbacks = SqlCallbackRequests(database, clock)
    for _ in range(2):
        await callbacks.file(WANG, "下午三点", "k1", "c1")
    rows = await database.read(lambda connection: connection.execute(select(schema.callback_requests)).all())
    assert [(row.phone, row.wanted, row.conversation) for row in rows] == [(WANG, "下午三点", "c1")]
