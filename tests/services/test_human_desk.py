"""What the assistant may rely on, whichever desk of humans stands behind the port: one suite for all of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Optional

import pytest

from hotline.clock import FixedClock
from hotline.gateways.handoffs import SqlHandoffStore
from hotline.ports import Handoff
from hotline.services.calendar import OpeningHours
from hotline.services.handoff import AGENT, QUEUE, SUPERVISOR, HandoffService, Placed, Reason, State
from hotline.services.human_desk import HumanDesk
from tests.support import NOW, demo_services


class FakeDesk:
    """A help desk of somebody else's, in memory: the least that the port asks for."""

    def __init__(self, is_open: bool) -> None:
        self._is_open = is_open
        self._all: list[Handoff] = []
        self._numbers = itertools.count(1)

    async def request(
        self,
        conversation: str,
        channel: str,
        reason: Reason,
        target: str = AGENT,
        context: Mapping[str, Any] = {},
        ticket: str = "",
    ) -> Placed:
        known = await self.place(conversation)
        if known is not None:
            wanted = SUPERVISOR if target == SUPERVISOR else known.handoff.target
            one = replace(known.handoff, target=wanted, ticket=known.handoff.ticket or ticket)
            self._put(one)
            return replace(known, handoff=one)
        state = State.WAITING if self._is_open else State.OUT_OF_HOURS
        number = next(self._numbers)
        one = Handoff(number, conversation, channel, state.value, reason.value, target, NOW, number, context, ticket)
        self._all.append(one)
        return Placed(one, len(self._waiting()), None, new=True)

    async def place(self, conversation: str) -> Optional[Placed]:
        one = await self.latest(conversation)
        if one is None or State(one.state) not in (*QUEUE, State.ACTIVE):
            return None
        waiting = [other.conversation for other in self._waiting()]
        return Placed(one, waiting.index(conversation) + 1 if conversation in waiting else 0, None)

    async def latest(self, conversation: str) -> Optional[Handoff]:
        return next((one for one in reversed(self._all) if one.conversation == conversation), None)

    async def cancel(self, conversation: str, callback_phone: str = "") -> bool:
        result = "callback" if callback_phone else ""
        return await self._end(conversation, State.CANCELLED, result=result, callback_phone=callback_phone)

    async def leave(self, conversation: str) -> bool:
        return await self._end(conversation, State.ABANDONED)

    async def heard(self, conversation: str) -> None:
        pass

    async def call_result(self, conversation: str, answered: bool) -> None:
        await self._end(conversation, State.ACTIVE if answered else State.TIMED_OUT)

    def next_opening(self) -> Optional[datetime]:
        return NOW + timedelta(hours=1)

    def _waiting(self) -> list[Handoff]:
        return [one for one in self._all if State(one.state) in QUEUE]

    async def _end(self, conversation: str, state: State, **values: Any) -> bool:
        one = await self.latest(conversation)
        if one is None or State(one.state) not in QUEUE:
            return False
        self._put(replace(one, state=state.value, **values))
        return True

    def _put(self, one: Handoff) -> None:
        self._all = [one if other.id == one.id else other for other in self._all]


OpenDesk = Callable[..., HumanDesk]


@pytest.fixture(params=["our own", "a fake"])
def open_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenDesk]:
    services = demo_services(tmp_path)

    def our_own(hours: str = "00:00-24:00") -> HumanDesk:
        store = SqlHandoffStore(services.database, services.clock)
        return HandoffService(store, services.staff, FixedClock(NOW), OpeningHours.parse(hours))

    yield our_own if request.param == "our own" else lambda hours="": FakeDesk(is_open=not hours)
    services.close()


SHUT = "20:00-21:00"  # and it is ten in the morning


async def test_who_asks_waits_behind_who_asked_before(open_desk: OpenDesk) -> None:
    desk = open_desk()
    for position, name in enumerate(("a", "b"), start=1):
        placed = await desk.request(name, "web", Reason.REQUESTED)
        assert (placed.state, placed.position, placed.new) == (State.WAITING, position, True)
    found = await desk.place("b")
    assert found is not None and found.position == 2


async def test_what_is_known_goes_along(open_desk: OpenDesk) -> None:
    desk = open_desk()
    await desk.request("a", "web", Reason.COMPLAINT, context={"topic": "file_complaint"}, ticket="C1")
    found = await desk.latest("a")
    assert found is not None
    assert (found.reason, found.context["topic"], found.ticket) == ("complaint", "file_complaint", "C1")


async def test_asking_again_keeps_the_place_and_adds_the_supervisor_and_the_ticket(open_desk: OpenDesk) -> None:
    desk = open_desk()
    first = await desk.request("a", "web", Reason.REQUESTED)
    await desk.request("b", "web", Reason.REQUESTED)
    again = await desk.request("a", "web", Reason.SUPERVISOR, SUPERVISOR, ticket="C1")
    assert not again.new and again.handoff.id == first.handoff.id
    found = await desk.latest("a")
    assert found is not None and (found.target, found.ticket) == (SUPERVISOR, "C1")


async def test_nobody_has_a_place_who_did_not_ask(open_desk: OpenDesk) -> None:
    desk = open_desk()
    assert await desk.place("a") is None and await desk.latest("a") is None
    assert not await desk.cancel("a") and not await desk.leave("a")
    await desk.heard("a")
    await desk.call_result("a", answered=True)


async def test_who_cancels_waits_no_more_and_may_ask_anew(open_desk: OpenDesk) -> None:
    desk = open_desk()
    await desk.request("a", "web", Reason.REQUESTED)
    assert await desk.cancel("a", "13800138000")
    assert not await desk.cancel("a")
    found = await desk.latest("a")
    assert found is not None
    assert (found.state, found.result, found.callback_phone) == ("cancelled", "callback", "13800138000")
    assert await desk.place("a") is None
    assert (await desk.request("a", "web", Reason.REQUESTED)).new


async def test_who_leaves_has_abandoned_the_queue_and_the_next_one_moves_up(open_desk: OpenDesk) -> None:
    desk = open_desk()
    await desk.request("a", "web", Reason.REQUESTED)
    await desk.request("b", "web", Reason.REQUESTED)
    assert await desk.leave("a")
    found, second = await desk.latest("a"), await desk.place("b")
    assert found is not None and found.state == "abandoned"
    assert second is not None and second.position == 1


@pytest.mark.parametrize(("answered", "state"), [(True, "active"), (False, "timed_out")])
async def test_a_transferred_call_is_with_a_human_or_the_assistants_again(
    open_desk: OpenDesk, answered: bool, state: str
) -> None:
    desk = open_desk()
    await desk.request("a", "ivr", Reason.REQUESTED)
    await desk.call_result("a", answered)
    found = await desk.latest("a")
    assert found is not None and found.state == state
    assert (await desk.place("a") is None) is not answered


async def test_out_of_hours_nobody_waits_and_it_is_known_when_it_opens(open_desk: OpenDesk) -> None:
    desk = open_desk(SHUT)
    placed = await desk.request("a", "web", Reason.REQUESTED)
    assert placed.state is State.OUT_OF_HOURS
    assert await desk.place("a") is None
    opening = desk.next_opening()
    assert opening is not None and opening > NOW
