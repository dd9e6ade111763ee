"""Names of things in a catalogue, found by their characters or by their sound, and by what they cost."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, Optional

from hotline.nlu.sound import syllable

_FEE = re.compile(r"(\d+(?:\.\d+)?)元")
_NUMERALS = "0123456789一二两三四五六七八九十百"
OTHERS = "other_name"
"""The lookup table of names that contain one of ours but are something else: 咪咕阅读 beside 咪咕."""

_SOUNDS_LIKE_FROM = 3
"""Shorter names are matched by character only: two syllables have too many homophones."""


class Named(NamedTuple):
    """A name found in a text."""

    table: str
    value: str
    start: int
    end: int


class Gazetteer:
    """Lookup tables with their synonyms."""

    def __init__(self, tables: Mapping[str, Sequence[str]], synonyms: Mapping[str, str]) -> None:
        """``tables`` lists the canonical names of each table, ``synonyms`` maps other names to canonical ones."""
        self.tables = {table: list(names) for table, names in tables.items()}
        self._canonical: dict[str, dict[str, str]] = {t: {n: n for n in names} for t, names in tables.items()}
        for alias, name in synonyms.items():
            for table, names in tables.items():
                if name in names:
                    self._canonical[table][alias] = name
        for table in ("plan", "pack"):
            for family, members in self._families(table).items():
                if len(members) == 1:
                    self._canonical[table].setdefault(family, members[0])
        self._by_text = {
            table: _either([*names, *self.tables.get(OTHERS, ())])
            for table, names in self._canonical.items()
            if names and table != OTHERS
        }
        self._by_sound: dict[str, dict[str, str]] = {
            table: {
                _sound(n): v
                for n, v in names.items()
                if len(n) >= _SOUNDS_LIKE_FROM and n[0] not in _NUMERALS and not _FEE.search(n)
            }
            for table, names in self._canonical.items()
            if table in ("plan", "pack", "service")
        }

    def _families(self, table: str) -> dict[str, list[str]]:
        families: dict[str, list[str]] = defaultdict(list)
        for name in self.tables.get(table, ()):
            if _FEE.search(name):
                family = _FEE.sub("", name)
                families[family].append(name)
                families[family.replace("套餐", "")].append(name)
        return {family: members for family, members in families.items() if len(family) >= 2 and family != "流量包"}

    def costing(self, table: str, fee: Decimal, text: str = "") -> Optional[str]:
        """The name in a table that costs so much; of several the one whose family is named in the text, else None."""
        matches = [n for n in self.tables.get(table, ()) if (m := _FEE.search(n)) and Decimal(m[1]) == fee]
        for name in matches:
            family = _FEE.sub("", name)
            if family in text or (family.replace("套餐", "") or family) in text:
                return name
        return matches[0] if len(matches) == 1 else None

    def families(self, table: str) -> list[str]:
        """The names of a table without their price: 飞享套餐, 飞享, …"""
        return list(self._families(table))

    def find(self, text: str) -> Iterator[Named]:
        """Every name in a text, the longest first where they overlap within a table."""
        for table, pattern in self._by_text.items():
            for m in pattern.finditer(text):
                if value := self._canonical[table].get(m.group()):
                    yield Named(table, value, m.start(), m.end())
        if not any(self._by_sound.values()):
            return
        sounds = [syllable(c) for c in text]
        spoken = "-" + "-".join(sounds) + "-"
        for table, names in self._by_sound.items():
            for sound, value in names.items():
                at = spoken.find(sound)
                if at >= 0:
                    start = spoken.count("-", 0, at)
                    yield Named(table, value, start, start + sound.count("-") - 1)


def _sound(name: str) -> str:
    return "-" + "-".join(map(syllable, name)) + "-"


def _either(names: Sequence[str]) -> re.Pattern[str]:
    """Any of the names, the longest first; one that begins with a number not in the middle of another number."""
    whole = f"(?<![{_NUMERALS}])"  # 二十块的加油包 is no 十块的加油包
    return re.compile(
        "|".join(whole * (n[0] in _NUMERALS) + re.escape(n) for n in sorted(names, key=len, reverse=True))
    )
