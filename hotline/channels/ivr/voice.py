"""How an answer is spoken: whole SSML documents with the manual's prosody (ch3-3) and numbers read as what they are."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

_SPOKEN = re.compile(
    r"(?P<phone>(?<!\d)1[3-9]\d{9}(?!\d))"
    r"|(?P<money>(?<![\d.])\d+(?:\.\d{1,2})?)(?=元)"
    r"|(?P<digits>(?<![\d.])\d{5,10}(?![\d.]))"
)


def ssml(text: str, louder: bool = False) -> str:
    """A ``<speak>`` document: gentle, of middling speed (ch3-3); louder after 1860-7.

    Telephone numbers are read digit by digit in groups (138-0013-8000), amounts as amounts, other long numbers digit by
    digit.
    """
    volume = "x-loud" if louder else "medium"
    inner = "".join(_pieces(text))
    return (
        '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="zh-CN">'
        f'<prosody rate="95%" pitch="medium" volume="{volume}">{inner}</prosody></speak>'
    )


def _pieces(text: str) -> "list[str]":
    pieces: list[str] = []
    end = 0
    for match in _SPOKEN.finditer(text):
        pieces.append(escape(text[end : match.start()]))
        pieces.append(_say_as(match))
        end = match.end()
    pieces.append(escape(text[end:]))
    return pieces


def _say_as(match: "re.Match[str]") -> str:
    if match["phone"]:
        number = match["phone"]
        return f'<say-as interpret-as="telephone">{number[:3]}-{number[3:7]}-{number[7:]}</say-as>'
    if match["money"]:
        return f'<say-as interpret-as="currency" format="CNY">{match["money"]}</say-as>'
    return f'<say-as interpret-as="digits">{match["digits"]}</say-as>'
