"""Who has a conversation (``ConversationLock``): kept in the database, so that all workers take turns."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import delete, or_, select
from sqlalchemy.engine import Connection

from hotline.errors import GatewayError, GatewayTimeoutError
from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import conversation_locks as locks

logger = logging.getLogger(__name__)

# Longer than any turn can last (its deadline and the database's time limits around it): only who died is overtaken.
LEASE = 20.0
POLL = 0.02, 0.1


class SqlConversationLock:
    """``ConversationLock`` over the tables of ``schema.py``: a row with an owner and the moment when its lease ends."""

    def __init__(
        self,
        database: Database,
        lease: float = LEASE,
        now: Callable[[], float] = time.time,
        alone: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._lease = lease
        self._now = now
        self._alone = alone
        self._here: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._kept: dict[str, str] = {}  # owners that could not let go: the next of this process need not wait for them

    @asynccontextmanager
    async def hold(self, conversation: str, patience: float) -> AsyncIterator[None]:
        """See the port. Those of this process wait here; the database is asked where it may not be the only one."""
        end = time.monotonic() + patience
        async with self._first_here(conversation, patience):
            if self._alone():
                yield
                return
            async with self._first_of_all(conversation, max(0.0, end - time.monotonic())):
                yield

    @asynccontextmanager
    async def _first_here(self, conversation: str, patience: float) -> AsyncIterator[None]:
        lock = self._here.setdefault(conversation, asyncio.Lock())
        try:
            await asyncio.wait_for(lock.acquire(), patience) if lock.locked() else await lock.acquire()
        except asyncio.TimeoutError:
            raise GatewayTimeoutError(f"a conversation was not free within {patience} s") from None
        try:
            yield
        finally:
            lock.release()

    @asynccontextmanager
    async def _first_of_all(self, conversation: str, patience: float) -> AsyncIterator[None]:
        owner = secrets.token_hex(8)
        # Leaving lets go even when taking it broke off: its transaction may have been committed all the same.
        try:
            await self._wait(conversation, owner, patience)
            yield
        finally:
            await self._let_go(conversation, owner)

    async def _wait(self, conversation: str, owner: str, patience: float) -> None:
        end = time.monotonic() + patience
        pause, longest = POLL
        while not await self._take(conversation, owner):
            if time.monotonic() >= end:
                raise GatewayTimeoutError(f"a conversation was not free within {patience} s")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, longest)

    async def _take(self, conversation: str, owner: str) -> bool:
        now = self._now()
        # A lease that ends later than any can was taken before the clock was set back.
        ended = or_(locks.c.until <= now, locks.c.until > now + 2 * self._lease)
        over = or_(ended, locks.c.owner == self._kept.get(conversation, ""))

        def work(connection: Connection) -> bool:
            connection.execute(delete(locks).where(locks.c.conversation == conversation, over))
            upsert(connection, locks, {"conversation": conversation}, {"owner": owner, "until": now + self._lease}, {})
            query = select(locks.c.owner).where(locks.c.conversation == conversation)
            return bool(connection.execute(query).scalar() == owner)

        taken = await self._database.write(work)
        self._kept.pop(conversation, None)
        return taken

    async def _let_go(self, conversation: str, owner: str) -> None:
        query = delete(locks).where(locks.c.conversation == conversation, locks.c.owner == owner)

        def work(connection: Connection) -> None:
            connection.execute(query)

        try:
            await self._database.write(work)
        except GatewayError as error:  # the lease ends by itself
            self._kept[conversation] = owner
            logger.warning("a conversation was not let go: %s", type(error).__name__)
