"""Tickets, handoffs, outbox and people of the desk in each kind of database, with those who come at the same time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hotline.clock import FixedClock
from hotline.errors import IllegalMoveError, NoSuchItemError
from hotline.gateways.database import Database
from hotline.gateways.handoffs import SqlHandoffStore
from hotline.gateways.hubs import SqlHubs
from hotline.gateways.outbox import SqlOutbox
from hotline.gateways.staff import SqlStaffStore
from hotline.gateways.tickets import SqlTicketStore
from hotline.ports import Change, Handoff, News, Ticket, TicketDraft, TicketQuery
from tests.support import CHEAP_HASHER, NOW

DRAFT = TicketDraft("charge", 2, "13800138000", "多扣了钱", "web", "王", "先生", "13800138000", details={"bill": True})
LATER = NOW + timedelta(hours=48)


def told(ticket: Ticket) -> list[News]:
    return [News("desk", "ticket.filed", {"number": ticket.number}), News("hub", "ticket.filed", {})]


async def test_a_ticket_comes_back_as_it_was_filed(database: Database, clock: FixedClock) -> None:
    store = SqlTicketStore(database, clock)
    filed = await store.file(DRAFT, LATER, told, "k", "c")
    found = await store.find(filed.number)
    assert found == filed
    assert (filed.number, filed.details, filed.deadline) == ("C20261021000001", {"bill": True}, LATER)
    assert await store.find("C20261021999999") is None


async def test_many_who_file_at_once_under_one_key_get_one_number(database: Database, clock: FixedClock) -> None:
    store, outbox = SqlTicketStore(database, clock), SqlOutbox(database)
    filed = await asyncio.gather(*(store.file(DRAFT, LATER, told, "k", "c") for _ in range(8)))
    assert len({ticket.number for ticket in filed}) == 1
    assert len(await outbox.tail("desk", 0)) == 1


async def test_two_moves_at_once_are_made_one_after_the_other(database: Database, clock: FixedClock) -> None:
    store = SqlTicketStore(database, clock)
    number = (await store.file(DRAFT, LATER, told, "k", "c")).number

    def urge(ticket: Ticket) -> Change:
        return Change({"urged": ticket.urged + 1})

    await asyncio.gather(*(store.change(number, "urge", urge, "customer", f"k{n}") for n in range(6)))
    found = await store.find(number)
    assert found is not None and found.urged == 6
    assert len(await store.history(number)) == 7


async def test_a_move_that_is_refused_changes_nothing_and_tells_nobody(database: Database, clock: FixedClock) -> None:
    store, outbox = SqlTicketStore(database, clock), SqlOutbox(database)
    number = (await store.file(DRAFT, LATER, told, "k", "c")).number

    def refuse(ticket: Ticket) -> Change:
        raise IllegalMoveError(ticket.state, "archive")

    with pytest.raises(IllegalMoveError):
        await store.change(number, "archive", refuse, "c8001")
    assert len(await store.history(number)) == 1 and len(await outbox.tail("desk", 0)) == 1
    with pytest.raises(NoSuchItemError):
        await store.change("C1", "archive", refuse, "c8001")


async def test_tickets_are_found_by_what_they_are(database: Database, clock: FixedClock) -> None:
    store = SqlTicketStore(database, clock)
    one = await store.file(DRAFT, LATER, told, "a", "c1")
    await store.file(TicketDraft("spam", 3, "1", "x", "ivr"), LATER, told, "b", "c2")
    for query in (
        TicketQuery(category="charge"),
        TicketQuery(level=2),
        TicketQuery(subscriber="13800138000"),
        TicketQuery(conversation="c1"),
        TicketQuery(number=one.number),
    ):
        assert [ticket.number for ticket in await store.search(query)] == [one.number], query
    assert await store.count(TicketQuery(states=("accepted",))) == 2
    assert len(await store.search(TicketQuery(limit=1, offset=1))) == 1
    assert await store.count(TicketQuery(late_at=LATER + timedelta(seconds=1))) == 2


async def test_a_conversation_has_one_open_handoff_whoever_asks_at_once(database: Database, clock: FixedClock) -> None:
    store = SqlHandoffStore(database, clock)
    draft = Handoff(0, "c", "web", "waiting", "requested", "agent", NOW, 1.0, {"topic": "x"})
    begun = await asyncio.gather(*(store.start(draft, lambda one: []) for _ in range(8)))
    assert len({one.id for one, _ in begun}) == 1 and sum(new for _, new in begun) == 1
    number = begun[0][0].id
    await store.change(number, "cancel", lambda one: Change({"state": "cancelled", "ended": 2.0}), "customer")
    assert await store.current("c") is None
    again, new = await store.start(draft, lambda one: [])
    assert new and again.id != number and again.context == {"topic": "x"}
    assert [one.id for one in await store.ended_since(1.5)] == [number]


async def test_notes_are_kept_in_order(database: Database, clock: FixedClock) -> None:
    store = SqlHandoffStore(database, clock)
    for text in ("一", "二"):
        await store.note("c", "a1001", text)
    assert [note.text for note in await store.notes("c")] == ["一", "二"]


async def test_a_piece_of_news_is_claimed_by_one_and_comes_back_when_it_was_not_delivered(database: Database) -> None:
    outbox = SqlOutbox(database)
    await outbox.post([News("sms", "x", {"n": n}) for n in range(4)], NOW)
    claimed = await asyncio.gather(*(outbox.claim(["sms"], 100.0, 30.0) for _ in range(3)))
    assert sorted(one.news.payload["n"] for batch in claimed for one in batch) == [0, 1, 2, 3]
    numbers = [one.id for batch in claimed for one in batch]
    await outbox.delivered(numbers[0], 101.0)
    await outbox.failed(numbers[1], 110.0)
    assert {one.id for one in await outbox.claim(["sms"], 111.0, 30.0)} == {numbers[1]}
    assert len(await outbox.claim(["sms"], 200.0, 30.0)) == 3
    assert await outbox.last() == max(numbers)


async def test_what_has_arrived_is_forgotten_and_what_has_not_is_kept(database: Database) -> None:
    outbox = SqlOutbox(database)
    await outbox.post([News("desk", "x", {}), News("sms", "arrived", {}), News("sms", "waits", {})], NOW)
    arrived = (await outbox.claim(["sms"], 100.0, 0.0))[0]
    await outbox.delivered(arrived.id, 100.0)
    await outbox.forget(NOW + timedelta(seconds=1))
    assert await outbox.tail("desk", 0) == []
    assert [one.news.kind for one in await outbox.claim(["sms"], 200.0, 0.0)] == ["waits"]


async def test_people_log_in_with_their_password_alone(database: Database, clock: FixedClock) -> None:
    store = SqlStaffStore(database, clock, CHEAP_HASHER)
    assert await store.check("a1001", "a1001-demo")
    assert not await store.check("a1001", "a1002-demo")
    assert not await store.check("nobody", "nobody")
    found = await store.find("s9001")
    assert found is not None and (found.role, found.epoch) == ("supervisor", 0)
    await store.end_sessions("s9001")
    ended = await store.find("s9001")
    assert ended is not None and ended.epoch == 1
    assert [one.login for one in await store.everybody()] == ["a1001", "a1002", "c8001", "s9001"]


async def test_attempts_are_counted_until_the_pause_is_over(database: Database, clock: FixedClock) -> None:
    store = SqlStaffStore(database, clock, CHEAP_HASHER)
    allowed = await asyncio.gather(*(store.attempt("a1001", 100.0, 5, 300.0) for _ in range(9)))
    assert sum(allowed) == 5
    assert not await store.attempt("a1001", 399.0, 5, 300.0)
    assert await store.attempt("a1001", 401.0, 5, 300.0)
    await store.forgive("a1001")
    assert await store.attempt("a1001", 402.0, 1, 300.0)
    assert not await store.attempt("a1001", 403.0, 1, 300.0)
    assert await store.attempt("a1001", 100.0, 1, 300.0), "nobody waits for a clock that was set back"


async def test_listeners_are_added_and_forgotten(database: Database, clock: FixedClock) -> None:
    hubs = SqlHubs(database, clock)
    hub = await hubs.add("http://127.0.0.1:9", "")
    assert await hubs.all() == [hub]
    assert await hubs.remove(hub.id) and not await hubs.remove(hub.id)
