"""A call on the neutral protocol: one event in, its actions out, in time. Keeps nothing; the door's record has it all.

Source: docs/ivr-protocol.md.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from hotline.answers import Answer
from hotline.bootstrap import Services
from hotline.channels.ivr import prompts
from hotline.channels.ivr.manner import CallManner, serves_itself
from hotline.channels.ivr.prompts import CHANNEL, Actions
from hotline.channels.ivr.protocol import Event
from hotline.channels.ivr.record import record
from hotline.door import Door, Inbound, Turn
from hotline.errors import GatewayError
from hotline.ports import CallRecords, Clock, Conversation

logger = logging.getLogger(__name__)

HOLD_AFTER = 1.5
AT_HAND = 2000  # calls that are remembered to have begun
OPENING = ":start"  # of an event's id, where the platform's alphabet has no colon
UNKEPT_FOR = 20.0  # seconds; a platform fetches the rest after two syllables
# The events after which the record of the call is kept.
_MARKS = ("start", "transfer_result", "end")


class Calls:
    """Serves calls; any other process on the same stores may take the next event of a call."""

    def __init__(
        self, door: Door, low_confidence: float, records: CallRecords, clock: Clock, hold_after: float = HOLD_AFTER
    ) -> None:
        self._door = door
        self._low_confidence = low_confidence
        self._records = records
        self._clock = clock
        self._hold_after = hold_after
        # Apologies of held turns that could not be kept: with the database gone there is nowhere else to leave them.
        self._unkept: dict[str, Actions] = {}
        # Calls that began here: they need not be asked for at every event.
        self._begun: OrderedDict[str, None] = OrderedDict()
        self._order: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    @classmethod
    def over(cls, door: Door, services: Services) -> Calls:
        """With the services of a process."""
        return cls(door, services.settings.low_confidence, services.calls, services.clock)

    async def handle(self, event: Event) -> Actions:
        """The actions that answer an event; a fault of the engine becomes an apology and a transfer."""
        if event.type == "speech" and not event.final:
            return []
        try:
            return await self._within_time(event)
        except Exception as error:  # a live caller must never meet silence or a 5xx
            logger.error("event %s of a call failed: %s", event.type, type(error).__name__, exc_info=error)
            return self._apology(event)

    async def _within_time(self, event: Event) -> Actions:
        manner = self._manner(event)
        task = asyncio.ensure_future(self._in_order(event, manner))
        # An event that only fetches or ends waits for the turn before it: its deadline is that turn's.
        patience = None if event.type == "played" else self._hold_after
        if event.type != "played":
            self._unkept.pop(event.call_id, None)
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done and event.type == "end":
            task.add_done_callback(_log)
            return []
        if not done and not manner.dressed:
            manner.held = True
            return prompts.hold(self._door.words)
        return await task

    def _apology(self, event: Event) -> Actions:
        conversation = Conversation(event.call_id, CHANNEL)
        return prompts.actions([self._door.fault(CHANNEL)], conversation, self._door.words)

    async def _in_order(self, event: Event, manner: CallManner) -> Actions:
        """As they came: what fetches the rest of a turn must not overtake that turn on its way to the door."""
        async with self._order.setdefault(event.call_id, asyncio.Lock()):
            if event.type == "played" and event.call_id in self._unkept:
                return self._unkept.pop(event.call_id)
            try:
                found = await self._serve(event, manner)
            except Exception as error:
                if not manner.held:
                    raise
                logger.error("a turn that the caller waits for failed: %s", type(error).__name__, exc_info=error)
                found = self._apology(event)
            if manner.held and found and "continue" not in found[-1]:
                self._leave(event.call_id, found)
            return found

    def _leave(self, call: str, found: Actions) -> None:
        """Leave what could not be kept to the next ``played``, soon; one that comes much later must not be told it."""
        self._unkept[call] = found
        asyncio.get_running_loop().call_later(UNKEPT_FOR, self._unkept.pop, call, None)

    async def _serve(self, event: Event, manner: CallManner) -> Actions:
        if not _bounds(event) and not await self._has_begun(event.call_id):
            if not serves_itself(event, self._low_confidence):
                manner.event = replace(event, type="start", caller="")
                return await self._receive(manner.event, manner)
            opening = replace(event, type="start", event_id=event.event_id + OPENING, cut=False)
            greeting = await self._receive(opening, self._manner(opening))
            manner.before.extend(greeting[:1])
        return await self._receive(event, manner)

    async def _has_begun(self, call: str) -> bool:
        """Whether anything of a call was served before, by any process."""
        return call in self._begun or await self._door.conversation(call) is not None

    async def _receive(self, event: Event, manner: CallManner) -> Actions:
        turn = await self._door.receive(Inbound(event.call_id, CHANNEL, event.event_id), manner)
        self._begun[event.call_id] = None
        if len(self._begun) > AT_HAND:
            self._begun.popitem(last=False)
        found = _actions(turn.answers)
        if not turn.repeated:
            await self._keep_record(event, turn, found)
        return found

    async def _keep_record(self, event: Event, turn: Turn, found: Actions) -> None:
        """Keep the record where the call takes a turn; between these the conversation's state has it."""
        takes_a_turn = event.type in _MARKS or not any("listen" in action for action in found[-1:])
        if not takes_a_turn or "call" not in turn.conversation.state:
            return
        try:
            await self._records.keep(record(turn.conversation))
            if event.type == "end":
                await self._door.forget(event.call_id)
        except GatewayError as error:  # the caller is served all the same; the state still has it
            logger.error("the record of a call was not kept: %s", type(error).__name__)

    def _manner(self, event: Event) -> CallManner:
        return CallManner(event, self._door, self._clock.now(), self._low_confidence)


def _actions(answers: Sequence[Answer]) -> Actions:
    return next((answer.dressed for answer in reversed(answers) if answer.dressed is not None), [])


def _bounds(event: Event) -> bool:
    """Whether an event opens a call, ends it or leaves it to a human, and so never stands for its start."""
    return event.type in ("start", "end") or event.result == "answered"


def _log(task: asyncio.Task[Actions]) -> None:
    if not task.cancelled() and task.exception():
        logger.error("a turn that the caller waits for failed: %s", type(task.exception()).__name__)
