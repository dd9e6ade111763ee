"""Redis, which the workers of a cluster share: who has a conversation (``ConversationLock``), and who is at the desk.

What is kept here may be lost at any time: locks end by themselves and browsers say again that they are there. Every
command has a time limit, so that a Redis that hangs is as honest an error as one that is down.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Optional

from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from hotline.errors import GatewayError, GatewayTimeoutError, GatewayUnavailableError
from hotline.gateways.database import Database
from hotline.gateways.outbox import SqlOutbox
from hotline.gateways.staff import SqlStaffStore
from hotline.ports import Clock, News, Presence

logger = logging.getLogger(__name__)

CONNECT = 1.0  # seconds
# A worker that died is overtaken after this long, well within the patience of the next message; one that lives renews.
LEASE = 4.0
RENEWALS = 4  # a lease
# One message of a conversation waits here per process: the others wait before it, in the door.
POLL = 0.02
PRESENCE = "hotline:presence"

# Sets status and since only when the status changes; 1 when it did. ARGV: login, now, status or "".
_SEE = """
local known = redis.call('HGET', KEYS[1], ARGV[1])
local was = known and cjson.decode(known) or nil
local status = ARGV[3] ~= '' and ARGV[3] or (was and was.status or 'available')
local changed = not was or was.status ~= status
local since = changed and ARGV[2] or was.since
local seen = was and tonumber(was.seen) > tonumber(ARGV[2]) and was.seen or ARGV[2]
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode({status = status, since = since, seen = seen}))
return changed and 1 or 0
"""


def connect(url: str, time_limit: float) -> Redis:
    """A client with its own pool; ``time_limit`` is in seconds and holds for every command. Nothing connects yet."""
    return Redis.from_url(url, socket_connect_timeout=CONNECT, socket_timeout=time_limit)


@contextmanager
def _errors() -> Iterator[None]:
    """Redis' errors as ours, without what they quote."""
    try:
        yield
    except RedisTimeoutError:
        raise GatewayTimeoutError("Redis did not answer in time") from None
    except LockError:
        raise
    except (RedisError, OSError) as error:
        raise GatewayUnavailableError(f"Redis: {type(error).__name__}") from None


class RedisConversationLock:
    """``ConversationLock`` as a key with an owner's token that expires unless it is renewed."""

    def __init__(self, redis: Redis, lease: float = LEASE) -> None:
        self._redis = redis
        self._lease = lease

    @asynccontextmanager
    async def hold(self, conversation: str, patience: float) -> AsyncIterator[None]:
        """See the port."""
        lock = self._redis.lock(
            f"hotline:lock:{conversation}",
            timeout=self._lease,
            sleep=POLL,
            blocking_timeout=patience,
            thread_local=False,  # its tasks are not threads
        )
        with _errors():
            taken = await lock.acquire()
        if not taken:
            raise GatewayTimeoutError(f"a conversation was not free within {patience} s")
        renewal = asyncio.ensure_future(self._renew(lock))
        try:
            yield
        finally:
            renewal.cancel()
            await self._let_go(lock)

    async def _renew(self, lock: Lock) -> None:
        while True:
            await asyncio.sleep(self._lease / RENEWALS)
            try:
                with _errors():
                    await lock.reacquire()
            # Should it lapse and somebody overtake us, the database keeps us apart: positions of events are unique.
            except LockError:
                logger.warning("the lock of a conversation has lapsed")
                return
            except GatewayError as error:
                logger.warning("the lock of a conversation was not renewed: %s", error)

    async def _let_go(self, lock: Lock) -> None:
        try:
            with suppress(LockError), _errors():  # it had lapsed
                await lock.release()
        except GatewayError as error:  # it ends by itself
            logger.warning("a conversation was not let go: %s", error)


class RedisStaffStore(SqlStaffStore):
    """``StaffStore`` whose presences are in Redis: they are written every few seconds for every agent."""

    def __init__(self, redis: Redis, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self._redis = redis
        self._outbox = SqlOutbox(database)

    async def see(self, login: str, now: float, status: Optional[str] = None) -> None:
        """See the port."""
        with _errors():
            changed = await self._redis.eval(_SEE, 1, PRESENCE, login, repr(now), status or "")
        if changed:
            await self._tell(login)

    async def gone(self, login: str) -> None:
        """See the port."""
        with _errors():
            await self._redis.hdel(PRESENCE, login)
        await self._tell(login)

    async def presences(self) -> Sequence[Presence]:
        """See the port."""
        with _errors():
            found = await self._redis.hgetall(PRESENCE)
        return [_presence(login.decode(), json.loads(value)) for login, value in sorted(found.items())]

    async def _tell(self, login: str) -> None:
        await self._outbox.post([News("desk", "presence", {"login": login})], self._clock.now())


def _presence(login: str, kept: Mapping[str, str]) -> Presence:
    return Presence(login, kept["status"], float(kept["since"]), float(kept["seen"]))
