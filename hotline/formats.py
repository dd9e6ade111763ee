"""How values are written inside sentences: money, volumes, days and months. No words, only figures and their units."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")


def money(amount: Decimal) -> str:
    """Yuan with two decimals: 86.40."""
    return str(amount.quantize(_CENT, ROUND_HALF_UP))


def fee(amount: Decimal) -> str:
    """A price without needless decimals: 58, 9.90."""
    return str(amount.to_integral()) if amount == amount.to_integral() else money(amount)


def volume(megabytes: int) -> str:
    """A data volume: 500MB, 3GB, 7.15GB."""
    if megabytes < 1024:
        return f"{megabytes}MB"
    gigabytes = Decimal(megabytes) / 1024
    return f"{gigabytes.quantize(_CENT, ROUND_HALF_UP).normalize():f}GB"


def day(value: date) -> str:
    """2026年3月5日."""
    return f"{value.year}年{value.month}月{value.day}日"


def moment(value: datetime) -> str:
    """3月5日13点, 3月5日13点05分."""
    minutes = f"{value.minute:02d}分" if value.minute else ""
    return f"{value.month}月{value.day}日{value.hour}点{minutes}"


def hours(value: str) -> str:
    """09:00-18:30 as 9点至18点30分."""
    ends = []
    for end in value.split("-"):
        hour, _, minute = end.partition(":")
        ends.append(f"{int(hour)}点{minute + '分' if minute.strip('0') else ''}")
    return "至".join(ends)


def month(value: date) -> str:
    """2026年3月."""
    return f"{value.year}年{value.month}月"
