"""A PostgreSQL server of the tests' own, from the programs of the system, gone when they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hotline.testing.demo import DatabaseServer
from scripts.services import Postgres


@contextmanager
def running_postgres() -> Iterator[DatabaseServer]:
    """A server on a free port of this machine; its data is thrown away."""
    server = Postgres(durable=False)
    try:
        server.start()
        yield DatabaseServer(server.url)
    finally:
        server.close()
