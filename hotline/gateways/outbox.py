"""News on its way out (``Outbox``): put in with what happened, taken out by whoever delivers it.

News for the desk is a log that every process reads for itself; everything else is delivered once, and tried again
until it arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database
from hotline.gateways.schema import outbox
from hotline.ports import News, Posted

LOG = "desk"  # for everybody; never marked as delivered
_WAITS = (outbox.c.target != LOG) & outbox.c.delivered.is_(None)


def post(connection: Connection, news: Sequence[News], at: datetime) -> None:
    """Put news in, within the transaction of what happened."""
    rows = [
        {"at": at, "target": one.target, "kind": one.kind, "payload": dict(one.payload), "tries": 0, "due": 0.0}
        for one in news
    ]
    if rows:
        connection.execute(insert(outbox), rows)


class SqlOutbox:
    """``Outbox`` over the table of ``schema.py``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def post(self, news: Sequence[News], at: datetime) -> None:
        """See the port."""
        if news:
            await self._database.write(lambda connection: post(connection, news, at))

    async def claim(self, targets: Sequence[str], now: float, lease: float, limit: int = 20) -> Sequence[Posted]:
        """See the port."""

        def work(connection: Connection) -> list[Posted]:
            query = (
                select(outbox)
                .where(outbox.c.target.in_(targets), outbox.c.delivered.is_(None), outbox.c.due <= now)
                .order_by(outbox.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            found = [_posted(row) for row in connection.execute(query)]
            numbers = [one.id for one in found]
            leased = update(outbox).where(outbox.c.id.in_(numbers)).values(due=now + lease, tries=outbox.c.tries + 1)
            connection.execute(leased)
            return found

        return await self._database.write(work)

    async def delivered(self, number: int, now: float) -> None:
        """See the port."""
        await self._set(number, delivered=now)

    async def failed(self, number: int, due: float) -> None:
        """See the port."""
        await self._set(number, due=due)

    async def tail(self, target: str, after: int, limit: int = 200) -> Sequence[Posted]:
        """See the port."""
        query = select(outbox).where(outbox.c.target == target, outbox.c.id > after).order_by(outbox.c.id).limit(limit)
        return await self._database.read(lambda connection: [_posted(row) for row in connection.execute(query)])

    async def forget(self, before: datetime) -> None:
        """See the port."""
        done = (outbox.c.target == LOG) | outbox.c.delivered.is_not(None)
        old = delete(outbox).where(outbox.c.at < before, done)
        await self._database.write(lambda connection: connection.execute(old))

    async def last(self) -> int:
        """See the port."""
        query = select(func.max(outbox.c.id))
        return await self._database.read(lambda connection: connection.execute(query).scalar() or 0)

    async def waiting(self) -> tuple[int, Optional[datetime]]:
        """See the port."""
        query = select(func.count(outbox.c.id), func.min(outbox.c.at)).where(_WAITS)
        row = await self._database.read(lambda connection: connection.execute(query).one())
        return int(row[0]), row[1]

    async def overdue(self, targets: Sequence[str], at: datetime, now: float) -> float:
        """See the port."""
        fresh = select(func.min(outbox.c.at)).where(_WAITS, outbox.c.target.in_(targets), outbox.c.tries == 0)
        tried = select(func.min(outbox.c.due)).where(_WAITS, outbox.c.target.in_(targets), outbox.c.tries > 0)

        def work(connection: Connection) -> float:
            first, due = connection.execute(fresh).scalar(), connection.execute(tried).scalar()
            waits = ((at - first).total_seconds() if first else 0.0, now - due if due else 0.0, 0.0)
            return float(max(waits))

        return await self._database.read(work)

    async def _set(self, number: int, **values: Any) -> None:
        change = update(outbox).where(outbox.c.id == number).values(**values)
        await self._database.write(lambda connection: connection.execute(change))


def _posted(row: Any) -> Posted:
    return Posted(row.id, row.at, News(row.target, row.kind, row.payload), row.tries)
