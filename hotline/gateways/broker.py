"""RabbitMQ as a carrier of the outbox: news as persistent JSON messages to a durable topic exchange.

A durable queue takes everything, so that nothing is lost before the operator's first consumer comes; it keeps a
message for a week. Consumers read from it, or bind queues of their own. A message may arrive twice, when a process ends
between sending it and noting that it was sent: both have the same ``message_id``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Optional

from hotline.errors import GatewayTimeoutError, GatewayUnavailableError

EXCHANGE = "hotline"
QUEUE = "hotline.news"
KEPT_MS = 7 * 24 * 3600 * 1000


class RabbitBroker:
    """Publishes with confirmation; connects at the first message and again after a break."""

    def __init__(self, url: str, time_limit: float = 3.0) -> None:
        self._url = url
        self._limit = time_limit
        self._connection: Optional[Any] = None
        self._channel: Optional[Any] = None
        self._exchange: Any = None

    async def publish(self, key: str, message: Mapping[str, Any]) -> None:
        """Publish under a routing key such as ``ticket.filed``; returns once the broker has confirmed it.

        The message's ``id``, if it has one, is what a second copy of it is known by. Raises ``GatewayTimeoutError`` or
        ``GatewayUnavailableError``.
        """
        try:
            await asyncio.wait_for(self._publish(key, message), self._limit)
        except asyncio.TimeoutError:
            await self.close()
            raise GatewayTimeoutError(f"the broker did not answer within {self._limit} s") from None
        except Exception as error:  # aio-pika passes on whatever its layers raise
            await self.close()
            raise GatewayUnavailableError(type(error).__name__) from None

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and not connection.is_closed:
            with suppress(asyncio.TimeoutError, OSError):  # one that hangs does not answer a farewell either
                await asyncio.wait_for(connection.close(), self._limit)

    async def _publish(self, key: str, message: Mapping[str, Any]) -> None:
        import aio_pika  # only where a broker is configured

        if self._channel is None or self._channel.is_closed:  # never opened, or broken since
            await self.close()
            self._connection = await aio_pika.connect(self._url)
            channel = await self._connection.channel(publisher_confirms=True)
            exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
            queue = await channel.declare_queue(QUEUE, durable=True, arguments={"x-message-ttl": KEPT_MS})
            await queue.bind(exchange, "#")
            self._channel, self._exchange = channel, exchange
        sent = aio_pika.Message(
            json.dumps(message, ensure_ascii=False).encode(),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=f"hotline:{message['id']}" if "id" in message else None,
        )
        await self._exchange.publish(sent, routing_key=key)
