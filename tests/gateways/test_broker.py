"""RabbitMQ: an absent broker is an error within its time limit, so that the outbox keeps what it holds."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import unused_port

from hotline.errors import GatewayUnavailableError
from hotline.gateways.broker import RabbitBroker


async def test_a_broker_that_is_down_is_unavailable() -> None:
    broker = RabbitBroker(f"amqp://guest:guest@127.0.0.1:{unused_port()}/", 2.0)
    with pytest.raises(GatewayUnavailableError):
        await broker.publish("ticket.filed", {"number": "C1"})
    await broker.close()
