"""Which number has been verified in which conversation (``GrantStore``)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import verification_grants


class SqlGrantStore:
    """``GrantStore`` over the tables of ``schema.py``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def grant(self, conversation: str, phone: str, until: datetime) -> None:
        """See the port."""
        keys = {"conversation": conversation, "phone": phone}
        await self._database.write(lambda connection: upsert(connection, verification_grants, keys, {"until": until}))

    async def granted(self, conversation: str, phone: str, now: datetime) -> bool:
        """See the port."""
        table = verification_grants
        query = select(table.c.phone).where(
            table.c.conversation == conversation, table.c.phone == phone, table.c.until > now
        )
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def revoke(self, conversation: str) -> None:
        """See the port."""
        query = delete(verification_grants).where(verification_grants.c.conversation == conversation)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._database.write(work)
