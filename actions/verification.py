"""Topic verification: the question for the service password (1860-12) and a new password by SMS code."""

from __future__ import annotations

from typing import Optional

from rasa_sdk.events import EventType

from actions.base import Call, HotlineAction


class ActionAskIdentityVerified(HotlineAction):
    """Asks for the service password; after a wrong one in the words of 1860-12."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Ask."""
        name = "wrong_password" if call.slot("password_attempts") else "ask_password"
        call.say(f"utter_verification_{name}", phone_number=call.slot("phone_number"))
        return None
