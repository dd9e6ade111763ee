"""What became of each telephone call (``CallRecords``)."""

from __future__ import annotations

from typing import Optional

from sqlalchemy import select

from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import calls, ratings
from hotline.ports import CallRecord


class SqlCallRecords:
    """``CallRecords`` over the tables of ``schema.py``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, record: CallRecord) -> None:
        """See the port."""
        values = {name: value for name, value in vars(record).items() if name not in ("call", "rating")}
        values["topics"] = list(record.topics)
        await self._database.write(lambda connection: upsert(connection, calls, {"call": record.call}, values))

    async def find(self, call: str) -> Optional[CallRecord]:
        """See the port."""
        query = (
            select(calls, ratings.c.score.label("rating"))
            .select_from(calls.outerjoin(ratings, ratings.c.conversation == calls.c.call))
            .where(calls.c.call == call)
        )
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else CallRecord(**row._mapping)
