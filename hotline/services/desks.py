"""Other service desks and their public numbers (1860-11), read from ``desks.yml`` beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional

import yaml


@dataclass(frozen=True)
class Desk:
    """A desk: its name, its number, and the words that tell that it is meant."""

    name: str
    number: str
    words: tuple[str, ...]


def desk_for(text: str) -> Optional[Desk]:
    """The desk whose word or number occurs in a text, the one with the longest such word; None when there is none."""
    found = [(len(word), desk) for desk in _desks() for word in (*desk.words, desk.number) if word in text]
    return max(found, key=lambda pair: pair[0])[1] if found else None


@lru_cache(maxsize=1)
def _desks() -> tuple[Desk, ...]:
    path = Path(__file__).with_name("desks.yml")
    with path.open(encoding="utf-8") as stream:
        return tuple(Desk(row["name"], str(row["number"]), tuple(row["words"])) for row in yaml.safe_load(stream))
