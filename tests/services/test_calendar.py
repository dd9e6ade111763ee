"""The farewell of the day, on China's real calendar."""

from __future__ import annotations

from datetime import date

import pytest

from hotline.services.calendar import holiday_name, is_weekend


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 10, 1), "国庆节"),
        (date(2026, 10, 4), "国庆节"),  # a Sunday within the days off
        (date(2026, 10, 7), "国庆节"),  # a day off that was moved there
        (date(2026, 10, 8), None),
        (date(2026, 2, 15), "春节"),  # the Sunday before New Year's Eve
        (date(2026, 2, 16), "春节"),
        (date(2026, 1, 1), "元旦"),
        (date(2025, 10, 6), "中秋节"),
        (date(2026, 6, 20), "端午节"),
        (date(2026, 11, 21), None),
    ],
)
def test_a_day_off_belongs_to_its_holiday(day: date, name: str | None) -> None:
    assert holiday_name(day) == name


@pytest.mark.parametrize(
    ("day", "weekend"),
    [(date(2026, 11, 21), True), (date(2026, 11, 22), True), (date(2026, 11, 23), False), (date(2026, 10, 10), False)],
)
def test_a_made_up_working_saturday_is_no_weekend(day: date, weekend: bool) -> None:
    assert is_weekend(day) is weekend
