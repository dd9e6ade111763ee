"""To a human and back: queue, offers, claims, what time does, and the table of moves (promise P6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.bootstrap import Services
from hotline.clock import ZONE, FixedClock
from hotline.errors import IllegalMoveError, NoSuchItemError
from hotline.gateways.handoffs import SqlHandoffStore
from hotline.ports import Mode, Staff
from hotline.services.calendar import OpeningHours
from hotline.services.handoff import (
    FINAL,
    MOVES,
    QUEUE,
    SUPERVISOR,
    TALK,
    HandoffService,
    Move,
    Pace,
    Reason,
    State,
    after_move,
    mode_of,
)
from tests.support import NOW, demo_services

AGENT = Staff("a1001", "客户代表1001", "agent")
OTHER = Staff("a1002", "客户代表1002", "agent")
BOSS = Staff("s9001", "现场业务主管", "supervisor")
CLERK = Staff("c8001", "申告处理员", "clerk")


@dataclass
class Desk:
    """A handoff service whose seconds the test counts."""

    service: HandoffService
    wait: Callable[[float], None]
    services: Services

    async def request(self, name: str, **how: object) -> int:
        placed = await self.service.request(name, "web", Reason.REQUESTED, **how)  # type: ignore[arg-type]
        return placed.handoff.id

    async def state(self, number: int) -> str:
        return (await self.service.find(number)).state


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = demo_services(tmp_path)
    yield services
    services.close()


def open_desk(services: Services, hours: str = "00:00-24:00", closed: str = "") -> Desk:
    seconds = [1_000_000.0]
    store = SqlHandoffStore(services.database, services.clock)
    service = HandoffService(
        store, services.staff, services.clock, OpeningHours.parse(hours, closed), Pace(), lambda: seconds[0]
    )

    def wait(more: float) -> None:
        seconds[0] += more

    return Desk(service, wait, services)


@pytest.fixture
def desk(services: Services) -> Desk:
    return open_desk(services)


# --- the queue --------------------------------------------------------------------------------------------------------


async def test_customers_wait_in_the_order_in_which_they_came(desk: Desk) -> None:
    await desk.request("a")
    desk.wait(1)
    await desk.request("b")
    placed = [await desk.service.place(name) for name in ("a", "b")]
    assert [one and one.position for one in placed] == [1, 2]


async def test_asking_again_keeps_the_place(desk: Desk) -> None:
    first = await desk.request("a")
    again = await desk.service.request("a", "web", Reason.COMPLAINT, ticket="C20261021000001")
    assert (again.handoff.id, again.new, again.handoff.ticket) == (first, False, "C20261021000001")


async def test_asking_many_times_at_once_makes_one_handoff(desk: Desk) -> None:
    assert len(set(await asyncio.gather(*(desk.request("a") for _ in range(8))))) == 1


async def test_nobody_there_means_that_nobody_knows_how_long_it_takes(desk: Desk) -> None:
    await desk.request("a")
    placed = await desk.service.place("a")
    assert placed is not None and placed.wait is None


async def test_the_wait_is_an_honest_range_from_who_is_there(desk: Desk) -> None:
    await desk.service.see("a1001", "available")
    for name in "abcd":
        await desk.request(name)
        desk.wait(0.1)
    first, last = await desk.service.place("a"), await desk.service.place("d")
    assert first is not None and first.wait == (0, 1)
    assert last is not None and last.wait is not None and last.wait[1] >= last.wait[0]


async def test_who_wants_the_supervisor_does_not_wait_behind_the_others(desk: Desk) -> None:
    await desk.request("a")
    desk.wait(1)
    await desk.request("b", target=SUPERVISOR)
    placed = await desk.service.place("b")
    assert placed is not None and placed.position == 1


async def test_a_customer_can_leave_the_queue(desk: Desk) -> None:
    number = await desk.request("a")
    assert await desk.service.cancel("a")
    assert await desk.state(number) == "cancelled"
    assert not await desk.service.cancel("a")


async def test_a_customer_who_is_gone_has_abandoned_the_queue(desk: Desk) -> None:
    number = await desk.request("a")
    await desk.service.leave("a")
    assert await desk.state(number) == "abandoned"


# --- claiming ---------------------------------------------------------------------------------------------------------


async def test_of_two_who_claim_one_wins(desk: Desk) -> None:
    number = await desk.request("a")
    outcomes = await asyncio.gather(
        *(desk.service.claim(number, staff) for staff in (AGENT, OTHER)), return_exceptions=True
    )
    assert sorted(isinstance(one, IllegalMoveError) for one in outcomes) == [False, True]


async def test_claiming_twice_from_two_tabs_is_claiming_once(desk: Desk) -> None:
    number = await desk.request("a")
    for _ in range(2):
        assert (await desk.service.claim(number, AGENT)).agent == "a1001"


async def test_a_clerk_claims_nobody_and_an_agent_not_who_wants_the_supervisor(desk: Desk) -> None:
    number = await desk.request("a", target=SUPERVISOR)
    for staff in (CLERK, AGENT):
        with pytest.raises(IllegalMoveError):
            await desk.service.claim(number, staff)
    assert (await desk.service.claim(number, BOSS)).state == "active"


async def test_an_agent_has_at_most_three_talks_at_once(desk: Desk) -> None:
    numbers = [await desk.request(name) for name in "abcd"]
    for number in numbers[:3]:
        await desk.service.claim(number, AGENT)
    with pytest.raises(IllegalMoveError):
        await desk.service.claim(numbers[3], AGENT)


async def test_a_closed_conversation_takes_no_more_words(desk: Desk) -> None:
    number = await desk.request("a")
    await desk.service.claim(number, AGENT)
    await desk.service.said(number, "a1001")
    await desk.service.close(number, "a1001", "resolved", "明天退费")
    with pytest.raises(IllegalMoveError):
        await desk.service.said(number, "a1001")
    assert (await desk.service.find(number)).agreed == "明天退费"


async def test_words_of_an_agent_whose_talk_it_is_not_are_refused(desk: Desk) -> None:
    number = await desk.request("a")
    await desk.service.claim(number, AGENT)
    for move in (desk.service.said(number, "a1002"), desk.service.finish(number, "a1002")):
        with pytest.raises(IllegalMoveError):
            await move


async def test_a_transfer_keeps_the_talk_until_the_other_has_it(desk: Desk) -> None:
    number = await desk.request("a")
    await desk.service.claim(number, AGENT)
    await desk.service.transfer(number, "a1001", SUPERVISOR)
    await desk.service.said(number, "a1001")
    with pytest.raises(IllegalMoveError):
        await desk.service.claim(number, OTHER)
    moved = await desk.service.claim(number, BOSS)
    assert (moved.state, moved.agent, moved.transfer_to) == ("active", "s9001", "")
    with pytest.raises(IllegalMoveError):
        await desk.service.said(number, "a1001")


async def test_nobody_is_transferred_to_who_is_not_there_to_talk(desk: Desk) -> None:
    number = await desk.request("a")
    await desk.service.claim(number, AGENT)
    for to in ("nobody", "c8001", "a1001"):
        with pytest.raises(NoSuchItemError):
            await desk.service.transfer(number, "a1001", to)


async def test_a_word_of_the_customer_takes_the_talk_out_of_wrap_up(desk: Desk) -> None:
    number = await desk.request("a")
    await desk.service.claim(number, AGENT)
    await desk.service.finish(number, "a1001")
    await desk.service.heard("a")
    one = await desk.service.find(number)
    assert one.state == "active" and one.unanswered is not None


# --- time passes ------------------------------------------------------------------------------------------------------


async def test_after_sixty_seconds_a_callback_is_offered_once(desk: Desk) -> None:
    await desk.request("a")
    desk.wait(59)
    assert await desk.service.tick() == []
    desk.wait(2)
    assert [one.kind for one in await desk.service.tick()] == ["callback"]
    assert await desk.service.tick() == []


async def test_an_agent_who_leaves_a_customer_for_sixty_seconds_counts_as_unanswered_too(desk: Desk) -> None:
    await desk.service.see("a1001", "available")
    number = await desk.request("a")
    await desk.service.claim(number, AGENT)
    await desk.service.said(number, "a1001")
    await desk.service.heard("a")
    desk.wait(61)
    await desk.service.see("a1001")
    assert [one.kind for one in await desk.service.tick()] == ["callback"]


async def test_a_free_agent_is_offered_the_longest_waiting_and_an_offer_lapses(desk: Desk) -> None:
    await desk.service.see("a1001", "available")
    first = await desk.request("a")
    desk.wait(1)
    await desk.request("b")
    await desk.service.tick()
    one = await desk.service.find(first)
    assert (one.state, one.offered_to) == ("offered", "a1001")
    desk.wait(21)
    await desk.service.see("a1001", "away")
    await desk.service.tick()
    assert await desk.state(first) == "waiting"


async def test_who_is_away_or_has_declined_is_offered_nobody(desk: Desk) -> None:
    await desk.service.see("a1001", "away")
    number = await desk.request("a")
    await desk.service.tick()
    assert await desk.state(number) == "waiting"
    await desk.service.see("a1001", "available")
    await desk.service.tick()
    await desk.service.decline(number, "a1001")
    await desk.service.tick()
    assert await desk.state(number) == "waiting"


async def test_a_vanished_agents_customers_go_back_into_the_queue_in_their_old_place(desk: Desk) -> None:
    await desk.service.see("a1001", "available")
    number = await desk.request("a")
    await desk.service.claim(number, AGENT)
    desk.wait(10)
    await desk.request("b")
    desk.wait(30)
    assert await desk.service.tick() == [], "a break is not yet a departure"
    desk.wait(20)
    assert [one.kind for one in await desk.service.tick()] == ["agent_lost"]
    placed = await desk.service.place("a")
    assert await desk.state(number) == "waiting" and placed is not None and placed.position == 1


async def test_a_transfer_that_nobody_takes_comes_back(desk: Desk) -> None:
    number = await desk.request("a")
    await desk.service.claim(number, AGENT)
    await desk.service.transfer(number, "a1001", SUPERVISOR)
    desk.wait(61)
    assert [one.kind for one in await desk.service.tick()] == ["lapsed"]
    one = await desk.service.find(number)
    assert (one.state, one.agent) == ("active", "a1001")


async def test_a_waiting_customer_whose_window_stays_closed_has_left_the_queue(desk: Desk) -> None:
    number = await desk.request("a")
    await desk.service.see_customers(["a"])
    desk.wait(119)
    assert all(told.kind != "left" for told in await desk.service.tick())
    desk.wait(2)
    assert [(told.kind, told.handoff.id) for told in await desk.service.tick()] == [("left", number)]
    assert await desk.state(number) == "abandoned"


async def test_a_customer_who_comes_back_in_time_keeps_his_place(desk: Desk) -> None:
    number = await desk.request("a")
    for _ in range(5):
        await desk.service.see_customers(["a", "somebody-else"])
        desk.wait(100)
        await desk.service.tick()
    assert await desk.state(number) == "waiting"


async def test_after_a_restart_customers_and_agents_have_time_to_come_back(services: Services) -> None:
    before = open_desk(services)
    waiting, talking = await before.request("a"), await before.request("b")
    await before.service.see_customers(["a", "b"])
    await before.service.see("a1001")
    await before.service.claim(talking, AGENT)
    seconds = [1_000_000.0 + 600]
    after = HandoffService(
        SqlHandoffStore(services.database, services.clock),
        services.staff,
        services.clock,
        OpeningHours.parse("00:00-24:00"),
        timer=lambda: seconds[0],
    )
    assert {told.kind for told in await after.tick()} <= {"callback"}
    assert (await after.find(waiting)).state == "waiting" and (await after.find(talking)).agent == "a1001"
    seconds[0] += 121
    assert {told.kind for told in await after.tick()} >= {"left", "agent_lost"}


async def test_nobody_waits_for_ever(desk: Desk) -> None:
    number = await desk.request("a")
    desk.wait(901)
    assert [one.kind for one in await desk.service.tick()] == ["timed_out"]
    assert await desk.state(number) == "timed_out"


async def test_wrap_up_ends_by_itself(desk: Desk) -> None:
    number = await desk.request("a")
    await desk.service.claim(number, AGENT)
    await desk.service.finish(number, "a1001")
    desk.wait(121)
    assert [one.kind for one in await desk.service.tick()] == ["closed"]


async def test_every_happening_is_told_by_one_process_alone(services: Services) -> None:
    desk = open_desk(services)
    await desk.request("a")
    desk.wait(61)
    told = await asyncio.gather(*(desk.service.tick() for _ in range(4)))
    assert sum(len(one) for one in told) == 1


# --- opening hours ----------------------------------------------------------------------------------------------------


async def test_out_of_hours_the_wish_goes_on_record_and_nobody_waits(services: Services) -> None:
    desk = open_desk(services, "12:00-18:00")
    placed = await desk.service.request("a", "web", Reason.REQUESTED)
    assert placed.state is State.OUT_OF_HOURS and placed.handoff.ended is not None
    assert await desk.service.place("a") is None
    assert desk.service.next_opening() == datetime(2026, 10, 21, 12, 0, tzinfo=ZONE)


async def test_when_the_desk_closes_who_still_waits_is_told(services: Services) -> None:
    desk = open_desk(services, "08:00-18:00")
    await desk.request("a")
    assert isinstance(services.clock, FixedClock)
    services.clock.set(NOW.replace(hour=18))
    assert [one.kind for one in await desk.service.tick()] == ["out_of_hours"]


@pytest.mark.parametrize(
    ("hours", "closed", "moment", "is_open"),
    [
        ("08:00-20:00", "", datetime(2026, 10, 21, 8, 0), True),
        ("08:00-20:00", "", datetime(2026, 10, 21, 20, 0), False),
        ("1-5 08:00-20:00; 6-7 09:00-18:00", "", datetime(2026, 10, 24, 8, 30), False),
        ("1-5 08:00-20:00; 6-7 09:00-18:00", "", datetime(2026, 10, 24, 9, 30), True),
        ("00:00-24:00", "holidays", datetime(2026, 10, 1, 10, 0), False),
        ("00:00-24:00", "2026-10-21", datetime(2026, 10, 21, 10, 0), False),
    ],
)
def test_the_calendar_knows_hours_weekdays_and_days_off(
    hours: str, closed: str, moment: datetime, is_open: bool
) -> None:
    assert OpeningHours.parse(hours, closed).open_at(moment.replace(tzinfo=ZONE)) is is_open


@pytest.mark.parametrize("hours", ["", "8-20", "20:00-08:00", "08:00-25:00", "9 08:00-10:00"])
def test_hours_that_make_no_sense_are_refused(hours: str) -> None:
    with pytest.raises(ValueError, match="must"):
        OpeningHours.parse(hours)


# --- telephone --------------------------------------------------------------------------------------------------------


async def test_a_transferred_call_is_with_a_human_once_it_was_answered(desk: Desk) -> None:
    placed = await desk.service.request("call", "ivr", Reason.REQUESTED)
    await desk.service.call_result("call", answered=True)
    assert await desk.state(placed.handoff.id) == "active"


async def test_a_call_that_nobody_answered_is_the_bots_again(desk: Desk) -> None:
    placed = await desk.service.request("call", "ivr", Reason.REQUESTED)
    await desk.service.call_result("call", answered=False)
    assert await desk.state(placed.handoff.id) == "timed_out"


# --- the table of moves (P6) ------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(list(Move)), max_size=30))
def test_a_human_keeps_the_conversation_until_he_lets_go(moves: list[Move]) -> None:
    state = State.BOT
    for move in moves:
        try:
            after = after_move(state, move)
        except IllegalMoveError:
            assert (state, move) not in MOVES
            continue
        if mode_of(state) is Mode.HUMAN and mode_of(after) is not Mode.HUMAN:
            assert move in (Move.CLOSE, Move.EXPIRE, Move.VANISH), "nothing the customer does wakes the bot"
        if after is State.BOT:
            assert move is Move.TAKE_OVER and state in FINAL
        state = after


def test_every_state_leads_back_to_the_bot() -> None:
    back = {State.BOT}
    while True:
        more = {start for (start, _), end in MOVES.items() if end in back} - back
        if not more:
            break
        back |= more
    assert back == set(State)


def test_each_state_belongs_to_one_side() -> None:
    assert {State.BOT, *QUEUE, *TALK, *FINAL} == set(State)
    assert len(QUEUE) + len(TALK) + len(FINAL) + 1 == len(State)
