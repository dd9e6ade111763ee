"""One process at a time has a conversation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from hotline.errors import GatewayTimeoutError, GatewayUnavailableError
from hotline.gateways.database import Database
from hotline.gateways.locks import SqlConversationLock
from hotline.gateways.redis import RedisConversationLock, connect
from hotline.ports import ConversationLock


@pytest.fixture(params=["sql", "alone", pytest.param("redis", marks=pytest.mark.services)])
async def lock(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[ConversationLock]:
    """Every implementation of ``ConversationLock``."""
    if request.param != "redis":
        yield SqlConversationLock(database, alone=lambda: request.param == "alone")
        return
    client = connect(request.getfixturevalue("redis_server").url, 1.0)
    yield RedisConversationLock(client)
    await client.close(close_connection_pool=True)


async def test_two_that_want_it_have_it_one_after_the_other(lock: ConversationLock) -> None:
    inside = 0

    async def visit() -> None:
        nonlocal inside
        async with lock.hold("c", 5):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0.05)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(4)))


async def test_other_conversations_do_not_wait(lock: ConversationLock) -> None:
    async with lock.hold("a", 1):
        started = time.monotonic()
        async with lock.hold("b", 1):
            assert time.monotonic() - started < 0.5


async def test_who_waits_too_long_is_told(lock: ConversationLock) -> None:
    async with lock.hold("c", 1):
        with pytest.raises(GatewayTimeoutError):
            async with lock.hold("c", 0.1):
                pass
    async with lock.hold("c", 0.1):
        pass


async def test_it_is_let_go_when_something_fails_inside(lock: ConversationLock) -> None:
    with pytest.raises(KeyError):
        async with lock.hold("c", 1):
            raise KeyError
    async with lock.hold("c", 0.1):
        pass


async def test_the_lease_of_one_who_died_ends(database: Database) -> None:
    now = 1000.0
    dead = SqlConversationLock(database, lease=20, now=lambda: now)
    assert await dead._take("c", "the dead")
    with pytest.raises(GatewayTimeoutError):
        async with dead.hold("c", 0.05):
            pass
    now += 20
    async with dead.hold("c", 0.05):
        pass


async def test_a_clock_that_is_set_back_makes_nobody_wait(database: Database) -> None:
    now = 1000.0
    lock = SqlConversationLock(database, lease=20, now=lambda: now)
    assert await lock._take("c", "the dead")
    now -= 10
    assert not await lock._take("c", "next")  # clocks of two machines differ by some seconds
    now -= 500
    assert await lock._take("c", "next")


async def test_who_was_overtaken_does_not_take_the_lock_from_the_next(database: Database) -> None:
    now = 1000.0
    lock = SqlConversationLock(database, lease=20, now=lambda: now)
    assert await lock._take("c", "slow")
    now += 21
    assert await lock._take("c", "next")
    await lock._let_go("c", "slow")
    assert not await lock._take("c", "third")


async def test_a_database_that_fails_at_the_end_does_not_fail_the_turn(database: Database) -> None:
    lock = SqlConversationLock(database)
    async with lock.hold("c", 1):
        database.engine.dispose()
        database._threads.shutdown(wait=True)
        database._threads = Broken()  # type: ignore[assignment]


class Broken:
    """A pool whose jobs all fail as the database's do."""

    def submit(self, *_args: object, **_kwargs: object) -> object:
        from concurrent.futures import Future

        from sqlalchemy.exc import OperationalError

        future: Future[None] = Future()
        future.set_exception(OperationalError("x", {}, Exception("down")))
        return future

    def shutdown(self, *_args: object, **_kwargs: object) -> None: ...


async def test_what_could_not_be_let_go_does_not_keep_its_own_process_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = SqlConversationLock(database)
    async with lock.hold("c", 1):
        with monkeypatch.context() as broken:

            async def down(work: object) -> None:
                raise GatewayUnavailableError("down")

            holding = lock.hold("other", 1)
            await holding.__aenter__()
            broken.setattr(database, "write", down)
            await holding.__aexit__(None, None, None)
    async with lock.hold("other", 0.5):
        pass
