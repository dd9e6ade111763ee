"""A deployment whose facts a test makes up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path

from hotline.bootstrap import Services
from hotline.clock import ZONE
from hotline.gateways.facts import record
from hotline.ports import Fact
from tests.support import demo_services


@asynccontextmanager
async def services_at(directory: Path) -> AsyncIterator[Services]:
    services = demo_services(directory)
    try:
        yield services
    finally:
        services.close()


async def happened(
    services: Services, conversation: str, day: date, hour: int, *facts: Fact, channel: str = "web"
) -> None:
    at = datetime(day.year, day.month, day.day, hour, 30, tzinfo=ZONE)
    await services.database.write(lambda connection: record(connection, facts, conversation, channel, at))
