"""Numbers as customers say them: 一百二十八, 十二块六, 五毛, 3.5."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Optional

NUMERAL = r"(?:\d+(?:\.\d{1,2})?|[零一二两三四五六七八九十百千万]+(?:点[零一二三四五六七八九]+)?)"
"""Pattern of a number, in digits or characters."""

_ONE = "[一二两三四五六七八九1-9]"
# 十二块六 is 12.6 and 三块零五分 3.05, but 三十块一天 and 二十块三个G are no tenths.
_COUNTED = "个|天|月|年|次|条|分钟|张|台|份|块|G|g|兆|M|[十百千点\\d]"
_MONEY = re.compile(
    f"(?P<yuan>{NUMERAL})(?:[来几多]+)?(?:元|块)"
    f"(?:钱|[零0](?:(?P<dime>{_ONE})(?:毛|角)|(?P<cent>{_ONE})分(?!钟))"
    f"|(?P<jiao>{_ONE})(?!{_COUNTED})(?:毛|角)?(?:(?P<fen>{_ONE})(?!{_COUNTED}))?(?:分(?!钟))?)?"
    f"|(?P<mao>{_ONE})(?:毛|角)(?:钱|(?P<li>{_ONE})(?!{_COUNTED}))?"
)
_UNITS = {"dime": "0.1", "cent": "0.01", "jiao": "0.1", "fen": "0.01", "mao": "0.1", "li": "0.01"}
_TOGETHER = re.compile("一块(?:儿|取消|退|办|开|坐|去|查|弄|吃|给|用|算|说|交|来|玩|关|看)")


def number(text: str) -> Optional[Decimal]:
    """The value of a numeral, None when it is none."""
    import cn2an

    try:
        return Decimal(str(cn2an.cn2an(text, "smart")))
    except (ValueError, ArithmeticError, LookupError):  # cn2an looks up 百一 and the like in vain
        return None


def plain(value: Decimal) -> str:
    """Without needless zeros and never in scientific notation: 58, 12.6, 0.19."""
    return f"{value.normalize():f}"


def money(text: str) -> list[tuple[int, int, Decimal]]:
    """Every amount in yuan with its unit named: start, end, value. About-amounts (三十多块) count as their base."""
    found = []
    for m in _MONEY.finditer(text):
        value = number(m["yuan"] or "零")
        if value is None or _TOGETHER.match(text, m.start()):
            continue  # 五六十块 is no amount, 一块儿坐坐 no money
        for group, unit in _UNITS.items():
            if m[group]:
                value += (number(m[group]) or Decimal(0)) * Decimal(unit)
        found.append((m.start(), m.end(), value))
    return found
