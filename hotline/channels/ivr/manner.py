"""The telephone's part in a turn: what an event means as the call stands, and what the platform is to do then.

All of it is decided while the door has the conversation, so that events which arrive together, at whichever worker,
are each taken in the light of the one before. Source: docs/ivr-protocol.md; 1860-37 and 1860-38 by way of the rules.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

from hotline.answers import Answer
from hotline.channels.ivr import pieces, prompts
from hotline.channels.ivr.prompts import CHANNEL, Actions
from hotline.channels.ivr.protocol import Event
from hotline.channels.ivr.record import PLATFORM, ended, note_answers, note_event, number, opened
from hotline.door import SHORTEST_SECRET, Door, Inbound, Manner
from hotline.ports import Conversation, Mode


class CallManner(Manner):
    """The part of one event in its turn.

    ``event`` may be replaced before the turn; ``before`` are prompts to say first. Setting ``held`` tells that the
    caller was asked to wait meanwhile: what the turn comes to is then left for the next event. ``dressed`` tells that
    it is too late for that.
    """

    def __init__(self, event: Event, door: Door, now: datetime, low_confidence: float) -> None:
        self.event = event
        self._door = door
        self._now = now
        self._low_confidence = low_confidence
        self.before: Actions = []
        self._reply: Actions = []
        self.held = False
        self.dressed = False

    def read(self, inbound: Inbound, conversation: Conversation) -> Optional[Inbound]:
        """What the event means as the call stands; None when it needs no turn."""
        event, state = self.event, conversation.state
        again = "call" in state
        call = state.setdefault("call", opened(event, self._now))
        unheard: Actions = state.pop("unheard", [])
        if event.type == "end":
            conversation.mode = Mode.CLOSED
            ended(call, event.reason[:100] or PLATFORM, self._now)
            return None
        if unheard and (event.type == "played" or "listen" not in unheard[-1]):
            self._reply = unheard
            return None
        if conversation.mode is Mode.CLOSED or event.type == "played":
            return None
        note_event(call, event)
        if event.type == "transfer_result":
            return self._transferred(call)
        if call.get("transfer_result") == "answered":
            return None  # a human has the call
        self.before.extend(action for action in unheard if "say" in action)
        if event.type == "start" and again:
            return self._started_again(call)
        return self._meant(state)

    def arrange(self, answers: list[Answer], conversation: Conversation) -> list[Answer]:
        """In pieces, with keys."""
        return pieces.arrange(answers, conversation.state, lambda name: self._door.answer(name, CHANNEL))

    def dress(self, answers: list[Answer], conversation: Conversation) -> Actions:
        """The actions for the platform."""
        self.dressed = True
        state = conversation.state
        found = self._reply
        if answers:
            found = [*self.before, *prompts.actions(answers, conversation, self._door.words)]
        if answers and "call" in state:
            note_answers(state["call"], state.get("heard", ""), answers, self._now)
        if self.held and "call" in state:  # else the turn could not be kept, and nothing can be left in it
            state["unheard"] = found
            return prompts.hold(self._door.words)
        return found

    def _transferred(self, call: dict[str, Any]) -> Optional[Inbound]:
        call["transfer_result"] = self.event.result
        return None if self.event.result == "answered" else self._happened("transfer_failed")

    def _started_again(self, call: dict[str, Any]) -> Optional[Inbound]:
        """A start that comes late or twice: the caller hears where the call stands."""
        if not call["caller"]:
            late = opened(self.event, self._now)
            call.update({name: late[name] for name in ("number", "caller", "dialled")})
        return self._happened("ask_repeat")

    def _meant(self, state: dict[str, Any]) -> Inbound:
        event = self.event
        if event.type == "start":
            return self._happened("session_opened", caller=number(event))
        if event.type == "silence":
            return self._happened("silence")
        if event.type == "dtmf":
            return self._keyed(event.digits.strip("#").partition("#")[0], state)
        if not understandable(event, self._low_confidence):
            return self._happened("nlu_fallback")
        return Inbound(event.call_id, CHANNEL, event.event_id, text=event.text)

    def _keyed(self, keys: str, state: dict[str, Any]) -> Inbound:
        event = self.event
        collected = state.get("asks") in prompts.COLLECTED
        if keys.isdigit() and len(keys) >= SHORTEST_SECRET and (collected or state.get("secret") or len(keys) == 11):
            return Inbound(event.call_id, CHANNEL, event.event_id, text=keys, secret=bool(state.get("secret")))
        if keys == prompts.HUMAN and not collected:
            return self._happened("request_human")
        # The end key alone: it comes late, behind the last digit that could be collected, and has cut off the answer.
        if not keys or (keys == prompts.REPEAT and not collected):
            return self._happened("ask_repeat")
        buttons = state.get("buttons", [])
        if len(keys) == 1 and keys in "123456789" and int(keys) <= len(buttons):
            button = buttons[int(keys) - 1]
            return Inbound(event.call_id, CHANNEL, event.event_id, text=button["title"], payload=button["payload"])
        return self._happened("nlu_fallback")

    def _happened(self, name: str, **entities: str) -> Inbound:
        event = self.event
        known = {key: value for key, value in entities.items() if value}
        return Inbound(event.call_id, CHANNEL, event.event_id, event=name, entities=known)


def serves_itself(event: Event, low_confidence: float) -> bool:
    """Whether the first event of a call asks for something by itself, besides telling that there is a call."""
    if event.type == "speech":
        return understandable(event, low_confidence)
    return event.type == "dtmf" and event.digits.strip("#") == prompts.HUMAN


def understandable(event: Event, low_confidence: float) -> bool:
    """Whether there are words in a piece of speech, and sure enough to be taken for them."""
    return bool(event.text.strip()) and event.confidence >= low_confidence
