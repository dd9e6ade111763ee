"""What goes out: one answer of the assistant, and the collector that gathers the answers of a turn from Rasa.

A response's ``metadata`` in domain.yml says, besides its clause, what the answer does; channels and door act on it:

    clause    where the manual says it (1860-N, 1258-N, chN) or ``house``
    asks      what it asks for: a kind of the list in ``hotline/nlu`` (phone_number, password, month, confirm, …)
    secret    the reply is a secret (service password, SMS code): keys or a masked field, never stored
    ends      the conversation is closed after it
    transfer  ``agent``, ``supervisor`` or ``complaint``: the call goes to a human after it (telephone)
    queues    the customer waits for a human from here on, and goes on with the assistant meanwhile
    said      what the customer said in this turn, without secrets; on the last answer of what is kept
    agent     the number of the human who says it
    keeps_question  what was asked before stays asked
    repeat    stands for the last answers, word for word
    goes_on   stands for the rest of an answer that was too long for one breath (phone)
    not_understood  says that the customer was not understood
    waits     seconds of silence that are no silence (the customer asked us to wait)
    louder    from here on the voice is louder
    aside     says nothing by itself: left out when the answer is sent as a message
    must_hear the prompt cannot be interrupted
    done      tells that something was carried out or put on record: no cancel takes it back
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from rasa.core.channels.channel import OutputChannel

_RESERVED = {"text", "buttons", "custom", "metadata", "utter_action", "timestamp"}
_UNUSED = {"elements", "quick_replies", "attachment", "image"}


@dataclass
class Answer:
    """One utterance of the assistant.

    ``values`` are what filled the placeholders; they stay inside the process. ``sequence`` is its number within the
    conversation, 0 before it is kept; ``dressed`` what the channel made of the turn, on the last answer of it.
    """

    text: str
    name: str = ""
    buttons: list[dict[str, str]] = field(default_factory=list)
    card: Optional[dict[str, Any]] = None
    metadata: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0
    dressed: Any = None

    def as_dict(self) -> dict[str, Any]:
        """The parts that are kept and sent: JSON, without the values."""
        return {
            "text": self.text,
            "name": self.name,
            "buttons": self.buttons,
            "card": self.card,
            "metadata": self.metadata,
            "dressed": self.dressed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Answer:
        """The reverse of ``as_dict``."""
        return cls(
            text=data["text"],
            name=data["name"],
            buttons=list(data["buttons"]),
            card=data["card"],
            metadata=dict(data["metadata"]),
            sequence=data.get("sequence", 0),
            dressed=data.get("dressed"),
        )

    @classmethod
    def from_rasa(cls, message: Mapping[str, Any]) -> Answer:
        """An answer from what Rasa hands to an output channel."""
        return cls(
            text=message.get("text") or "",
            name=message.get("utter_action", ""),
            buttons=[{"title": b["title"], "payload": b["payload"]} for b in message.get("buttons") or []],
            card=message.get("custom") or None,
            metadata=dict(message.get("metadata") or {}),
            values={k: v for k, v in message.items() if k not in _RESERVED and k not in _UNUSED},
        )


class Collector(OutputChannel):
    """Gathers the answers of one turn; its name picks the responses written for a channel (``channel:`` in
    domain.yml).
    """

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.answers: list[Answer] = []

    def name(self) -> str:
        """The channel's name."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Take an answer over; empty ones are dropped."""
        answer = Answer.from_rasa(message)
        if answer.text or answer.card or answer.metadata:
            self.answers.append(answer)


def last_asked(answers: Sequence[Answer]) -> Optional[Answer]:
    """The last answer that asks for something, None when the turn asked for nothing."""
    return next((answer for answer in reversed(answers) if answer.metadata.get("asks")), None)
