"""The farewell of the day (1258-6): 祝您周末愉快 on weekends, 祝您XX节愉快 on public holidays.

China's real calendar with its made-up working days comes from the package ``holidays``, which is updated each year
when the State Council publishes the arrangement.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Optional

import holidays

_SUBSTITUTE = "休息日"
_EVE = {"农历除夕": "春节"}


def holiday_name(day: date) -> Optional[str]:
    """The public holiday whose days off a day belongs to, such as 国庆节; None on any other day.

    Days off that were moved next to a holiday, and weekends enclosed in it, belong to it.
    """
    calendar = _calendar(day.year)
    if not _is_off(day, calendar):
        return None
    for step in (-1, 1):
        probe = day
        while _is_off(probe, calendar):
            name = _proper_name(probe, calendar)
            if name:
                return name
            probe += timedelta(days=step)
    return None


def is_weekend(day: date) -> bool:
    """Saturday or Sunday that is not made up for as a working day."""
    return day.weekday() >= 5 and day not in _calendar(day.year).weekend_workdays


@lru_cache(maxsize=8)
def _calendar(year: int) -> Any:
    return holidays.country_holidays("CN", years=[year - 1, year, year + 1], language="zh_CN")


def _is_off(day: date, calendar: Any) -> bool:
    return day in calendar or (day.weekday() >= 5 and day not in calendar.weekend_workdays)


def _proper_name(day: date, calendar: Any) -> Optional[str]:
    name = calendar.get(day)
    if not name or name.startswith(_SUBSTITUTE):
        return None
    plain = re.split(r"[;\uff08、]", str(name))[0].strip()
    return _EVE.get(plain, plain)
