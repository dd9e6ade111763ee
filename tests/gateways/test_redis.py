"""A real Redis that is down, hangs, forgets or comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from hotline.clock import FixedClock
from hotline.errors import GatewayTimeoutError, GatewayUnavailableError
from hotline.gateways.redis import RedisConversationLock, RedisStaffStore, connect
from scripts.services import Redis, free_port
from tests.support import NOW, demo_database

pytestmark = pytest.mark.services


@pytest.fixture
def server() -> Iterator[Redis]:
    """One of the test's own, to be broken."""
    with Redis() as one:
        one.start()
        yield one


@pytest.fixture
async def client(server: Redis) -> AsyncIterator[Client]:
    one = connect(server.url, 0.3)
    yield one
    await one.close(close_connection_pool=True)


async def test_a_redis_that_is_not_there_is_unavailable() -> None:
    client = connect(f"redis://127.0.0.1:{free_port()}/0", 1)
    with pytest.raises(GatewayUnavailableError):
        async with RedisConversationLock(client).hold("c", 1):
            pass
    await client.close(close_connection_pool=True)


async def test_a_redis_that_hangs_is_a_timeout_and_soon(server: Redis, client: Client) -> None:
    lock = RedisConversationLock(client)
    async with lock.hold("c", 1):
        pass
    server.pause()
    started = time.monotonic()
    with pytest.raises(GatewayTimeoutError):
        async with lock.hold("c", 5):
            pass
    assert time.monotonic() - started < 2
    server.resume()
    async with RedisConversationLock(client).hold("c", 5):
        pass


async def test_a_redis_that_was_started_anew_serves_again(server: Redis, client: Client) -> None:
    lock = RedisConversationLock(client)
    async with lock.hold("c", 1):
        pass
    server.stop()
    with pytest.raises(GatewayUnavailableError):
        async with lock.hold("c", 1):
            pass
    server.start()
    async with lock.hold("c", 1):
        pass


async def test_a_turn_whose_lock_cannot_be_let_go_is_not_failed_for_that(server: Redis, client: Client) -> None:
    async with RedisConversationLock(client).hold("c", 1):
        server.stop()


async def test_a_lock_is_renewed_for_as_long_as_it_is_held(server: Redis, client: Client) -> None:
    lock = RedisConversationLock(client, lease=0.4)
    async with lock.hold("c", 1):
        with pytest.raises(GatewayTimeoutError):
            async with RedisConversationLock(client, lease=0.4).hold("c", 1.2):
                pass


async def test_a_renewal_that_fails_is_tried_again(server: Redis, client: Client) -> None:
    async with RedisConversationLock(client, lease=2).hold("c", 1):
        server.pause()
        await asyncio.sleep(0.9)
        server.resume()
        with pytest.raises(GatewayTimeoutError):
            async with RedisConversationLock(client).hold("c", 1.5):
                pass


async def test_who_was_overtaken_does_not_take_the_lock_from_the_next(client: Client) -> None:
    lock = RedisConversationLock(client, lease=0.3)
    async with lock.hold("c", 1):
        await client.set("hotline:lock:c", "another's", px=5000)
        await asyncio.sleep(0.2)  # a renewal finds out
    assert await client.get("hotline:lock:c") == b"another's"


async def test_the_lock_of_one_who_died_ends(client: Client) -> None:
    await client.set("hotline:lock:c", "the dead", px=300)
    async with RedisConversationLock(client).hold("c", 2):
        pass


async def test_presences_that_cannot_be_read_or_written_are_unavailable(server: Redis, tmp_path: Path) -> None:
    client = connect(server.url, 0.3)
    staff = RedisStaffStore(client, demo_database(tmp_path), FixedClock(NOW))
    server.stop()
    with pytest.raises(GatewayUnavailableError):
        await staff.see("a1001", 1.0)
    with pytest.raises(GatewayUnavailableError):
        await staff.presences()
    with pytest.raises(GatewayUnavailableError):
        await staff.gone("a1001")
    await client.close(close_connection_pool=True)
