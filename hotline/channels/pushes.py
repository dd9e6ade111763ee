"""What is pushed to browsers reaches them whichever worker they are connected to: socket.io's manager over Redis.

Stock ``AsyncRedisManager`` sends pickled Python, which whoever can write to Redis could abuse, waits for ever for a
Redis that hangs, and reaches even this worker's own browsers through Redis. Here it is JSON, own browsers get it at
once, and a Redis that is away costs other workers' browsers a push; they ask for what they missed when they open.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any, Optional

from redis.asyncio import Redis
from redis.exceptions import RedisError
from socketio.asyncio_manager import AsyncManager
from socketio.asyncio_pubsub_manager import AsyncPubSubManager

logger = logging.getLogger(__name__)

CHANNEL = "hotline:pushes"
CONNECT = 1.0  # seconds
AGAIN = 0.5  # seconds until Redis is tried again


class Pushes(AsyncPubSubManager):
    """socket.io's client manager for several workers; ``time_limit`` (seconds) holds for sending."""

    name = "hotline"

    def __init__(self, url: str, time_limit: float) -> None:
        super().__init__(channel=CHANNEL)
        self._sending = Redis.from_url(url, socket_connect_timeout=CONNECT, socket_timeout=time_limit)
        self._hearing = Redis.from_url(url, socket_connect_timeout=CONNECT, socket_keepalive=True)
        self.thread: Optional[asyncio.Task[None]] = None  # set by the superclass at the first browser

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: Optional[str] = None,
        room: Optional[str] = None,
        skip_sid: Any = None,
        callback: Any = None,
        **kwargs: Any,
    ) -> None:
        """Send to a room's browsers here and, unless ``ignore_queue`` is set, at the other workers."""
        namespace = namespace or "/"
        await AsyncManager.emit(self, event, data, namespace, room=room, skip_sid=skip_sid, callback=callback)
        if not kwargs.get("ignore_queue") and not self.is_connected(room, namespace):
            sent = {"method": "emit", "event": event, "data": data, "namespace": namespace, "room": room}
            await self._publish({**sent, "skip_sid": skip_sid, "host_id": self.host_id})

    async def close(self) -> None:
        """Let go of Redis; nothing is heard any more."""
        if self.thread is not None:
            self.thread.cancel()
            await asyncio.gather(self.thread, return_exceptions=True)
        await self._sending.close(close_connection_pool=True)
        await self._hearing.close(close_connection_pool=True)

    async def _publish(self, data: dict[str, Any]) -> None:
        try:
            await self._sending.publish(self.channel, json.dumps(data, ensure_ascii=False))
        except (RedisError, OSError) as error:
            logger.error("a push did not reach the other workers: %s", type(error).__name__)

    async def _listen(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            try:
                async with self._hearing.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(self.channel)
                    async for heard in subscription.listen():
                        message = _read(heard["data"])
                        if message is not None and message.get("host_id") != self.host_id:
                            yield message
            except (RedisError, OSError) as error:
                logger.error("pushes of other workers are not heard: %s", type(error).__name__)
                await asyncio.sleep(AGAIN)


def _read(data: bytes) -> Optional[dict[str, Any]]:
    """A message of another worker; None for what is none."""
    try:
        message = json.loads(data)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
