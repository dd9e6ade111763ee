"""What the classifier looks at: runs of characters and of syllables, and what was asked before.

The names of the features say where they come from, so that a trained model can be read: ``c:话费`` characters of the
text, ``d:话费`` of the text without its disfluencies, ``p:hua-fei`` its toneless pinyin (homophones of speech
recognition share it), ``q:confirm`` what was asked, ``x:confirm/嗯`` that and words together, ``t:query_bill`` the task
that was served last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple, Optional

from hotline.nlu.sound import syllable
from hotline.text import collapse

# Longer runs of either make the model twice as large and no better on anybody's held-out talk.
LONGEST = 3

# After which words a turn may lean on the task that was served, and up to how many characters.
ANSWERED, FOLLOW_UP = frozenset({"told", "anything_else"}), 20

_PUNCTUATION = re.compile(r"[^\w]+")
_LONG_NUMBER = re.compile(r"\d{7,}")
_CODE = re.compile(r"(?<!\d)(?!1860|1258|10086|10010|10000|10099|12580|12315|12381|110|119|120|114)\d+(?!\d)")
_NUMERAL = re.compile("[零一二两三四五六七八九十百千万]*[十百千万][零一二两三四五六七八九十百千万]*")


class Reading(NamedTuple):
    """A normalised text as the classifier reads it, taken apart once a turn."""

    whole: str
    core: str
    sounds: tuple[str, ...]

    def pairs(self) -> list[tuple[str, ...]]:
        """Neighbouring syllables of the core; a single one stands alone, nothing at all has none."""
        return list(pairwise(self.sounds)) or [self.sounds] * len(self.sounds)


def read(text: str) -> Reading:
    """Take a normalised text apart."""
    core = bare(collapse(text))
    return Reading(bare(text), core, tuple(map(syllable, core)))


def bare(text: str) -> str:
    """Lower case, no punctuation, numbers by their kind: ``☎`` long, ``#`` any other."""
    text = _PUNCTUATION.sub("", text.lower())
    text = _LONG_NUMBER.sub("☎", text)
    text = _CODE.sub("#", text)
    return _NUMERAL.sub("#", text)


def _runs(prefix: str, characters: str) -> Iterator[str]:
    for size in range(1, LONGEST + 1):
        for start in range(len(characters) - size + 1):
            yield prefix + characters[start : start + size]


def features(reading: Reading, asked: Optional[str] = None) -> list[str]:
    """The features of one turn, repeated as often as they occur."""
    whole, core, sounds = reading
    found = [*_runs("c:", f"^{whole}$"), *_runs("d:", f"^{core}$")]
    syllables = ["^", *sounds, "$"]
    found += ["p:" + one for one in syllables]
    found += [f"p:{one}-{two}" for one, two in pairwise(syllables)]
    found += [f"p:{one}-{two}-{three}" for (one, two), three in zip(pairwise(syllables), syllables[2:], strict=False)]
    if asked:
        found.append("q:" + asked)
        found.append(f"x:{asked}/{min(len(whole), 12)}")
        if len(core) <= 8:
            found += [f"x:{asked}/{c}" for c in set(core)]
            found.append(f"x:{asked}/^{core}$")
    return found


def topic_features(reading: Reading, asked: Optional[str], topic: Optional[str]) -> list[str]:
    """The features of the task that was served last: by itself, and with the length of a turn that may lean on it."""
    size = len(reading.core)
    if topic is None or asked not in ANSWERED or size > FOLLOW_UP:
        return []
    return [f"t:{topic}", f"t:{topic}/{'few' if size <= 5 else 'some' if size <= 9 else 'many'}"]
