"""Topic verification: the question for the service password (1860-12) and a new password by SMS code."""

from __future__ import annotations

import re
from typing import Any, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Call, HotlineAction, cleared, return_to_task
from actions.forms import ConfirmChecks, NumberChecks, TaskForm, drop, requested
from hotline.errors import GatewayError, HotlineError, OrderRefusedError
from hotline.masking import mask

MOST_WEAK = 3
NOT_RECEIVED = re.compile("(?:没|未|不)(?:有|能)?(?:收|接|看)?到|再发|重发|重新发|再来一个")


class ActionAskPhoneNumber(HotlineAction):
    """Asks for the number, or for the rest of it."""

    async def perform(self, call: Call) -> None:
        """Ask."""
        begun = call.slot("number_begun")
        call.say("utter_verification_number_begun" if begun else "utter_ask_phone_number", begun=begun)


class ActionAskIdentityVerified(HotlineAction):
    """Asks for the service password; after a wrong one in the words of 1860-12. Not where it would be of no use."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Ask."""
        if await _locked(call):
            call.say("utter_verification_locked")
            return _dropped()
        wrong = call.slot("password_attempts")
        call.say(
            "utter_verification_wrong_password" if wrong else "utter_verification_ask_password",
            phone_number=call.slot("phone_number"),
        )
        return None


class ActionNoteSignIn(HotlineAction):
    """The customer signed in on the operator's site in the middle of the talk: no password is asked for any more.

    Whoever is being asked about another number goes on with that one, which needs its own password.
    """

    async def perform(self, call: Call) -> list[EventType]:
        """Say so, and take up the task in hand."""
        phone = str(call.entity("caller") or "")
        await call.services.verification.require(call.conversation, phone)
        call.say("utter_verification_signed_in", phone_number=mask(phone))
        if call.tracker.active_loop.get("name") and call.slot("phone_number") not in (None, phone):
            return return_to_task(call)
        known = [SlotSet("phone_number", phone), SlotSet("identity_verified", True), SlotSet("password_attempts", None)]
        return [*known, *return_to_task(call)]


class ValidateResetPasswordForm(ConfirmChecks, NumberChecks, TaskForm):
    """Form of ``reset_password``: the code from the phone, a new password, an explicit yes.

    The door has checked both; what the slots say is looked up behind the port, never believed.
    """

    forgets = ("sms_code_checked", "new_password_set", "change_confirmed", "password_attempts")

    async def extract_sms_code_checked(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What came of the code."""
        return _secret_result(Call(dispatcher, tracker, domain), "sms_code_checked")

    async def validate_sms_code_checked(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """True only when the code was passed in this conversation; three wrong ones end the task."""
        call = Call(dispatcher, tracker, domain)
        if value == "wrong":
            return {"sms_code_checked": None, "password_attempts": 1}
        if value == "failed":
            call.say("utter_verification_sms_code_failed")
            return {"sms_code_checked": None, "password_attempts": None, **drop()}
        passed = bool(value) and await call.services.reset.passed(call.conversation, call.slot("phone_number"))
        return {"sms_code_checked": True if passed else None, "password_attempts": None}

    async def extract_new_password_set(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What came of the new password."""
        return _secret_result(Call(dispatcher, tracker, domain), "new_password_set")

    async def validate_new_password_set(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """True when it waits for the yes; a third weak one ends the task."""
        call = Call(dispatcher, tracker, domain)
        if value == "accepted":
            return {"new_password_set": True, "password_attempts": None}
        if value == "weak":
            attempts = int(call.slot("password_attempts") or 0) + 1
            if attempts < MOST_WEAK:
                return {"new_password_set": None, "password_attempts": attempts}
            call.say("utter_verification_password_unchanged")
            return {"new_password_set": None, "password_attempts": None, **drop()}
        if value == "failed":
            call.say("utter_verification_sms_code_failed")
            return {"new_password_set": None, "password_attempts": None, **drop()}
        return {"new_password_set": None}  # one of an earlier run

    async def validate_phone_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """One of ours; another number begins again with a code of its own."""
        checked = await super().validate_phone_number(value, dispatcher, tracker, domain)
        call = Call(dispatcher, tracker, domain)
        number = checked["phone_number"]
        if number and await call.services.reset.passed(call.conversation, number):
            return checked
        return {**checked, "sms_code_checked": None, "new_password_set": None}


class ActionAskSmsCodeChecked(HotlineAction):
    """Sends the code, unless one can still be entered, and asks for it; a new one to who has not got it."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Ask."""
        phone = call.slot("phone_number")
        anew = bool(NOT_RECEIVED.search(call.text))
        try:
            sent = await call.services.reset.send_code(
                call.conversation,
                phone,
                lambda code: call.words.phrase("utter_verification_sms_code_text", code=code),
                f"{call.conversation}:{call.message_id}:code",
                anew=anew,
            )
        except HotlineError as error:
            call.excuse(error)
            return _dropped()
        if not sent:
            call.say("utter_verification_too_many_codes")
            return _dropped()
        if anew:
            call.say("utter_verification_sms_code_again")
        wrong = call.slot("password_attempts")
        call.say(
            "utter_verification_wrong_sms_code" if wrong else "utter_verification_ask_sms_code", phone_number=phone
        )
        return None


class ActionAskNewPasswordSet(HotlineAction):
    """Asks for the new password; after a weak one says what it must be."""

    async def perform(self, call: Call) -> None:
        """Ask."""
        weak = call.slot("password_attempts")
        call.say(
            "utter_verification_weak_password" if weak else "utter_verification_ask_new_password",
            phone_number=call.slot("phone_number"),
        )


class ActionResetPassword(HotlineAction):
    """Puts the new password in force after the yes."""

    async def perform(self, call: Call) -> list[EventType]:
        """Do it, or say that it was not done."""
        if not call.slot("task_dropped"):
            await self.finish(call)
        return cleared("task_dropped", *ValidateResetPasswordForm.forgets)

    async def finish(self, call: Call) -> None:
        """After the yes or the no."""
        if not call.slot("change_confirmed"):
            call.say("utter_verification_password_unchanged")
            return
        try:
            key = f"{call.conversation}:{call.message_id}"
            await call.services.reset.change(call.conversation, call.slot("phone_number"), key)
        except OrderRefusedError:
            call.say("utter_verification_sms_code_failed")
        except HotlineError as error:
            call.excuse(error)
        else:
            call.say("utter_verification_password_changed")


def _secret_result(call: Call, slot: str) -> dict[str, Any]:
    """The result of the secret that the door took out of the message, as the answer to the question for a slot."""
    result = call.metadata.get("secret_result") if call.intent == "secret_entered" and requested(call, slot) else None
    return {slot: result} if result else {}


async def _locked(call: Call) -> bool:
    """Whether the number takes no password today; what cannot be looked up comes out when it is entered."""
    try:
        return await call.services.verification.locked(str(call.slot("phone_number")))
    except GatewayError:
        return False


def _dropped() -> list[EventType]:
    return [SlotSet(slot, value) for slot, value in drop().items()]
