"""The real servers that a cluster is made of, as fixtures: each is started once, when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline.testing.demo import DatabaseServer
from scripts.services import Postgres, RabbitMq, Redis


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """PostgreSQL, running; who stops or pauses it starts it again."""
    with Postgres(durable=False) as server:
        server.start()
        yield server


@pytest.fixture(scope="session")
def postgres(postgres_server: Postgres) -> DatabaseServer:
    """Databases on it."""
    return DatabaseServer(postgres_server.url)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """Redis, running."""
    with Redis() as server:
        server.start()
        yield server


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[RabbitMq]:
    """RabbitMQ, running."""
    with RabbitMq() as server:
        server.start()
        yield server
