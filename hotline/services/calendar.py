"""The farewell of the day (1258-6), 祝您周末愉快 on weekends, 祝您XX节愉快 on public holidays; opening hours.

China's real calendar with its made-up working days comes from the package ``holidays``, which is updated each year
when the State Council publishes the arrangement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
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


# --- opening hours ----------------------------------------------------------------------------------------------------

_HOURS = re.compile(r"(?:(?P<first>[1-7])(?:-(?P<last>[1-7]))? )?(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)")
_HOLIDAYS = "holidays"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class OpeningHours:
    """When there are people at the desk.

    ``spans`` are weekdays (1 Monday to 7 Sunday), first and last minute of a day; ``closed`` are single days off, and
    ``holidays_off`` closes on public holidays too. A day that was made a working day keeps the hours of its weekday.
    """

    spans: tuple[tuple[int, int, int], ...]
    closed: frozenset[date] = frozenset()
    holidays_off: bool = False

    @classmethod
    def parse(cls, hours: str, closed: str = "") -> OpeningHours:
        """Read ``08:00-20:00`` or ``1-5 08:00-20:00; 6-7 09:00-18:00``, and days off such as ``holidays, 2026-02-16``.

        Raises ``ValueError``. ``00:00-24:00`` is always.
        """
        spans = [span for part in hours.split(";") for span in _spans(part.strip())]
        days = [part.strip() for part in closed.split(",") if part.strip()]
        off = frozenset(date.fromisoformat(day) for day in days if day != _HOLIDAYS)
        return cls(tuple(spans), off, _HOLIDAYS in days)

    def open_at(self, moment: datetime) -> bool:
        """Whether somebody is there."""
        day = moment.date()
        if day in self.closed or (self.holidays_off and holiday_name(day)):
            return False
        minute = moment.hour * 60 + moment.minute
        return any(weekday == day.isoweekday() and start <= minute < end for weekday, start, end in self.spans)

    def next_opening(self, moment: datetime) -> Optional[datetime]:
        """When somebody will be there next, within a month; None when not."""
        starts: Sequence[int] = sorted({start for _, start, _ in self.spans})
        for day in range(31):
            midnight = datetime.combine(moment.date() + timedelta(days=day), time(), moment.tzinfo)
            for start in starts:
                begin = midnight + start * _MINUTE
                if begin > moment and self.open_at(begin):
                    return begin
        return None


def _spans(text: str) -> list[tuple[int, int, int]]:
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError("must be such as 08:00-20:00 or 1-5 08:00-20:00; 6-7 09:00-18:00")
    first = int(match["first"] or 1)
    last = int(match["last"] or match["first"] or 7)
    start, end = _minutes(match["start"]), _minutes(match["end"])
    if end <= start or end > 24 * 60:
        raise ValueError("must end after it begins, by 24:00")
    return [(weekday, start, end) for weekday in range(first, last + 1)]


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
