"""What the forms of all topics share: the number, the service password that the door checks (1860-12), yes or no."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, ClassVar, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT, FormValidationAction

from actions.base import Call, snake
from hotline.errors import HotlineError, UnknownSubscriberError
from hotline.nlu.requests import MOBILE, joined_numbers
from hotline.services.verification import changes_to_oneself, means_oneself, means_somebody_else

logger = logging.getLogger(__name__)

PHONE = re.compile(r"1[3-9]\d{9}")
BEGINS = re.compile(r"1[3-9]\d{0,6}")
MAX_PASSWORD_ATTEMPTS = 2
# Words of these kinds are never what a question in a form has asked for, not even one that takes any words.
ASIDES = frozenset(
    {
        "greet",
        "thank",
        "apologize",
        "ask_staff_identity",
        "bot_challenge",
        "ask_capabilities",
        "ask_repeat",
        "complain_voice_unclear",
        "blame_slow",
        "wait",
        "abuse",
        "harass",
        "stop",
        "request_human",
        "request_supervisor",
        "session_opened",
        "secret_entered",
        "silence",
        "transfer_failed",
        "handoff_ended",
        "signed_in",
    }
)


LETTER = re.compile(r"[^\W\d_]")
YES_WITH_MORE = frozenset({"blame_slow", "thank", "inform", "nlu_fallback"})
PLAIN_YES = re.compile("^[嗯啊哦呃哎,。 ]*(?:对|是的|是啊|好的|好啊|确认|没错|可以)(?!.*[不没别吗?改换])")
# A yes or a no and nothing else, whatever it was understood as.
BARE_YES = re.compile(
    "[嗯啊哦呃哎,。 ]*(?:需要|要|好|是|对|行|可以|确认|没错|登记吧|(?:快|赶紧|马上)点?(?:给我|帮我)?[办开][理机]?)"
    "[的吧啊呀了嗯,。 ]*"
)
BARE_NO = re.compile(
    "[嗯啊哦呃哎,。 ]*(?:算了)?我?先?(?:不|别)(?:用|要|想|需要)?(?:给我|帮我)?"
    "(?:办理?|登记|撤销?|取消|开通?|换|买|退|停|挂失?|改|转告?)?[了吧的啊呢,。 ]*"
)
# No yes to a change contains one of these, however it was understood (算了不挂失了, 好像不对吧).
DOUBTFUL = re.compile("不(?!错)|别|没(?!错|问题)|算了|等等|等一下|吗|\\?|怎么|为什么|多少|\\.\\.")


class NumberChecks:
    """Checks of the slot ``phone_number``."""

    async def validate_phone_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """One of our numbers, else it is asked for again; another number needs a verification of its own."""
        if value is None:
            return {"phone_number": None, "identity_verified": None}
        call = Call(dispatcher, tracker, domain)
        number = value[-1] if isinstance(value, list) else value  # of several the last one is the correction
        if later := _for_later(call):  # unless something is wanted for each
            number, again = later[0], bool(tracker.latest_message.get("requests"))
            name = "utter_verification_one_then_next" if again else "utter_verification_one_at_a_time"
            call.say(name, phone_number=number, next=later[1])
        begun = f"{call.slot('number_begun') or ''}{number}"
        if PHONE.fullmatch(begun):
            number = begun
        elif call.channel == "ivr" and BEGINS.fullmatch(begun):  # 一三八…零零幺三…, a pause between
            return {"phone_number": None, "number_begun": begun}
        if not PHONE.fullmatch(str(number)):
            call.say("utter_invalid_phone_number")
            return {"phone_number": None, "number_begun": None}
        if await call.services.verification.verified(call.conversation, number):
            return {"phone_number": number, "number_begun": None, "identity_verified": True}
        try:
            await call.services.billing.check_number(number)
        except UnknownSubscriberError:
            call.say("utter_verification_unknown_number", phone_number=number)
            return {"phone_number": None, "number_begun": None}
        except HotlineError as error:
            call.excuse(error)
            return {"phone_number": None, "number_begun": None, **drop()}
        return {"phone_number": number, "number_begun": None, "identity_verified": None}


def _for_later(call: Call) -> list[str]:
    """The numbers of a message that something is wanted for one after the other, in that order; empty for one."""
    requests = call.tracker.latest_message.get("requests") or []
    numbers = [match.group() for one in requests for match in MOBILE.finditer(one["text"])]
    found = list(dict.fromkeys(numbers or [match.group() for match in joined_numbers(call.text)]))
    return found if len(found) > 1 else []


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
    """A form that knows how to be dropped; its name in domain.yml is its class name in snake case.

    ``forgets`` are the slots that belong to one run of it: when the customer begins anew, what an earlier run has left
    there counts no more. A form that is taken up again keeps them.
    """

    forgets: ClassVar[tuple[str, ...]] = ()

    def name(self) -> str:
        """``validate_`` and the form's name."""
        return snake(type(self).__name__)

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Check what was said; see ``forgets``."""
        events: list[EventType] = []
        if begun_by(tracker, self.form_name()):
            events = [SlotSet(slot, None) for slot in self.forgets]
            tracker.add_slots(events)
        elif _asks_again(tracker, self.form_name()):
            # An event for a slot keeps the form from rejecting the request for itself, which nothing else would answer.
            events = [SlotSet("task_dropped", tracker.get_slot("task_dropped"))]
        try:
            return [*events, *await super().run(dispatcher, tracker, domain)]
        except HotlineError as error:  # whatever cannot be looked up: the task is over, not asked on about
            logger.warning("%s: %s", self.name(), type(error).__name__)
            Call(dispatcher, tracker, domain).excuse(error)
            return [*events, *(SlotSet(slot, value) for slot, value in drop().items())]

    async def next_requested_slot(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> EventType | None:
        """None is requested once the task was dropped, which ends the form."""
        if tracker.get_slot("task_dropped"):
            return SlotSet(REQUESTED_SLOT, None)
        event: EventType | None = await super().next_requested_slot(dispatcher, tracker, domain)
        return event


class AccountForm(NumberChecks, PasswordChecks, TaskForm):
    """Number and service password: the form of every question about personal data.

    The number that the talk is about goes on to the next question, unless that is about somebody else (我妈的流量呢)
    or about the customer himself again: figures are never told as those of another person.
    """

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """See above."""
        call = Call(dispatcher, tracker, domain)
        answers = call.intent == "inform" and requested(call, "phone_number")  # 我妈的, to the question for the number
        begun = answers or begun_by(tracker, self.form_name()) or call.entities("phone_number")
        events = self.whose(call) if begun else []
        tracker.add_slots(events)
        return [*events, *await super().run(dispatcher, tracker, domain)]

    def whose(self, call: Call) -> list[EventType]:
        """The number that is meant where another person is than before; ``own_number`` is set (empty when it is not
        known) as long as the talk is about somebody else's.
        """
        own, named = call.slot("own_number"), bool(call.entities("phone_number"))
        requests = call.tracker.latest_message.get("requests") or [{"text": call.text}]
        said = requests[0]["text"]  # 查话费,再查我妈的流量: the rest comes in its turn
        if means_somebody_else(said):
            if own is not None:
                return []
            known = before_this_message(call.tracker, "phone_number") or ""
            return [SlotSet("own_number", known), *([] if named else [SlotSet("phone_number", None)])]
        if own is None and not named and changes_to_oneself(said):  # of a number of which nobody said whose it is
            line = call.line()
            return [SlotSet("phone_number", line)] if line or begun_by(call.tracker, self.form_name()) else []
        if own is None:
            return []
        if named and begun_by(call.tracker, self.form_name()):  # another number, of nobody knows whom
            return [SlotSet("own_number", None)]
        if named or not means_oneself(said):
            return []
        return [SlotSet("own_number", None), SlotSet("phone_number", own or None)]


def begins_anew(tracker: Tracker, form: str) -> bool:
    """Whether the customer has just asked for a form's task, as opposed to answering, resuming or being led to it."""
    if not _asks_for(tracker, form) or loop_when_spoken(tracker) == form:
        return False
    # Rasa puts the form itself last; before it, a task that the customer began has nothing but the wait for his words.
    actions = [event["name"] for event in islice(_of_kind("action", reversed(tracker.events)), 2)]
    return bool(actions[-1] == "action_listen")


def begun_by(tracker: Tracker, form: str) -> bool:
    """Whether the customer's words began a form: by asking for its task, or by naming what it needs after an answer or
    an offer (那上海呢). A task left open that goes on with them is not begun by them.
    """
    message = tracker.latest_message
    asked = ((message.get("metadata") or {}).get("context") or {}).get("asked")
    intent = (message.get("intent") or {}).get("name")
    takes_up = intent in ("affirm", "deny") and asked == "anything_else"  # 那就这个
    follows_up = (intent == "inform" and asked != "resume_task") or takes_up
    return begins_anew(tracker, form) or (follows_up and loop_when_spoken(tracker) != form)


def _asks_for(tracker: Tracker, form: str) -> bool:
    return f"{(tracker.latest_message.get('intent') or {}).get('name')}_form" == form


def _asks_again(tracker: Tracker, form: str) -> bool:
    """Whether the customer asks for the very task whose form is in hand."""
    return _asks_for(tracker, form) and loop_when_spoken(tracker) == form


def loop_when_spoken(tracker: Tracker) -> Optional[str]:
    """The form that was in hand when the customer spoke; None when there was none."""
    return next((event.get("name") for event in _of_kind("active_loop", _before_this_message(tracker))), None)


def requested(call: Call, *slots: str) -> bool:
    """Whether the last question was for one of these slots.

    When one form takes another's place, Rasa hands it the other one's ``requested_slot``: that does not count.
    """
    if call.slot(REQUESTED_SLOT) not in slots:
        return False
    return bool(loop_when_spoken(call.tracker) == call.tracker.active_loop.get("name"))


def answered(call: Call, slot: str) -> Optional[bool]:
    """Yes or no, when that was said to the question for this very slot; else None.

    It counts only while the question is the last thing that was asked: not after a menu, say, that came in between.
    A yes with something behind it (对快点) may have been understood as what is behind it.
    """
    if not requested(call, slot) or call.asked != "confirm":
        return None
    if call.text and not LETTER.search(call.text):  # a number that was blotted out is no word
        return None
    if BARE_YES.fullmatch(call.text) or (call.intent in YES_WITH_MORE and PLAIN_YES.search(call.text)):
        return True
    if call.intent != "stop" and BARE_NO.fullmatch(call.text):
        return False
    return {"affirm": True, "deny": False}.get(call.intent)


def before_this_message(tracker: Tracker, slot: str) -> Any:
    """The value that a slot had before the customer's last words."""
    slots = _of_kind("slot", _before_this_message(tracker))
    return next((event["value"] for event in slots if event["name"] == slot), None)


def since_start(tracker: Tracker, form: str) -> list[dict[str, Any]]:
    """The events since a form was started last; setting the form that is in hand anew is no start."""
    events: list[dict[str, Any]] = list(tracker.events)
    start, in_hand = len(events), None
    for i, event in enumerate(events):
        if event["event"] == "active_loop":
            if event.get("name") == form != in_hand:
                start = i
            in_hand = event.get("name")
    return events[start:]


def said_since_start(tracker: Tracker, form: str, response: str) -> int:
    """How often a response was said since a form was started last."""
    names = [(event.get("metadata") or {}).get("utter_action") for event in since_start(tracker, form)]
    return names.count(response)


def _before_this_message(tracker: Tracker) -> Iterator[dict[str, Any]]:
    """What happened before the customer's last words, latest first; a long talk is not looked through for it."""
    events: Iterator[dict[str, Any]] = reversed(tracker.events)
    next(_of_kind("user", events), None)
    return events


def _of_kind(kind: str, events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (event for event in events if event["event"] == kind)


class ConfirmChecks:
    """Checks of the slot ``change_confirmed``: an explicit yes to what was just read back, and to nothing else."""

    def confirms(self, call: Call) -> Optional[bool]:
        """Yes or no, None for neither: a yes has to be beyond doubt."""
        yes = answered(call, "change_confirmed")
        return None if yes and DOUBTFUL.search(call.text) else yes

    def corrects(self, call: Call) -> bool:
        """Whether the answer names something else than what was read back."""
        return bool(call.entities("phone_number"))

    async def extract_change_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Yes or no; not when something else was named with it, which is to be read back first."""
        call = Call(dispatcher, tracker, domain)
        yes = self.confirms(call)
        return {} if yes is None or self.corrects(call) else {"change_confirmed": yes}

    async def validate_change_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A yes to an earlier question is none."""
        yes = self.confirms(Call(dispatcher, tracker, domain))
        return {"change_confirmed": value if value is yes else None}
