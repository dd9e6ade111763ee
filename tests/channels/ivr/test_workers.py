"""Two workers on one database take a call's events in turns, together and out of order: no turn is lost or doubled.

Each worker has its own agent, tracker store, door and connections, as two processes have; only the database is shared.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hotline import bootstrap
from hotline.alone import join
from hotline.bootstrap import Services
from hotline.channels.ivr.call import Calls
from hotline.channels.ivr.protocol import Event
from hotline.clock import FixedClock
from hotline.engine import load_agent, make_door
from hotline.rasa_agent import HotlineAgent
from hotline.settings import current_settings
from hotline.stores.tracker import HotlineTrackerStore
from tests.channels.ivr.server import Slowable, settings_for
from tests.support import NOW


class Worker:
    """What one process has."""

    def __init__(self, settings: Any, agent: HotlineAgent) -> None:
        self.company = join(settings)
        self.services: Services = bootstrap.build(settings, clock=FixedClock(NOW), company=self.company)
        self.billing = Slowable(self.services.billing._gateway)
        self.services.billing._gateway = self.billing  # type: ignore[assignment]
        agent.keep_trackers(HotlineTrackerStore(self.services.events))
        self.calls = Calls.over(make_door(agent.handle_message, self.services), self.services)

    def close(self) -> None:
        self.services.close()
        if self.company is not None:  # on a server's database nobody counts on being alone
            self.company.leave()

    async def handle(self, event: Event) -> list[dict[str, Any]]:
        bootstrap.use(self.services)
        return await self.calls.handle(event)


@pytest.fixture(scope="module")
def agents() -> list[HotlineAgent]:
    """Loaded once: what an agent remembers of a talk is in its trackers."""
    return [load_agent(current_settings().model) for _ in range(2)]


@pytest.fixture
async def workers(tmp_path: Path, agents: list[HotlineAgent]) -> AsyncIterator[list[Worker]]:
    settings = settings_for(tmp_path)
    both = [Worker(settings, agent) for agent in agents]
    yield both
    for each in both:
        each.close()
    bootstrap.use(None)


def event(kind: str, number: int | str, **fields: Any) -> Event:
    return Event("c1", f"e{number}", kind, **fields)


def said(actions: list[dict[str, Any]]) -> str:
    return "".join(action["say"]["text"] for action in actions if "say" in action)


def same(first: Any, second: Any) -> bool:
    return json.dumps(first, ensure_ascii=False) == json.dumps(second, ensure_ascii=False)


async def turns(worker: Worker) -> list[str]:
    """What the tracker says the caller meant, in order."""
    events = await worker.services.events.read("c1")
    return [e["parse_data"]["intent"]["name"] for e in events if e["event"] == "user"]


async def test_a_call_whose_events_alternate_is_one_call(workers: list[Worker]) -> None:
    a, b = workers
    await a.handle(event("start", 1, caller="13800138000"))
    assert "服务密码" in said(await b.handle(event("dtmf", 2, digits="1")))
    assert "86.40元" in said(await a.handle(event("dtmf", 3, digits="246810")))
    assert "查话费请按1" in said(await b.handle(event("dtmf", 4, digits="1")))
    assert (await a.handle(event("dtmf", 5, digits="0")))[-1]["transfer"]["context"]["customer"]["verified"] is True
    await b.handle(event("end", 6))
    record = await a.services.calls.find("c1")
    assert record is not None
    assert record.turns == 4


async def test_a_retry_at_the_other_worker_is_answered_with_the_very_same(workers: list[Worker]) -> None:
    a, b = workers
    start = event("start", 1, caller="13800138000")
    assert same(await a.handle(start), await b.handle(start))
    key = event("dtmf", 2, digits="1")
    assert same(await b.handle(key), await a.handle(key))
    assert await turns(a) == ["session_opened", "query_balance"]


async def test_the_same_event_at_both_workers_at_once_is_one_turn(workers: list[Worker]) -> None:
    a, b = workers
    await a.handle(event("start", 1, caller="13800138000"))
    for number in range(2, 12):
        again = event("dtmf", number, digits="9")
        first, second, third = await asyncio.gather(a.handle(again), b.handle(again), a.handle(again))
        assert same(first, second)
        assert same(first, third)
    assert (await turns(b)).count("nlu_fallback") == 10


async def test_different_events_at_both_workers_at_once_are_all_served_one_after_the_other(
    workers: list[Worker],
) -> None:
    a, b = workers
    a.calls._hold_after = b.calls._hold_after = 7  # the last of them waits for nineteen turns
    await a.handle(event("start", 1, caller="13800138000"))
    answers = await asyncio.gather(
        *(workers[number % 2].handle(event("dtmf", number, digits="*")) for number in range(2, 22))
    )
    assert all("您好" in said(answer) for answer in answers)
    assert (await turns(a)).count("ask_repeat") == 20


async def test_a_start_that_is_overtaken_by_speech_is_no_second_greeting(workers: list[Worker]) -> None:
    a, b = workers
    first, second = await asyncio.gather(
        b.handle(event("speech", 2, text="话费还有多少")), a.handle(event("start", 1, caller="13800138000"))
    )
    assert await turns(a) in (
        ["session_opened", "query_balance", "ask_repeat"],
        ["session_opened", "ask_repeat", "query_balance"],
        ["session_opened", "query_balance"],
    )
    assert first[-1].get("listen")
    assert second[-1].get("listen")


async def test_events_in_the_wrong_order_are_each_answered_for_what_they_are(workers: list[Worker]) -> None:
    a, b = workers
    await a.handle(event("start", 1, caller="13800138000"))
    assert "再重复一遍" in said(await b.handle(event("dtmf", 3, digits="246810")))  # overtook the key of the menu
    assert "服务密码" in said(await a.handle(event("dtmf", 2, digits="1")))
    assert "86.40元" in said(await b.handle(event("dtmf", 4, digits="246810")))


async def test_what_one_worker_is_slow_with_is_fetched_at_the_other(workers: list[Worker]) -> None:
    a, b = workers
    await a.handle(event("start", 1))
    await b.handle(event("dtmf", 2, digits="1"))
    a.billing.delay = b.billing.delay = 2.0
    slow = event("dtmf", 3, digits="13800138000")
    assert "continue" in (await a.handle(slow))[-1]
    rest = await b.handle(event("played", 4))
    assert "服务密码" in said(rest)
    assert same(rest, await a.handle(event("played", 4)))
    assert "continue" in (await b.handle(slow))[-1]
    assert (await turns(a)).count("inform") == 1


async def test_an_end_that_comes_with_the_last_words_leaves_the_call_closed(workers: list[Worker]) -> None:
    a, b = workers
    await a.handle(event("start", 1))
    await asyncio.gather(a.handle(event("speech", 2, text="话费还有多少")), b.handle(event("end", 3, reason="caller")))
    assert await a.handle(event("speech", 4, text="喂")) == []
    assert await b.handle(event("end", 3, reason="caller")) == []
