"""RabbitMQ: what is published is there for a consumer; a broker that is away is an error, and the outbox keeps it all."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from aiohttp.test_utils import unused_port

from hotline.desk.post import message
from hotline.errors import GatewayTimeoutError, GatewayUnavailableError
from hotline.gateways.broker import QUEUE, RabbitBroker
from hotline.gateways.outbox import SqlOutbox
from hotline.ports import News, Posted
from hotline.services.outbox import LEASE, Dispatcher
from scripts.services import RabbitMq
from tests.support import NOW, demo_database


async def test_a_broker_that_is_down_is_unavailable() -> None:
    broker = RabbitBroker(f"amqp://guest:guest@127.0.0.1:{unused_port()}/", 2.0)
    with pytest.raises(GatewayUnavailableError):
        await broker.publish("ticket.filed", {"number": "C1"})
    await broker.close()


@pytest.fixture
async def broker(rabbitmq_server: RabbitMq) -> AsyncIterator[RabbitBroker]:
    one = RabbitBroker(rabbitmq_server.url, 3.0)
    yield one
    await one.close()


@pytest.fixture
def back_again(rabbitmq_server: RabbitMq) -> Iterator[None]:
    """The next test finds it running, whatever this one did to it."""
    yield
    rabbitmq_server.resume()
    if not rabbitmq_server.running:
        rabbitmq_server.start()


async def arrived(server: RabbitMq) -> list[Any]:
    """Everything in the queue, taken out of it."""
    found = []
    connection = await aio_pika.connect(server.url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(QUEUE, passive=True)
        while (one := await queue.get(fail=False)) is not None:
            await one.ack()
            found.append(one)
    return found


@pytest.mark.services
async def test_news_wait_for_the_first_consumer(rabbitmq_server: RabbitMq, broker: RabbitBroker) -> None:
    await broker.publish("ticket.filed", {"id": 7, "number": "C1", "said": "投诉"})
    await broker.publish("ticket.answer", {"number": "C1"})
    first, second = await arrived(rabbitmq_server)
    assert (first.routing_key, second.routing_key) == ("ticket.filed", "ticket.answer")
    assert json.loads(first.body) == {"id": 7, "number": "C1", "said": "投诉"}
    assert (first.message_id, first.delivery_mode) == ("hotline:7", aio_pika.DeliveryMode.PERSISTENT)
    assert await arrived(rabbitmq_server) == []


@pytest.mark.services
async def test_what_a_broker_has_confirmed_survives_its_restart(
    rabbitmq_server: RabbitMq, broker: RabbitBroker
) -> None:
    await broker.publish("ticket.filed", {"id": 3})
    rabbitmq_server.stop()
    rabbitmq_server.start()
    assert [one.message_id for one in await arrived(rabbitmq_server)] == ["hotline:3"]
    await broker.publish("ticket.filed", {"id": 4})
    assert [one.message_id for one in await arrived(rabbitmq_server)] == ["hotline:4"]


@pytest.mark.services
async def test_the_outbox_keeps_news_until_the_broker_is_back(
    rabbitmq_server: RabbitMq, back_again: None, tmp_path: Path
) -> None:
    database = demo_database(tmp_path)
    outbox, broker = SqlOutbox(database), RabbitBroker(rabbitmq_server.url, 5.0)
    now = [1000.0]

    async def publish(posted: Posted) -> None:
        await broker.publish(posted.news.kind, message(posted))

    dispatcher = Dispatcher(outbox, {"broker": publish}, lambda: now[0])
    await outbox.post([News("broker", "ticket.filed", {"number": f"C{n}"}) for n in range(3)], NOW)
    rabbitmq_server.kill()
    assert await dispatcher.run_once() == 0
    rabbitmq_server.start()
    assert await dispatcher.run_once() == 0, "tried again only after a pause"
    now[0] += 60
    assert await dispatcher.run_once() == 3
    bodies = [json.loads(one.body) for one in await arrived(rabbitmq_server)]  # news of tests before may be among them
    assert [body["number"] for body in bodies if "number" in body] == ["C0", "C1", "C2"]
    assert await dispatcher.run_once() == 0
    await broker.close()
    database.close()


@pytest.mark.services
async def test_a_second_copy_after_a_death_between_sending_and_noting_is_the_same_message(
    rabbitmq_server: RabbitMq, broker: RabbitBroker, tmp_path: Path
) -> None:
    database = demo_database(tmp_path)
    outbox = SqlOutbox(database)
    await outbox.post([News("broker", "ticket.filed", {"number": "C1"})], NOW)

    async def publish(posted: Posted) -> None:
        await broker.publish(posted.news.kind, message(posted))

    (claimed,) = await outbox.claim(["broker"], 1000.0, LEASE)
    await publish(claimed)  # and here this process dies
    assert await Dispatcher(outbox, {"broker": publish}, lambda: 1000.0 + LEASE + 1).run_once() == 1
    first, second = await arrived(rabbitmq_server)
    assert first.message_id == second.message_id
    assert first.body == second.body
    database.close()


# The last one: its first copy may come late, when another test would find it.
@pytest.mark.services
async def test_a_broker_that_hangs_is_a_timeout_and_serves_again_afterwards(
    rabbitmq_server: RabbitMq, back_again: None
) -> None:
    broker = RabbitBroker(rabbitmq_server.url, 0.5)
    await broker.publish("ticket.filed", {"id": 1})
    await arrived(rabbitmq_server)
    rabbitmq_server.pause()
    started = time.monotonic()
    with pytest.raises(GatewayTimeoutError):
        await broker.publish("ticket.filed", {"id": 2})
    assert time.monotonic() - started < 2
    rabbitmq_server.resume()
    again = RabbitBroker(rabbitmq_server.url, 5.0)
    await again.publish("ticket.filed", {"id": 2})
    await again.close()
    # The first copy may have reached the broker all the same: it is the same message.
    assert {one.message_id for one in await arrived(rabbitmq_server)} == {"hotline:2"}
