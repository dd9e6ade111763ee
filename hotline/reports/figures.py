"""The figures of a period: from counted facts to headline figures and tables, each defined in ``definitions.yml``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

import yaml

from hotline.masking import mask
from hotline.ports import ReportStore, Rows, Span
from hotline.reports.period import Period
from hotline.services.facts import (
    ANSWERED,
    BEGUN,
    HANDED_OFF,
    HANDOFF,
    NOT_UNDERSTOOD,
    SAID,
    TABOO,
    TALKED,
    TOPIC,
    UNDERSTOOD,
    WAITED,
)
from hotline.services.tickets import OPEN
from hotline.text import collapse

DEFINITIONS = Path(__file__).with_name("definitions.yml")
MOST_PHRASES, MOST_COMMENTS = 500, 200
CONTENT = (4, 5)  # scores of customers who are content

Number = Optional[float]


@dataclass(frozen=True)
class Table:
    """Rows under column names; both names are explained in ``definitions.yml``."""

    name: str
    columns: tuple[str, ...]
    rows: list[list[Any]]


@dataclass(frozen=True)
class Report:
    """All figures of a period: headline figures now and in the period before (None where nothing can be said), and
    tables.
    """

    period: Period
    headline: Mapping[str, tuple[Number, Number]]
    tables: Mapping[str, Table]

    def as_dict(self) -> dict[str, Any]:
        """JSON."""
        span, before = self.period.span, self.period.before
        return {
            "from": span.first.isoformat(),
            "to": span.last.isoformat(),
            "before": {"from": before.first.isoformat(), "to": before.last.isoformat()},
            "by": self.period.step,
            "channel": span.channel,
            "headline": {name: {"value": now, "before": was} for name, (now, was) in self.headline.items()},
            "tables": {
                name: {"columns": list(table.columns), "rows": table.rows} for name, table in self.tables.items()
            },
        }


@lru_cache(maxsize=1)
def definitions() -> dict[str, Any]:
    """What every figure, table, column and value is called and means."""
    with DEFINITIONS.open(encoding="utf-8") as stream:
        return dict(yaml.safe_load(stream))


async def report(store: ReportStore, period: Period, now: datetime) -> Report:
    """Count everything. One question to the database after the other: serving customers comes first."""
    span = period.span
    this, before = await _Counted.of(store, period, span, now), await _Counted.of(store, period, period.before, now)
    values, were = this.headline(), before.headline()
    tables = [
        _traffic(period, this, before),
        Table("hours", ("hour", "conversations"), _filled(await store.count(span, BEGUN, ("hour",)), range(24))),
        Table("channels", ("channel", "conversations", "contained"), this.channels()),
        Table("topics", ("topic", "conversations"), _sorted(await store.count(span, TOPIC, ("name",)))),
        Table("reasons", ("reason", "handoffs"), _sorted(this.reasons)),
        Table("waits", ("ending", "handoffs", "mean_wait", "over_60"), this.endings()),
        Table(
            "tickets", ("category", "level", "state", "late", "tickets"), [list(row) for row in sorted(this.tickets)]
        ),
        Table("ratings", ("score", "ratings"), _filled(this.ratings, range(1, 6))),
        Table("comments", ("at", "conversation", "score", "comment"), await _comments(store, span, now)),
        Table(
            "phrases", ("phrase", "messages"), grouped(await store.count(span, NOT_UNDERSTOOD, ("name",), MOST_PHRASES))
        ),
        Table("taboo", ("phrase", "held_back"), _sorted(this.taboo)),
        Table("clauses", ("clause", "said"), _by_clause(await store.count(span, SAID, ("name",)))),
    ]
    headline = {name: (value, were[name]) for name, value in values.items()}
    return Report(period, headline, {table.name: table for table in tables})


@dataclass
class _Counted:
    """What is compared with the period before. Conversations are counted by day, with the hour where it is shown, and
    channel.
    """

    begun: Rows
    handed: Rows
    understood: int
    not_understood: int
    reasons: Rows
    waits: Rows
    talks: Rows
    tickets: Rows
    ratings: Rows
    taboo: Rows

    @classmethod
    async def of(cls, store: ReportStore, period: Period, span: Span, now: datetime) -> _Counted:
        by = ("day", "hour", "channel") if period.step == "hour" else ("day", "channel")
        return cls(
            begun=await store.count(span, BEGUN, by),
            handed=await store.count(span, HANDED_OFF, by),
            understood=(await store.count(span, UNDERSTOOD))[0][0],
            not_understood=(await store.count(span, NOT_UNDERSTOOD))[0][0],
            reasons=await store.count(span, HANDOFF, ("name",)),
            waits=await store.measured(span, WAITED),
            talks=await store.measured(span, TALKED),
            tickets=await store.tickets(span, now),
            ratings=await store.ratings(span),
            taboo=await store.count(span, TABOO, ("name",)),
        )

    def headline(self) -> dict[str, Number]:
        """The figures that a shift leader looks at first."""
        begun, handed = _total(self.begun), _total(self.handed)
        waited = sum(row[1] for row in self.waits)
        talked = sum(row[1] for row in self.talks)
        answered = next((row for row in self.waits if row[0] == ANSWERED), None)
        scores = [(score, number) for score, number in self.ratings]
        rated = _total(self.ratings)
        return {
            "conversations": begun,
            "contained": _share(begun - handed, begun),
            "handoffs": _total(self.reasons),
            "mean_wait": round(answered[2] / answered[1], 1) if answered else None,
            "unanswered": _share(sum(row[3] for row in self.waits), waited),
            "talk_time": round(sum(row[2] for row in self.talks) / talked, 1) if talked else None,
            "tickets": _total(self.tickets),
            "late": _share(sum(row[-1] for row in self.tickets if row[3]), _total(self.tickets)),
            "open_late": sum(row[-1] for row in self.tickets if row[3] and row[2] in {one.value for one in OPEN}),
            "satisfaction": round(sum(s * n for s, n in scores) / rated, 2) if rated else None,
            "content": _share(sum(n for s, n in scores if s in CONTENT), rated),
            "ratings": rated,
            "not_understood": _share(self.not_understood, self.understood + self.not_understood),
            "taboo": _total(self.taboo),
        }

    def channels(self) -> list[list[Any]]:
        """Conversations and the share that was contained, by channel."""
        begun, handed = _by_channel(self.begun), _by_channel(self.handed)
        return [[name, n, _share(n - handed[name], n)] for name, n in begun.most_common()]

    def endings(self) -> list[list[Any]]:
        """How waiting in the queue ended."""
        rows = sorted(self.waits, key=lambda row: -row[1])
        return [[name, number, round(seconds / number, 1), over] for name, number, seconds, over in rows]


def grouped(phrases: Rows) -> list[list[Any]]:
    """Phrases that differ in fillers, stutters and punctuation only, together under the most frequent of them; what
    was blotted out whole is none.
    """
    found: dict[str, list[Any]] = {}
    for phrase, number in phrases:
        if collapse(phrase):
            found.setdefault(collapse(phrase), [phrase, 0])[1] += number
    return sorted(found.values(), key=lambda row: (-row[1], row[0]))


def _traffic(period: Period, this: _Counted, before: _Counted) -> Table:
    begun, handed, was = (_pieces(period, rows) for rows in (this.begun, this.handed, before.begun))
    earlier = period.labels(period.before)
    rows = []
    for n, label in enumerate(period.labels(period.span)):
        compared = was[earlier[n]] if n < len(earlier) else None
        rows.append([label, begun[label], compared, _share(begun[label] - handed[label], begun[label])])
    return Table("traffic", ("period", "conversations", "before", "contained"), rows)


def _pieces(period: Period, rows: Rows) -> Counter[str]:
    found: Counter[str] = Counter()
    for day, *hour, _channel, number in rows:
        found[period.label(day, *hour)] += number
    return found


async def _comments(store: ReportStore, span: Span, now: datetime) -> list[list[Any]]:
    rows = await store.comments(span, MOST_COMMENTS)
    zone = now.tzinfo
    return [[at.astimezone(zone).isoformat(timespec="minutes"), *rest, mask(comment)] for at, *rest, comment in rows]


def _by_channel(rows: Rows) -> Counter[str]:
    found: Counter[str] = Counter()
    for *_, channel, number in rows:
        found[channel] += number
    return found


def _filled(rows: Rows, keys: Iterable[int]) -> list[list[Any]]:
    counts: dict[Any, int] = dict(rows)
    return [[key, counts.get(key, 0)] for key in keys]


def _sorted(rows: Rows) -> list[list[Any]]:
    return sorted(map(list, rows), key=lambda row: (-row[1], row[0]))


def _total(rows: Rows) -> int:
    return sum(row[-1] for row in rows)


def _share(part: int, whole: int) -> Number:
    return round(part / whole, 4) if whole else None


def _by_clause(rows: Rows) -> list[list[Any]]:
    def key(row: list[Any]) -> tuple[str, int]:
        book, _, number = row[0].partition("-")
        return book, int(number or 0)

    return sorted(map(list, rows), key=key)
