"""Staffing help (排班): what the coming week will bring, and how many agents it takes (Erlang C).

The forecast of an hour is the mean of that weekday and hour over the last eight whole weeks, or over those since the
first conversation where there were fewer. Erlang C assumes that customers arrive independently and wait; who hangs up
makes it err on the side of too many agents.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Optional

from hotline.ports import ReportStore, Rows, Span
from hotline.services.facts import HANDOFF, TALKED
from hotline.services.handoff import USUAL_TALK

WEEKS = 8
HOUR = 3600.0
ANSWERED_SHARE, WITHIN = 0.8, 20.0  # 80 % answered in 20 s
WEEKLY_HOURS = 40
SLOTS = [(weekday, hour) for weekday in range(7) for hour in range(24)]

Slot = tuple[int, int]


@dataclass(frozen=True)
class Staffing:
    """The coming week from ``monday`` on.

    By weekday (0 Monday) and hour: ``expected`` handoffs and ``agents`` needed. ``talk_time`` in seconds was measured
    over ``weeks`` weeks (0: nothing to measure yet). ``error`` is by how much last week's forecast was off, as a share
    of what came; None when there was no forecast or nothing came. ``people`` are needed for ``agent_hours`` when each
    works at most 40 hours a week.
    """

    monday: date
    weeks: int
    talk_time: float
    expected: Mapping[Slot, float]
    agents: Mapping[Slot, int]
    error: Optional[float]
    last_week: tuple[float, int]

    @property
    def agent_hours(self) -> int:
        """Hours that all agents together work."""
        return sum(self.agents.values())

    @property
    def people(self) -> int:
        """How many it takes: the hours of the week shared out, and never fewer than are needed at once."""
        return max(math.ceil(self.agent_hours / WEEKLY_HOURS), max(self.agents.values(), default=0))


async def staffing(store: ReportStore, today: date) -> Staffing:
    """The help for the week after this one."""
    this_monday = today - timedelta(days=today.weekday())
    first = await store.first_day()
    since = Span(this_monday - timedelta(weeks=WEEKS + 1), this_monday - timedelta(days=1))
    arrived = await store.count(since, HANDOFF, ("day", "hour"))
    talks = await store.measured(since, TALKED)
    number, seconds = sum(row[1] for row in talks), sum(row[2] for row in talks)
    talk_time = seconds / number if number else USUAL_TALK
    weeks = weeks_before(this_monday, first)
    expected = forecast(arrived, this_monday, weeks)
    last_monday = this_monday - timedelta(weeks=1)
    earlier = forecast(arrived, last_monday, weeks_before(last_monday, first))
    came = slots_of(arrived, last_monday, 1)
    return Staffing(
        monday=this_monday + timedelta(weeks=1),
        weeks=weeks,
        talk_time=talk_time,
        expected=expected,
        agents={slot: agents_needed(load, talk_time) for slot, load in expected.items()},
        error=error_of(earlier, came),
        last_week=(sum(earlier.values()), sum(came.values())),
    )


def weeks_before(monday: date, first: Optional[date]) -> int:
    """How many whole weeks, eight at most, there are between the first conversation and a Monday."""
    return 0 if first is None else min(max((monday - first).days // 7, 0), WEEKS)


def forecast(arrived: Rows, monday: date, weeks: int) -> dict[Slot, float]:
    """The mean of each hour of the week over the weeks before a Monday; rows are (day, hour, number)."""
    counts = slots_of(arrived, monday - timedelta(weeks=weeks), weeks)
    return {slot: counts[slot] / weeks if weeks else 0.0 for slot in SLOTS}


def slots_of(arrived: Rows, monday: date, weeks: int) -> Counter[Slot]:
    """How much came in each hour of the week, all weeks from a Monday on together."""
    found: Counter[Slot] = Counter()
    for day, hour, number in arrived:
        if monday <= day < monday + timedelta(weeks=weeks):
            found[day.weekday(), hour] += number
    return found


def error_of(expected: Mapping[Slot, float], came: Mapping[Slot, int]) -> Optional[float]:
    """All hours' misses together as a share of what came (weighted absolute percentage error)."""
    total = sum(came.values())
    if not total or not any(expected.values()):
        return None
    return round(sum(abs(expected[slot] - came.get(slot, 0)) for slot in SLOTS) / total, 4)


def agents_needed(arrivals: float, talk_time: float) -> int:
    """The fewest agents who answer 80 % of an hour's arrivals within 20 s, talking ``talk_time`` seconds each."""
    load = arrivals * talk_time / HOUR
    if load <= 0:
        return 0
    agents = math.floor(load) + 1  # with fewer the queue would grow for ever
    while answered_within(agents, load, talk_time, WITHIN) < ANSWERED_SHARE:
        agents += 1
    return agents


def answered_within(agents: int, load: float, talk_time: float, seconds: float) -> float:
    """The share that waits at most so long; ``load`` in Erlang, below the number of agents."""
    return 1 - waiting_probability(agents, load) * math.exp(-(agents - load) * seconds / talk_time)


def waiting_probability(agents: int, load: float) -> float:
    """Erlang C: how likely a customer has to wait, from Erlang B, the share of a Poisson distribution cut off there."""
    # Not scipy.stats, which takes half a second to import and thirty times as long to answer: customers wait meanwhile.
    from scipy.special import gammaln, pdtr, xlogy

    just_so_many = math.exp(xlogy(agents, load) - load - gammaln(agents + 1))
    blocked = just_so_many / float(pdtr(agents, load))
    return blocked / (1 - load / agents * (1 - blocked))
