"""Short messages that are kept in the database instead of being sent (``SmsGateway``): the embedded demonstration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import sms_outbox
from hotline.ports import Clock


@dataclass(frozen=True)
class KeptMessage:
    """A short message as the demo page shows it."""

    phone: str
    text: str
    created: datetime


class SqlSmsGateway:
    """``SmsGateway`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def send(self, phone: str, text: str, key: str) -> None:
        """See the port."""
        values = {"phone": phone, "text": text, "created": self._clock.now()}
        await self._database.write(lambda connection: upsert(connection, sms_outbox, {"key": key}, values, {}))

    async def latest(self, limit: int = 20) -> Sequence[KeptMessage]:
        """The messages kept last, newest first, times in the clock's zone."""
        query = select(sms_outbox).order_by(sms_outbox.c.id.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        zone = self._clock.now().tzinfo
        return [KeptMessage(row.phone, row.text, row.created.astimezone(zone)) for row in rows]
