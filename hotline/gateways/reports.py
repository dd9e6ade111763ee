"""What happened, counted (``ReportStore``), by statements that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Optional

from sqlalchemy import and_, case, column, func, insert, literal_column, select
from sqlalchemy.sql import ColumnElement, Select

from hotline.clock import ZONE
from hotline.gateways.database import Database
from hotline.gateways.schema import facts, handoffs, ratings, review_decisions, ticket_history, tickets
from hotline.ports import Rows, Seen, Span
from hotline.services.facts import BEGUN, NAMELESS

# A state in which the customer has his answer, or wants none.
SETTLED = ("answered", "archived", "withdrawn")

# As a literal, not a parameter: only so do databases see that the index of conversations' beginnings can be used.
_BEGUN = facts.c.kind == literal_column(f"'{BEGUN}'")


class SqlReportStore:
    """``ReportStore`` over the tables of ``schema.py``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, span: Span, kind: str, by: Sequence[str] = (), most: Optional[int] = None) -> Rows:
        """See the port."""
        columns = [facts.c[name] for name in by]
        query = select(*columns, func.count()).where(facts.c.kind == kind, *_within(span))
        if kind in NAMELESS:
            query = query.where(facts.c.name == "")  # so that days stand in order in the index
        if most is not None:
            query = query.order_by(func.count().desc(), *columns).limit(most)
        return await self._rows(query.group_by(*columns) if columns else query)

    async def handed_off(self, span: Span, by: Sequence[str] = ()) -> Rows:
        """See the port."""
        columns = [facts.c[name] for name in by]
        since = _midnight(span.first)  # none was handed off before it began
        handed = select(handoffs.c.conversation).where(handoffs.c.at >= since).distinct().subquery()
        query = (
            select(*columns, func.count())
            .select_from(handed.join(facts, and_(facts.c.conversation == handed.c.conversation, _BEGUN)))
            .where(*_within(span))
        )
        return await self._rows(query.group_by(*columns) if columns else query)

    async def measured(self, span: Span, kind: str, over: int) -> Rows:
        """See the port."""
        above = func.sum(case((facts.c.value > over, 1), else_=0))
        query = select(facts.c.name, func.count(), func.sum(facts.c.value), above)
        return await self._rows(query.where(facts.c.kind == kind, *_within(span)).group_by(facts.c.name))

    async def tickets(self, span: Span, now: datetime) -> Rows:
        """See the port."""
        settled = (
            select(ticket_history.c.ticket_id, func.min(ticket_history.c.at).label("at"))
            .where(ticket_history.c.after.in_(SETTLED))
            .group_by(ticket_history.c.ticket_id)
            .subquery()
        )
        late = case((func.coalesce(settled.c.at, now) > tickets.c.deadline, 1), else_=0).label("late")
        kinds = (tickets.c.category, tickets.c.level, tickets.c.state, late)
        query = (
            select(*kinds, func.count())
            .select_from(tickets.outerjoin(settled, settled.c.ticket_id == tickets.c.id))
            .where(*_between(span, tickets.c.created, tickets.c.channel))
            .group_by(tickets.c.category, tickets.c.level, tickets.c.state, column("late"))
        )
        return await self._rows(query)

    async def ratings(self, span: Span) -> Rows:
        """See the port."""
        query = select(ratings.c.score, func.count()).where(*_between(span, ratings.c.at, ratings.c.channel))
        return await self._rows(query.group_by(ratings.c.score).order_by(ratings.c.score))

    async def comments(self, span: Span, limit: int) -> Rows:
        """See the port."""
        query = select(ratings.c.at, ratings.c.conversation, ratings.c.score, ratings.c.comment)
        query = query.where(ratings.c.comment != "", *_between(span, ratings.c.at, ratings.c.channel))
        return await self._rows(query.order_by(ratings.c.at.desc()).limit(limit))

    async def first_day(self) -> Optional[date]:
        """See the port."""
        query = select(func.min(facts.c.day)).where(facts.c.kind == BEGUN, facts.c.name == "")
        first: Optional[date] = (await self._rows(query))[0][0]
        return first

    async def seen(
        self, span: Span, kind: str, name: Optional[str], hour: Optional[int], limit: int, offset: int
    ) -> Sequence[Seen]:
        """See the port."""
        if kind == "ticket":
            query = select(tickets.c.conversation, tickets.c.channel, tickets.c.created, tickets.c.number)
            query = query.where(*_between(span, tickets.c.created, tickets.c.channel))
            query = query.where(tickets.c.category == name) if name else query
            query = query.order_by(tickets.c.created.desc())
        elif kind == "rating":
            query = select(ratings.c.conversation, ratings.c.channel, ratings.c.at, ratings.c.score)
            query = query.where(*_between(span, ratings.c.at, ratings.c.channel))
            query = query.where(ratings.c.score == int(name)) if name else query
            query = query.order_by(ratings.c.at.desc())
        else:
            query = _facts_behind(span, kind, name, hour)
        rows = await self._rows(query.limit(limit).offset(offset))
        return [Seen(row[0], row[1], row[2], str(row[3])) for row in rows]

    async def decide(self, phrase: str, intent: str, login: str, at: datetime) -> None:
        """See the port."""
        row = {"phrase": phrase, "intent": intent, "login": login, "at": at}
        await self._database.write(lambda connection: connection.execute(insert(review_decisions).values(**row)))

    async def decisions(self) -> Mapping[str, str]:
        """See the port."""
        latest = select(func.max(review_decisions.c.id)).group_by(review_decisions.c.phrase)
        query = select(review_decisions.c.phrase, review_decisions.c.intent).where(review_decisions.c.id.in_(latest))
        rows = await self._rows(query.order_by(review_decisions.c.id))
        return {phrase: intent for phrase, intent in rows if intent}

    async def _rows(self, query: Select) -> Rows:
        return await self._database.read(lambda connection: [tuple(row) for row in connection.execute(query)])


def _facts_behind(span: Span, kind: str, name: Optional[str], hour: Optional[int]) -> Select:
    query = select(facts.c.conversation, facts.c.channel, facts.c.at, facts.c.name)
    if kind == "contained":
        handed = select(handoffs.c.id).where(handoffs.c.conversation == facts.c.conversation)
        query, kind = query.where(~handed.exists()), BEGUN
    query = query.where(facts.c.kind == kind, *_within(span))
    if name is not None:
        query = query.where(facts.c.name == name)
    if hour is not None:
        query = query.where(facts.c.hour == hour)
    return query.order_by(facts.c.day.desc(), facts.c.at.desc(), facts.c.id.desc())


def _within(span: Span) -> list[ColumnElement]:
    wanted = [facts.c.day.between(span.first, span.last)]
    return [*wanted, facts.c.channel == span.channel] if span.channel else wanted


def _between(span: Span, moment: ColumnElement, channel: ColumnElement) -> list[ColumnElement]:
    """As ``_within`` for tables that have moments only."""
    wanted = [moment >= _midnight(span.first), moment < _midnight(span.last + timedelta(days=1))]
    return [*wanted, channel == span.channel] if span.channel else wanted


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)
