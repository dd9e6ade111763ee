"""Who wants to be called back, in the hotline's own table (``CallbackRequests``)."""

from __future__ import annotations

from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import callback_requests
from hotline.ports import Clock


class SqlCallbackRequests:
    """``CallbackRequests`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def file(self, phone: str, wanted: str, key: str, conversation: str) -> None:
        """See the port."""
        values = {"phone": phone, "wanted": wanted, "at": self._clock.now(), "conversation": conversation}
        await self._database.write(lambda connection: upsert(connection, callback_requests, {"key": key}, values, {}))
