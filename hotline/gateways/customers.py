"""What the hotline keeps about its customers: shown, deleted on request, deleted when it is old (``CustomerRecords``).

The subscriber's own account (contract, bills, payments, changes and their audit log) is the operator's and not touched;
changes and audit log are shown in an export. What was said is masked in the log of events, but slots and the answers
that a browser shows again are not: a conversation is found by the number in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Optional

from sqlalchemy import Text, cast, delete, or_, select, tuple_
from sqlalchemy.engine import Connection
from sqlalchemy.schema import Column, Table

from hotline.clock import ZONE
from hotline.gateways import schema as db
from hotline.gateways.database import Database
from hotline.ports import Forgotten
from hotline.services import handoff as talks
from hotline.services import tickets as cases
from hotline.services.facts import NOT_UNDERSTOOD

# What a transaction of the purge deletes at most: each is well within the time limit, and customers' turns are between.
BATCH = 200  # conversations, tickets
ROWS = 2000  # of any other table
NOT_CONVERSATIONS = ("api", "desk-")  # what stands in the column when nobody talked
HIDDEN = {"code", "password", "hash"}  # hashes of secrets are no information about a customer

_OPEN_CASES = [state.value for state in cases.State if state not in cases.ENDED]
_OPEN_TALKS = [state.value for state in talks.State if state not in talks.FINAL]

# What belongs to a conversation, in an order that foreign keys allow.
_OF_CONVERSATION: tuple[Column[Any], ...] = (
    db.answers.c.conversation,
    db.tracker_events.c.conversation,
    db.verification_grants.c.conversation,
    db.password_resets.c.conversation,
    db.callback_requests.c.conversation,
    db.ratings.c.conversation,
    db.desk_notes.c.conversation,
    db.calls.c.call,
    db.conversation_locks.c.conversation,
    db.conversations.c.id,
)
# What belongs to a number, whatever conversation it came from.
_OF_NUMBER: tuple[Column[Any], ...] = (
    db.verification_grants.c.phone,
    db.password_resets.c.phone,
    db.password_attempts.c.phone,
    db.callback_requests.c.phone,
    db.sms_outbox.c.phone,
)
# Figures hold no words and stay; what was not understood is words.
_WORDS = db.facts.c.kind == NOT_UNDERSTOOD
_ACCOUNT: tuple[Column[Any], ...] = (db.orders.c.phone, db.audit_log.c.phone)


class SqlCustomerRecords:
    """``CustomerRecords`` over the tables of ``schema.py``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, phone: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """See the port."""

        def work(connection: Connection) -> dict[str, list[dict[str, Any]]]:
            own = _own(connection, phone)
            found: dict[str, list[dict[str, Any]]] = {}
            for column in _OF_CONVERSATION:
                _collect(connection, found, column.table, column.in_(own))
            for column in (*_OF_NUMBER, *_ACCOUNT):
                _collect(connection, found, column.table, column == phone)
            _collect(connection, found, db.tickets, _about(phone))
            numbers = select(db.tickets.c.id).where(_about(phone))
            _collect(connection, found, db.ticket_history, db.ticket_history.c.ticket_id.in_(numbers))
            _collect(connection, found, db.handoffs, db.handoffs.c.conversation.in_(own))
            _collect(connection, found, db.facts, db.facts.c.conversation.in_(own))
            return found

        return await self._database.read(work)

    async def forget(self, phone: str) -> Forgotten:
        """See the port."""

        def work(connection: Connection) -> Forgotten:
            given = _given(connection, phone)
            held = _held(connection, given)
            gone = sorted(set(given) - set(held))
            rows = Rows()
            kept = _delete_tickets(connection, rows, _about(phone))
            for column in _OF_NUMBER:
                rows.delete(connection, column.table, column == phone)
            _delete_conversations(connection, rows, gone)
            rows.delete(connection, db.outbox, _mentions(db.outbox.c.payload, [phone]))
            return Forgotten(rows, gone, kept, held)

        return await self._database.write(work)

    async def purge(self, before: datetime) -> Forgotten:
        """See the port; the date of a conversation is that of its last message."""

        def work(connection: Connection) -> Forgotten:
            busy = select(db.handoffs.c.conversation).where(db.handoffs.c.state.in_(_OPEN_TALKS))
            old = (
                select(db.conversations.c.id)
                .where(db.conversations.c.updated < before, db.conversations.c.id.not_in(busy))
                .limit(BATCH)
            )
            gone = sorted(connection.execute(old).scalars())
            rows = Rows()
            _delete_conversations(connection, rows, gone)
            ended = (db.tickets.c.updated < before) & db.tickets.c.state.not_in(_OPEN_CASES)
            some = select(db.tickets.c.id).where(ended).order_by(db.tickets.c.id).limit(BATCH)
            _delete_tickets(
                connection, rows, db.tickets.c.id.in_(connection.execute(some).scalars().all()), named=False
            )
            for column in (
                db.callback_requests.c.at,
                db.calls.c.started,
                db.password_resets.c.created,
                db.ratings.c.at,
                db.sms_outbox.c.created,
                db.verification_grants.c.until,
                db.outbox.c.at,
            ):
                rows.delete(connection, column.table, column < before, ROWS)
            rows.delete(connection, db.password_attempts, db.password_attempts.c.day < before.date(), ROWS)
            # Of facts the day is in an index: out of its order PostgreSQL would read all of them for the few old ones.
            day, fact = before.astimezone(ZONE).date(), db.facts.c
            rows.delete(connection, db.facts, _WORDS & (fact.day <= day) & (fact.at < before), ROWS, fact.day)
            rows.delete(connection, db.review_decisions, db.review_decisions.c.at < before, ROWS)
            rows.delete(connection, db.staff_attempts, db.staff_attempts.c.since < before.timestamp(), ROWS)
            _delete_strays(connection, rows, before)
            return Forgotten(rows, gone)

        return await self._database.write(work)


class Rows(dict[str, int]):
    """How many rows of each table were deleted."""

    def delete(
        self, connection: Connection, table: Table, where: Any, most: Optional[int] = None, order: Any = None
    ) -> None:
        """Delete and count; with ``most`` only so many, the first in an order."""
        if most is not None:
            keys = table.primary_key.columns
            where = tuple_(*keys).in_(select(*keys).where(where).order_by(order).limit(most))
        count = connection.execute(delete(table).where(where)).rowcount
        if count:
            self[table.name] = self.get(table.name, 0) + count


def _about(phone: str) -> Any:
    return or_(db.tickets.c.phone == phone, db.tickets.c.subscriber == phone)


def _mentions(column: Column[Any], words: Iterable[str]) -> Any:
    return or_(*(cast(column, Text).contains(word, autoescape=True) for word in words))


def _given(connection: Connection, phone: str) -> list[str]:
    """The conversations in which a number was given, by whomever."""
    queries = (
        select(db.verification_grants.c.conversation).where(db.verification_grants.c.phone == phone),
        select(db.password_resets.c.conversation).where(db.password_resets.c.phone == phone),
        select(db.callback_requests.c.conversation).where(db.callback_requests.c.phone == phone),
        select(db.audit_log.c.conversation).where(db.audit_log.c.phone == phone),
        select(db.tickets.c.conversation).where(_about(phone)),
        select(db.handoffs.c.conversation).where(
            or_(db.handoffs.c.callback_phone == phone, _mentions(db.handoffs.c.context, [phone]))
        ),
        select(db.desk_notes.c.conversation).where(_mentions(db.desk_notes.c.text, [phone])),
        select(db.conversations.c.id).where(_mentions(db.conversations.c.state, [phone])),
        select(db.answers.c.conversation).where(_mentions(db.answers.c.answers, [phone])),
        select(db.tracker_events.c.conversation).where(_mentions(db.tracker_events.c.events, [phone])),
    )
    found = {str(name) for query in queries for name in connection.execute(query).scalars()}
    return sorted(name for name in found if not name.startswith(NOT_CONVERSATIONS))


def _own(connection: Connection, phone: str) -> list[str]:
    """Those in which it was verified: what others said while they used the number is not its holder's to read."""
    queries = (
        select(db.verification_grants.c.conversation).where(db.verification_grants.c.phone == phone),
        select(db.audit_log.c.conversation).where(db.audit_log.c.phone == phone),
        select(db.tickets.c.conversation).where(db.tickets.c.subscriber == phone),
    )
    found = {str(name) for query in queries for name in connection.execute(query).scalars()}
    for name in set(_given(connection, phone)) - found:
        query = select(db.tracker_events.c.events).where(db.tracker_events.c.conversation == name)
        batches = connection.execute(query.order_by(db.tracker_events.c.position)).scalars()
        if _verified([event for batch in batches for event in batch], phone):
            found.add(name)
    return sorted(name for name in found if not name.startswith(NOT_CONVERSATIONS))


def _verified(events: Iterable[Mapping[str, Any]], phone: str) -> bool:
    """Whether the slots ever said that this number was verified."""
    number = None
    for event in events:
        if event.get("event") == "slot" and event.get("name") == "phone_number":
            number = event.get("value")
        if event.get("name") == "identity_verified" and event.get("value") is True and number == phone:
            return True
    return False


def _held(connection: Connection, conversations: Sequence[str]) -> list[str]:
    query = select(db.handoffs.c.conversation).where(
        db.handoffs.c.conversation.in_(conversations), db.handoffs.c.state.in_(_OPEN_TALKS)
    )
    return sorted(connection.execute(query).scalars())


def _delete_conversations(connection: Connection, rows: Rows, names: Sequence[str]) -> None:
    if not names:
        return
    ended = select(db.handoffs.c.id).where(db.handoffs.c.conversation.in_(names))
    rows.delete(connection, db.handoff_history, db.handoff_history.c.handoff_id.in_(ended))
    rows.delete(connection, db.handoffs, db.handoffs.c.conversation.in_(names))
    rows.delete(connection, db.facts, _WORDS & db.facts.c.conversation.in_(names))
    for column in _OF_CONVERSATION:
        rows.delete(connection, column.table, column.in_(names))
    rows.delete(connection, db.outbox, _mentions(db.outbox.c.payload, names))


def _delete_strays(connection: Connection, rows: Rows, before: datetime) -> None:
    """Delete what belongs to conversations that were never kept: a turn that broke off may have left it."""
    known = select(db.conversations.c.id)
    for column, at in (
        (db.tracker_events.c.conversation, db.tracker_events.c.created),
        (db.desk_notes.c.conversation, db.desk_notes.c.at),
    ):
        rows.delete(connection, column.table, (at < before) & column.not_in(known), BATCH)
    talk = db.handoffs.c
    ended = (talk.at < before) & talk.state.not_in(_OPEN_TALKS) & talk.conversation.not_in(known)
    ids = connection.execute(select(talk.id).where(ended).limit(BATCH)).scalars().all()
    rows.delete(connection, db.handoff_history, db.handoff_history.c.handoff_id.in_(ids))
    rows.delete(connection, db.handoffs, talk.id.in_(ids))


def _delete_tickets(connection: Connection, rows: Rows, which: Any, named: bool = True) -> list[str]:
    """Delete those that have ended, with their histories; the numbers of those that have not."""
    open_ones = select(db.tickets.c.number).where(which, db.tickets.c.state.in_(_OPEN_CASES))
    kept = sorted(connection.execute(open_ones).scalars()) if named else []
    ended = which & db.tickets.c.state.not_in(_OPEN_CASES)
    numbers = connection.execute(select(db.tickets.c.number).where(ended)).scalars().all()
    if numbers:
        ids = select(db.tickets.c.id).where(ended)
        rows.delete(connection, db.ticket_history, db.ticket_history.c.ticket_id.in_(ids))
        rows.delete(connection, db.outbox, _mentions(db.outbox.c.payload, numbers))
        rows.delete(connection, db.tickets, ended)
    return kept


def _collect(connection: Connection, found: dict[str, list[dict[str, Any]]], table: Table, where: Any) -> None:
    kept = found.setdefault(table.name, [])
    for row in connection.execute(select(table).where(where)).mappings():
        plain = {name: _plain(value) for name, value in row.items() if name not in HIDDEN}
        if plain not in kept:
            kept.append(plain)
    if not kept:
        del found[table.name]


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
