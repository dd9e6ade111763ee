"""A call on the neutral protocol: one event in, its actions out. Keeps nothing itself; the door's record has it all.

Source: docs/ivr-protocol.md; keys and silence as the manual's 1860-37/38 and scenarios.yml say.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any, Optional

from hotline.answers import Answer, last_asked
from hotline.channels.ivr.protocol import Event
from hotline.channels.ivr.voice import ssml
from hotline.door import Door, Inbound, Turn
from hotline.ports import Conversation, Mode

logger = logging.getLogger(__name__)

CHANNEL = "ivr"
HOLD_AFTER = 1.5
LISTEN_MS = 8000
HUMAN, REPEAT = "0", "*"

# How many keys an answer takes, by what was asked; everything else takes one key of the menu.
LENGTHS = {"phone_number": 11, "password": 6, "month": 1, "time": 4}

Action = dict[str, Any]
Actions = list[Action]


class Calls:
    """Serves the calls of one process; any other process may take the next event of a call."""

    def __init__(self, door: Door, low_confidence: float) -> None:
        self._door = door
        self._low_confidence = low_confidence
        self._slow: dict[str, asyncio.Task[Turn]] = {}

    async def handle(self, event: Event) -> Actions:
        """The actions that answer an event; a fault of the engine becomes an apology and a transfer."""
        try:
            return await self._handle(event)
        except Exception as error:  # a live caller must never meet silence or a 5xx
            logger.error("event %s of a call failed: %s", event.type, type(error).__name__, exc_info=error)
            apology = self._door.fault(CHANNEL)
            return self._dress([apology], Conversation(event.call_id, CHANNEL))

    async def _handle(self, event: Event) -> Actions:
        if event.type == "speech" and not event.final:
            return []
        if event.type == "played":
            return await self._rest(event)
        known = await self._door.conversation(event.call_id, event.event_id)
        if event.type == "end":
            await self._door.close(event.call_id, event.event_id)
            return []
        if known is not None and known.mode is Mode.CLOSED:
            return await self._replayed(event)
        greeting: Actions = []
        if known is None and event.type != "start":
            first = await self._door.receive(_opening(replace(event, event_id=f"{event.event_id}.start")), self._dress)
            greeting = [action for action in _actions(first) if "say" in action][:1]
        inbound = _inbound(event, known, self._low_confidence)
        return greeting + await self._within_time(event.call_id, inbound)

    async def _within_time(self, call_id: str, inbound: Inbound) -> Actions:
        task = asyncio.ensure_future(self._door.receive(inbound, self._dress))
        done, _ = await asyncio.wait({task}, timeout=HOLD_AFTER)
        if done:
            return _actions(task.result())
        self._slow[call_id] = task
        return [self._say(self._door.words("utter_courtesy_hold", CHANNEL), False, True), {"continue": {}}]

    async def _rest(self, event: Event) -> Actions:
        task = self._slow.pop(event.call_id, None)
        if task is None:
            return await self._replayed(event)
        return _actions(await task)

    async def _replayed(self, event: Event) -> Actions:
        """The very same actions when this event was answered before, else none."""
        answers = await self._door.answered(event.call_id, event.event_id)
        return _actions_of(answers)

    # --- out ---------------------------------------------------------------------------------------------------------

    def _dress(self, answers: list[Answer], conversation: Conversation) -> Actions:
        louder = bool(conversation.state.get("louder"))
        actions = [
            self._say(answer.text, louder, not answer.metadata.get("must_hear")) for answer in answers if answer.text
        ]
        buttons = [button for answer in answers for button in answer.buttons]
        if buttons:
            actions.append(self._say(self._menu(buttons), louder, True))
        return [*actions, self._last(answers, conversation)]

    def _menu(self, buttons: list[dict[str, str]]) -> str:
        keys = [
            self._door.words(
                "utter_courtesy_key", CHANNEL, title=button["title"], key=HUMAN if _to_human(button) else str(number)
            )
            for number, button in enumerate(buttons[:9], start=1)
        ]
        return self._door.words("utter_courtesy_keys", CHANNEL, keys=",".join(keys))

    def _say(self, text: str, louder: bool, barge_in: bool) -> Action:
        return {"say": {"text": text, "ssml": ssml(text, louder), "barge_in": barge_in}}

    def _last(self, answers: list[Answer], conversation: Conversation) -> Action:
        for answer in answers:
            if answer.metadata.get("transfer"):
                context = {"topic": answer.metadata.get("topic", ""), "conversation": conversation.id}
                return {"transfer": {"target": answer.metadata["transfer"], "context": context}}
        if any(answer.metadata.get("ends") for answer in answers):
            return {"hangup": {"reason": "finished"}}
        asked = last_asked(answers)
        kind = asked.metadata["asks"] if asked else ""
        secret = bool(asked and asked.metadata.get("secret"))
        waits = max((int(answer.metadata.get("waits", 0)) for answer in answers), default=0)
        return {
            "listen": {
                "speech": not secret,
                "digits": {"max": LENGTHS.get(kind, 1), "end": "#"},
                "timeout_ms": max(LISTEN_MS, waits * 1000),
                "lang": "zh-CN",
                "secret": secret,
            }
        }


def _inbound(event: Event, known: Optional[Conversation], low_confidence: float) -> Inbound:
    """What an event means to the door."""
    if event.type == "start":
        return _opening(event)
    if event.type == "silence":
        return _happened(event, "silence")
    if event.type == "transfer_result":
        return _happened(event, "session_opened" if event.result == "answered" else "transfer_failed")
    if event.type == "dtmf":
        return _keyed(event, known.state if known else {})
    if event.confidence < low_confidence or not event.text.strip():
        return _happened(event, "nlu_fallback")
    return Inbound(event.call_id, CHANNEL, event.event_id, text=event.text)


def _keyed(event: Event, state: dict[str, Any]) -> Inbound:
    keys = event.digits.rstrip("#")
    if state.get("asks") in ("phone_number", "password"):
        return Inbound(event.call_id, CHANNEL, event.event_id, text=keys, secret=bool(state.get("secret")))
    buttons = state.get("buttons", [])
    if keys == HUMAN:
        return _happened(event, "request_human")
    if keys == REPEAT:
        return _happened(event, "ask_repeat")
    if keys.isdigit() and 1 <= int(keys) <= min(len(buttons), 9):
        button = buttons[int(keys) - 1]
        return Inbound(event.call_id, CHANNEL, event.event_id, text=button["title"], payload=button["payload"])
    return _happened(event, "nlu_fallback")


def _opening(event: Event) -> Inbound:
    caller = event.caller[-11:]
    entities = {"caller": caller} if len(caller) == 11 and caller.isdigit() and caller.startswith("1") else {}
    return Inbound(event.call_id, CHANNEL, event.event_id, event="session_opened", entities=entities)


def _happened(event: Event, name: str) -> Inbound:
    return Inbound(event.call_id, CHANNEL, event.event_id, event=name)


def _to_human(button: dict[str, str]) -> bool:
    return button["payload"] == "/request_human"


def _actions(turn: Turn) -> Actions:
    return _actions_of(turn.answers)


def _actions_of(answers: list[Answer]) -> Actions:
    return next((answer.dressed for answer in reversed(answers) if answer.dressed), [])
