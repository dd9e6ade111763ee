"""Facts are appended with what they record and counted alike on every database."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from hotline.clock import ZONE, FixedClock
from hotline.gateways import schema
from hotline.gateways.conversations import SqlConversationStore
from hotline.gateways.database import Database
from hotline.gateways.facts import record
from hotline.gateways.handoffs import SqlHandoffStore
from hotline.gateways.reports import SqlReportStore
from hotline.gateways.tickets import SqlTicketStore
from hotline.ports import Change, Conversation, Fact, Handoff, Span, TicketDraft
from tests.support import NOW

DAY = date(2026, 10, 21)
SPAN = Span(DAY, DAY)
LATE_EVENING = datetime(2026, 10, 21, 23, 30, tzinfo=ZONE)  # the same day in China, and only there


@pytest.fixture
def reports(database: Database) -> SqlReportStore:
    return SqlReportStore(database)


async def happen(database: Database, conversation: str, *facts: Fact, at: datetime = NOW, channel: str = "web") -> None:
    await database.write(lambda connection: record(connection, facts, conversation, channel, at))


def handoff(conversation: str, **more: Any) -> Handoff:
    values: dict[str, Any] = {"state": "waiting", "reason": "requested", "target": "agent", "at": NOW, "requested": 0.0}
    return Handoff(id=0, conversation=conversation, channel="web", **{**values, **more})


async def test_facts_are_counted_by_day_and_hour_of_china(database: Database, reports: SqlReportStore) -> None:
    await happen(database, "a", Fact("begun"))
    await happen(database, "b", Fact("begun"), at=LATE_EVENING)
    await happen(database, "c", Fact("begun"), at=LATE_EVENING + timedelta(hours=1))
    rows = await reports.count(SPAN, "begun", ("day", "hour", "channel"))
    assert sorted(rows) == [(DAY, 10, "web", 1), (DAY, 23, "web", 1)]


async def test_one_channel_can_be_counted_alone(database: Database, reports: SqlReportStore) -> None:
    await happen(database, "a", Fact("topic", "billing"))
    await happen(database, "b", Fact("topic", "billing"), channel="ivr")
    assert await reports.count(Span(DAY, DAY, "ivr"), "topic", ("name",)) == [("billing", 1)]


async def test_the_most_frequent_names_come_first(database: Database, reports: SqlReportStore) -> None:
    await happen(database, "a", *(Fact("not_understood", name) for name in ("x", "y", "y", "z", "z", "z")))
    assert await reports.count(SPAN, "not_understood", ("name",), 2) == [("z", 3), ("y", 2)]


async def test_a_conversation_begins_once_however_often_it_is_said(database: Database, reports: SqlReportStore) -> None:
    for _ in range(2):
        await happen(database, "a", Fact("begun"), Fact("understood"))
    assert (await reports.count(SPAN, "begun"))[0] == (1,)
    assert (await reports.count(SPAN, "understood"))[0] == (2,)


async def test_a_turn_that_is_not_kept_leaves_no_fact(
    database: Database, reports: SqlReportStore, clock: FixedClock
) -> None:
    store = SqlConversationStore(database, clock)
    answers = [{"text": "您好", "name": "utter_billing_x", "metadata": {"said": "查话费"}}]
    for _ in range(2):  # the second is a repetition: its answers are the first one's
        await store.save(Conversation("a", "web"), "m1", answers)
    assert (await reports.count(SPAN, "understood"))[0] == (1,)


async def test_what_was_handed_off_counts_on_the_day_the_conversation_began(
    database: Database, reports: SqlReportStore, clock: FixedClock
) -> None:
    await happen(database, "a", Fact("begun"))
    await happen(database, "b", Fact("begun"))
    handoffs = SqlHandoffStore(database, clock)
    clock.advance(timedelta(days=1))
    for _ in range(2):  # twice handed off is one conversation
        one, _ = await handoffs.start(handoff("a", at=clock.now()), lambda _: [])
        await handoffs.change(one.id, "cancel", lambda _: Change({"state": "cancelled", "ended": 1.0}), "customer")
    assert await reports.count(SPAN, "handed_off", ("day", "channel")) == [(DAY, "web", 1)]
    assert await reports.count(Span(DAY + timedelta(days=1), DAY + timedelta(days=1)), "handed_off") == [(0,)]
    assert (await reports.count(Span(DAY, DAY + timedelta(days=1)), "handoff"))[0] == (2,)
    assert [one.conversation for one in await reports.seen(SPAN, "contained", None, None, 10, 0)] == ["b"]


async def test_who_asks_for_a_human_first_thing_counts_as_handed_off(
    database: Database, reports: SqlReportStore, clock: FixedClock
) -> None:
    await SqlHandoffStore(database, clock).start(handoff("a"), lambda _: [])  # kept before the turn it belongs to
    assert await reports.count(SPAN, "handed_off") == [(0,)]
    await happen(database, "a", Fact("begun"))
    assert await reports.count(SPAN, "handed_off") == [(1,)]


async def test_a_handoff_after_the_day_was_added_up_is_added_to_it(
    database: Database, reports: SqlReportStore, clock: FixedClock
) -> None:
    handoffs = SqlHandoffStore(database, clock)
    for name in ("a", "b"):
        await happen(database, name, Fact("begun"))
    await reports.sum_up(DAY + timedelta(days=1))
    clock.advance(timedelta(days=2))
    for name in ("a", "b"):
        await handoffs.start(handoff(name, at=clock.now()), lambda _: [])
    assert await reports.count(SPAN, "handed_off") == [(2,)]


async def test_values_are_summed_and_compared(database: Database, reports: SqlReportStore) -> None:
    for seconds in (20, 60, 61):
        await happen(database, "a", Fact("waited", "answered", seconds))
    await happen(database, "b", Fact("waited", "abandoned", 300))
    assert sorted(await reports.measured(SPAN, "waited")) == [("abandoned", 1, 300, 1), ("answered", 3, 141, 1)]


async def test_a_ticket_is_late_when_it_is_answered_too_late_or_not_at_all(
    database: Database, reports: SqlReportStore, clock: FixedClock
) -> None:
    tickets = SqlTicketStore(database, clock)
    draft = TicketDraft("charge", 2, "13800138000", "多扣了钱", "web")
    names = ("in time", "too late", "open and late", "open")
    for number, name in enumerate(names):
        deadline = NOW + timedelta(hours=2 if name != "open" else 6)  # an hour is left
        names_to_numbers = await tickets.file(draft, deadline, lambda _: [], f"k{number}", name)
        if name in ("in time", "too late"):
            clock.set(NOW + timedelta(hours=1 if name == "in time" else 3))
            await tickets.change(names_to_numbers.number, "answer", lambda _: Change({"state": "answered"}), "c8001")
            clock.set(NOW)
    rows = sorted(await reports.tickets(SPAN, NOW + timedelta(hours=5)))
    assert rows == [
        ("charge", 2, "accepted", 0, 1),
        ("charge", 2, "accepted", 1, 1),
        ("charge", 2, "answered", 0, 1),
        ("charge", 2, "answered", 1, 1),
    ]
    assert len(await reports.seen(SPAN, "ticket", "charge", None, 10, 0)) == 4


async def test_ratings_and_their_comments(database: Database, reports: SqlReportStore) -> None:
    rows = [("a", 5, ""), ("b", 5, "很好"), ("c", 1, "太慢")]
    values = [
        {"conversation": name, "channel": "web", "score": score, "comment": comment, "at": NOW + timedelta(minutes=n)}
        for n, (name, score, comment) in enumerate(rows)
    ]
    await database.write(lambda connection: connection.execute(insert(schema.ratings), values))
    assert await reports.ratings(SPAN) == [(1, 1), (5, 2)]
    assert [row[1:] for row in await reports.comments(SPAN, 10)] == [("c", 1, "太慢"), ("b", 5, "很好")]
    assert [one.conversation for one in await reports.seen(SPAN, "rating", "5", None, 10, 0)] == ["b", "a"]


async def test_the_conversations_behind_a_figure_newest_first_and_in_pages(
    database: Database, reports: SqlReportStore
) -> None:
    for hour in range(5):
        await happen(database, f"c{hour}", Fact("topic", "billing"), at=NOW + timedelta(hours=hour))
    shown = [one.conversation for one in await reports.seen(SPAN, "topic", "billing", None, 2, 2)]
    assert shown == ["c2", "c1"]
    assert [one.conversation for one in await reports.seen(SPAN, "topic", None, 12, 10, 0)] == ["c2"]


async def test_the_latest_decision_on_a_phrase_counts_and_can_be_taken_back(
    database: Database, reports: SqlReportStore
) -> None:
    for phrase, intent in (("甲", "greet"), ("乙", "stop"), ("甲", "thank"), ("乙", "")):
        await reports.decide(phrase, intent, "s9001", NOW)
    assert await reports.decisions() == {"甲": "thank"}


async def test_days_that_are_over_are_added_up_once_and_count_the_same(
    database: Database, reports: SqlReportStore
) -> None:
    facts = [
        Fact("begun"),
        Fact("handoff", "requested"),
        Fact("waited", "answered", 61),
        *2 * [Fact("topic", "billing")],
    ]
    for days in (0, 2, 3):  # on the day between nothing happened
        await happen(database, f"c{days}", *facts, at=NOW - timedelta(days=days))
    span = Span(DAY - timedelta(days=3), DAY)

    async def counted() -> list[Any]:
        by = ("day", "hour", "channel", "name")
        return [
            sorted(await reports.count(span, "handoff", by)),
            await reports.count(span, "topic", ("day", "channel", "name")),
            await reports.count(span, "begun"),
            await reports.measured(span, "waited"),
            await reports.count(Span(DAY, DAY), "topic", ("name",)),
            await reports.count(Span(span.first, span.first), "topic", ("name",), 1),
        ]

    before = await counted()
    assert before[2:4] == [[(3,)], [("answered", 3, 183, 3)]]
    assert [await reports.sum_up(DAY) for _ in range(4)] == [True, True, True, False]
    await database.write(lambda connection: connection.execute(delete(schema.facts).where(schema.facts.c.day < DAY)))
    assert await counted() == before


async def test_hours_that_are_not_in_the_sums_are_counted_from_the_facts(
    database: Database, reports: SqlReportStore
) -> None:
    await happen(database, "a", Fact("begun"), Fact("topic", "billing"))
    await reports.sum_up(DAY + timedelta(days=1))
    assert await reports.count(SPAN, "topic", ("hour", "name")) == [(10, "billing", 1)]


async def test_words_are_not_in_the_sums_and_their_number_outlives_them(
    database: Database, reports: SqlReportStore
) -> None:
    await happen(database, "a", Fact("begun"), Fact("not_understood", "我叫王小明"), Fact("not_understood", "啥"))
    await reports.sum_up(DAY + timedelta(days=1))
    assert await reports.count(SPAN, "not_understood", ("name",)) == [("啥", 1), ("我叫王小明", 1)]
    sums = await database.read(lambda connection: connection.execute(select(schema.fact_sums)).all())
    assert {row.name for row in sums} == {""}
    await database.write(lambda connection: connection.execute(delete(schema.facts)))
    assert await reports.count(SPAN, "not_understood") == [(2,)]


async def test_days_can_be_counted_from_their_facts_again(database: Database, reports: SqlReportStore) -> None:
    assert not await reports.sum_up(DAY)
    await happen(database, "a", Fact("begun"), Fact("topic", "fault"))
    assert await reports.sum_up(DAY + timedelta(days=1))
    await happen(database, "b", Fact("topic", "fault"))
    assert await reports.count(SPAN, "topic") == [(1,)]
    await reports.forget_sums(DAY)
    assert await reports.count(SPAN, "topic") == [(2,)]


async def test_the_first_day(database: Database, reports: SqlReportStore) -> None:
    assert await reports.first_day() is None
    await happen(database, "a", Fact("begun"))
    assert await reports.first_day() == DAY


async def test_facts_are_kept_with_who_and_when(database: Database) -> None:
    await happen(database, "a", Fact("waited", "answered", 7), at=LATE_EVENING, channel="ivr")
    row = await database.read(lambda connection: connection.execute(select(schema.facts)).one())
    assert (row.conversation, row.channel, row.at, row.value) == ("a", "ivr", LATE_EVENING, 7)
