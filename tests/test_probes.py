"""What the probes ask and say; that they see a lost store in time is proved in tests/promises/test_p8_ready.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from sanic import Sanic

from hotline import probes
from hotline.answers import Answer
from hotline.bootstrap import Services
from hotline.errors import GatewayUnavailableError
from hotline.ports import News, TicketDraft
from hotline.probes import Probes
from hotline.services.handoff import Reason
from tests.support import demo_services


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return demo_services(tmp_path)


async def test_all_is_well(services: Services) -> None:
    checks = await Probes(services, lambda: True).checks()
    assert checks == {"model": "ok", "database": "ok", "lock": "ok", "outbox": "ok"}
    services.close()


async def test_each_thing_that_is_missing_is_named(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down() -> None:
        raise GatewayUnavailableError("the database file is gone")

    @asynccontextmanager
    async def hung(*_: object) -> AsyncIterator[None]:
        await asyncio.sleep(60)
        yield

    monkeypatch.setattr(probes, "LONGEST", 0.2)
    monkeypatch.setattr(services.database, "ping", down)
    monkeypatch.setattr(services.lock, "hold", hung)
    late = services.clock.now() - timedelta(seconds=900)
    await services.outbox.post([News("sms", "ticket.filed", {"number": "C1"})], late)
    checks = await Probes(services, lambda: False).checks()
    assert checks["model"] == "not loaded" and checks["database"] == "the database file is gone"
    assert checks["lock"].startswith("no answer within") and checks["outbox"] == "news lie untried for 900 s"
    services.close()


async def test_an_answer_is_kept_for_a_moment(services: Services) -> None:
    asked = Probes(services, lambda: True)
    first = await asked.checks()
    assert await asked.checks() is first
    services.close()


async def test_the_figures_count_turns_by_what_became_of_them(services: Services) -> None:
    said = [
        Answer("", "utter_courtesy_fault"),
        Answer("", "utter_x", metadata={"not_understood": True}),
        Answer("", "utter_y", metadata={"queues": True}),
        Answer("nobody's words"),
    ]
    services.metrics.turn("web", 0.1, said)
    services.metrics.refused()
    await services.tickets.file(TicketDraft("staff_error", 1, "13800138000", "办错了", "web"), "k", "web-1")
    await services.handoff.request("web-1", "web", Reason.REQUESTED)
    text = (await Probes(services, lambda: True).metrics()).decode()
    for line in (
        'hotline_answers_total{response="utter_x"} 1.0',
        'hotline_errors_total{kind="fault"} 1.0',
        'hotline_errors_total{kind="refused"} 1.0',
        "hotline_fallbacks_total 1.0",
        "hotline_handoffs_total 1.0",
        'hotline_turn_seconds_count{channel="web"} 1.0',
        'hotline_tickets{state="accepted"} 1.0',
        'hotline_handoffs_open{state="waiting"} 1.0',
        "hotline_database_up 1.0",
    ):
        assert line in text, line
    assert "13800138000" not in text and "web-1" not in text
    services.close()


async def test_figures_are_told_without_the_database(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(_query: object) -> int:
        raise GatewayUnavailableError("down")

    monkeypatch.setattr(services.tickets, "count", down)
    assert b"hotline_database_up 0.0" in await Probes(services, lambda: True).metrics()
    services.close()


async def test_the_routes_answer(services: Services, unused_tcp_port: int) -> None:
    Sanic.test_mode = True
    app = Sanic("probes-of-the-tests", configure_logging=False)
    probes.install(app, services)
    server = await app.create_server("127.0.0.1", unused_tcp_port, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    await server.start_serving()
    base = f"http://127.0.0.1:{unused_tcp_port}"
    async with aiohttp.ClientSession() as http:
        for path, status in (("/live", 200), ("/ready", 503), ("/metrics", 200)):  # no model is loaded
            async with http.get(base + path) as response:
                assert response.status == status, path
    server.close()
    services.close()
