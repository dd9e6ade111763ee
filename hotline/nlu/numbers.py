"""Numbers as customers say them: 一百二十八, 十二块六, 五毛, 3.5."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Optional

NUMERAL = r"(?:\d+(?:\.\d{1,2})?|[零一二两三四五六七八九十百千万]+(?:点[零一二三四五六七八九]+)?)"
"""Pattern of a number, in digits or characters."""

_MONEY = re.compile(
    f"(?P<yuan>{NUMERAL})(?:[来几多]+)?(?:元|块)(?:钱|(?P<jiao>[一二两三四五六七八九1-9])(?:毛|角)?(?P<fen>[一二三四五六七八九1-9])?分?(?!个))?"
    "|(?P<mao>[一二两三四五六七八九1-9])(?:毛|角)(?:钱|(?P<li>[一二三四五六七八九1-9]))?"
)


def number(text: str) -> Optional[Decimal]:
    """The value of a numeral, None when it is none."""
    import cn2an

    try:
        return Decimal(str(cn2an.cn2an(text, "smart")))
    except (ValueError, ArithmeticError):
        return None


def plain(value: Decimal) -> str:
    """Without needless zeros and never in scientific notation: 58, 12.6, 0.19."""
    return f"{value.normalize():f}"


def money(text: str) -> list[tuple[int, int, Decimal]]:
    """Every amount in yuan with its unit named: start, end, value. About-amounts (三十多块) count as their base."""
    found = []
    for m in _MONEY.finditer(text):
        value = number(m["yuan"] or "零") or Decimal(0)
        for group, unit in (("jiao", "0.1"), ("fen", "0.01"), ("mao", "0.1"), ("li", "0.01")):
            if m[group]:
                value += (number(m[group]) or Decimal(0)) * Decimal(unit)
        found.append((m.start(), m.end(), value))
    return found
