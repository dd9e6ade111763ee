"""The port behind which a desk of humans stands: our own, or the help desk that an operator already runs.

What it says of a conversation is looked at before Rasa. Agents' words come in through ``hotline/desk/voice.py``, and
when they let go ``Chat.happen`` raises ``handoff_ended``; ``tests/services/test_human_desk.py`` holds every desk to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Optional, Protocol

from hotline.ports import Handoff
from hotline.services.handoff import AGENT, Placed, Reason


class HumanDesk(Protocol):
    """A desk as the assistant sees it. Where it does not answer, ``GatewayError`` is raised, and a callback offered."""

    async def request(
        self,
        conversation: str,
        channel: str,
        reason: Reason,
        target: str = AGENT,
        context: Mapping[str, Any] = {},
        ticket: str = "",
    ) -> Placed:
        """Put a conversation in the queue, with all that is known; out of hours it only goes on record.

        One that waits keeps its place (``new`` is False); a wish for the supervisor and a ticket are added to it.
        """
        ...

    async def place(self, conversation: str) -> Optional[Placed]:
        """Where a conversation that is open there stands; None when none is."""
        ...

    async def latest(self, conversation: str) -> Optional[Handoff]:
        """The latest handoff of a conversation, ended or not: its result, and what was agreed."""
        ...

    async def cancel(self, conversation: str, callback_phone: str = "") -> bool:
        """The customer waits no more, perhaps because he will be called back; False when he was not waiting."""
        ...

    async def leave(self, conversation: str) -> bool:
        """The customer is gone; False when nobody had to know."""
        ...

    async def heard(self, conversation: str) -> None:
        """The customer said something while a human has the conversation."""
        ...

    async def call_result(self, conversation: str, answered: bool) -> None:
        """What became of a transfer by telephone."""
        ...

    def next_opening(self) -> Optional[datetime]:
        """When it opens next; None when nobody knows."""
        ...
