"""Topic handoff: to a human (ch1)."""

from __future__ import annotations

from typing import Optional

from rasa_sdk.events import EventType

from actions.base import Call, HotlineAction


class ActionRequestHuman(HotlineAction):
    """Hands the conversation to a human."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Transfer."""
        call.say("utter_handoff_transfer")
        return None
