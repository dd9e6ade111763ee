"""A turn that was killed after it was stored and before its answers were kept is not run again: it is told again.

Rasa's log then has the customer's message and what was answered to it, and the door has not. The answers are taken from
the log; numbers in them are masked there, a ticket's or an order's is not (promise P1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage

from hotline.ports import EventLog

TURNS = 5  # one message of the customer makes at most this many turns of Rasa's


class Replay:
    """Stands in front of Rasa (``handler``)."""

    def __init__(self, handler: Callable[[UserMessage], Awaitable[Any]], log: EventLog) -> None:
        self._handler = handler
        self._log = log

    async def __call__(self, message: UserMessage) -> Any:
        """Serve a message, or tell again what was answered to it."""
        said = answered(await self._log.recent(message.sender_id, TURNS), str(message.message_id))
        if not said:
            return await self._handler(message)
        assert message.output_channel is not None
        for one in said:
            await message.output_channel.send_response(message.sender_id, one)
        return None


def answered(events: Any, message_id: str) -> list[dict[str, Any]]:
    """What the assistant said to a message, as Rasa hands it to an output channel; empty when it was not served."""
    found: list[dict[str, Any]] = []
    serving = False
    for event in events:
        if event["event"] == "user":
            serving = event.get("message_id") == message_id
        elif event["event"] == "bot" and serving:
            metadata = dict(event.get("metadata") or {})
            metadata.pop("model_id", None)
            metadata.pop("assistant_id", None)
            data = {name: value for name, value in (event.get("data") or {}).items() if value}
            found.append({**data, "text": event.get("text") or "", **metadata})
    return found
