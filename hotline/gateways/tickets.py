"""Tickets in the hotline's own tables (``TicketStore``): ticket, history and news in one transaction (promise P1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Select

from hotline.errors import NoSuchItemError
from hotline.gateways.database import Database, upsert
from hotline.gateways.outbox import post
from hotline.gateways.schema import ticket_history, tickets
from hotline.ports import Change, Clock, News, Ticket, TicketDraft, TicketEntry, TicketQuery

FILED = "file"
ACCEPTED = "accepted"
# The letter that a number begins with: a complaint, a suggestion, a fault.
LETTERS = {"suggestion": "S", "network": "F", "broadband": "F", "handset": "F"}
FINAL = ("archived", "withdrawn", "answered")


class SqlTicketStore:
    """``TicketStore`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def file(
        self,
        draft: TicketDraft,
        deadline: datetime,
        news: Callable[[Ticket], Sequence[News]],
        key: str,
        conversation: str,
        actor: str = "customer",
    ) -> Ticket:
        """See the port. The number is a letter, the day and a running number: C20261021000001."""
        now = self._clock.now()
        values = {**vars(draft), "details": dict(draft.details), "conversation": conversation, "state": ACCEPTED}
        values.update(created=now, updated=now, deadline=deadline, urged=0, overdue=False, department="", answer="")

        def work(connection: Connection) -> Ticket:
            # A conflict must not lock the loser out of the winner's row, so the winner is whoever finds it unnumbered.
            upsert(connection, tickets, {"key": key}, values, {})
            row = connection.execute(select(tickets).where(tickets.c.key == key).with_for_update()).one()
            if row.number is None:
                number = f"{LETTERS.get(draft.category, 'C')}{now:%Y%m%d}{row.id:06d}"
                connection.execute(update(tickets).where(tickets.c.id == row.id).values(number=number))
                _enter(connection, row.id, None, now, FILED, actor, "", ACCEPTED, "")
                row = connection.execute(select(tickets).where(tickets.c.id == row.id)).one()
                post(connection, news(_ticket(row)), now)
            return _ticket(row)

        return await self._database.write(work)

    async def find(self, number: str) -> Optional[Ticket]:
        """See the port."""
        query = select(tickets).where(tickets.c.number == number)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _ticket(row)

    async def search(self, query: TicketQuery) -> Sequence[Ticket]:
        """See the port."""
        wanted = _where(select(tickets), query).order_by(tickets.c.id.desc()).limit(query.limit).offset(query.offset)
        return await self._database.read(lambda connection: [_ticket(row) for row in connection.execute(wanted)])

    async def count(self, query: TicketQuery) -> int:
        """See the port."""
        wanted = _where(select(func.count()).select_from(tickets), query)
        return await self._database.read(lambda connection: connection.execute(wanted).scalar() or 0)

    async def history(self, number: str) -> Sequence[TicketEntry]:
        """See the port."""
        query = (
            select(ticket_history)
            .join(tickets, tickets.c.id == ticket_history.c.ticket_id)
            .where(tickets.c.number == number)
            .order_by(ticket_history.c.id)
        )

        def work(connection: Connection) -> list[TicketEntry]:
            rows = connection.execute(query)
            return [TicketEntry(row.at, row.move, row.actor, row.before, row.after, row.text) for row in rows]

        return await self._database.read(work)

    async def change(
        self, number: str, move: str, decide: Callable[[Ticket], Change], actor: str, key: Optional[str] = None
    ) -> Ticket:
        """See the port."""
        now = self._clock.now()

        def work(connection: Connection) -> Ticket:
            row = connection.execute(select(tickets).where(tickets.c.number == number).with_for_update()).one_or_none()
            if row is None:
                raise NoSuchItemError(number)
            if key is not None and _entered(connection, key):
                return _ticket(row)
            change = decide(_ticket(row))
            values = {**change.values, "updated": now}
            connection.execute(update(tickets).where(tickets.c.id == row.id).values(values))
            _enter(connection, row.id, key, now, move, actor, row.state, values.get("state", row.state), change.text)
            post(connection, change.news, now)
            return _ticket(connection.execute(select(tickets).where(tickets.c.id == row.id)).one())

        return await self._database.write(work)


def _where(query: Select, wanted: TicketQuery) -> Select:
    query = query.where(tickets.c.number.is_not(None))
    if wanted.states:
        query = query.where(tickets.c.state.in_(wanted.states))
    for name in ("category", "phone", "subscriber", "conversation", "number"):
        if getattr(wanted, name):
            query = query.where(tickets.c[name] == getattr(wanted, name))
    if wanted.level is not None:
        query = query.where(tickets.c.level == wanted.level)
    if wanted.late_at is not None:
        query = query.where(tickets.c.deadline < wanted.late_at, tickets.c.state.not_in(FINAL))
    if wanted.told is not None:
        query = query.where(tickets.c.overdue == wanted.told)
    return query


def _entered(connection: Connection, key: str) -> bool:
    return connection.execute(select(ticket_history.c.id).where(ticket_history.c.key == key)).first() is not None


def _enter(
    connection: Connection,
    ticket_id: int,
    key: Optional[str],
    at: datetime,
    move: str,
    actor: str,
    before: str,
    after: str,
    text: str,
) -> None:
    row = {"ticket_id": ticket_id, "key": key, "at": at, "move": move, "actor": actor}
    connection.execute(insert(ticket_history).values(**row, before=before, after=after, text=text))


def _ticket(row: Any) -> Ticket:
    return Ticket(**{field.name: getattr(row, field.name) for field in fields(Ticket)})
