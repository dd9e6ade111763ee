"""Who wants to be called back, in the hotline's own table (``CallbackRequests``)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from hotline.errors import NoSuchItemError
from hotline.gateways.database import Database, upsert
from hotline.gateways.outbox import post
from hotline.gateways.schema import callback_requests
from hotline.ports import CallbackWish, Clock, News

REACHED, UNREACHABLE = "reached", "unreachable"


class SqlCallbackRequests:
    """``CallbackRequests`` over the tables of ``schema.py``; the desk learns of every change."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def file(self, phone: str, wanted: str, key: str, conversation: str) -> None:
        """See the port."""
        now, table = self._clock.now(), callback_requests
        values = {"phone": phone, "wanted": wanted, "at": now, "conversation": conversation}

        def work(connection: Connection) -> None:
            if connection.execute(select(table.c.id).where(table.c.key == key)).first() is None:
                upsert(connection, table, {"key": key}, values, {})
                post(connection, [_NEWS], now)

        await self._database.write(work)

    async def open(self) -> Sequence[CallbackWish]:
        """See the port."""
        table = callback_requests
        query = select(table).where(table.c.done.is_(None)).order_by(table.c.id)

        def work(connection: Connection) -> list[CallbackWish]:
            return [
                CallbackWish(row.id, row.at, row.phone, row.wanted, row.conversation, row.tries or 0)
                for row in connection.execute(query)
            ]

        return await self._database.read(work)

    async def tried(self, number: int, login: str, reached: bool, most: int) -> None:
        """See the port."""
        now, table = self._clock.now(), callback_requests

        def work(connection: Connection) -> None:
            waiting = select(table).where(table.c.id == number, table.c.done.is_(None)).with_for_update()
            row = connection.execute(waiting).one_or_none()
            if row is None:
                raise NoSuchItemError(str(number))
            tries = (row.tries or 0) + (0 if reached else 1)
            ended = {"done": now, "outcome": REACHED if reached else UNREACHABLE} if reached or tries >= most else {}
            values = {"tries": tries, "done_by": login, **ended}
            connection.execute(update(table).where(table.c.id == number).values(values))
            post(connection, [_NEWS], now)

        await self._database.write(work)


_NEWS = News("desk", "callback", {})
