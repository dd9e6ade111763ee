"""What customers write and say, brought into one form before anything reads it.

``normalise`` is the only door: the channels call it on what comes in, the training on what it learns from, so that
both see the same characters. ``collapse`` takes speech apart further, for the features of understanding alone: what
it leaves out is never shown to anybody.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_SPACE = re.compile(r"\s+")

_DIGITS = {
    character: str(digit)
    for digit, spoken in enumerate(("零〇洞", "一幺", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for character in spoken
}
_SPOKEN = "".join(c for c in _DIGITS if c != "洞")
# A run of digits as they are read out: with Latin digits among them, pauses between the groups, 三个零 for 000.
_RUN = re.compile(
    f"(?:[{_SPOKEN}0-9](?:[ ,.、-]?(?:[二两三四五六]个[{_SPOKEN}](?![十百千万亿])|[{_SPOKEN}0-9]))+)", re.ASCII
)
_TIMES = re.compile(f"([二两三四五六])个([{_SPOKEN}])")
_UNIT_BEFORE, _UNIT_AFTER = frozenset("十百千万亿点第"), frozenset("十百千万亿")
_NOT_DIGITS = frozenset({"七七八八", "三三两两", "一五一十", "五五六六", "三三四四", "三三五五"})


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    """The converter of traditional characters; loading it takes 20 ms, so not at import."""
    import opencc

    return opencc.OpenCC("t2s")


def _digits(match: re.Match[str]) -> str:
    """A run of spoken digits as Latin ones, or as it was when it may be something else (三四五号, 七七八八, 二三十)."""
    text, end = match.group(), match.end()
    if text.isascii():
        return text
    tail = ""
    if match.string[end : end + 1] in _UNIT_AFTER and end < len(match.string):
        text, tail = text[:-1], text[-1]  # …零零五十: the last one belongs to the number behind it
    if match.start() and match.string[match.start() - 1] in _UNIT_BEFORE:
        return text + tail  # 一百零八, 三点一四
    compact = _TIMES.sub(lambda m: m.group(2) * int(_DIGITS[m.group(1)]), text)
    compact = re.sub("[ ,.、-]", "", compact)
    if len(compact) < 2 or compact in _NOT_DIGITS:
        return text + tail
    # Read digit by digit for certain: long, or with 幺, or with a zero that no 十百千 explains.
    plain = compact[0] not in "两" and compact.count("两") < 2
    certain = len(compact) >= 5 or "幺" in compact or (len(compact) >= 3 and any(c in "零〇" for c in compact))
    if not (certain or compact[0] in "零〇" or (len(compact) == 4 and plain and not compact.isascii())):
        return text + tail
    if len(compact) < 7 and len(compact) != len(text):
        return re.sub(f"[{_SPOKEN}]", lambda m: _DIGITS[m.group()], text) + tail  # too short to say that pauses join
    return "".join(_DIGITS.get(c, c) for c in compact) + tail


def normalise(text: str) -> str:
    """One form for all that a customer may type or say.

    Compatibility forms (NFKC) and traditional characters become plain simplified ones, control and invisible
    characters go, white space shrinks to single blanks, and numbers read out digit by digit become digits
    (幺三八零零幺三八零零零 → 13800138000). Words that merely contain a numeral stay (一下, 三月, 十八的, 七七八八).
    Applying it twice changes nothing.
    """
    text = unicodedata.normalize("NFKC", text)
    text = _SPACE.sub(" ", _CONTROL.sub("", text)).strip()
    if text.isascii():
        return text
    return _RUN.sub(_digits, _simplifier().convert(text))


_PUNCTUATION = re.compile(r"[^\w]+")
_FILLER = re.compile("[嗯呃额啊哎唉诶欸哦噢喔呀嘛呢哈吧嘞咯哟呗]+")
_LEAD = re.compile("^(?:喂|你好|您好|那个|那么|那|就是说|就是|然后|这个|我说|对|好的|好)+(?=.{3})")
_HESITATION = re.compile(
    "那个(?=[那我你他它这就不有])|就是说|就是(?=[我你他那这说])|然后(?=.)|的话(?![费务题音])|怎么说|这个这个|那什么|反正|是不是啊|是吧|对吧"
)
_STUTTER = re.compile(r"(.{1,6}?)\1+")
_KEEP_DOUBLE = frozenset("看查问试想说听等聊谢慢常刚天拜爸妈哥姐弟妹爷奶宝人个多少好早晚行对")


def _once(match: re.Match[str]) -> str:
    unit = match.group(1)
    if any(c in "0123456789" for c in unit):
        return match.group()
    if len(unit) == 1 and unit in _KEEP_DOUBLE:
        return match.group() if len(match.group()) == 2 else unit * 2
    return unit


def collapse(text: str) -> str:
    """A normalised sentence without what speech adds to it: fillers, openings, stutters, punctuation.

    For the features of understanding only. A turn that is nothing but such words (嗯嗯, 喂, 那个) comes back as it was,
    without punctuation.
    """
    bare = _PUNCTUATION.sub("", text)
    result = _FILLER.sub("", bare)
    result = _STUTTER.sub(_once, result)
    result = _HESITATION.sub("", result)
    result = _LEAD.sub("", result)
    result = _STUTTER.sub(_once, result)
    return result or bare


_HESITATES = re.compile("[嗯呃额啊哎诶唉]*(?:[呃额]|那个|这个(?=[呃额这那]))(?:[嗯呃额啊哎诶唉]|[那这]个|就是|然后)*")


def hesitates(text: str) -> bool:
    """Whether a normalised sentence is nothing but the search for words (呃那个, 这个这个), which says nothing yet.

    嗯 and 啊 alone are answers, and so is 就是那个.
    """
    return _HESITATES.fullmatch(_PUNCTUATION.sub("", text)) is not None
