"""How long reports take over a million conversations: makes up their facts, counts them, prints a table.

``--database URL`` measures an empty database of yours (PostgreSQL) in place of a SQLite file that is thrown away.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import click
from sqlalchemy import insert
from sqlalchemy.engine import Connection, Engine

from hotline.clock import ZONE
from hotline.gateways import schema
from hotline.gateways.database import Database
from hotline.gateways.migrations import upgrade
from hotline.gateways.reports import SqlReportStore
from hotline.ports import Span
from hotline.reports.figures import report
from hotline.reports.period import period
from hotline.reports.staffing import staffing
from hotline.services.handoff import Reason
from hotline.services.tickets import CATEGORIES, State

NOW = datetime(2026, 10, 21, 10, tzinfo=ZONE)
DAYS = 365
BATCH = 50_000
TOPICS = ("billing", "service", "fault", "complaint", "secretary")
CLAUSES = ("1258-1", "ch1", "ch2", *(f"1860-{n}" for n in (1, 7, 8, 11, 12, 13, 14, 15, 22, 25, 29, 31, 32, 37, 38)))
ENDINGS = ("answered", "answered", "answered", "answered", "cancelled", "abandoned", "timed_out")
PHRASES = 20_000  # different ones
COLUMNS = "kind, name, day, hour, channel, conversation, at, value"
HOURS = (2, 1, 1, 1, 1, 2, 4, 9, 16, 22, 22, 18, 14, 15, 18, 19, 18, 16, 14, 16, 17, 13, 8, 4)

Row = tuple[Any, ...]


class Maker:
    """Makes up conversations; what has a table of its own is gathered in ``others``."""

    def __init__(self) -> None:
        self.dice = random.Random(1860)
        self.number = 0
        self.others: dict[Any, list[dict[str, Any]]] = {
            table: [] for table in (schema.handoffs, schema.tickets, schema.ticket_history, schema.ratings)
        }

    def facts(self, conversations: int) -> Iterator[Row]:
        """Rows of the table ``facts``, oldest first."""
        dice, first = self.dice, NOW.date() - timedelta(days=DAYS - 1)
        for number in range(conversations):
            self.number = number + 1
            day = first + timedelta(days=number * DAYS // conversations)
            hour = dice.choices(range(24), HOURS)[0]
            channel = "ivr" if dice.random() < 0.4 else "web"
            name = f"{channel}-{number:032x}"
            at = datetime(day.year, day.month, day.day, hour, dice.randrange(60), tzinfo=ZONE)
            moment = at.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.000000")
            for kind, about, value in self._happened(number, name, channel, at):
                yield kind, about, day.isoformat(), hour, channel, name, moment, value

    def _happened(self, number: int, name: str, channel: str, at: datetime) -> Iterator[tuple[str, str, int | None]]:
        dice = self.dice
        yield "begun", "", None
        for _ in range(dice.randint(1, 6)):
            yield "understood", "", None
        if dice.random() < 0.25:
            yield "not_understood", f"没听懂的话{int(dice.expovariate(5 / PHRASES))}", None
        yield "topic", dice.choices(TOPICS, (50, 22, 14, 10, 4))[0], None
        for _ in range(3):
            yield "said", dice.choice(CLAUSES), None
        if dice.random() < 0.12:
            yield from self._handed(name, channel, at)
        if dice.random() < 0.04:
            self._complain(number, name, channel, at)
        if dice.random() < 0.2:
            score = dice.choices((5, 4, 3, 2, 1), (48, 30, 12, 6, 4))[0]
            row = {"conversation": name, "channel": channel, "score": score, "comment": "", "at": at}
            self.others[schema.ratings].append(row)

    def _handed(self, name: str, channel: str, at: datetime) -> Iterator[tuple[str, str, int | None]]:
        reason, ending, wait = self.dice.choice(list(Reason)).value, self.dice.choice(ENDINGS), self.dice.randrange(120)
        yield "handed_off", "", None
        yield "handoff", reason, None
        yield "waited", ending, wait
        if ending == "answered":
            yield "talked", "a1001", self.dice.randrange(30, 600)
        self.others[schema.handoffs].append(
            {
                **{"conversation": name, "channel": channel, "state": "closed", "reason": reason, "target": "agent"},
                **{"at": at, "requested": at.timestamp(), "context": {}, "ticket": "", "offered_to": "", "agent": ""},
                **{"transfer_to": "", "callback_offered": False, "callback_phone": "", "result": "", "agreed": ""},
                "held": 0,
            }
        )

    def _complain(self, number: int, name: str, channel: str, at: datetime) -> None:
        identifier = len(self.others[schema.tickets]) + 1
        category, late = self.dice.choice(list(CATEGORIES)), self.dice.random() < 0.1
        self.others[schema.tickets].append(
            {
                **{"id": identifier, "number": f"C{identifier}", "key": name, "state": State.ARCHIVED.value},
                **{"category": category, "level": CATEGORIES[category], "phone": "", "description": "", "title": ""},
                **{"channel": channel, "surname": "", "subscriber": "", "escalated": False, "details": {}},
                **{"conversation": name, "created": at, "deadline": at + timedelta(days=2), "updated": at},
                **{"urged": 0, "overdue": late, "department": "", "answer": ""},
            }
        )
        for state, days in (("dispatched", 0), ("answered", 3 if late else 1), ("archived", 4)):
            row = {"ticket_id": identifier, "at": at + timedelta(days=days), "move": state, "actor": "", "before": ""}
            self.others[schema.ticket_history].append({**row, "after": state, "text": ""})


def fill(engine: Engine, conversations: int) -> int:
    """Write the facts of so many conversations; how many rows of facts that were. Indices are made afterwards."""
    maker, written = Maker(), 0
    rows = maker.facts(conversations)
    progress = click.progressbar(length=conversations, label="conversations", file=sys.stderr)
    with patient(engine) as connection:
        for index in schema.facts.indexes:
            index.drop(connection)
    with progress:
        while batch := list(islice(rows, BATCH)):
            with patient(engine) as connection:
                append(connection, batch)
            written += len(batch)
            progress.update(maker.number - progress.pos)
    for table, others in maker.others.items():
        for start in range(0, len(others), BATCH):
            with patient(engine) as connection:
                connection.execute(insert(table), others[start : start + BATCH])
    with patient(engine) as connection:
        for index in schema.facts.indexes:
            index.create(connection)
    return written


def append(connection: Connection, rows: list[Row]) -> None:
    """Rows of the table ``facts``, the quickest way that the database has."""
    if connection.dialect.name == "postgresql":
        lines = io.StringIO("".join("\t".join("\\N" if v is None else str(v) for v in row) + "\n" for row in rows))
        with connection.connection.cursor() as cursor:
            cursor.copy_expert(f"COPY facts ({COLUMNS}) FROM STDIN", lines)
    else:
        connection.exec_driver_sql(f"INSERT INTO facts ({COLUMNS}) VALUES ({', '.join('?' * 8)})", rows)


@contextmanager
def patient(engine: Engine) -> Iterator[Connection]:
    """A transaction that may take its time."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield connection


async def sum_up(store: SqlReportStore) -> int:
    """Add up the days that are over, as the server does every hour."""
    days = 0
    while await store.sum_up(NOW.date()):
        days += 1
    return days


async def measure(database: Database) -> None:
    """Print how long each question takes, first and again, and the processor time of the second."""
    store = SqlReportStore(database)
    today = NOW.date()

    def over(first: date, step: str) -> Callable[[], Awaitable[Any]]:
        return lambda: report(store, period(first.isoformat(), today.isoformat(), step, "", today), NOW)

    async def page() -> None:  # all that the server is asked for when a year is chosen on it
        await over(year.first, "month")()
        await staffing(store, today)
        await store.decisions()

    year = Span(today - timedelta(days=DAYS - 1), today)
    questions = {
        "today, by hour": over(today, "hour"),
        "30 days, by day": over(today - timedelta(days=29), "day"),
        "the year, by month": over(year.first, "month"),
        "the page /desk/reports with the year": page,
        "next week's staffing": lambda: staffing(store, today),
        "conversations behind a topic": lambda: store.seen(year, "topic", "billing", None, 51, 0),
        "conversations behind the contained share": lambda: store.seen(year, "contained", None, None, 51, 0),
        "conversations behind a phrase that is rare": lambda: store.seen(
            year, "not_understood", f"没听懂的话{PHRASES}", None, 51, 0
        ),
    }
    print("\n| question | first time, s | again, s | CPU, s |\n|---|---:|---:|---:|")
    for name, question in questions.items():
        times = []
        for _ in range(2):
            started, worked = time.perf_counter(), time.process_time()
            await question()
            times.append((time.perf_counter() - started, time.process_time() - worked))
        print(f"| {name} | {times[0][0]:.2f} | {times[1][0]:.2f} | {times[1][1]:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hotline-reports-") as directory:
        url = options.database or f"sqlite:///{Path(directory) / 'reports.db'}"
        upgrade(url)
        database = Database(url, 120)
        started = time.perf_counter()
        written = fill(database.engine, options.conversations)
        print(
            f"{options.conversations} conversations, {written} facts, written in {time.perf_counter() - started:.0f} s"
        )
        started = time.perf_counter()
        days = asyncio.run(sum_up(SqlReportStore(database)))
        print(f"{days} days added up in {time.perf_counter() - started:.0f} s", flush=True)
        asyncio.run(measure(database))
        database.close()


if __name__ == "__main__":
    main()
