"""Tickets: levels and deadlines, one number a key, and only the legal moves (promises P1 and P6 for tickets)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.bootstrap import Services
from hotline.clock import FixedClock
from hotline.errors import GatewayUnavailableError, IllegalMoveError, NoSuchItemError
from hotline.ports import FaultReport, TicketDraft, TicketQuery
from hotline.services.outbox import Dispatcher
from hotline.services.tickets import (
    CATEGORIES,
    ENDED,
    MOVES,
    OPEN,
    Move,
    State,
    TicketFaultReports,
    after_move,
    level_for,
)
from tests.support import NOW, demo_services

WANG = "13800138000"


def draft(category: str = "staff_error", **other: object) -> TicketDraft:
    values = {"level": CATEGORIES[category], "phone": WANG, "description": "办错了套餐", "channel": "web", **other}
    return TicketDraft(category=category, **values)  # type: ignore[arg-type]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = demo_services(tmp_path)
    yield services
    services.close()


@pytest.mark.parametrize(("category", "hours"), [("staff_error", 24), ("charge", 48), ("spam", 15 * 24)])
async def test_the_level_gives_the_deadline(services: Services, category: str, hours: int) -> None:
    ticket = await services.tickets.file(draft(category), "k", "c")
    assert ticket.deadline - ticket.created == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("category", "words", "level"),
    [
        ("staff_error", "办错了套餐", 1),
        ("staff_error", "营业厅和客服两边推来推去", 2),
        ("charge", "多扣了二十块", 2),
        ("charge", "在外省漫游多扣了钱", 3),
        ("general", "是联通的人打的", 3),
    ],
)
def test_who_else_is_concerned_raises_the_level(category: str, words: str, level: int) -> None:
    assert level_for(category, words) == level


async def test_one_key_is_one_ticket_however_often_and_however_close_together(services: Services) -> None:
    filed = await asyncio.gather(*(services.tickets.file(draft(), "same", "c") for _ in range(12)))
    assert len({ticket.number for ticket in filed}) == 1
    assert await services.tickets.count(TicketQuery()) == 1
    assert len(await services.tickets.history(filed[0].number)) == 1


async def test_different_keys_are_different_tickets_with_numbers_that_can_be_read_out(services: Services) -> None:
    first = await services.tickets.file(draft(), "a", "c")
    second = await services.tickets.file(draft("suggestion"), "b", "c")
    assert (first.number, second.number) == ("C20261021000001", "S20261021000002")


async def test_a_ticket_goes_the_whole_way_from_acceptance_to_the_archive(services: Services) -> None:
    number = (await services.tickets.file(draft(), "k", "c")).number
    await services.tickets.move(number, Move.DISPATCH, "c8001", department="计费部")
    await services.tickets.move(number, Move.RETURN, "c8001", "已核实")
    answered = await services.tickets.move(number, Move.ANSWER, "c8001", "已退还二十元")
    assert (answered.state, answered.answer, answered.department) == ("answered", "已退还二十元", "计费部")
    await services.tickets.move(number, Move.ARCHIVE, "c8001")
    moves = [(entry.move, entry.after) for entry in await services.tickets.history(number)]
    assert moves == [
        ("file", "accepted"),
        ("dispatch", "dispatched"),
        ("return", "returned"),
        ("answer", "answered"),
        ("archive", "archived"),
    ]


async def test_an_illegal_move_is_refused_and_leaves_no_trace(services: Services) -> None:
    number = (await services.tickets.file(draft(), "k", "c")).number
    with pytest.raises(IllegalMoveError) as refused:
        await services.tickets.move(number, Move.ARCHIVE, "c8001")
    assert (refused.value.state, refused.value.move) == ("accepted", "archive")
    assert (await services.tickets.find(number)).state == "accepted"
    assert len(await services.tickets.history(number)) == 1


async def test_an_unknown_number_is_said_to_be_unknown(services: Services) -> None:
    with pytest.raises(NoSuchItemError):
        await services.tickets.move("C20261021999999", Move.URGE, "customer")


async def test_urging_twice_with_one_message_counts_once(services: Services) -> None:
    number = (await services.tickets.file(draft(), "k", "c")).number
    for _ in range(2):
        ticket = await services.tickets.move(number, Move.URGE, "customer", "快一点", "c:m7")
    assert ticket.urged == 1


async def test_another_level_counts_the_deadline_from_the_filing(services: Services) -> None:
    ticket = await services.tickets.file(draft(), "k", "c")
    moved = await services.tickets.move(ticket.number, Move.RELEVEL, "c8001", level=3)
    assert moved.deadline == ticket.created + timedelta(days=15)


async def test_a_late_ticket_is_told_of_once(services: Services) -> None:
    assert isinstance(services.clock, FixedClock)
    number = (await services.tickets.file(draft(), "k", "c")).number
    assert await services.tickets.note_late() == []
    services.clock.set(NOW + timedelta(hours=24, seconds=1))
    assert [ticket.number for ticket in await services.tickets.note_late()] == [number]
    assert await services.tickets.note_late() == []
    assert services.tickets.late(await services.tickets.find(number))


async def test_an_answered_ticket_is_never_late(services: Services) -> None:
    assert isinstance(services.clock, FixedClock)
    number = (await services.tickets.file(draft(), "k", "c")).number
    for move in (Move.DISPATCH, Move.RETURN, Move.ANSWER):
        await services.tickets.move(number, move, "c8001", "好")
    services.clock.set(NOW + timedelta(days=30))
    assert await services.tickets.note_late() == []


async def test_a_customer_is_told_of_his_own_tickets_alone(services: Services) -> None:
    await services.tickets.file(draft(phone=WANG, subscriber=WANG), "a", "mine-before")
    await services.tickets.file(draft(phone="13900139000"), "b", "others")
    here = await services.tickets.file(draft(phone="13500135000"), "c", "here")
    assert [t.number for t in await services.tickets.of_customer("here")] == [here.number]
    assert {t.phone for t in await services.tickets.of_customer("here", WANG)} == {WANG, "13500135000"}


async def test_a_fault_report_becomes_a_ticket_of_its_category(services: Services) -> None:
    report = FaultReport("broadband", WANG, "宽带断了", "北京朝阳", {"reboot": False}, "建国路88号", "明天")
    number = await TicketFaultReports(services.tickets).file(report, "k", "c")
    ticket = await services.tickets.find(number)
    assert (number[0], ticket.category, ticket.description) == ("F", "broadband", "宽带断了")
    assert ticket.details == {
        "area": "北京朝阳",
        "findings": {"reboot": False},
        "address": "建国路88号",
        "visit_time": "明天",
    }


# --- the table of moves -----------------------------------------------------------------------------------------------


def test_every_state_can_be_left_but_the_ends() -> None:
    for state in State:
        assert any(start is state for start, _ in MOVES) == (state not in ENDED)


def test_nothing_is_answered_that_no_department_has_returned() -> None:
    assert [start for start, move in MOVES if move is Move.ANSWER] == [State.RETURNED]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(list(Move)), max_size=25))
def test_whatever_is_tried_a_ticket_is_only_ever_where_the_table_leads(moves: list[Move]) -> None:
    state = State.ACCEPTED
    for move in moves:
        try:
            after = after_move(state, move)
        except IllegalMoveError:
            assert (state, move) not in MOVES
            continue
        assert state not in ENDED
        if after is State.ARCHIVED:
            assert state is State.ANSWERED
        if after is State.WITHDRAWN:
            assert state in OPEN
        state = after


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(list(Move)), min_size=1, max_size=8))
async def test_the_store_follows_the_table_move_by_move(services: Services, moves: list[Move]) -> None:
    ticket = await services.tickets.file(draft(), f"k{id(moves)}{len(moves)}{moves[0]}", "c")
    state, steps = State(ticket.state), len(await services.tickets.history(ticket.number))
    for move in moves:
        expected = MOVES.get((state, move))
        try:
            moved = await services.tickets.move(ticket.number, move, "c8001", "x", level=2)
            assert moved.state == expected
            state, steps = State(moved.state), steps + 1
        except IllegalMoveError:
            assert expected is None
    assert len(await services.tickets.history(ticket.number)) == steps


# --- the outbox -------------------------------------------------------------------------------------------------------


async def test_what_happens_to_a_ticket_is_in_the_outbox_in_the_same_transaction(services: Services) -> None:
    number = (await services.tickets.file(draft(), "k", "c")).number
    with pytest.raises(IllegalMoveError):
        await services.tickets.move(number, Move.ARCHIVE, "c8001")
    kinds = [(one.news.kind, one.news.payload["number"]) for one in await services.outbox.tail("desk", 0)]
    assert kinds == [("ticket.filed", number)]


async def test_a_delivery_that_fails_is_tried_again_later_and_never_lost(services: Services) -> None:
    await services.tickets.file(draft(), "k", "c")
    seconds, arrived, broken = [1000.0], [], [True]

    async def carry(posted: object) -> None:
        if broken[0]:
            raise GatewayUnavailableError("down")
        arrived.append(posted)

    dispatcher = Dispatcher(services.outbox, {"hub": carry}, lambda: seconds[0])
    assert await dispatcher.run_once() == 0
    broken[0] = False
    assert await dispatcher.run_once() == 0, "too early for a second try"
    seconds[0] += 10
    assert await dispatcher.run_once() == 1
    seconds[0] += 1000
    assert await dispatcher.run_once() == 0, "delivered once"
    assert len(arrived) == 1


async def test_two_dispatchers_do_not_deliver_the_same_piece(services: Services) -> None:
    for n in range(5):
        await services.tickets.file(draft(), f"k{n}", "c")
    arrived: list[int] = []

    async def carry(posted: object) -> None:
        arrived.append(posted.id)  # type: ignore[attr-defined]
        await asyncio.sleep(0)

    pair = [Dispatcher(services.outbox, {"hub": carry}) for _ in range(2)]
    await asyncio.gather(*(one.run_once() for one in pair))
    assert sorted(arrived) == sorted(set(arrived)) and len(arrived) == 5
