"""How characters sound, for whatever must survive the homophones of speech recognition."""

from __future__ import annotations

from functools import cache


@cache
def syllable(character: str) -> str:
    """The usual reading of a character, without tone; other characters are their own reading."""
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(character)[0]) if character.isalpha() and not character.isascii() else character
