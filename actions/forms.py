"""What the forms of all topics share: the number, and the service password that the door has checked (1860-12)."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT, FormValidationAction

from actions.base import Call, snake
from hotline.errors import HotlineError, UnknownSubscriberError

PHONE = re.compile(r"1[3-9]\d{9}")
MAX_PASSWORD_ATTEMPTS = 2


class NumberChecks:
    """Checks of the slot ``phone_number``."""

    async def validate_phone_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """One of our numbers, else it is asked for again; another number needs a verification of its own."""
        call = Call(dispatcher, tracker, domain)
        number = value[-1] if isinstance(value, list) else value  # several in one breath: the last one is the correction
        if not PHONE.fullmatch(str(number)):
            call.say("utter_invalid_phone_number")
            return {"phone_number": None}
        try:
            await call.services.billing.check_number(number)
        except UnknownSubscriberError:
            call.say("utter_verification_unknown_number", phone_number=number)
            return {"phone_number": None}
        except HotlineError as error:
            call.excuse(error)
            return {"phone_number": None, **drop()}
        verified = await call.services.verification.verified(call.conversation, number)
        return {"phone_number": number, "identity_verified": True if verified else None}


class PasswordChecks:
    """Checks of the slot ``identity_verified``; what it says is looked up behind the port, never believed."""

    async def extract_identity_verified(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The result of the secret that the door took out of the message, if it did."""
        call = Call(dispatcher, tracker, domain)
        asked = tracker.get_slot(REQUESTED_SLOT) == "identity_verified"
        result = call.metadata.get("secret_result") if call.intent == "secret_entered" and asked else None
        return {"identity_verified": result} if result else {}

    async def validate_identity_verified(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """True only when the grant behind the port says so; wrong twice ends the task."""
        call = Call(dispatcher, tracker, domain)
        if value == "wrong":
            attempts = int(tracker.get_slot("password_attempts") or 0) + 1
            if attempts < MAX_PASSWORD_ATTEMPTS:
                return {"identity_verified": None, "password_attempts": attempts}
            call.say("utter_verification_wrong_password_again")
        elif value == "locked":
            call.say("utter_verification_locked")
        elif value in (True, "verified"):
            phone = tracker.get_slot("phone_number")
            granted = bool(phone) and await call.services.verification.verified(call.conversation, phone)
            return {"identity_verified": True if granted else None, "password_attempts": None}
        else:
            call.say("utter_courtesy_unavailable")
        return {"identity_verified": None, "password_attempts": None, **drop()}


def drop() -> dict[str, Any]:
    """What a validator returns to end its form without its result."""
    return {REQUESTED_SLOT: None, "task_dropped": True}


class TaskForm(FormValidationAction):
    """A form that knows how to be dropped; its name in domain.yml is its class name in snake case."""

    def name(self) -> str:
        """``validate_`` and the form's name."""
        return snake(type(self).__name__)

    async def next_requested_slot(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> EventType | None:
        """None is requested once the task was dropped, which ends the form."""
        if tracker.get_slot("task_dropped"):
            return SlotSet(REQUESTED_SLOT, None)
        event: EventType | None = await super().next_requested_slot(dispatcher, tracker, domain)
        return event


class AccountForm(NumberChecks, PasswordChecks, TaskForm):
    """Number and service password: the form of every question about personal data."""
