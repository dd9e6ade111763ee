"""Which days a report is about, and which it is compared with."""

from __future__ import annotations

from datetime import date

import pytest

from hotline.errors import MessageRejectedError
from hotline.reports.period import period

TODAY = date(2026, 10, 21)


def test_by_default_it_is_about_the_last_thirty_days_by_day() -> None:
    chosen = period("", "", "", "", TODAY)
    assert (chosen.span.first, chosen.span.last, chosen.step) == (date(2026, 9, 22), TODAY, "day")
    assert period("2026-10-21", "2026-10-21", "", "", TODAY).step == "hour"


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-10-21", "2026-10-21", ("2026-10-20", "2026-10-20")),
        ("2026-10-12", "2026-10-18", ("2026-10-05", "2026-10-11")),
        ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),
        ("2026-01-01", "2026-12-31", ("2025-01-01", "2025-12-31")),
        ("2026-01-01", "2026-10-21", ("2025-01-01", "2025-10-21")),
        ("2026-10-01", "2026-10-21", ("2026-09-01", "2026-09-21")),
        ("2026-03-01", "2026-03-30", ("2026-02-01", "2026-02-28")),
        ("2026-10-01", "2026-10-01", ("2026-09-30", "2026-09-30")),
    ],
    ids=["a day", "a week", "a month", "a year", "this year", "this month", "a longer month", "the first of a month"],
)
def test_it_is_compared_with_as_many_days_before_or_the_same_days_of_earlier_months(
    first: str, last: str, before: tuple[str, str]
) -> None:
    found = period(first, last, "month", "", TODAY).before
    assert (found.first.isoformat(), found.last.isoformat()) == before


def test_the_pieces_of_a_period_have_no_gaps() -> None:
    chosen = period("2026-10-20", "2026-10-21", "hour", "", TODAY)
    labels = chosen.labels(chosen.span)
    assert len(labels) == 48 and labels[0] == "2026-10-20 00" and labels[-1] == "2026-10-21 23"
    months = period("2025-11-05", "2026-02-01", "month", "", TODAY)
    assert months.labels(months.span) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    years = period("2025-11-05", "2026-02-01", "year", "", TODAY)
    assert years.labels(years.span) == ["2025", "2026"]


@pytest.mark.parametrize(
    ("first", "last", "step", "field"),
    [
        ("yesterday", "", "", "from"),
        ("", "2026-02-30", "", "to"),
        ("2026-10-21", "2026-10-20", "", "to"),
        ("", "", "minute", "by"),
        ("2026-01-01", "2026-10-21", "hour", "by"),
        ("0002-10-21", "", "year", "from"),
        ("", "9999-12-31", "year", "to"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(first: str, last: str, step: str, field: str) -> None:
    with pytest.raises(MessageRejectedError) as refused:
        period(first, last, step, "", TODAY)
    assert refused.value.field == field


def test_a_channel_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MessageRejectedError) as refused:
        period("", "", "", "telepathy", TODAY)
    assert refused.value.field == "channel"
