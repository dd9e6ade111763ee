"""Which days a report is about, which days it is compared with, and into which pieces they are cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hotline.clock import add_months
from hotline.errors import MessageRejectedError
from hotline.ports import Span

STEPS = ("hour", "day", "month", "year")
MOST_DAYS = {"hour": 62, "day": 1100, "month": 36600, "year": 36600}
CHANNELS = ("web", "ivr")
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)  # beyond them is a slip of the hand
USUAL = 30  # days that a report is about when nobody says otherwise
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """A span and the step by which its traffic is shown."""

    span: Span
    step: str

    @property
    def before(self) -> Span:
        """The period before: as many days; where this one begins with a month, the same days as many months earlier;
        where it begins with a year and is more than January, the same days of the year before.
        """
        first, last = self.span.first, self.span.last
        if first.day == 1 and last > first:
            months = (last.year - first.year) * 12 + last.month - first.month + 1
            if first.month == 1 and months > 1:
                months += -months % 12
            begin, end = add_months(first, -months), add_months(last, 1 - months) - DAY
            if (last + DAY).day != 1 and last.day < end.day:
                end = end.replace(day=last.day)
            return replace(self.span, first=begin, last=end)
        return replace(self.span, first=first - (last - first) - DAY, last=first - DAY)

    def label(self, day: date, hour: int = 0) -> str:
        """The piece that an hour belongs to: ``2026-10-21 09``, ``2026-10-21``, ``2026-10`` or ``2026``."""
        if self.step == "hour":
            return f"{day.isoformat()} {hour:02}"
        return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.step]]

    def labels(self, span: Span) -> list[str]:
        """All pieces of a span, in order."""
        hours = range(24) if self.step == "hour" else range(1)
        return list(dict.fromkeys(self.label(day, hour) for day in _days(span) for hour in hours))


def period(first: str, last: str, step: str, channel: str, today: date) -> Period:
    """What a request asks for; days are ISO 8601, by default the last 30 up to today. Raises
    ``MessageRejectedError``.
    """
    end = _day("to", last) if last else today
    begin = _day("from", first) if first else end - (USUAL - 1) * DAY
    step = step or ("hour" if begin == end else "day")
    if channel and channel not in CHANNELS:
        raise MessageRejectedError("channel", f"must be one of {' '.join(CHANNELS)}")
    if step not in STEPS:
        raise MessageRejectedError("by", f"must be one of {' '.join(STEPS)}")
    if begin > end:
        raise MessageRejectedError("to", "must not be before from")
    if (end - begin).days >= MOST_DAYS[step]:
        raise MessageRejectedError("by", f"at most {MOST_DAYS[step]} days can be shown by {step}")
    return Period(Span(begin, end, channel), step)


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise MessageRejectedError(name, "must be a day such as 2026-10-21") from None
    if not EARLIEST <= day <= LATEST:
        raise MessageRejectedError(name, f"must be between {EARLIEST} and {LATEST}")
    return day


def _days(span: Span) -> Iterator[date]:
    return (span.first + n * DAY for n in range((span.last - span.first).days + 1))
