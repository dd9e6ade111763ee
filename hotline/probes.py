"""Whether the hotline lives, whether it can serve, and its figures (promise P8).

    GET /live      the process answers: 200 for as long as it does; restart it when it does not
    GET /ready     200 when a customer could be served now, else 503 and which check failed; send nobody here meanwhile
    GET /metrics   Prometheus' text format

All three say nothing about any customer. They are for the operator's network: the reverse proxy keeps them from others.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json, raw

from hotline.bootstrap import Services
from hotline.errors import HotlineError
from hotline.ports import TicketQuery
from hotline.services.tickets import State

LONGEST = 3.0  # seconds for all checks together; with KEPT it is less than the five that are promised
KEPT = 1.0  # seconds that an answer holds: probes must not become a load
OVERDUE = 300.0  # seconds that news may lie in the outbox untried: then nobody is delivering

Check = Callable[[], Awaitable[None]]


class Probes:
    """Asks whatever a turn needs."""

    def __init__(self, services: Services, model_is_ready: Callable[[], bool]) -> None:
        self._services = services
        self._model_is_ready = model_is_ready
        self._last: tuple[float, dict[str, str]] = (float("-inf"), {})
        self._asking = asyncio.Lock()

    async def checks(self) -> dict[str, str]:
        """Each check's name, and ``ok`` or what is the matter."""
        async with self._asking:
            asked, found = self._last
            if time.monotonic() - asked > KEPT:
                found = await self._ask()
                self._last = (time.monotonic(), found)
            return found

    async def _ask(self) -> dict[str, str]:
        jobs: dict[str, asyncio.Future[None]] = {
            name: asyncio.ensure_future(check())
            for name, check in (("database", self._database), ("lock", self._lock), ("outbox", self._outbox))
        }
        # Not wait_for: it would wait on for a check that tidies up after it was broken off.
        await asyncio.wait(jobs.values(), timeout=LONGEST)
        return {
            "model": "ok" if self._model_is_ready() else "not loaded",
            **{name: _result(job) for name, job in jobs.items()},
        }

    async def _database(self) -> None:
        await self._services.database.ping()

    async def _lock(self) -> None:
        async with self._services.lock.hold(f"probe-{os.getpid()}", LONGEST):
            pass

    async def _outbox(self) -> None:
        targets = ["sms", "hub", *(["broker"] if self._services.broker else [])]
        late = await self._services.outbox.overdue(targets, self._services.clock.now(), time.time())
        if late > OVERDUE:
            raise HotlineError(f"news lie untried for {late:.0f} s")

    async def metrics(self) -> bytes:
        """The counters of this process, and what the database knows of tickets, handoffs and the outbox."""
        asked = CollectorRegistry()
        tickets = Gauge("hotline_tickets", "Tickets by state", ["state"], registry=asked)
        handoffs = Gauge("hotline_handoffs_open", "Open handoffs by state", ["state"], registry=asked)
        waiting = Gauge("hotline_outbox_waiting", "News that have not arrived yet", registry=asked)
        age = Gauge("hotline_outbox_oldest_seconds", "How long the oldest of them has been waiting", registry=asked)
        up = Gauge("hotline_database_up", "Whether the database answered", registry=asked)
        try:
            for state in State:
                tickets.labels(state.value).set(await self._services.tickets.count(TicketQuery(states=(state.value,))))
            for one in await self._services.handoff.open():
                handoffs.labels(one.state).inc()
            count, oldest = await self._services.outbox.waiting()
            waiting.set(count)
            age.set((self._services.clock.now() - oldest).total_seconds() if oldest else 0)
            up.set(1)
        except HotlineError:
            up.set(0)
        return bytes(generate_latest(self._services.metrics.registry) + generate_latest(asked))


def install(app: Sanic, services: Services) -> None:
    """Add the probes to the server; until the model is loaded it is alive and not ready."""

    def model_is_ready() -> bool:
        agent: Any = getattr(app.ctx, "agent", None)
        return agent is not None and bool(agent.is_ready())

    made: list[Probes] = []

    def probes() -> Probes:
        if not made:  # its lock belongs to the server's loop
            made.append(Probes(services, model_is_ready))
        return made[0]

    async def live(_request: Request) -> HTTPResponse:
        return json({"live": True})

    async def ready(_request: Request) -> HTTPResponse:
        checks = await probes().checks()
        good = all(value == "ok" for value in checks.values())
        headers = {"Cache-Control": "no-store"}
        return json({"ready": good, "checks": checks}, status=200 if good else 503, headers=headers)

    async def metrics(_request: Request) -> HTTPResponse:
        return raw(await probes().metrics(), content_type=CONTENT_TYPE_LATEST)

    app.add_route(live, "/live", methods=["GET"])
    app.add_route(ready, "/ready", methods=["GET"])
    app.add_route(metrics, "/metrics", methods=["GET"])


def _result(job: asyncio.Future[None]) -> str:
    if not job.done():
        job.cancel()
        return f"no answer within {LONGEST:.0f} s"
    error = job.exception()
    if error is None:
        return "ok"
    return str(error) if isinstance(error, HotlineError) else type(error).__name__
