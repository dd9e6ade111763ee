"""What the classifier looks at: n-grams of characters and of pinyin, twice, and what was asked before.

One pass over the text. The names of the features say where they come from, so that a trained model can be read:
``c:话费`` characters of the text, ``d:话费`` of the text without its disfluencies, ``p:hua-fei`` its toneless pinyin
(homophones of speech recognition share it), ``q:confirm`` the context, ``x:confirm/嗯`` context and words together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Optional

from hotline.nlu.sound import syllable
from hotline.text import collapse

_PUNCTUATION = re.compile(r"[^\w]+")
_LONG_NUMBER = re.compile(r"\d{7,}")
_CODE = re.compile(r"(?<!\d)(?!1860|1258|10086|10010|10000|10099|12580|12315|12381|110|119|120|114)\d+(?!\d)")
_NUMERAL = re.compile("[零一二两三四五六七八九十百千万]*[十百千万][零一二两三四五六七八九十百千万]*")


def bare(text: str) -> str:
    """Lower case, no punctuation, numbers by their kind: ``☎`` long, ``#`` any other."""
    text = _PUNCTUATION.sub("", text.lower())
    text = _LONG_NUMBER.sub("☎", text)
    text = _CODE.sub("#", text)
    return _NUMERAL.sub("#", text)


def _grams(prefix: str, units: str | list[str], longest: int, joint: str) -> Iterator[str]:
    for size in range(1, longest + 1):
        for start in range(len(units) - size + 1):
            yield prefix + joint.join(units[start : start + size])


def features(text: str, asked: Optional[str] = None) -> list[str]:
    """The features of one normalised text, repeated as often as they occur."""
    whole = bare(text)
    core = bare(collapse(text))
    found = list(_grams("c:", f"^{whole}$", 4, ""))
    found += _grams("d:", f"^{core}$", 4, "")
    found += _grams("p:", ["^", *map(syllable, core), "$"], 3, "-")
    if asked:
        found.append("q:" + asked)
        found.append(f"x:{asked}/{min(len(whole), 12)}")
        if len(core) <= 8:
            found += [f"x:{asked}/{c}" for c in set(core)]
            found.append(f"x:{asked}/^{core}$")
    return found
