"""Which number has been verified in which conversation (``GrantStore``)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import verification_grants
from hotline.gateways.statements import Statement, run

_GRANTED = Statement(
    select(verification_grants.c.until).where(
        verification_grants.c.conversation == bindparam("conversation"),
        verification_grants.c.phone == bindparam("phone"),
        verification_grants.c.until > bindparam("now"),
    )
)

REMEMBERED = 2000  # grants that a process remembers which serves alone


class SqlGrantStore:
    """``GrantStore`` over the tables of ``schema.py``.

    While a process serves ``alone``, it remembers the grants it has found: nobody else takes one back.
    """

    def __init__(self, database: Database, alone: Callable[[], bool] = lambda: False) -> None:
        self._database = database
        self._alone = alone
        self._known: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._changed = 0  # how often anything was

    async def grant(self, conversation: str, phone: str, until: datetime) -> None:
        """See the port."""
        keys = {"conversation": conversation, "phone": phone}
        await self._database.write(lambda connection: upsert(connection, verification_grants, keys, {"until": until}))
        self._changed += 1
        self._remember(conversation, phone, until)

    async def granted(self, conversation: str, phone: str, now: datetime) -> bool:
        """See the port."""
        if not self._alone():
            self._known.clear()
        until = self._known.get((conversation, phone))
        if until is not None and until > now:
            return True
        asked, changed = {"conversation": conversation, "phone": phone, "now": now}, self._changed
        rows = await self._database.read(lambda connection: run(connection, _GRANTED.of(asked)))
        until = rows[0].until if rows else None
        if until is not None and changed == self._changed:  # else it may have been taken back while it was read
            self._remember(conversation, phone, until)
        return until is not None

    async def revoke(self, conversation: str) -> None:
        """See the port."""
        query = delete(verification_grants).where(verification_grants.c.conversation == conversation)

        def work(connection: Connection) -> None:
            connection.execute(query)

        try:
            await self._database.write(work)
        finally:
            self._changed += 1
            for known in [known for known in self._known if known[0] == conversation]:
                del self._known[known]

    def _remember(self, conversation: str, phone: str, until: datetime) -> None:
        if self._alone():
            self._known[conversation, phone] = until
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
