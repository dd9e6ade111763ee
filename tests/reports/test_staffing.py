"""Erlang C against published values, the forecast against counting by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from hotline.ports import Fact
from hotline.reports.staffing import (
    agents_needed,
    answered_within,
    error_of,
    forecast,
    staffing,
    waiting_probability,
    weeks_before,
)
from tests.reports.made import happened, services_at

MONDAY = date(2026, 10, 19)


@pytest.mark.parametrize(
    ("agents", "load", "waits"),
    [(2, 1.0, 0.3333), (11, 10.0, 0.6821), (12, 10.0, 0.4494), (14, 10.0, 0.1741), (20, 15.0, 0.1604)],
)
def test_the_probability_of_waiting_is_that_of_the_tables(agents: int, load: float, waits: float) -> None:
    assert waiting_probability(agents, load) == pytest.approx(waits, abs=5e-5)


def test_two_hundred_calls_an_hour_of_three_minutes_take_fourteen_agents() -> None:
    assert agents_needed(200, 180.0) == 14
    assert answered_within(14, 10.0, 180.0, 20.0) == pytest.approx(0.888, abs=5e-4)
    assert answered_within(13, 10.0, 180.0, 20.0) < 0.8


def test_nobody_is_needed_when_nobody_calls() -> None:
    assert agents_needed(0, 180.0) == 0


def test_an_hour_is_expected_to_be_the_mean_of_its_weeks() -> None:
    rows = [(MONDAY - timedelta(weeks=n), 9, n) for n in range(1, 5)] + [(MONDAY, 9, 100)]
    expected = forecast(rows, MONDAY, 4)
    assert expected[0, 9] == 2.5 and sum(expected.values()) == 2.5


def test_the_error_is_the_sum_of_the_misses_over_what_came() -> None:
    assert error_of({**forecast([], MONDAY, 1), (0, 9): 4.0, (1, 9): 2.0}, {(0, 9): 6, (2, 9): 2}) == 0.75
    assert error_of(forecast([], MONDAY, 1), {(0, 9): 6}) is None


@pytest.mark.parametrize(
    ("first", "weeks"),
    [(None, 0), (MONDAY - timedelta(days=6), 0), (MONDAY - timedelta(days=15), 2), (date(2020, 1, 1), 8)],
)
def test_only_whole_weeks_and_at_most_eight_count(first: date | None, weeks: int) -> None:
    assert weeks_before(MONDAY, first) == weeks


async def test_the_plan_of_the_coming_week(tmp_path: Path) -> None:
    async with services_at(tmp_path) as services:  # a Wednesday
        for week in (1, 2):
            day = MONDAY - timedelta(weeks=week)
            for number in range(60 * week):
                await happened(services, f"{week}-{number}", day, 9, Fact("begun"), Fact("handoff", "requested"))
        await happened(services, "1-0", MONDAY - timedelta(weeks=1), 9, Fact("talked", "a1001", 240))
        plan = await staffing(services.reports, services.clock.now().date())
    assert plan.monday == MONDAY + timedelta(weeks=1)
    assert (plan.weeks, plan.talk_time) == (2, 240.0)
    assert plan.expected[0, 9] == 90.0 and plan.agents[0, 9] == agents_needed(90, 240.0) == 9
    assert plan.agent_hours == 9 and plan.people == 9  # as many as are needed at once
    assert plan.error == 1.0 and plan.last_week == (120.0, 60)  # twice as many were expected as came
