"""Words that nobody may say to a customer (服务忌语): found in what a human agent is about to send.

The phrases are in ``taboo.yml`` beside this file. Punctuation, blanks, invisible characters, traditional ones and
您 for 你 hide nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from hotline import script

_SENTENCE = re.compile(r"[^。!?;!?;\n]+")
# Polite forms, and fillers of Hangul that count as letters and show nothing.
_SAME = str.maketrans("您妳", "你你", "\u115f\u1160")


@dataclass(frozen=True)
class Taboo:
    """A phrase (without punctuation), the clause whose sentence replaces it, and whether it is one only by itself."""

    phrase: str
    instead: str
    alone: bool = False


@dataclass(frozen=True)
class Found:
    """Where a taboo phrase stands in a text: from ``start`` up to ``end``, as characters."""

    start: int
    end: int
    taboo: Taboo


def taboo_in(text: str) -> list[Found]:
    """All taboo phrases in a text, in order; the longest where several overlap."""
    found: list[Found] = []
    for sentence in _SENTENCE.finditer(text):
        typed = enumerate(sentence.group(), start=sentence.start())
        letters = [(n, letter) for n, c in typed for letter in _plain(c) if letter.isalnum()]
        bare = "".join(letter for _, letter in letters)
        for taboo in _taboos():
            at = bare.find(taboo.phrase)
            if at < 0 or (taboo.alone and bare != taboo.phrase):
                continue
            found.append(Found(letters[at][0], letters[at + len(taboo.phrase) - 1][0] + 1, taboo))
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Found] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _plain(text: str) -> str:
    return script.to_simplified(unicodedata.normalize("NFKC", text)).translate(_SAME)


@lru_cache(maxsize=1)
def _taboos() -> tuple[Taboo, ...]:
    with Path(__file__).with_name("taboo.yml").open(encoding="utf-8") as stream:
        rows = yaml.safe_load(stream)
    return tuple(Taboo(_plain(row["phrase"]), str(row["instead"]), bool(row.get("alone"))) for row in rows)
