"""The clock: China's civil time, real or fixed (``HOTLINE_NOW``)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Optional
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """The present moment in China's civil time."""
        return datetime.now(ZONE)


class FixedClock:
    """A clock that stands still until it is set or moved; for demonstrations and tests."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(ZONE)

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Set it to another moment."""
        self._moment = moment.astimezone(ZONE)

    def advance(self, by: timedelta) -> None:
        """Move it on."""
        self._moment += by


def add_months(month: date, count: int) -> date:
    """The first day of the month that lies ``count`` months after ``month``'s."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def month_of(moment: date, offset: int = 0) -> date:
    """The first day of that moment's month, moved by ``offset`` months."""
    return add_months(date(moment.year, moment.month, 1), offset)


def clock_for(now: Optional[str]) -> SystemClock | FixedClock:
    """The clock a deployment asked for; ``now`` is ISO 8601 with zone, empty for the real time."""
    return FixedClock(datetime.fromisoformat(now)) if now else SystemClock()
