"""What was asked and told before a turn: how the door tells, and how the training data tell."""

from __future__ import annotations

from collections.abc import Reversible
from typing import Any, Optional

from rasa.shared.core.events import Event, SessionStarted, UserUttered
from rasa.shared.nlu.training_data.message import Message

from hotline.nlu.requests import MOVES

ASKED = frozenset({
    "start", "anything_else", "phone_number", "password", "month", "confirm", "surname", "problem", "choose",
    "address", "time", "told", "apology", "hold", "rating",
})  # fmt: skip
"""The kinds of words that a customer may be answering; a closed list, anything else counts as unknown."""

RAISED = frozenset({
    "session_opened", "secret_entered", "asked_in_vain", "silence", "transfer_failed", "handoff_ended", "signed_in",
})  # fmt: skip
"""Intents that only a channel or the door can raise: they are about nothing."""


def _kind(holder: Any) -> Optional[str]:
    asked = holder.get("asked") if isinstance(holder, dict) else None
    return asked if isinstance(asked, str) and asked in ASKED else None


def _topic(holder: Any) -> Optional[str]:
    topic = holder.get("topic") if isinstance(holder, dict) else None
    return topic if isinstance(topic, str) else None


def asked_last(message: Message) -> Optional[str]:
    """The kind of words the customer heard last, from ``metadata["context"]["asked"]``; None when unknown."""
    return _kind(_context(message))


def topic_of(events: Reversible[Event]) -> Optional[str]:
    """The intent of the task that a conversation was about last, from its events; None at its beginning."""
    for event in reversed(events):
        kind = type(event)  # isinstance asks Rasa's abstract base class, for every event of a long talk
        if kind is SessionStarted:
            return None
        if kind is UserUttered and event.intent_name and event.intent_name not in MOVES | RAISED:
            return str(event.intent_name)
    return None


def topic_last(message: Message) -> Optional[str]:
    """The intent of the task that was served last, from ``metadata["context"]["topic"]``; None when unknown."""
    return _topic(_context(message))


def _context(message: Message) -> Any:
    metadata = message.get("metadata")
    return metadata.get("context") if isinstance(metadata, dict) else None


def context_in_training(message: Message) -> tuple[Optional[str], Optional[str]]:
    """Both for a training example, from ``metadata: {asked: …, topic: …}`` of its block in ``data/nlu``."""
    metadata = message.get("metadata")
    told = metadata.get("intent") if isinstance(metadata, dict) else None
    return _kind(told), _topic(told)
