"""What was said on the web, turn by turn: how a turn is kept with its answers, and how a browser is told of it.

A turn's last answer carries, as ``dressed``, the customer's side: the ids of the messages it answers and their words,
with every secret blotted out before it is kept (promise P5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Optional

from hotline import script
from hotline.answers import Answer
from hotline.door import BLOTTED, SHORTEST_SECRET, redact
from hotline.text import normalise

HIDDEN = "••••••"
TOPIC_WITH_IMAGES = "complaint"  # the part of a response's name that names its topic

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]")
_DIGIT = re.compile(r"\d")
_PHONE = re.compile(r"1[3-9]\d{9}")

Frame = dict[str, Any]


def words(text: str, secret_asked: bool) -> str:
    """A customer's words as they may be kept and shown: without control characters and without anything secret."""
    plain = normalise(text)
    digits = "".join(_DIGIT.findall(plain))
    if secret_asked and len(digits) >= SHORTEST_SECRET and not _PHONE.fullmatch(digits):
        return HIDDEN
    blotted = redact(plain)
    shown = _CONTROL.sub("", text).strip()
    return blotted if BLOTTED in blotted else shown


def customer_side(said: Sequence[Mapping[str, Any]], at: datetime) -> dict[str, Any]:
    """What is kept with the answers of a turn: what the customer said, and when it was answered."""
    return {"said": list(said), "at": at.isoformat(timespec="seconds")}


def frames(answers: Iterable[Answer]) -> list[Frame]:
    """The turns that these answers make up, oldest first, as a browser is told of them."""
    found: list[Frame] = []
    gathered: list[Answer] = []
    for answer in answers:
        gathered.append(answer)
        if answer.dressed is not None:
            found.append(frame(gathered))
            gathered = []
    return found


def frame(answers: Sequence[Answer]) -> Frame:
    """One turn as a browser is told of it; ``last`` is the number that it counts from after a break."""
    kept = answers[-1].dressed or {}
    return {
        "first": answers[0].sequence,
        "last": answers[-1].sequence,
        "at": kept.get("at"),
        "said": kept.get("said", []),
        "answers": [shown(answer) for answer in answers if answer.text or answer.card],
        "agent": next((answer.metadata["agent"] for answer in answers if answer.metadata.get("agent")), None),
    }


def ids(turn: Mapping[str, Any]) -> list[str]:
    """The ids of the messages that a turn answers."""
    return [said["id"] for said in turn["said"]]


def shown(answer: Answer) -> dict[str, Any]:
    """What the browser is told of an answer."""
    return {
        "text": answer.text,
        "buttons": answer.buttons,
        "card": answer.card,
        "asks": answer.metadata.get("asks"),
        "secret": bool(answer.metadata.get("secret")),
        "ends": bool(answer.metadata.get("ends")),
        "images": takes_images(answer.name),
    }


def takes_images(response: Optional[str]) -> bool:
    """Whether a picture may be sent after this response: only in a complaint."""
    return TOPIC_WITH_IMAGES in (response or "").split("_")


def in_script(turn: Frame, traditional: bool) -> Frame:
    """The turn in the characters that a browser asked for; the customer's own words stay as they are."""
    if not traditional:
        return turn
    answers = [
        {
            **answer,
            "text": script.to_traditional(answer["text"]),
            "buttons": [{**button, "title": script.to_traditional(button["title"])} for button in answer["buttons"]],
            "card": _traditional(answer["card"]),
        }
        for answer in turn["answers"]
    ]
    return {**turn, "answers": answers}


def _traditional(value: Any) -> Any:
    if isinstance(value, str):
        return script.to_traditional(value)
    if isinstance(value, dict):
        return {key: _traditional(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_traditional(item) for item in value]
    return value
