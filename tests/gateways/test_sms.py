"""Short messages that the embedded demonstration keeps instead of sending."""

from __future__ import annotations

from datetime import timedelta

from hotline.clock import FixedClock
from hotline.gateways.database import Database
from hotline.gateways.sms import KeptMessage, SqlSmsGateway
from tests.support import NOW


async def test_messages_are_shown_newest_first(database: Database, clock: FixedClock) -> None:
    sms = SqlSmsGateway(database, clock)
    await sms.send("13800138000", "第一条", "k1")
    clock.advance(timedelta(minutes=1))
    await sms.send("13900139000", "第二条", "k2")
    second = KeptMessage("13900139000", "第二条", NOW + timedelta(minutes=1))
    assert await sms.latest() == [second, KeptMessage("13800138000", "第一条", NOW)]
    assert await sms.latest(limit=1) == [second]


async def test_the_same_key_is_sent_once(database: Database, clock: FixedClock) -> None:
    sms = SqlSmsGateway(database, clock)
    await sms.send("13800138000", "第一条", "k1")
    await sms.send("13800138000", "另一条", "k1")
    assert [message.text for message in await sms.latest()] == ["第一条"]
