"""The real database for tests, quick enough that no fake is needed: built once, copied for every test."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from hotline.bootstrap import Services, build
from hotline.clock import FixedClock
from hotline.gateways.database import Database
from hotline.settings import load_settings
from hotline.testing.demo import CHEAP_HASHER, NOW, demo_database_url

__all__ = ["CHEAP_HASHER", "NOW", "Address", "demo_database", "demo_database_url", "demo_services"]


def demo_database(directory: Path, now: datetime = NOW) -> Database:
    """A fresh copy of the demo database, opened; close it after use."""
    return Database(demo_database_url(directory, now))


def demo_services(directory: Path, now: datetime = NOW) -> Services:
    """The services of a deployment on a fresh demo database, with a clock that stands at ``now``; close them after
    use.
    """
    settings = load_settings(database_url=demo_database_url(directory, now), var=directory)
    return build(settings, clock=FixedClock(now))


class Address:
    """Where a hotline answers, at ``base``: what a page asks of it before a browser can talk."""

    base: str

    async def post(self, path: str = "/chat/session", **kwargs: Any) -> tuple[int, dict[str, Any]]:
        """Status and body of an answer."""
        async with aiohttp.ClientSession() as client, client.post(self.base + path, **kwargs) as response:
            return response.status, await response.json()

    async def token(self, **kwargs: Any) -> str:
        """The token of a new conversation."""
        status, session = await self.post(**kwargs)
        assert status == 200, session
        return str(session["token"])
