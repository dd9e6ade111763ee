"""What happened, counted (``ReportStore``), by statements that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Optional

from sqlalchemy import case, column, delete, func, insert, literal_column, select, union_all
from sqlalchemy.engine import Connection
from sqlalchemy.schema import Table
from sqlalchemy.sql import ColumnElement, Select

from hotline.clock import ZONE
from hotline.gateways.database import Database
from hotline.gateways.facts import insert_into
from hotline.gateways.schema import (
    COMMENTED,
    fact_sum_days,
    fact_sums,
    facts,
    ratings,
    review_decisions,
    ticket_history,
    tickets,
)
from hotline.ports import Rows, Seen, Span
from hotline.services.facts import BEGUN, HANDED_OFF, HOURLY, KINDS, UNANSWERED, WAITED, WORDED

# A state in which the customer has his answer, or wants none.
SETTLED = ("answered", "archived", "withdrawn")

COLUMNS = ("kind", "day", "hour", "channel", "name")

_FIRST = select(func.min(facts.c.day)).where(facts.c.kind == BEGUN)
_SUMMED = select(func.max(fact_sum_days.c.day))
_FIGURES = (
    func.count().label("number"),
    func.coalesce(func.sum(facts.c.value), 0).label("total"),
    func.coalesce(func.sum(case((facts.c.value > UNANSWERED, 1), else_=0)), 0).label("over"),
)


class SqlReportStore:
    """``ReportStore`` over the tables of ``schema.py``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, span: Span, kind: str, by: Sequence[str] = (), most: Optional[int] = None) -> Rows:
        """See the port."""
        return await self._counted(span, kind, by, ("number",), most)

    async def measured(self, span: Span, kind: str) -> Rows:
        """See the port."""
        return await self._counted(span, kind, ("name",), ("number", "total", "over"))

    async def tickets(self, span: Span, now: datetime) -> Rows:
        """See the port."""
        in_time = select(ticket_history.c.id).where(
            ticket_history.c.ticket_id == tickets.c.id,
            ticket_history.c.after.in_(SETTLED),
            ticket_history.c.at <= tickets.c.deadline,
        )
        late = case(((tickets.c.deadline < now) & ~in_time.exists(), 1), else_=0).label("late")
        each = select(tickets.c.category, tickets.c.level, tickets.c.state, late)
        each = each.where(*_between(span, tickets.c.created, tickets.c.channel)).subquery()
        query = select(*each.c, func.count()).group_by(*each.c)
        return await self._rows(query)

    async def ratings(self, span: Span) -> Rows:
        """See the port."""
        query = select(ratings.c.score, func.count()).where(*_between(span, ratings.c.at, ratings.c.channel))
        return await self._rows(query.group_by(ratings.c.score).order_by(ratings.c.score))

    async def comments(self, span: Span, limit: int) -> Rows:
        """See the port."""
        query = select(ratings.c.at, ratings.c.conversation, ratings.c.score, ratings.c.comment)
        query = query.where(COMMENTED, *_between(span, ratings.c.at, ratings.c.channel))
        return await self._rows(query.order_by(ratings.c.at.desc()).limit(limit))

    async def first_day(self) -> Optional[date]:
        """See the port."""
        first: Optional[date] = (await self._rows(_FIRST))[0][0]
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

    async def sum_up(self, day: date) -> bool:
        """See the port. A process that comes second finds the day taken and adds up nothing."""

        def work(connection: Connection) -> bool:
            last, first = connection.execute(_SUMMED).scalar(), connection.execute(_FIRST).scalar()
            following = last + timedelta(days=1) if last else first
            if following is None or following >= day:
                return False
            take = insert_into(connection, fact_sum_days).values(day=following).on_conflict_do_nothing()
            taken = connection.execute(take)
            if taken.rowcount:
                when = case((facts.c.kind.in_(HOURLY), facts.c.hour), else_=0).label("at_hour")
                about = case((facts.c.kind.in_(WORDED), ""), else_=facts.c.name).label("about")
                columns = [facts.c.kind, facts.c.day, when, facts.c.channel, about]
                query = select(*columns, *_FIGURES).where(facts.c.kind.in_(KINDS), facts.c.day == following)
                names = [*COLUMNS, *(figure.name for figure in _FIGURES)]
                grouped = query.group_by(*(column(one.name) for one in columns))
                connection.execute(insert(fact_sums).from_select(names, grouped))
            return True

        return await self._database.write(work)

    async def forget_sums(self, since: date) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            for table in (fact_sums, fact_sum_days):
                connection.execute(delete(table).where(table.c.day >= since))

        await self._database.write(work)

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

    async def _counted(
        self, span: Span, kind: str, by: Sequence[str], figures: Sequence[str], most: Optional[int] = None
    ) -> Rows:
        """Figures of a kind by columns: of days that are added up from their sums, of the others from the facts."""

        def work(connection: Connection) -> list[tuple[Any, ...]]:
            # Words are not in the sums, nor the hours of most kinds.
            finer = ("name" in by and kind in WORDED) or ("hour" in by and kind not in HOURLY)
            summed = None if finer else connection.execute(_SUMMED).scalar()
            parts = _parts(span, kind, by, figures, summed).subquery()
            columns = [parts.c[name] for name in by]
            totals = [func.coalesce(func.sum(parts.c[name]), 0) for name in figures]
            query = select(*columns, *totals)
            query = query.group_by(*columns) if columns else query
            if most is not None:
                query = query.order_by(totals[0].desc(), *columns).limit(most)
            # PostgreSQL adds up to decimals.
            width = len(by)
            return [(*row[:width], *map(int, row[width:])) for row in connection.execute(query)]

        return await self._database.read(work)

    async def _rows(self, query: Select) -> Rows:
        return await self._database.read(lambda connection: [tuple(row) for row in connection.execute(query)])


def _parts(span: Span, kind: str, by: Sequence[str], figures: Sequence[str], summed: Optional[date]) -> Any:
    """The days up to ``summed`` and those after it, each with their figures under the same names.

    Each part has its own first and last day: of two bounds on one side SQLite seeks the one that it sees first.
    """
    parts = []
    if summed is not None and summed >= span.first:
        sums = [func.sum(fact_sums.c[name]).label(name) for name in figures]
        parts.append(_part(replace(span, last=min(span.last, summed)), kind, fact_sums, by, sums))
        span = replace(span, first=summed + timedelta(days=1))
    if span.first <= span.last:
        fresh = {figure.name: figure for figure in _FIGURES}
        parts.append(_part(span, kind, facts, by, [fresh[name] for name in figures]))
    return union_all(*parts)


def _part(span: Span, kind: str, table: Table, by: Sequence[str], figures: Sequence[Any]) -> Select:
    columns = [table.c[name] for name in by]
    query = select(*columns, *figures).where(table.c.kind == kind, *_within(span, table))
    return query.group_by(*columns) if columns else query


def _facts_behind(span: Span, kind: str, name: Optional[str], hour: Optional[int]) -> Select:
    query = select(facts.c.conversation, facts.c.channel, facts.c.at, facts.c.name)
    if kind == "contained":
        other = facts.alias()
        handed = select(other.c.id).where(
            other.c.kind == literal_column(f"'{HANDED_OFF}'"), other.c.conversation == facts.c.conversation
        )
        query, kind = query.where(~handed.exists()), BEGUN
    elif kind == "unanswered":
        query, kind = query.where(facts.c.value > UNANSWERED), WAITED
    query = query.where(facts.c.kind == kind, *_within(span))
    if name is not None:
        query = query.where(facts.c.name == name)
    if hour is not None:
        query = query.where(facts.c.hour == hour)
    # Day and hour first: the index brings them in order, and no more rows are read than are shown.
    return query.order_by(facts.c.day.desc(), facts.c.hour.desc(), facts.c.at.desc(), facts.c.id.desc())


def _within(span: Span, table: Table = facts) -> list[ColumnElement]:
    wanted = [table.c.day.between(span.first, span.last)]
    return [*wanted, table.c.channel == span.channel] if span.channel else wanted


def _between(span: Span, moment: ColumnElement, channel: ColumnElement) -> list[ColumnElement]:
    """As ``_within`` for tables that have moments only."""
    wanted = [moment >= _midnight(span.first), moment < _midnight(span.last + timedelta(days=1))]
    return [*wanted, channel == span.channel] if span.channel else wanted


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)
