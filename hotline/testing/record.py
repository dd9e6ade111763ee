"""A stored conversation as a test: what the customer did, and which responses answered; invented data for personal.

Numbers, secrets and surnames are replaced, the same by the same. Telephone numbers, masked in the store, become those
of the demonstration's subscribers; a secret that was right becomes that subscriber's, one that was wrong stays wrong.
Answers are recorded by the names of their responses, because their figures belong to the real customer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from hotline.clock import ZONE
from hotline.errors import HotlineError
from hotline.gateways.demo import FILE as DEMO
from hotline.ports import ConversationStore, EventLog

WRONG = "000000"
SURNAMES = ("林", "方", "秦", "许", "何")

_NUMBER = re.compile(r"(?<!\d)1[3-9]\d(?:\d{4}|\*{4})\d{4}(?!\d)")
_DIGITS = re.compile(r"(?<![\d.])[\d*]{6,}(?![\d.])")
_FOLLOWED = re.compile(r"\.\d+$")  # the door's name for a message that an action made of the customer's


class NoSuchConversationError(HotlineError):
    """Nothing is stored under that id."""


class Invented:
    """Invented data for personal data, the same for the same, as long as it lives."""

    def __init__(self) -> None:
        subscribers = yaml.safe_load(DEMO.read_text(encoding="utf-8"))["subscribers"]
        self._free = {one["phone"]: one["password"] for one in subscribers}
        self._passwords = dict(self._free)
        self._numbers: dict[str, str] = {}
        self._surnames: dict[str, str] = {}

    def number(self, real: str) -> str:
        """The invented number for a real one, masked or not; they are told apart by their ends, which masking keeps."""
        key = real[:3] + real[-4:]
        if key not in self._numbers:
            own = next((phone for phone in self._free if phone[:3] + phone[-4:] == key), None)
            phone = own or next(iter(self._free), f"1390000{len(self._numbers):04d}")
            self._free.pop(phone, None)
            self._numbers[key] = phone
        return self._numbers[key]

    def text(self, real: str, surnames: Iterator[str]) -> str:
        """A text without personal data."""
        for surname in surnames:
            invented = self._surnames.setdefault(surname, SURNAMES[len(self._surnames) % len(SURNAMES)])
            real = real.replace(surname, invented)
        whole = _NUMBER.sub(lambda match: self.number(match.group()), real)
        return _DIGITS.sub(lambda m: m.group() if m.group() in self._numbers.values() else WRONG, whole)

    def secret(self, number: str, right: bool) -> str:
        """The secret to enter for a (real) number."""
        return self._passwords.get(self.number(number), WRONG) if right and number else WRONG


async def recorded(
    conversation: str, log: EventLog, store: ConversationStore
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The steps of a stored conversation, and what the test case says besides: its channel and its day.

    Raises ``NoSuchConversationError``.
    """
    events = await log.read(conversation)
    known, _ = await store.load(conversation, "-")
    began = await store.began(conversation)  # by the service's clock, which may stand; events have the machine's
    if not events or known is None or began is None:
        raise NoSuchConversationError(f"no conversation {conversation} is stored")
    invented = Invented()
    steps: list[dict[str, Any]] = []
    number = ""
    for event in events:
        if event["event"] == "slot" and event.get("name") == "phone_number" and event.get("value"):
            number = str(event["value"])
        if event["event"] != "user" or _FOLLOWED.search(str(event.get("message_id"))):
            continue
        steps.append(_move(event, known.channel, invented, number))
        _, answers = await store.load(conversation, str(event.get("message_id")))
        steps += [{"utter": answer["name"]} for answer in answers or [] if answer["name"]]
    return steps, {"channel": known.channel, "at": f"{began.astimezone(ZONE):%Y-%m-%d %H:%M}"}


def _move(event: Mapping[str, Any], channel: str, invented: Invented, number: str) -> dict[str, Any]:
    parsed = event.get("parse_data") or {}
    intent = str((parsed.get("intent") or {}).get("name"))
    metadata = event.get("metadata") or {}
    entities = parsed.get("entities") or []
    text = str(event.get("text") or "")
    if intent == "secret_entered":
        digits = invented.secret(number, metadata.get("secret_result") in ("verified", "accepted"))
        return {"key": f"{digits}#"} if channel == "ivr" else {"user": digits}
    if intent == "session_opened":
        caller = next((str(one["value"]) for one in entities if one["entity"] == "caller"), "")
        return {"open": invented.number(caller) if caller else None}
    if intent == "silence":
        return {"silence": None}
    if not text:
        return {"event": intent}
    if not parsed.get("intent_ranking"):
        return {"button": text}
    surnames = (str(one["value"]) for one in entities if one["entity"] == "surname")
    return {"user": invented.text(text, surnames)}
