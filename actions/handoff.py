"""Topic handoff: to a human and back (ch1, ch2); what was agreed there is known to the assistant afterwards."""

from __future__ import annotations

import logging
import re
from typing import Optional

from rasa_sdk.events import EventType, SlotSet

from actions.base import Call, HotlineAction, dropped_task, keep_listening, return_to_task
from hotline import formats
from hotline.errors import GatewayError, ServiceError
from hotline.services.handoff import AGENT, SUPERVISOR, Placed, Reason, State
from hotline.services.tickets import Move

logger = logging.getLogger(__name__)

# What was said before, and what a wish for a human after it is for.
REASONS = {
    "utter_courtesy_abuse_human": Reason.ABUSE,
    "utter_courtesy_offer_human": Reason.THIRD_MISUNDERSTANDING,
    "utter_courtesy_offer_human_to_finish": Reason.THIRD_MISUNDERSTANDING,
}
TRANSFERS = {
    Reason.COMPLAINT: "utter_handoff_transfer_complaint",
    Reason.SUPERVISOR: "utter_handoff_transfer_supervisor",
}
NOT_UNDERSTOOD = ("nlu_fallback", "silence")
_WAITING = re.compile("等|排队|人工|转接")


class ActionRequestHuman(HotlineAction):
    """Hands the conversation to a human."""

    async def perform(self, call: Call) -> list[EventType]:
        """Queue, or transfer the call."""
        await hand_over(call, _reason(call))
        return keep_listening(call) if call.channel == "ivr" else _stay(call)


class ActionRequestSupervisor(HotlineAction):
    """Hands the conversation to the supervisor on duty; a complaint made before is escalated."""

    async def perform(self, call: Call) -> list[EventType]:
        """Escalate, then queue or transfer."""
        await hand_over(call, Reason.SUPERVISOR, SUPERVISOR, call.slot("complaint_ticket") or "")
        return keep_listening(call) if call.channel == "ivr" else _stay(call)


class ActionOfferCallback(HotlineAction):
    """The call could not be put through: to be called back is all that is asked, no form asks on beside it."""

    async def perform(self, call: Call) -> list[EventType]:
        """Apologise and offer."""
        call.say("utter_handoff_not_reached")
        return dropped_task()


class ActionTakeOver(HotlineAction):
    """The human let go: nothing that was open before is open still, and what was agreed is said and remembered."""

    async def perform(self, call: Call) -> list[EventType]:
        """Greet, and ask for a rating where the talk is over."""
        handoff = await call.services.human_desk.latest(call.conversation)
        agreed = handoff.agreed if handoff else ""
        call.say("utter_handoff_agreed" if agreed else "utter_handoff_returned", agreed=agreed)
        if handoff and handoff.result == "returned":
            call.say("utter_courtesy_anything_else")
        else:
            call.say("utter_courtesy_survey")
        ticket = handoff.ticket if handoff and handoff.ticket else call.slot("complaint_ticket")
        return [
            *dropped_task(),
            SlotSet("agreed", agreed or None),
            SlotSet("complaint_ticket", ticket),
        ]


async def hand_over(call: Call, reason: Reason, target: str = AGENT, ticket: str = "") -> None:
    """Put the conversation in the queue (web) or have the call transferred (telephone), and say so honestly."""
    if reason is Reason.SUPERVISOR and ticket:
        await escalate(call, ticket)
    context = {**call.known(), "ticket": ticket}
    placed: Optional[Placed] = None
    try:
        placed = await call.services.human_desk.request(
            call.conversation, call.channel, reason, target, context, ticket
        )
    except GatewayError as error:
        logger.error("a handoff could not be put on record: %s", type(error).__name__)
    if placed is not None and placed.state is State.OUT_OF_HOURS:
        opening = call.services.human_desk.next_opening()
        if opening:
            call.say("utter_handoff_out_of_hours", opening=formats.moment(opening))
        else:
            call.say("utter_handoff_closed")
    elif call.channel == "ivr":
        known = {**context, "handoff": placed.handoff.id if placed else 0}
        call.say(TRANSFERS.get(reason, "utter_handoff_transfer"), context=known, ticket=ticket)
    elif placed is None:
        call.say("utter_handoff_not_queued")
    else:
        _say_place(call, placed)


async def escalate(call: Call, ticket: str) -> bool:
    """Escalate a ticket, which the supervisor on duty learns of at once; False when that is not possible (any more)."""
    try:
        key = f"{call.conversation}:{call.message_id}:escalate"
        await call.services.tickets.move(ticket, Move.ESCALATE, "customer", call.text, key)
        return True
    except (ServiceError, GatewayError) as error:
        logger.warning("a ticket could not be escalated: %s", type(error).__name__)
        return False


async def say_place(call: Call) -> bool:
    """Tell who waits for a human where he stands; False when he does not wait."""
    try:
        placed = await call.services.human_desk.place(call.conversation)
    except GatewayError as error:
        logger.error("a place in the queue could not be told: %s", type(error).__name__)
        return False
    if placed is None or call.channel == "ivr":
        return False
    _say_place(call, placed)
    return True


async def leave_queue(call: Call) -> bool:
    """The customer does not want to wait any more; False when he was not waiting, or drops the task in hand instead."""
    if call.tracker.active_loop.get("name") and not _WAITING.search(call.text):
        return False
    try:
        return await call.services.human_desk.cancel(call.conversation)
    except GatewayError as error:
        logger.error("a queue could not be left: %s", type(error).__name__)
        return False


def _say_place(call: Call, placed: Placed) -> None:
    supervisor = placed.handoff.target == SUPERVISOR
    whom = call.words.phrase("utter_handoff_supervisor" if supervisor else "utter_handoff_agent", call.channel)
    ahead = placed.position - 1
    if placed.state not in (State.WAITING, State.OFFERED):
        call.say("utter_handoff_joining")
    elif placed.wait is None and not ahead:
        call.say("utter_handoff_nobody_free", whom=whom)
    elif placed.wait is None:
        call.say("utter_handoff_waiting_unknown", whom=whom, ahead=ahead)
    elif not ahead and not placed.wait[0]:
        call.say("utter_handoff_next", whom=whom)
    else:
        low, high = placed.wait
        call.say("utter_handoff_waiting", whom=whom, ahead=ahead, low=max(low, 1), high=max(high, 2))


def _stay(call: Call) -> list[EventType]:
    """Self-service goes on while one waits: a form in hand asks on."""
    return return_to_task(call)


def _reason(call: Call) -> Reason:
    """Why a human is wanted: because it was asked for, or because of what went before."""
    if call.metadata.get("after_fault"):
        return Reason.ENGINE_FAULT
    if call.asked == "offer_human":
        for event in reversed(call.tracker.events):
            if event["event"] == "bot":
                said = str((event.get("metadata") or {}).get("utter_action", ""))
                if said in REASONS:
                    return REASONS[said]
    intents = list(call.intents())[1:3]
    if len(intents) == 2 and all(intent in NOT_UNDERSTOOD for intent in intents):
        return Reason.THIRD_MISUNDERSTANDING
    return Reason.REQUESTED
