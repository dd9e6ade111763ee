"""What is kept about a customer can be shown, is deleted on request, and goes by itself when it is old."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from hotline import retention
from hotline.bootstrap import Services
from hotline.channels.images import Images
from hotline.errors import HotlineError
from hotline.gateways import schema as db
from hotline.gateways.customers import BATCH, ROWS
from hotline.ports import Conversation, Staff, TicketDraft
from hotline.services.handoff import Reason
from hotline.services.tickets import Move
from tests.support import NOW, demo_services

MINE, OTHERS = "13800138000", "13900139000"
AGENT = Staff("a1001", "1001", "agent")

# Tables that hold nothing of a customer's talk: the operator's own, the desk's people, the catalogue, what was counted.
NOT_OURS = {
    "subscribers", "subscriber_services", "held_packs", "bill_items", "payments", "usage", "orders", "audit_log",
    "service_passwords", "plans", "packs", "services", "halls", "outages", "staff", "staff_attempts",
    "staff_presence", "ticket_hubs", "demo_seed", "fact_sums", "fact_sum_days",
}  # fmt: skip
# … and those that do: the test below fills each of them.
OURS = {
    "answers", "callback_requests", "calls", "conversation_locks", "conversations", "desk_notes", "facts",
    "handoff_history", "handoffs", "outbox", "password_attempts", "password_resets", "ratings", "review_decisions",
    "sms_outbox", "ticket_history", "tickets", "tracker_events", "verification_grants",
}  # fmt: skip


@pytest_asyncio.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    made = demo_services(tmp_path)
    yield made
    made.close()


def test_each_table_is_known_to_hold_a_customers_data_or_not_to() -> None:
    assert set(db.metadata.tables) == OURS | NOT_OURS, "say in tests/gateways/test_customers.py what a new table holds"


async def talk(services: Services, name: str, phone: str, verified: bool = True) -> None:
    """A conversation that left something everywhere."""
    picture = services.settings.var / "images"
    conversation = Conversation(name, "web", state={"phone": phone})
    await services.conversations.save(conversation, "m1", [{"text": f"您的号码{phone}", "name": "", "metadata": {}}])
    slots = [{"event": "slot", "name": "phone_number", "value": phone}]
    if verified:
        slots.append({"event": "slot", "name": "identity_verified", "value": True})
        await services.verification.vouch(name, phone)
    await services.events.append(name, 0, slots)
    folder = Images(picture)._of(name)
    folder.mkdir(parents=True)
    (folder / f"{'p' * 20}.jpg").write_bytes(b"\xff\xd8")
    now, day = NOW, date(2026, 10, 21)
    rows = {
        db.calls: {
            "call": name, "caller": "", "dialled": "10086", "started": now, "ended_by": "", "turns": 1, "silences": 0,
            "not_understood": 0, "cut": 0, "topics": [], "outcome": "completed", "transfer": "", "transfer_result": "",
            "ticket": "",
        },
        db.callback_requests: {"key": name, "at": now, "conversation": name, "phone": phone, "wanted": "明天"},
        db.conversation_locks: {"conversation": name, "owner": "o", "until": 0.0},
        db.desk_notes: {"conversation": name, "at": now, "login": "a1001", "text": "记"},
        db.facts: {
            "kind": "not_understood", "name": "啊啊", "day": day, "hour": 1, "channel": "web", "conversation": name,
            "at": now,
        },
        db.outbox: {
            "at": now, "target": "desk", "kind": "said", "payload": {"conversation": name}, "tries": 0, "due": 0.0,
        },
        db.password_attempts: {"phone": phone, "day": day, "count": 1},
        db.password_resets: {
            "conversation": name, "phone": phone, "created": now, "until": now, "code": "#", "tries": 0, "passed": False,
        },
        db.ratings: {"conversation": name, "channel": "web", "score": 5, "comment": "好", "at": now},
        db.review_decisions: {"phrase": "啊啊", "intent": "x", "login": "s9001", "at": now},
        db.sms_outbox: {"key": name, "phone": phone, "text": "短信", "created": now},
    }  # fmt: skip
    await services.database.write(lambda c: [c.execute(insert(table).values(row)) for table, row in rows.items()])


async def complain(services: Services, name: str, phone: str, finished: bool) -> str:
    draft = TicketDraft("staff_error", 1, phone, "办错了", "web", subscriber=phone)
    ticket = await services.tickets.file(draft, f"{name}:{finished}", name)
    if finished:
        await services.tickets.move(ticket.number, Move.WITHDRAW, "customer")
    return ticket.number


async def hand_over(services: Services, name: str, finished: bool) -> None:
    await services.handoff.request(name, "web", Reason.REQUESTED)
    if finished:
        await services.handoff.leave(name)


async def rows(services: Services, *, only: set[str] = OURS) -> dict[str, int]:
    def work(connection):  # type: ignore[no-untyped-def]
        return {n: len(connection.execute(select(db.metadata.tables[n])).all()) for n in only}

    counts = await services.database.read(work)
    return {name: count for name, count in counts.items() if count}


async def test_forgetting_leaves_nothing_of_the_customer_and_all_of_the_others(services: Services) -> None:
    await talk(services, "web-mine", MINE)
    await complain(services, "web-mine", MINE, finished=True)
    await hand_over(services, "web-mine", finished=True)
    filled = await rows(services)
    assert set(filled) == OURS, f"the test fills no {OURS - set(filled)}"
    await talk(services, "web-other", OTHERS)
    await complain(services, "web-other", OTHERS, finished=True)
    both = await rows(services)

    gone, pictures = await retention.forget(services, MINE)

    left = await rows(services)
    assert pictures == 1 and not gone.kept and not gone.held
    for name in OURS - {"review_decisions", "handoffs", "handoff_history", "facts"}:
        assert left[name] == both[name] - filled[name], name
    assert not {"handoffs", "handoff_history"} & set(left)
    assert "web-mine" not in json.dumps(await services.customers.export(MINE), default=str)
    assert (await services.customers.export(OTHERS))["conversations"][0]["id"] == "web-other"
    assert Images(services.settings.var / "images").of("web-other")


async def test_who_only_used_the_number_is_forgotten_with_it(services: Services) -> None:
    await talk(services, "web-unverified", MINE, verified=False)
    await retention.forget(services, MINE)
    assert "conversations" not in await rows(services)


async def test_an_open_ticket_and_a_talk_with_a_human_stay_and_are_named(services: Services) -> None:
    await talk(services, "web-mine", MINE)
    number = await complain(services, "web-mine", MINE, finished=False)
    await hand_over(services, "web-mine", finished=False)
    gone, pictures = await retention.forget(services, MINE)
    assert gone.kept == [number] and gone.held == ["web-mine"] and pictures == 0
    left = await rows(services)
    assert left["tickets"] == left["conversations"] == 1 and "sms_outbox" not in left


async def test_an_export_shows_what_the_holder_said_and_not_what_a_stranger_did(services: Services) -> None:
    await talk(services, "web-mine", MINE)
    await talk(services, "web-stranger", OTHERS)
    await services.events.append("web-stranger", 2, [{"event": "slot", "name": "phone_number", "value": MINE}])
    await complain(services, "web-mine", MINE, finished=False)
    shown = await retention.export(services, MINE)
    text = json.dumps(shown, ensure_ascii=False)
    assert "web-mine" in text and "您的号码13800138000" in text and "办错了" in text
    assert "web-stranger" not in text and OTHERS not in text
    assert [one["conversation"] for one in shown["images"]] == ["web-mine"]
    assert '"code"' not in text, "a hash of a secret is shown"


async def test_what_is_older_than_the_retention_goes_and_the_rest_stays(services: Services) -> None:
    await talk(services, "web-old", MINE)
    await complain(services, "web-old", MINE, finished=True)
    await hand_over(services, "web-old", finished=True)
    before = await rows(services)
    assert await retention.purge(services, 1) == {}
    assert await rows(services) == before
    services.clock.set(NOW + timedelta(days=181))  # type: ignore[attr-defined]
    gone = await retention.purge(services, 180)
    assert gone["conversations"] == gone["images"] == gone["tickets"] == 1
    assert not set(await rows(services)) - {"conversation_locks", "facts"}
    assert await retention.purge(services, 180) == {}


async def test_much_that_is_old_goes_in_small_pieces_that_keep_nobody_waiting(services: Services) -> None:
    old = NOW - timedelta(days=200)
    fact = {"kind": "not_understood", "name": "啥", "day": old.date(), "hour": 9, "channel": "web", "at": old}
    ticket = {
        **dict.fromkeys(("phone", "description", "channel", "surname", "title", "subscriber", "conversation"), ""),
        **{"state": "archived", "category": "charge", "level": 2, "escalated": False, "details": {}, "created": old},
        **{"deadline": old, "updated": old, "urged": 0, "overdue": False, "department": "", "answer": ""},
    }
    facts, tickets = 5000, 1500

    def fill(connection: Connection) -> None:
        connection.execute(insert(db.facts), [{**fact, "conversation": f"c{n}"} for n in range(facts)])
        connection.execute(insert(db.tickets), [{**ticket, "number": f"C{n}", "key": f"k{n}"} for n in range(tickets)])

    await services.database.write(fill)
    first = await services.customers.purge(NOW - timedelta(days=180))
    assert first.rows == {"facts": ROWS, "tickets": BATCH}
    gone = await retention.purge(services, 180)
    assert (gone["facts"], gone["tickets"]) == (facts - ROWS, tickets - BATCH)


async def test_what_a_talk_left_that_was_never_kept_goes_too(services: Services) -> None:
    await hand_over(services, "web-broken", finished=True)
    await services.events.append("web-broken", 0, [{"event": "user", "text": "转人工"}])
    note = {"conversation": "web-broken", "at": NOW, "login": "a1001", "text": "没有人"}
    await services.database.write(lambda c: c.execute(insert(db.desk_notes).values(note)))
    assert not await services.staff.attempt("nobody", NOW.timestamp(), 0, 300.0)
    services.clock.set(NOW + timedelta(days=181))  # type: ignore[attr-defined]
    await retention.purge(services, 180)
    assert not await rows(services, only={"handoffs", "handoff_history", "tracker_events", "desk_notes"})
    assert not await rows(services, only={"staff_attempts"})


async def test_a_conversation_in_which_only_an_agent_wrote_the_number_down_is_forgotten(services: Services) -> None:
    await services.conversations.save(Conversation("web-mine", "web"), "m1", [])
    note = {"conversation": "web-mine", "at": NOW, "login": "a1001", "text": f"回电 {MINE}"}
    await services.database.write(lambda c: c.execute(insert(db.desk_notes).values(note)))
    await retention.forget(services, MINE)
    assert not await rows(services, only={"desk_notes", "conversations"})


async def test_old_talks_that_a_human_has_and_open_tickets_stay(services: Services) -> None:
    await talk(services, "web-held", MINE)
    await complain(services, "web-held", MINE, finished=False)
    await hand_over(services, "web-held", finished=False)
    services.clock.set(NOW + timedelta(days=181))  # type: ignore[attr-defined]
    await retention.purge(services, 180)
    left = await rows(services)
    assert left["conversations"] == left["tickets"] == left["handoffs"] == 1


async def test_a_database_that_fails_forgets_nothing_by_halves(services: Services) -> None:
    await talk(services, "web-mine", MINE)
    before = await rows(services)
    services.database.engine.dispose()
    path = services.settings.var / "hotline.db"
    path.rename(path.with_suffix(".away"))
    path.with_name("hotline.db").write_bytes(b"")
    with pytest.raises(HotlineError):
        await retention.forget(services, MINE)
    for stray in services.settings.var.glob("hotline.db*"):
        stray.unlink()
    path.with_suffix(".away").rename(path)
    services.database.engine.dispose()
    assert await rows(services) == before
