"""Which number has been verified in which conversation (``GrantStore``)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import verification_grants

# Asked several times a turn and therefore put together once.
_GRANTED = select(verification_grants.c.phone).where(
    verification_grants.c.conversation == bindparam("conversation"),
    verification_grants.c.phone == bindparam("phone"),
    verification_grants.c.until > bindparam("now"),
)


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
        asked = {"conversation": conversation, "phone": phone, "now": now}
        return await self._database.read(lambda connection: connection.execute(_GRANTED, asked).first() is not None)

    async def revoke(self, conversation: str) -> None:
        """See the port."""
        query = delete(verification_grants).where(verification_grants.c.conversation == conversation)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._database.write(work)
