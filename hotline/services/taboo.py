"""Words that nobody may say to a customer (服务忌语): found in what a human agent is about to send.

The phrases are in ``taboo.yml`` beside this file. Punctuation, blanks and 您 for 你 hide nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

_SENTENCE = re.compile(r"[^。!?;!?;\n]+")
_POLITE = str.maketrans("您妳", "你你")


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
        letters = [(n, c) for n, c in enumerate(sentence.group(), start=sentence.start()) if c.isalnum()]
        bare = _plain("".join(c for _, c in letters))
        if len(bare) != len(letters):  # a character that is several when written plainly: too odd to be looked at
            continue
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
    return unicodedata.normalize("NFKC", text).translate(_POLITE)


@lru_cache(maxsize=1)
def _taboos() -> tuple[Taboo, ...]:
    with Path(__file__).with_name("taboo.yml").open(encoding="utf-8") as stream:
        rows = yaml.safe_load(stream)
    return tuple(Taboo(_plain(row["phrase"]), str(row["instead"]), bool(row.get("alone"))) for row in rows)
