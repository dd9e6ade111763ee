"""Traditional and simplified characters (ch3: 首先使用普通话,如客户需要可使用地方话), by OpenCC.

Converters are built on first use: each reads a dictionary of some megabytes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import opencc


@cache
def _converter(name: str) -> Any:
    return opencc.OpenCC(name)


def is_traditional(text: str) -> bool:
    """Whether a text is written in traditional characters: at least two of them, or one of four at most."""
    simplified = to_simplified(text)
    changed = sum(1 for before, after in zip(text, simplified, strict=False) if before != after)
    return changed >= 2 or (changed == 1 and sum(map(str.isalpha, text)) <= 4)


def is_simplified(text: str) -> bool:
    """Whether a text has characters that only simplified writing has."""
    return bool(_converter("s2t").convert(text) != text)


def to_simplified(text: str) -> str:
    """The text in simplified characters."""
    return str(_converter("t2s").convert(text))


def to_traditional(text: str) -> str:
    """The text in traditional characters, as they are written today (為, 裡: OpenCC's own standard has 爲, 裏)."""
    return str(_converter("s2tw").convert(text))
