"""Conversations on their way to a human and back (``HandoffStore``); at most one open one a conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Optional, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from hotline.errors import NoSuchItemError
from hotline.gateways.database import Database, upsert
from hotline.gateways.facts import record
from hotline.gateways.outbox import post
from hotline.gateways.schema import desk_notes, handoff_history, handoffs
from hotline.ports import Change, Clock, Fact, Handoff, HandoffEntry, News, Note
from hotline.services.facts import HANDOFF

T = TypeVar("T")

REQUEST = "request"


class SqlHandoffStore:
    """``HandoffStore`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def start(self, handoff: Handoff, news: Callable[[Handoff], Sequence[News]]) -> tuple[Handoff, bool]:
        """See the port. One that has already ended (out of hours) is kept beside an open one."""
        values = {name: value for name, value in vars(handoff).items() if name not in ("id", "conversation")}
        values["context"] = dict(handoff.context)
        now = self._clock.now()

        def work(connection: Connection) -> tuple[Handoff, bool]:
            if handoff.ended is None:
                query = select(handoffs).where(handoffs.c.open_conversation == handoff.conversation)
                known = connection.execute(query).one_or_none()
                if known is not None:
                    return _handoff(known), False
                keys = {"open_conversation": handoff.conversation}
                upsert(connection, handoffs, keys, {**values, "conversation": handoff.conversation}, {})
                row = connection.execute(query.with_for_update()).one()
                if connection.execute(_entries(row.id)).first():  # two asked at once, and the other one was first
                    return _handoff(row), False
            else:
                key = connection.execute(insert(handoffs).values(**values, conversation=handoff.conversation))
                row = connection.execute(select(handoffs).where(handoffs.c.id == key.inserted_primary_key[0])).one()
            begun = _handoff(row)
            _enter(connection, begun, now, REQUEST, "customer", "bot", begun.state)
            record(connection, [Fact(HANDOFF, begun.reason)], begun.conversation, begun.channel, now)
            post(connection, news(begun), now)
            return begun, True

        return await self._write(work)

    async def find(self, number: int) -> Optional[Handoff]:
        """See the port."""
        return await self._one(select(handoffs).where(handoffs.c.id == number))

    async def current(self, conversation: str) -> Optional[Handoff]:
        """See the port."""
        return await self._one(select(handoffs).where(handoffs.c.open_conversation == conversation))

    async def latest(self, conversation: str) -> Optional[Handoff]:
        """See the port."""
        query = select(handoffs).where(handoffs.c.conversation == conversation).order_by(handoffs.c.id.desc()).limit(1)
        return await self._one(query)

    async def open(self) -> Sequence[Handoff]:
        """See the port."""
        return await self._all(
            select(handoffs)
            .where(handoffs.c.open_conversation.is_not(None))
            .order_by(handoffs.c.requested, handoffs.c.id)
        )

    async def ended_since(self, moment: float) -> Sequence[Handoff]:
        """See the port."""
        return await self._all(select(handoffs).where(handoffs.c.ended >= moment).order_by(handoffs.c.id))

    async def see(self, conversations: Sequence[str], now: float) -> None:
        """See the port."""
        if conversations:
            change = update(handoffs).where(handoffs.c.open_conversation.in_(conversations)).values(seen=now)
            await self._database.write(lambda connection: connection.execute(change))

    async def change(self, number: int, move: str, decide: Callable[[Handoff], Change], actor: str) -> Handoff:
        """See the port."""
        now = self._clock.now()

        def work(connection: Connection) -> Handoff:
            row = connection.execute(select(handoffs).where(handoffs.c.id == number).with_for_update()).one_or_none()
            if row is None:
                raise NoSuchItemError(str(number))
            before = _handoff(row)
            change = decide(before)
            values = dict(change.values)
            if values.get("ended") is not None:
                values["open_conversation"] = None
            if values:
                connection.execute(update(handoffs).where(handoffs.c.id == number).values(values))
            after = _handoff(connection.execute(select(handoffs).where(handoffs.c.id == number)).one())
            if move:
                _enter(connection, before, now, move, actor, before.state, after.state)
            record(connection, change.facts, before.conversation, before.channel, now)
            post(connection, change.news, now)
            return after

        return await self._write(work)

    async def history(self, number: int) -> Sequence[HandoffEntry]:
        """See the port."""

        def work(connection: Connection) -> list[HandoffEntry]:
            rows = connection.execute(_entries(number))
            return [HandoffEntry(row.at, row.move, row.actor, row.before, row.after) for row in rows]

        return await self._database.read(work)

    async def note(self, conversation: str, login: str, text: str) -> Note:
        """See the port."""
        at = self._clock.now()

        def work(connection: Connection) -> Note:
            row = {"conversation": conversation, "at": at, "login": login, "text": text}
            key = connection.execute(insert(desk_notes).values(**row)).inserted_primary_key[0]
            news = News("desk", "note", {"conversation": conversation})
            post(connection, [news], at)
            return Note(key, at, login, text)

        return await self._database.write(work)

    async def notes(self, conversation: str) -> Sequence[Note]:
        """See the port."""
        query = select(desk_notes).where(desk_notes.c.conversation == conversation).order_by(desk_notes.c.id)

        def work(connection: Connection) -> list[Note]:
            return [Note(row.id, row.at, row.login, row.text) for row in connection.execute(query)]

        return await self._database.read(work)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._database.write(work)
        finally:
            self._database.changes[handoffs.name] += 1

    async def _one(self, query: Any) -> Optional[Handoff]:
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _handoff(row)

    async def _all(self, query: Any) -> Sequence[Handoff]:
        return await self._database.read(lambda connection: [_handoff(row) for row in connection.execute(query)])


def _entries(number: int) -> Any:
    return select(handoff_history).where(handoff_history.c.handoff_id == number).order_by(handoff_history.c.id)


def _enter(connection: Connection, one: Handoff, at: Any, move: str, actor: str, before: str, after: str) -> None:
    row = {"handoff_id": one.id, "at": at, "move": move, "actor": actor, "before": before, "after": after}
    connection.execute(insert(handoff_history).values(**row))


def _handoff(row: Any) -> Handoff:
    return Handoff(**{field.name: getattr(row, field.name) for field in fields(Handoff)})
