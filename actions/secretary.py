"""Topic secretary: messages for a subscriber as 1258-1 and 1258-2 prescribe, and calls back. No password is asked.

How people are addressed: a caller with the title he gives himself; with that of his own contract when the number he
calls from is his and his surname is that of the contract; else with both (先生/小姐), as the manual writes it. A
subscriber whose gender is not known is called 机主. Nobody's gender is guessed.
"""

from __future__ import annotations

import logging
import re
from typing import Any, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Call, HotlineAction, cleared
from actions.courtesy import say_farewell
from actions.forms import (
    ASIDES,
    PHONE,
    TaskForm,
    answered,
    before_this_message,
    begins_anew,
    begun_by,
    drop,
    requested,
)
from actions.turns import ActionFinishTask
from hotline.errors import GatewayError, HotlineError, UnknownSubscriberError
from hotline.services.secretary import (
    CALLABLE,
    Owner,
    adds,
    any_time,
    changes_part,
    declines_callback,
    has_more,
    meant_for_us,
    message_in,
    nothing_more,
    own_surname,
    recipient_among,
    replaces,
    speaks_of_them,
    staff_number,
    surname_in,
    with_more,
    with_part_of_day,
    withholds_name,
    written,
)

logger = logging.getLogger(__name__)

MESSAGE = (
    "recipient_number",
    "sender_surname",
    "sender_title",
    "message_text",
    "message_confirmed",
    "callback_number",
    "callback_confirmed",
    "message_complete",
)
# What may well be the words of a message, whatever they were understood as.
SPEAKS_OF_MESSAGES = ("leave_message", "talk_to_owner", "request_callback", "goodbye")
UNDECIDED = ("inform", "nlu_fallback", "leave_message")
BEYOND_DOUBT = 0.9
LONG = 8  # characters
YES_FIRST = re.compile("[嗯啊哦呃哎,。 ]*(?:好|是|对|行|可以|要|可|没错)")


class SecretaryForm(TaskForm):
    """Numbers named here are somebody else's or for a call back: ``phone_number`` stays what it was."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Check what was said."""
        own = before_this_message(tracker, "phone_number")
        tracker.slots["phone_number"] = own
        events = await super().run(dispatcher, tracker, domain)
        named = any(entity["entity"] == "phone_number" for entity in tracker.latest_message.get("entities", []))
        return [*events, SlotSet("phone_number", own)] if named else events

    async def extract_recipient_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The number with the request or as the answer; another one until the message begins."""
        call = Call(dispatcher, tracker, domain)
        numbers = call.entities("phone_number")
        anew = begins_anew(tracker, self.form_name())
        if anew and call.asked == "offer_message":
            return {"recipient_number": _member_of_staff(call)}
        if numbers and anew:
            return {"recipient_number": recipient_among(call.text, numbers)}
        if numbers and requested(call, "recipient_number", "sender_surname", "relay_wanted"):
            return {"recipient_number": numbers[-1]}
        return {}

    async def validate_recipient_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """One of our subscribers, or somebody of our staff."""
        if value is None or _is_staff(value):
            return {"recipient_number": value}
        call = Call(dispatcher, tracker, domain)
        if not PHONE.fullmatch(str(value)):
            call.say("utter_invalid_recipient_number")
            return {"recipient_number": None}
        try:
            await call.services.secretary.owner(value)
        except UnknownSubscriberError:
            call.say("utter_verification_unknown_number", phone_number=value)
            return {"recipient_number": None}
        except HotlineError as error:
            call.excuse(error)
            return {"recipient_number": None, **drop()}
        return {"recipient_number": value}

    async def extract_callback_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The number that is named; else, once, the number that the talk was about before, to be confirmed."""
        call = Call(dispatcher, tracker, domain)
        numbers = call.entities("phone_number")
        if requested(call, "callback_number", "callback_confirmed"):
            if numbers:
                return {"callback_number": numbers[-1]}
            declined = declines_callback(call.text) or (call.intent == "deny" and requested(call, "callback_number"))
            return {"callback_number": ""} if declined else {}
        own = call.slot("phone_number")
        if call.slot("callback_number") is None and own and own != call.slot("recipient_number"):
            return {"callback_number": own}
        return {}

    async def validate_callback_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A number that can be called, ours or not; an empty one for no call back."""
        call = Call(dispatcher, tracker, domain)
        if value is None:
            return {"callback_number": None}
        if value == "" and _is_staff(call.slot("recipient_number")):  # 1860-8: she calls back, or nothing comes of it
            call.say("utter_secretary_no_callback")
            return {"callback_number": None, **drop()}
        if value == "":
            return {"callback_number": "", "callback_confirmed": True}
        if CALLABLE.fullmatch(str(value)):
            return {"callback_number": value}
        call.say("utter_invalid_callback_number")
        return {"callback_number": None}

    async def extract_callback_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Yes or no to the number that was read back; not when another one was named with it."""
        call = Call(dispatcher, tracker, domain)
        yes = answered(call, "callback_confirmed")
        return {} if yes is None or call.entities("phone_number") else {"callback_confirmed": yes}

    async def validate_callback_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """After a no the number is asked for."""
        call = Call(dispatcher, tracker, domain)
        if call.slot("callback_number") == "":
            return {"callback_confirmed": True}
        if value is not None and value is answered(call, "callback_confirmed"):
            return {"callback_confirmed": True} if value else {"callback_confirmed": None, "callback_number": None}
        return {"callback_confirmed": None}


class ValidateLeaveMessageForm(SecretaryForm):
    """Form of ``leave_message``: number, surname, message, read back, number for the call back, anything to add."""

    forgets = MESSAGE

    async def extract_sender_surname(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The surname; empty when the caller would rather not tell it."""
        call = Call(dispatcher, tracker, domain)
        if begins_anew(tracker, self.form_name()) and (own := own_surname(call.text)):
            return {"sender_surname": own}
        if not requested(call, "sender_surname"):
            return {}
        surname = call.entity("surname") or surname_in(call.text)
        if surname:
            return {"sender_surname": surname}
        return {"sender_surname": ""} if call.intent == "deny" or withholds_name(call.text) else {}

    async def validate_sender_surname(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """With it the title."""
        call = Call(dispatcher, tracker, domain)
        if not value or value == before_this_message(tracker, "sender_surname"):
            return {"sender_surname": value}
        return {"sender_surname": value, "sender_title": call.entity("title") or await title_by_contract(call, value)}

    async def extract_message_text(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The message; additions to it, or another one instead, when it is read back."""
        call = Call(dispatcher, tracker, domain)
        known = call.slot("message_text")
        if begins_anew(tracker, self.form_name()):
            message = message_in(call.text)
            return {"message_text": message} if message else {}
        if requested(call, "message_text"):
            return {"message_text": written(call.text)} if may_be_message(call) else {}
        if requested(call, "message_confirmed", "message_complete") and known and call.intent not in ASIDES:
            if adds(call.text) or (requested(call, "message_complete") and _is_addition(call)):
                return {"message_text": with_more(known, call.text)}
            if requested(call, "message_confirmed") and (new := replaces(known, call.text)):
                return {"message_text": written(new)}
            tells = (call.intent in UNDECIDED and may_be_message(call)) or changes_part(call.text)
            if requested(call, "message_confirmed") and tells:
                return {"message_text": with_more(known, call.text)}
        return {}

    async def validate_message_text(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What is new is read back again."""
        if value and value != before_this_message(tracker, "message_text"):
            return {"message_text": value, "message_confirmed": None, "message_complete": None}
        return {"message_text": value or None}

    async def extract_message_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Yes or no to the read-back; not when the message was changed with it."""
        call = Call(dispatcher, tracker, domain)
        yes = answered(call, "message_confirmed")
        changed = call.slot("message_text") != before_this_message(tracker, "message_text")
        return {} if yes is None or changed else {"message_confirmed": yes}

    async def validate_message_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """After a no the message is asked for again."""
        call = Call(dispatcher, tracker, domain)
        if value is not None and value is answered(call, "message_confirmed"):
            return {"message_confirmed": True} if value else {"message_confirmed": None, "message_text": None}
        return {"message_confirmed": None}

    async def extract_message_complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Whether there is nothing to add."""
        call = Call(dispatcher, tracker, domain)
        if not requested(call, "message_complete"):
            return {}
        if call.intent in ("deny", "goodbye", "thank") or nothing_more(call.text):
            return {"message_complete": True}
        return {"message_complete": False} if call.intent == "affirm" or has_more(call.text) else {}

    async def validate_message_complete(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Only what was just said; an addition is read back first."""
        call = Call(dispatcher, tracker, domain)
        changed = call.slot("message_text") != before_this_message(tracker, "message_text")
        done = value is True and requested(call, "message_complete") and not changed
        return {"message_complete": True if done else None}


class ValidateTalkToOwnerForm(SecretaryForm):
    """Form of ``talk_to_owner``: number, whether something is to be passed on, and what."""

    forgets = ("recipient_number", "relay_wanted", "message_text")

    async def extract_relay_wanted(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Yes or no; a message told at once is a yes."""
        call = Call(dispatcher, tracker, domain)
        yes = answered(call, "relay_wanted")
        if requested(call, "relay_wanted") and (message_in(call.text) or call.intent == "leave_message"):
            yes = True
        return {} if yes is None else {"relay_wanted": yes}

    async def validate_relay_wanted(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A no ends it."""
        if value and not requested(Call(dispatcher, tracker, domain), "relay_wanted", "message_text"):
            return {"relay_wanted": None}
        return {"relay_wanted": False, **drop()} if value is False else {"relay_wanted": value}

    async def extract_message_text(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The message; empty for nothing to pass on."""
        call = Call(dispatcher, tracker, domain)
        if requested(call, "relay_wanted"):
            message = message_in(call.text)
            return {"message_text": message} if message else {}
        if not requested(call, "message_text"):
            return {}
        if call.intent in ("deny", "goodbye", "thank") or nothing_more(call.text):
            return {"message_text": ""}
        return {"message_text": written(call.text)} if may_be_message(call) else {}

    async def validate_message_text(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Nothing to pass on ends it."""
        if value == "":
            return {"message_text": None, "relay_wanted": False, **drop()}
        return {"message_text": value}


class ValidateRequestCallbackForm(SecretaryForm):
    """Form of ``request_callback``: number, time, and a yes to the number."""

    forgets = ("callback_number", "callback_time", "callback_confirmed")

    async def extract_callback_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Also one named with the request."""
        call = Call(dispatcher, tracker, domain)
        numbers = call.entities("phone_number")
        if numbers and begun_by(tracker, self.form_name()):
            return {"callback_number": numbers[-1]}
        if call.intent == "deny" and requested(call, "callback_number"):
            return {}  # who wants to be called back needs a number
        return await super().extract_callback_number(dispatcher, tracker, domain)

    async def validate_callback_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """No number, no call back."""
        if value == "":
            return {"callback_number": None, **drop()}
        return await super().validate_callback_number(value, dispatcher, tracker, domain)

    async def extract_callback_time(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A time, or any words that answer the question for it; empty for any time."""
        call = Call(dispatcher, tracker, domain)
        times = "".join(call.entities("time"))
        asked = requested(call, "callback_time")
        if times and (asked or begins_anew(tracker, self.form_name()) or requested(call, "callback_confirmed")):
            return {"callback_time": with_part_of_day(times, call.slot("callback_time") or "")}
        if asked and (any_time(call.text) or call.intent in ("affirm", "deny")):
            return {"callback_time": ""}
        return {"callback_time": written(call.text)} if asked and call.intent in ("inform", "nlu_fallback") else {}

    async def validate_callback_time(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """In the customer's words."""
        return {"callback_time": value}


class ActionAskMessageText(HotlineAction):
    """留言请讲 (1258-1)."""

    async def perform(self, call: Call) -> None:
        """Ask."""
        call.say("utter_secretary_speak", surname=call.slot("sender_surname") or "", title=sender_title(call))


class ActionAskRelayWanted(HotlineAction):
    """Why the subscriber cannot be reached, and whether something is to be passed on (1258-2)."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Ask."""
        try:
            owner = await call.services.secretary.owner(call.slot("recipient_number"))
        except HotlineError as error:
            call.excuse(error)
            return [SlotSet(slot, value) for slot, value in drop().items()]
        name = "utter_secretary_calls_diverted" if owner.diverted else "utter_secretary_owner_unavailable"
        call.say(name, **_owner_words(call, owner))
        return None


class ActionAskMessageComplete(HotlineAction):
    """Anything to add (1258-1); after a bare yes to that, what."""

    async def perform(self, call: Call) -> None:
        """Ask."""
        more = requested(call, "message_complete") and (call.intent == "affirm" or has_more(call.text))
        call.say("utter_secretary_go_on" if more else "utter_secretary_anything_to_add")


class ActionLeaveMessage(HotlineAction):
    """Sends the message and parts (1258-1)."""

    async def perform(self, call: Call) -> list[EventType]:
        """Pass it on, or say that it was not."""
        done = cleared("task_dropped", *MESSAGE)
        if not call.slot("task_dropped"):
            try:
                await _pass_on(call, f"{call.conversation}:{call.message_id}")
            except HotlineError as error:
                call.excuse(error)
            else:
                call.say("utter_secretary_message_taken")
                return done
        return [*done, *await ActionFinishTask().perform(call)]


class ActionTalkToOwner(HotlineAction):
    """What is to be passed on becomes a message; nothing is 再见 (1258-2)."""

    async def perform(self, call: Call) -> list[EventType]:
        """Go on or part."""
        if not call.slot("task_dropped"):
            return [*cleared("relay_wanted"), FollowupAction("leave_message_form")]
        done = cleared("task_dropped", "relay_wanted", "message_text", "recipient_number")
        if call.slot("relay_wanted") is False:
            say_farewell(call)
            return done
        return [*done, *await ActionFinishTask().perform(call)]


class ActionRequestCallback(HotlineAction):
    """Puts the wish on record."""

    async def perform(self, call: Call) -> list[EventType]:
        """Record it, or say that it was not."""
        phone, wanted = call.slot("callback_number"), call.slot("callback_time") or ""
        if call.slot("task_dropped"):
            call.say("utter_secretary_no_callback")
        else:
            key = f"{call.conversation}:{call.message_id}"
            try:
                await call.services.secretary.request_callback(call.conversation, phone, wanted, key)
            except HotlineError as error:
                call.excuse(error)
            else:
                await _wait_no_longer(call, phone)
                name = "utter_secretary_callback_at" if wanted else "utter_secretary_callback_soon"
                call.say(name, callback_number=phone, time=wanted)
        return cleared("task_dropped", "callback_number", "callback_time", "callback_confirmed")


async def _wait_no_longer(call: Call, phone: str) -> None:
    """Who is called back waits no longer. A desk that is down changes nothing about the wish, which is on record."""
    try:
        await call.services.human_desk.cancel(call.conversation, phone)
    except GatewayError as error:
        logger.error("the queue could not be left for a callback: %s", type(error).__name__)


def may_be_message(call: Call) -> bool:
    """Whether words can be the message: anything but turn-taking and what is plainly a request to the hotline."""
    confidence = float((call.tracker.latest_message.get("intent") or {}).get("confidence") or 0)
    sure = confidence >= BEYOND_DOUBT and call.intent not in (*SPEAKS_OF_MESSAGES, *UNDECIDED, "affirm", "deny")
    said_to_us = call.intent in ASIDES and not (len(call.text) >= LONG and speaks_of_them(call.text))  # 谢谢她,请她来电
    if said_to_us or meant_for_us(call.text, sure) or has_more(call.text):
        return False
    if call.intent == "affirm" and not YES_FIRST.match(call.text):  # 有急事
        return len(call.text) > 2
    return len(call.text) >= (6 if call.intent in ("affirm", "deny", "goodbye") else 2)


def _is_addition(call: Call) -> bool:
    return may_be_message(call) and call.intent not in ("deny", "goodbye") and not nothing_more(call.text)


async def _pass_on(call: Call, key: str) -> None:
    """The message, once a key: to a subscriber by SMS; to somebody of our staff as a wish to be called back."""
    recipient = call.slot("recipient_number")
    if not _is_staff(recipient):
        await call.services.secretary.pass_on(recipient, _short_message(call), key)
        return
    words = call.words.phrase(
        "utter_secretary_for_staff",
        asked=_asked_for(call),
        sender=_sender(call),
        message_text=call.slot("message_text"),
    )
    await call.services.secretary.request_callback(call.conversation, call.slot("callback_number"), words, key)


def _member_of_staff(call: Call) -> str:
    """Who was asked for (1002号客户代表), as far as the customer said."""
    if number := staff_number(_asked_for(call)):
        return call.words.phrase("utter_secretary_member_of_staff", number=number)
    return call.words.phrase("utter_secretary_staff")


def _asked_for(call: Call) -> str:
    """The words with which somebody of our staff was asked for."""
    for event in reversed(call.tracker.events):
        if event["event"] == "user" and event["parse_data"]["intent"]["name"] == "ask_for_staff":
            return written(event["text"] or "")
    return ""


def _is_staff(recipient: Optional[str]) -> bool:
    return bool(recipient) and not str(recipient).isdigit()


async def title_by_contract(call: Call, surname: str) -> Optional[str]:
    """The title of the caller's own contract, if it is his: a verified number or the line of the call, same surname."""
    own = call.slot("phone_number")
    if not own or not surname:
        return None
    if own != call.line() and not await call.services.verification.verified(call.conversation, own):
        return None
    try:
        owner = await call.services.secretary.owner(own)
    except HotlineError:
        return None
    return _title(call, owner.gender) if owner.surname == surname and owner.gender else None


def sender_title(call: Call) -> str:
    """The caller's title; both where it is not known."""
    return call.slot("sender_title") or call.words.phrase("utter_secretary_title_unknown", call.channel)


def _title(call: Call, gender: str) -> str:
    return call.words.phrase("utter_secretary_title_male" if gender == "male" else "utter_secretary_title_female")


def _owner_words(call: Call, owner: Owner) -> dict[str, str]:
    if owner.gender is None:
        holder = call.words.phrase("utter_secretary_holder")
        return {"owner": holder, "title": "", "pronoun": holder}
    name = "utter_secretary_pronoun_male" if owner.gender == "male" else "utter_secretary_pronoun_female"
    return {"owner": owner.surname, "title": _title(call, owner.gender), "pronoun": call.words.phrase(name)}


def _sender(call: Call) -> str:
    surname = call.slot("sender_surname")
    if surname:
        return call.words.phrase("utter_secretary_sms_sender", surname=surname, title=sender_title(call))
    return call.words.phrase("utter_secretary_sms_unnamed")


def _short_message(call: Call) -> str:
    """The message as the subscriber gets it."""
    sender = _sender(call)
    number = call.slot("callback_number")
    name = "utter_secretary_sms" if number else "utter_secretary_sms_without_number"
    return call.words.phrase(name, sender=sender, callback_number=number, message_text=call.slot("message_text"))
