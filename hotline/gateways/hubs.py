"""Listeners of the ticket API (``Hubs``) and the way to them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from sqlalchemy import delete, insert, select

from hotline.errors import GatewayTimeoutError, GatewayUnavailableError
from hotline.gateways.database import Database
from hotline.gateways.schema import ticket_hubs
from hotline.ports import Clock, Hub


class SqlHubs:
    """``Hubs`` over the table of ``schema.py`` and HTTP."""

    def __init__(self, database: Database, clock: Clock, time_limit: float = 3.0) -> None:
        self._database = database
        self._clock = clock
        self._limit = aiohttp.ClientTimeout(total=time_limit)

    async def add(self, callback: str, query: str) -> Hub:
        """See the port."""
        hub = Hub(secrets.token_hex(8), callback, query)
        row = {**vars(hub), "created": self._clock.now()}
        await self._database.write(lambda connection: connection.execute(insert(ticket_hubs).values(**row)))
        return hub

    async def remove(self, number: str) -> bool:
        """See the port."""
        query = delete(ticket_hubs).where(ticket_hubs.c.id == number)
        return bool(await self._database.write(lambda connection: connection.execute(query).rowcount))

    async def all(self) -> Sequence[Hub]:
        """See the port."""
        query = select(ticket_hubs).order_by(ticket_hubs.c.created)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Hub(row.id, row.callback, row.query) for row in rows]

    async def notify(self, hub: Hub, path: str, body: Mapping[str, Any]) -> None:
        """See the port."""
        url = hub.callback.rstrip("/") + path
        try:
            async with (
                aiohttp.ClientSession(timeout=self._limit) as client,
                client.post(url, json=body, allow_redirects=False) as response,
            ):
                status = response.status
        except asyncio.TimeoutError:
            raise GatewayTimeoutError("a listener did not answer") from None
        except aiohttp.ClientError as error:
            raise GatewayUnavailableError(type(error).__name__) from None
        if status >= 300:
            raise GatewayUnavailableError(f"a listener answered {status}")
