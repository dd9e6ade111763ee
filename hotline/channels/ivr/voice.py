"""How an answer is spoken: whole SSML documents with the manual's prosody (ch3-3) and numbers read as what they are."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

_SPOKEN = re.compile(
    r"(?P<phone>(?<!\d)1[3-9]\d{9}(?!\d))"
    r"|(?P<date>(?<!\d)\d{4}年\d{1,2}月(?:\d{1,2}日)?)"
    r"|(?P<money>(?<![\d.])-?\d+(?:\.\d{1,2})?元)"
    r"|(?P<volume>(?<![\d.])(?P<size>\d+(?:\.\d+)?)(?P<unit>[GM])B)"
    r"|(?P<desk>(?<=[打、或])1\d{2}(?!\d|[元分秒天个条年月日GM]))"
    r"|(?P<digits>(?<![\d.])\d{5,}(?![\d.]))"
)
# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def ssml(text: str, louder: bool = False) -> str:
    """A ``<speak>`` document: gentle, of middling speed (ch3-3); louder after 1860-7.

    Telephone numbers are read digit by digit in groups (138-0013-8000), amounts as amounts, dates as dates, volumes of
    data as people say them (3G), other long numbers and the numbers of service desks digit by digit.
    """
    volume = "x-loud" if louder else "medium"
    inner = "".join(_pieces(_FORBIDDEN.sub("", text)))
    return (
        '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="zh-CN">'
        f'<prosody rate="95%" pitch="medium" volume="{volume}">{inner}</prosody></speak>'
    )


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    end = 0
    for match in _SPOKEN.finditer(text):
        pieces.append(escape(text[end : match.start()]))
        pieces.append(_marked(match))
        end = match.end()
    pieces.append(escape(text[end:]))
    return pieces


def _marked(match: re.Match[str]) -> str:
    said = match.group()
    if match["phone"]:
        return _say_as("telephone", f"{said[:3]}-{said[3:7]}-{said[7:]}")
    if match["date"]:
        return _say_as("date", said, "ymd" if "日" in said else "ym")
    if match["money"]:
        return _say_as("currency", said)
    if match["volume"]:
        return f'<sub alias="{match["size"]}{match["unit"]}">{said}</sub>'
    return _say_as("digits", said)


def _say_as(kind: str, said: str, form: str = "") -> str:
    return f'<say-as interpret-as="{kind}"{f" format={chr(34)}{form}{chr(34)}" if form else ""}>{said}</say-as>'
