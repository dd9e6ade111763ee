"""Every figure against an independent count over the raw events of talks that the real engine served.

Raw events are what was kept before there were reports: the trackers' events with their moments, the answers that were
given, the histories of handoffs and tickets, ratings. The reports read facts; this file reads none.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from hotline.clock import ZONE
from hotline.logs import configure_logs
from hotline.masking import mask
from hotline.reports.figures import Report, grouped, report
from hotline.reports.period import Period, period
from hotline.settings import ROOT, load_settings
from hotline.testing import traffic
from hotline.testing.demo import NOW, demo_database_url
from hotline.text import collapse

TALKS, DAYS = 60, 6
HALF = DAYS // 2
LAST = (NOW - timedelta(days=DAYS - HALF)).date()  # of the first half; the second half is compared with it


@dataclass
class Raw:
    """What happened, counted from the raw events of some days on one channel or on all."""

    begun: dict[str, tuple[date, int, str]] = field(default_factory=dict)
    handed: set[str] = field(default_factory=set)
    understood: int = 0
    lost: list[str] = field(default_factory=list)
    topics: set[tuple[str, str]] = field(default_factory=set)
    clauses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    talks: list[float] = field(default_factory=list)
    tickets: Counter[tuple[str, int, str, int]] = field(default_factory=Counter)
    scores: Counter[int] = field(default_factory=Counter)
    comments: list[tuple[str, str]] = field(default_factory=list)
    held: int = 0


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Report]]]:
    """The database after some days of traffic, and reports of it."""
    directory = tmp_path_factory.mktemp("traffic")
    url = demo_database_url(directory, NOW - timedelta(days=DAYS))
    settings = load_settings(database_url=url, var=directory, survey_ivr=1.0, ticket_hours_1=4, ticket_hours_2=6)
    configure_logs("ERROR")
    loop = asyncio.new_event_loop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traffic, "HUMAN", 0.4)
        patch.setattr(traffic, "STRANGE", 0.4)
        patch.setattr(traffic, "RUDE", 0.5)
        patch.setattr(traffic, "RATES", 1.0)
        player = traffic.Traffic(settings, NOW)
        cases = traffic.talks_of(ROOT / "tests" / "conversations")
        cases += 4 * [case for case in cases if case.file.stem in ("complaint", "fault")]  # tickets are rare otherwise
        loop.run_until_complete(player.play(cases, TALKS, DAYS, lambda _: None))
    player.clock.set(NOW)
    store, found = player.services.reports, {}
    for name, channel in (("all", ""), ("web", "web"), ("ivr", "ivr")):
        found[name] = loop.run_until_complete(report(store, _period(channel), NOW))
    while loop.run_until_complete(store.sum_up(NOW.date())):
        pass
    found["summed"] = loop.run_until_complete(report(store, _period(""), NOW))
    loop.run_until_complete(player.close())
    loop.close()
    yield directory / "hotline.db", found


def _period(channel: str) -> Period:
    return period((LAST + timedelta(days=1)).isoformat(), NOW.date().isoformat(), "day", channel, NOW.date())


@pytest.fixture(params=["all", "web", "ivr", "summed"])
def both(request: pytest.FixtureRequest, played: tuple[Path, dict[str, Report]]) -> tuple[Report, Raw, Raw]:
    """A report, and the raw counts of its period and of the one before."""
    path, reports = played
    found = reports[request.param]
    span, before = found.period.span, found.period.before
    channel = request.param if request.param in ("web", "ivr") else ""
    return found, counted(path, span.first, span.last, channel), counted(path, before.first, before.last, channel)


def counted(path: Path, first: date, last: date, channel: str) -> Raw:
    """Count again, by other means."""
    raw = Raw()
    base = sqlite3.connect(path)
    base.row_factory = sqlite3.Row
    channels = dict(base.execute("SELECT id, channel FROM conversations").fetchall())

    def wanted(day: date, of: str) -> bool:
        return first <= day <= last and (not channel or of == channel)

    handoffs = {row["id"]: row for row in base.execute("SELECT * FROM handoffs")}
    all_handed = {row["conversation"] for row in handoffs.values()}
    turns: dict[str, datetime] = {}
    for row in base.execute("SELECT * FROM tracker_events ORDER BY created, position"):
        name, at = row["conversation"], moment(row["created"])
        for event in json.loads(row["events"]):
            if event["event"] == "user":
                # A turn within a turn (two requests in one breath) belongs to the message that it came with.
                turns.setdefault(f"{name} {event['message_id'].split('.')[0]}", at)
                if event["text"] and name not in raw.begun:
                    raw.begun[name] = (at.date(), at.hour, channels[name])
    raw.begun = {name: value for name, value in raw.begun.items() if wanted(value[0], value[2])}
    raw.handed = all_handed & set(raw.begun)
    seen_topics: set[tuple[str, str]] = set()
    for row in base.execute("SELECT * FROM answers ORDER BY conversation, sequence"):
        name, answers = row["conversation"], json.loads(row["answers"])
        at = turns.get(f"{name} {row['message_id']}")
        if at is None or not answers:
            continue
        here = wanted(at.date(), channels[name])
        said = "".join(answer["metadata"].get("said", "") for answer in answers)
        if said and any(answer["name"] for answer in answers):
            missed = any("not_understood" in answer["metadata"] for answer in answers)
            if here and missed:
                raw.lost.append(said)
            elif here:
                raw.understood += 1
        for answer in answers:
            clause = answer["metadata"].get("clause", "house")
            if here and clause != "house":
                raw.clauses[clause] += 1
            topic = [*answer["name"].split("_"), "", ""][1]
            if topic in ("billing", "service", "fault", "complaint", "secretary") and (name, topic) not in seen_topics:
                seen_topics.add((name, topic))
                if here:
                    raw.topics.add((name, topic))
    history = defaultdict(list)
    for row in base.execute("SELECT * FROM handoff_history ORDER BY id"):
        history[row["handoff_id"]].append((row["move"], row["after"], moment(row["at"])))
    for number, moves in history.items():
        one = handoffs[number]
        asked = moves[0][2]
        if wanted(asked.date(), one["channel"]):
            raw.reasons[one["reason"]] += 1
            raw.held += one["held"]
        out = next((entry for entry in moves if entry[0] in ("claim", "cancel", "leave", "expire")), None)
        if out and wanted(out[2].date(), one["channel"]):
            ending = "answered" if out[0] == "claim" else out[1]
            raw.waits[ending].append((out[2] - asked).total_seconds())
        closed = next((at for _, after, at in moves if after == "closed"), None)
        if closed and out and out[0] == "claim" and wanted(closed.date(), one["channel"]):
            raw.talks.append((closed - out[2]).total_seconds())
    for row in base.execute("SELECT * FROM tickets"):
        if wanted(moment(row["created"]).date(), row["channel"]):
            moves = base.execute("SELECT * FROM ticket_history WHERE ticket_id = ? ORDER BY id", (row["id"],))
            answered = [moment(move["at"]) for move in moves if move["after"] in ("answered", "archived", "withdrawn")]
            late = min(answered, default=NOW) > moment(row["deadline"])
            raw.tickets[row["category"], row["level"], row["state"], int(late)] += 1
    for row in base.execute("SELECT * FROM ratings"):
        if wanted(moment(row["at"]).date(), row["channel"]):
            raw.scores[row["score"]] += 1
            if row["comment"]:
                raw.comments.append((row["conversation"], mask(row["comment"])))
    base.close()
    return raw


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).astimezone(ZONE)


def share(part: int, whole: int) -> float | None:
    return pytest.approx(part / whole, abs=1e-4) if whole else None


def headline(raw: Raw) -> dict[str, Any]:
    late = sum(number for key, number in raw.tickets.items() if key[3])
    unsettled = ("accepted", "dispatched", "returned")
    waits = [wait for group in raw.waits.values() for wait in group]
    answered, rated = raw.waits["answered"], sum(raw.scores.values())
    total = sum(score * number for score, number in raw.scores.items())
    return {
        "conversations": len(raw.begun),
        "contained": share(len(raw.begun) - len(raw.handed), len(raw.begun)),
        "handoffs": sum(raw.reasons.values()),
        # Seconds are kept whole.
        "mean_wait": pytest.approx(sum(answered) / len(answered), abs=0.6) if answered else None,
        "unanswered": share(sum(wait > 60.5 for wait in waits), len(waits)),
        "talk_time": pytest.approx(sum(raw.talks) / len(raw.talks), abs=0.6) if raw.talks else None,
        "tickets": sum(raw.tickets.values()),
        "late": share(late, sum(raw.tickets.values())),
        "open_late": sum(number for key, number in raw.tickets.items() if key[3] and key[2] in unsettled),
        "satisfaction": pytest.approx(total / rated, abs=0.01) if rated else None,
        "content": share(raw.scores[4] + raw.scores[5], rated),
        "ratings": rated,
        "not_understood": share(len(raw.lost), raw.understood + len(raw.lost)),
        "taboo": raw.held,
    }


def test_the_traffic_has_something_of_everything(played: tuple[Path, dict[str, Report]]) -> None:
    values = {name: now for name, (now, _) in played[1]["all"].headline.items()}
    missing = [name for name, value in values.items() if not value and name != "open_late"]
    assert not missing
    assert all(played[1]["all"].tables[name].rows for name in ("comments", "phrases", "taboo", "tickets"))


def test_every_headline_figure_is_what_the_raw_events_say(both: tuple[Report, Raw, Raw]) -> None:
    found, now, before = both
    assert {name: value for name, (value, _) in found.headline.items()} == headline(now)
    assert {name: was for name, (_, was) in found.headline.items()} == headline(before)


def test_traffic_by_day_and_hour_is_what_the_raw_events_say(both: tuple[Report, Raw, Raw]) -> None:
    found, now, before = both
    days, were = (Counter(day for day, _, _ in raw.begun.values()) for raw in (now, before))
    handed = Counter(now.begun[name][0] for name in now.handed)
    expected = []
    for n in range(HALF):
        day, earlier = LAST + timedelta(days=1 + n), LAST - timedelta(days=HALF - 1 - n)
        expected.append([day.isoformat(), days[day], were[earlier], share(days[day] - handed[day], days[day])])
    assert found.tables["traffic"].rows == expected
    hours = Counter(hour for _, hour, _ in now.begun.values())
    assert found.tables["hours"].rows == [[hour, hours[hour]] for hour in range(24)]


def test_channels_are_what_the_raw_events_say(both: tuple[Report, Raw, Raw]) -> None:
    found, now, _ = both
    channels = Counter(channel for _, _, channel in now.begun.values())
    handed = Counter(now.begun[name][2] for name in now.handed)
    expected = {name: [name, n, share(n - handed[name], n)] for name, n in channels.items()}
    assert {row[0]: row for row in found.tables["channels"].rows} == expected


@pytest.mark.parametrize("table", ["topics", "reasons", "clauses", "tickets", "ratings", "waits", "phrases"])
def test_a_table_is_what_the_raw_events_say(both: tuple[Report, Raw, Raw], table: str) -> None:
    found, raw, _ = both
    topics = Counter(topic for _, topic in raw.topics)
    waits = [
        (name, len(all_), pytest.approx(sum(all_) / len(all_), abs=0.6), sum(wait > 60.5 for wait in all_))
        for name, all_ in sorted(raw.waits.items())
        if all_
    ]
    expected: dict[str, Any] = {
        "topics": topics,
        "reasons": raw.reasons,
        "clauses": raw.clauses,
        "tickets": {(*key, number) for key, number in raw.tickets.items()},
        "ratings": {score: raw.scores[score] for score in range(1, 6)},
        "waits": waits,
        "phrases": Counter(collapse(mask(text)) for text in raw.lost if collapse(mask(text))),
    }
    rows = found.tables[table].rows
    shown: Any = {tuple(row) for row in rows} if table == "tickets" else sorted(map(tuple, rows))
    if table != "tickets" and table != "waits":
        shown = {(collapse(name) if table == "phrases" else name): number for name, number in rows}
    assert shown == expected[table]


def test_comments_are_those_of_the_ratings(both: tuple[Report, Raw, Raw]) -> None:
    found, raw, _ = both
    rows = found.tables["comments"].rows
    assert sorted((conversation, comment) for _, conversation, _, comment in rows) == sorted(raw.comments)
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)


def test_held_back_phrases_add_up(both: tuple[Report, Raw, Raw]) -> None:
    found, raw, _ = both
    assert sum(number for _, number in found.tables["taboo"].rows) == raw.held


def test_phrases_that_differ_in_fillers_are_one() -> None:
    rows = [("我要办那个", 2), ("嗯我要办那个。", 1), ("******", 9), ("呃,查话费", 1)]
    assert grouped(rows) == [["我要办那个", 3], ["呃,查话费", 1]]
