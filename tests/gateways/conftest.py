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
from tests.gateways.mock_operator import MockOperator
from tests.support import NOW, demo_database


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = demo_database(tmp_path)
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
def billing(request: pytest.FixtureRequest) -> BillingGateway:
    """Every implementation of ``BillingGateway``, over the same subscribers."""
    gateway: BillingGateway = request.getfixturevalue(f"{request.param}_billing")
    return gateway
