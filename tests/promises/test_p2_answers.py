"""Every accepted message gets an honest answer in time, or a human, whatever is broken behind it (promise P2)."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from hotline import bootstrap
from hotline.bootstrap import Services
from hotline.clock import FixedClock
from hotline.door import FAULT, TOO_LATE, Door, Inbound, Turn
from hotline.engine import load_agent, make_door
from hotline.gateways.billing import SqlBillingGateway
from hotline.gateways.database import Database
from hotline.rasa_agent import HotlineAgent
from hotline.settings import load_settings
from hotline.stores.tracker import HotlineTrackerStore
from tests.gateways.mock_operator import MockOperator
from tests.promises.breakage import KINDS, PARTS, BrokenActions, BrokenOperator, BrokenTables
from tests.promises.effort import BACKEND_LIMIT, DEADLINE, FULL
from tests.served import model_path
from tests.support import NOW, demo_database_url

SLACK = 1.0  # seconds that a busy machine may add
# What is said to be done, and the table that must have a row of it then.
DONE = {
    "tickets": re.compile(r"已经登记|编号是"),
    "orders": re.compile(r"办理好了|订单号"),
    "handoffs": re.compile(r"登记转接"),
}
EXCUSES = {FAULT, TOO_LATE, "utter_courtesy_unavailable"}
NAME = "web-c"

VERIFIED = ("查话费", "13800138000", "246810")
COMPLAINING = ("你们的人给我办错套餐了", "我姓王", "13800138000")
# state -> what was said before, and the message that finds something broken
STATES = {
    "idle": (VERIFIED, "查一下上个月的账单"),
    "in a form": (COMPLAINING[:1], "我姓王"),
    "at a confirmation": (COMPLAINING, "是的"),
    "in a handoff": ((*VERIFIED, "转人工"), "查一下上个月的账单"),
}


class World:
    """The whole engine over a fresh database, and the means to break it.

    Nothing is broken at the usual time limits, everything at those of the proof: two processes after each other.
    """

    def __init__(
        self, path: Path, agent: HotlineAgent, services: dict[bool, Services], operator: BrokenOperator
    ) -> None:
        self.path = path
        self.operator = operator
        self.actions = BrokenActions()
        self.tables = BrokenTables(services[True].database.engine, path)
        self._agent = agent
        self._services = services
        self._count = 0
        agent.action_endpoint = self.actions
        assert agent.processor is not None
        agent.processor.action_endpoint = self.actions
        self._serve(broken=False)

    def _serve(self, broken: bool) -> None:
        services = self._services[broken]
        bootstrap.use(services)
        self._agent.keep_trackers(HotlineTrackerStore(services.events))
        self.door: Door = make_door(self._agent.handle_message, services)

    async def say(self, text: str, message_id: str = "") -> Turn:
        self._count += 1
        return await self.door.receive(Inbound(NAME, "web", message_id or f"m{self._count}", text))

    def break_down(self, part: str, kind: str) -> None:
        self._serve(broken=True)
        if part == "actions":
            self.actions.kind = kind
        elif part == "billing":
            self.operator.kind = kind
        else:
            self.tables.break_down(part, kind)

    def mend(self) -> None:
        self.actions.kind = self.operator.kind = ""
        self.tables.mend()
        self._serve(broken=False)

    def rows(self, table: str) -> int:
        connection = sqlite3.connect(self.path)
        count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        connection.close()
        return int(count)


@pytest.fixture(scope="module")
def agent() -> HotlineAgent:
    return load_agent(model_path())


@pytest_asyncio.fixture
async def world(tmp_path: Path, agent: HotlineAgent) -> AsyncIterator[World]:
    url, clock = demo_database_url(tmp_path), FixedClock(NOW)
    behind = Database(url)
    operator = BrokenOperator()
    app = MockOperator(SqlBillingGateway(behind, clock), clock).app()
    app.middlewares.insert(0, operator.middleware)
    async with TestServer(app) as server:
        # Broken and whole, they are two processes for the database.
        common = {"database_url": url, "var": tmp_path, "billing_url": str(server.make_url("")), "lock": "database"}
        limits = {"gateway_timeout": BACKEND_LIMIT, "turn_deadline": DEADLINE}
        services = {
            False: bootstrap.build(load_settings(**common), clock=clock),
            True: bootstrap.build(load_settings(**common, **limits), clock=clock),
        }
        made = World(tmp_path / "hotline.db", agent, services, operator)
        yield made
        made.mend()
        for one in services.values():
            billing: Any = one.billing
            await billing._gateway._gateway.close()
            one.close()
        behind.close()
        bootstrap.use(None)


CELLS = list(product(PARTS, KINDS, STATES))
# In bounded form each part fails in each way once, in a state that changes from one to the next.
BOUNDED = [
    (part, kind, list(STATES)[(p + k) % len(STATES)]) for p, part in enumerate(PARTS) for k, kind in enumerate(KINDS)
]


@pytest.mark.parametrize(("part", "kind", "state"), CELLS if FULL else BOUNDED)
async def test_the_answer_is_in_time_not_empty_and_true(world: World, part: str, kind: str, state: str) -> None:
    before, text = STATES[state]
    for line in before:
        turn = await world.say(line)
        assert not {answer.name for answer in turn.answers} & EXCUSES, f"before anything was broken: {turn.answers}"
    world.break_down(part, kind)
    started = time.monotonic()
    turn = await world.say(text, "broken")
    took = time.monotonic() - started
    told = "".join(answer.text for answer in turn.answers)
    assert took < DEADLINE + SLACK, f"answered after {took:.1f} s"
    assert told.strip(), "an empty answer"
    for table, words in DONE.items():
        assert not words.search(told) or world.rows(table), f"said to be done, and is not: {told}"

    world.mend()
    again = "".join(answer.text for answer in (await world.say(text, "broken")).answers)
    assert again.strip(), "an empty answer to the message sent again"
    later = await world.say(text)
    words = "".join(answer.text for answer in later.answers)
    assert words.strip() and not {answer.name for answer in later.answers} & EXCUSES, f"not mended: {words}"
    assert world.rows("tickets") <= 1, "filed twice"


async def test_a_ticket_that_could_not_be_filed_in_time_is_filed_later_and_once(world: World) -> None:
    for line in COMPLAINING:
        await world.say(line)
    world.break_down("tickets", "hung")
    told = "".join(answer.text for answer in (await world.say("是的", "late")).answers)
    assert not DONE["tickets"].search(told) and not world.rows("tickets"), told
    world.mend()
    told = "".join(answer.text for answer in (await world.say("是的")).answers)
    assert DONE["tickets"].search(told) and world.rows("tickets") == 1, told


async def test_a_backend_that_always_fails_is_left_alone_after_a_while(world: World) -> None:
    for line in VERIFIED:
        await world.say(line)
    world.break_down("billing", "hung")
    took = []
    for _ in range(8):
        started = time.monotonic()
        await world.say("查一下上个月的账单")
        took.append(time.monotonic() - started)
    assert took[0] > BACKEND_LIMIT and took[-1] < BACKEND_LIMIT, took
