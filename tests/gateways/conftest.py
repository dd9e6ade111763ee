"""The real parts under test: the embedded database, a clock that stands still, and the operator's systems."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from hotline.clock import FixedClock
from hotline.gateways.billing import SqlBillingGateway
from hotline.gateways.database import Database
from hotline.gateways.tmf import TmfBillingGateway
from hotline.ports import BillingGateway
from hotline.testing.demo import DatabaseServer
from tests.gateways.mock_operator import MockOperator
from tests.support import NOW, demo_database_url


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a fresh demo database, on each kind of server."""
    if request.param == "sqlite":
        return demo_database_url(tmp_path)
    server: DatabaseServer = request.getfixturevalue("postgres")
    return server.demo()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def sql_billing(database: Database, clock: FixedClock) -> SqlBillingGateway:
    return SqlBillingGateway(database, clock)


@pytest.fixture
def operator(sql_billing: SqlBillingGateway, clock: FixedClock) -> MockOperator:
    return MockOperator(sql_billing, clock)


@pytest.fixture
async def tmf_billing(operator: MockOperator) -> AsyncIterator[TmfBillingGateway]:
    async with TestServer(operator.app()) as server:
        gateway = TmfBillingGateway(str(server.make_url("/")))
        yield gateway
        await gateway.close()


@pytest.fixture(params=["sql", "tmf"])
def billing(
    request: pytest.FixtureRequest, sql_billing: SqlBillingGateway, tmf_billing: TmfBillingGateway
) -> BillingGateway:
    """Every implementation of ``BillingGateway``, over the same subscribers."""
    return sql_billing if request.param == "sql" else tmf_billing
