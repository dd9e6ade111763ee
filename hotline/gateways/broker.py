"""RabbitMQ as a carrier of the outbox: news as persistent JSON messages to a durable topic exchange."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Optional

from hotline.errors import GatewayTimeoutError, GatewayUnavailableError

EXCHANGE = "hotline"


class RabbitBroker:
    """Publishes with confirmation; connects at the first message and again after a break."""

    def __init__(self, url: str, time_limit: float = 3.0) -> None:
        self._url = url
        self._limit = time_limit
        self._connection: Optional[Any] = None
        self._exchange: Optional[Any] = None

    async def publish(self, key: str, message: Mapping[str, Any]) -> None:
        """Publish under a routing key such as ``ticket.filed``; returns once the broker has it.

        Raises ``GatewayTimeoutError`` or ``GatewayUnavailableError``.
        """
        try:
            await asyncio.wait_for(self._publish(key, json.dumps(message, ensure_ascii=False).encode()), self._limit)
        except asyncio.TimeoutError:
            await self.close()
            raise GatewayTimeoutError(f"the broker did not answer within {self._limit} s") from None
        except Exception as error:  # aio-pika passes on whatever its layers raise
            await self.close()
            raise GatewayUnavailableError(type(error).__name__) from None

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None and not connection.is_closed:
            await connection.close()

    async def _publish(self, key: str, body: bytes) -> None:
        import aio_pika  # only where a broker is configured

        if self._exchange is None:
            self._connection = await aio_pika.connect(self._url)
            channel = await self._connection.channel(publisher_confirms=True)
            self._exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
        persistent = aio_pika.DeliveryMode.PERSISTENT
        sent = aio_pika.Message(body, content_type="application/json", delivery_mode=persistent)
        await self._exchange.publish(sent, routing_key=key)
