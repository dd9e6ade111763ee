"""The database of the demonstration for tests: built once a process and day, copied for every test.

SQLite files, or databases on a PostgreSQL server where the tests were given one (``--database``).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import deque
from contextlib import suppress
from datetime import datetime
from functools import cache, lru_cache
from itertools import count
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from hotline.clock import ZONE
from hotline.gateways.database import open_engine
from hotline.gateways.demo import seed
from hotline.gateways.migrations import upgrade

# A Wednesday in office hours: no weekend, no holiday, no first or last day of a month.
NOW = datetime(2026, 10, 21, 10, 0, tzinfo=ZONE)

# The cheapest parameters Argon2 takes: a check costs less than a millisecond.
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

MOST = 8  # databases kept on a server: each takes as much room as the template


class DatabaseServer:
    """Databases on a PostgreSQL server, each a copy of a template; the oldest that nobody uses are dropped."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._names = (f"test_{os.getpid()}_{n}" for n in count())
        self._kept: deque[str] = deque()
        self._templates: dict[datetime, str] = {}

    def empty(self) -> str:
        """URL of a new database without tables."""
        return self._create("template0")

    def demo(self, now: datetime = NOW) -> str:
        """URL of a new demo database, dated relative to ``now``."""
        if now not in self._templates:
            url = self.empty()
            self._templates[now] = self._kept.pop()
            _fill(url, now)
        return self._create(self._templates[now])

    def _create(self, template: str) -> str:
        name = next(self._names)
        self._do(f"CREATE DATABASE {name} TEMPLATE {template}")
        for old in list(self._kept)[:-MOST]:
            with suppress(OperationalError):  # somebody uses it still
                self._do(f"DROP DATABASE {old}")
                self._kept.remove(old)
        self._kept.append(name)
        url: URL = self._url.set(database=name)
        return str(url)

    def _do(self, statement: str) -> None:
        engine = create_engine(self._url, future=True, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(statement))


_servers: list[DatabaseServer] = []


def use_server(url: str) -> None:
    """From now on demo databases are made on this PostgreSQL server."""
    _servers[:] = [DatabaseServer(url)]


def demo_database_url(directory: Path, now: datetime = NOW) -> str:
    """URL of a fresh copy of the demo database, dated relative to ``now``; in ``directory``, unless on a server."""
    if _servers:
        return _servers[0].demo(now)
    path = directory / "hotline.db"
    shutil.copyfile(_template(now), path)
    return f"sqlite:///{path}"


@cache
def _template(now: datetime) -> Path:
    path = Path(_templates().name) / f"{now.timestamp()}.db"
    _fill(f"sqlite:///{path}", now)
    return path


def _fill(url: str, now: datetime) -> None:
    upgrade(url)
    engine = open_engine(url)
    seed(engine, now, CHEAP_HASHER)
    engine.dispose()


@lru_cache(maxsize=1)
def _templates() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="hotline-tests-")
