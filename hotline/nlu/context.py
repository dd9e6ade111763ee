"""What was asked before a turn: how the door tells, and how the training data tell."""

from __future__ import annotations

from typing import Any, Optional

from rasa.shared.nlu.training_data.message import Message

ASKED = frozenset({
    "start", "anything_else", "phone_number", "password", "month", "confirm", "surname", "problem", "choose",
    "address", "time", "told", "apology", "hold", "rating",
})  # fmt: skip
"""The kinds of words that a customer may be answering; a closed list, anything else counts as unknown."""


def _kind(holder: Any) -> Optional[str]:
    asked = holder.get("asked") if isinstance(holder, dict) else None
    return asked if isinstance(asked, str) and asked in ASKED else None


def asked_last(message: Message) -> Optional[str]:
    """The kind of words the customer heard last, from ``metadata["context"]["asked"]``; None when unknown."""
    metadata = message.get("metadata")
    return _kind(metadata.get("context")) if isinstance(metadata, dict) else None


def asked_in_training(message: Message) -> Optional[str]:
    """The same for a training example, from ``metadata: {asked: …}`` of its block in ``data/nlu``."""
    metadata = message.get("metadata")
    return _kind(metadata.get("intent")) if isinstance(metadata, dict) else None
