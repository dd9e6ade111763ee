"""What the actions of all topics share: one call's view of the conversation, and the table of errors and sentences."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Optional

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT

from hotline import bootstrap
from hotline.errors import GatewayError, HotlineError, NotVerifiedError, UnknownSubscriberError
from hotline.wording import Words

logger = logging.getLogger(__name__)

# The one sentence for each error that can end a customer's task.
OUTCOMES: dict[type[HotlineError], str] = {
    GatewayError: "utter_courtesy_unavailable",
    UnknownSubscriberError: "utter_verification_unknown_number",
    NotVerifiedError: "utter_courtesy_unavailable",
}


# Slots that say how the talk stands, not what it is about.
INTERNAL = {
    "dropped_task",
    "identity_verified",
    "last_task",
    "number_begun",
    "own_number",
    "password_attempts",
    "phone_number",
    "requested_slot",
    "served_requests",
    "session_started_metadata",
    "task_dropped",
}


class Call:
    """One call of an action: what the customer said, what is known, and the means to answer."""

    def __init__(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]) -> None:
        self.dispatcher = dispatcher
        self.tracker = tracker
        self.words = Words.from_domain(domain)
        self.services = bootstrap.services()

    @property
    def conversation(self) -> str:
        """The conversation's id."""
        return str(self.tracker.sender_id)

    @property
    def message_id(self) -> str:
        """The customer's message that this call serves; with the conversation it makes idempotency keys."""
        return str(self.tracker.latest_message.get("message_id") or "")

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the door wrote on the message: context, channel, the result of a secret."""
        return self.tracker.latest_message.get("metadata") or {}

    @property
    def channel(self) -> str:
        """web, ivr or terminal."""
        return str(self.metadata.get("channel", "web"))

    @property
    def intent(self) -> str:
        """What was understood."""
        return str((self.tracker.latest_message.get("intent") or {}).get("name") or "")

    @property
    def asked(self) -> str:
        """What the assistant asked last (``asks`` of the response's metadata, ``told`` or ``start``)."""
        return str((self.metadata.get("context") or {}).get("asked", ""))

    @property
    def text(self) -> str:
        """What the customer said, as Rasa got it: normalised, without secrets; the title of a button."""
        return str(self.tracker.latest_message.get("text") or "")

    def slot(self, name: str) -> Any:
        """A slot's value."""
        return self.tracker.get_slot(name)

    def entity(self, name: str) -> Any:
        """The last value of an entity in the customer's words, None when there is none."""
        values = [e["value"] for e in self.tracker.latest_message.get("entities", []) if e["entity"] == name]
        return values[-1] if values else None

    def entities(self, name: str) -> list[Any]:
        """All values of an entity in the customer's words, in order, each once."""
        return list(
            dict.fromkeys(e["value"] for e in self.tracker.latest_message.get("entities", []) if e["entity"] == name)
        )

    def say(self, response: str, **values: Any) -> None:
        """Say a response of domain.yml; one that hands the conversation to a human carries along what is known."""
        if self.words.variant(response, self.channel).get("metadata", {}).get("transfer"):
            values = {"context": self.known(), **values}
        self.dispatcher.utter_message(response=response, **values)

    def known(self) -> dict[str, Any]:
        """What a human should know: the topic, the customer as far as verified, and the values given so far."""
        slots = {
            name: value
            for name, value in self.tracker.slots.items()
            if value is not None and name not in INTERNAL and isinstance(value, (str, int, float, bool, list))
        }
        task = self.tracker.active_loop.get("name") or self.slot("last_task") or ""
        return {
            "topic": task.removesuffix("_form"),
            "phone_number": self.slot("phone_number") or "",
            "verified": bool(self.slot("identity_verified")),
            "slots": slots,
        }

    def redirect(self, intent: str = "", text: str = "") -> None:
        """Let the door go on, in this same turn, as if the customer had meant ``intent`` or said ``text`` next."""
        self.dispatcher.utter_message(json_message={"redirect": {"intent": intent, "text": text}})

    def excuse(self, error: HotlineError) -> None:
        """Say the one sentence that belongs to an error."""
        for kind, response in OUTCOMES.items():
            if isinstance(error, kind):
                self.say(response, phone_number=self.slot("phone_number"))
                return
        logger.error("no sentence for %s", type(error).__name__)
        self.say(OUTCOMES[GatewayError])

    def answers_before(self) -> list[dict[str, Any]]:
        """What the assistant said before these words, in the turn before."""
        events = self.tracker.events
        turns = [index for index, event in enumerate(events) if event["event"] == "user"][-2:]
        return [event for event in events[turns[0] : turns[1]] if event["event"] == "bot"] if len(turns) > 1 else []

    def offered(self, payload: str) -> bool:
        """Whether a button of the answer before stood for it."""
        return any(button["payload"] == payload for button in self.buttons_before())

    def buttons_before(self) -> list[dict[str, str]]:
        """The buttons of the answer before."""
        return [b for event in self.answers_before() for b in (event.get("data") or {}).get("buttons") or []]

    def told(self, response: str) -> bool:
        """Whether the answer before was, or contained, this response."""
        return any((event.get("metadata") or {}).get("utter_action") == response for event in self.answers_before())

    def entities_before(self, name: str) -> list[Any]:
        """All values of an entity in the customer's words before these."""
        said = [event for event in self.tracker.events if event["event"] == "user"][-2:-1]
        found = [e for event in said for e in (event.get("parse_data") or {}).get("entities") or []]
        return list(dict.fromkeys(e["value"] for e in found if e["entity"] == name))

    def line(self) -> Optional[str]:
        """The number that a call comes from; None when it is hidden, or where there is none."""
        for event in self.tracker.events:
            for entity in (event.get("parse_data") or {}).get("entities") or []:
                if entity["entity"] == "caller":
                    return str(entity["value"])
        return None

    def intents(self) -> Iterator[str]:
        """What the customer's messages were understood as, latest first."""
        for event in reversed(self.tracker.events):
            if event["event"] == "user":
                yield str(((event.get("parse_data") or {}).get("intent") or {}).get("name") or "")


@cache
def snake(name: str) -> str:
    """``ActionQueryBalance`` as ``action_query_balance``."""
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class HotlineAction(Action):
    """An action whose errors each become the sentence that belongs to them. Subclasses write ``perform``."""

    def name(self) -> str:
        """The action's name in domain.yml: its class name in snake case."""
        return snake(type(self).__name__)

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Serve one call."""
        call = Call(dispatcher, tracker, domain)
        try:
            return await self.perform(call) or []
        except HotlineError as error:
            logger.warning("%s: %s", self.name(), type(error).__name__)
            call.excuse(error)
            return []

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """What the action does."""
        raise NotImplementedError


def return_to_task(call: Call) -> list[EventType]:
    """Take up the task in hand again, if there is one."""
    loop = call.tracker.active_loop.get("name")
    return [FollowupAction(loop)] if loop else []


def keep_listening(call: Call) -> list[EventType]:
    """Wait for the customer without putting the form's question again, which Rasa does after any other answer.

    Setting the loop anew takes back its rejection: the next words are again an answer to its question.
    """
    loop = call.tracker.active_loop.get("name")
    return [*([ActiveLoop(loop)] if loop else []), FollowupAction("action_listen")]


def dropped_task() -> list[EventType]:
    """Events that end the task in hand; nothing was changed by it."""
    return [ActiveLoop(None), *cleared(REQUESTED_SLOT, "password_attempts")]


def cleared(*slots: str) -> list[EventType]:
    """Events that empty slots."""
    return [SlotSet(slot, None) for slot in slots]
