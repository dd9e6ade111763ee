"""Topic courtesy: the social moves of a talk (scenarios.yml, courtesy and ending)."""

from __future__ import annotations

import zlib
from typing import Optional

from rasa_sdk.events import EventType, SlotSet

from actions.base import Call, HotlineAction, dropped_task, keep_listening, return_to_task
from hotline.services.calendar import holiday_name, is_weekend
from hotline.services.desks import desk_for
from hotline.services.scope import about_our_service

ABUSE_PATIENCE = 3


class ActionOpenSession(HotlineAction):
    """The widget was opened or a call came in: greet; on the phone with the keys that always work."""

    async def perform(self, call: Call) -> list[EventType]:
        """Greet, and keep the caller's number as the one the talk is about."""
        call.say("utter_courtesy_greet")
        call.say("utter_courtesy_menu" if call.channel == "ivr" else "utter_courtesy_opening")
        caller = call.entity("caller")
        return [SlotSet("phone_number", caller)] if caller else []


class ActionSayGoodbye(HotlineAction):
    """The farewell of the day; before it (phone) or with it (web) the question for a rating, for a share of the
    talks.
    """

    async def perform(self, call: Call) -> list[EventType]:
        """Part; a task in hand is over with it, or its question would come after the farewell."""
        over = dropped_task() if call.tracker.active_loop.get("name") else []
        asks = _sampled(call) and call.asked != "rating"
        if asks and call.channel == "ivr":
            call.say("utter_courtesy_survey")
            return over
        say_farewell(call)
        if asks:
            call.say("utter_courtesy_survey")
        return over


class ActionTellStaffOnDuty(HotlineAction):
    """1860-8; a message is offered where nothing else is being asked."""

    async def perform(self, call: Call) -> list[EventType]:
        """Tell it."""
        call.say("utter_courtesy_staff_on_duty")
        if call.tracker.active_loop.get("name"):
            return return_to_task(call)
        call.say("utter_courtesy_offer_message")
        return []


class ActionTellSessionNumber(HotlineAction):
    """The assistant's 工号: the session's number."""

    async def perform(self, call: Call) -> list[EventType]:
        """Tell it."""
        call.say("utter_courtesy_session_number", session_number=session_number(call.conversation))
        return return_to_task(call)


class ActionSpeakLouder(HotlineAction):
    """1860-7, then the last answer again, louder."""

    async def perform(self, call: Call) -> list[EventType]:
        """Repeat."""
        call.say("utter_courtesy_voice_unclear")
        call.say("utter_courtesy_repeat")
        return keep_listening(call)


class ActionAnswerAbuse(HotlineAction):
    """Stays polite; the third time in a conversation a human is offered."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Answer."""
        times = sum(1 for intent in call.intents() if intent == "abuse")
        if times >= ABUSE_PATIENCE:
            call.say("utter_courtesy_abuse_human")
            return None
        call.say("utter_courtesy_abuse")
        return return_to_task(call)


class ActionRefuseOutOfScope(HotlineAction):
    """1860-32: a wish about our service that cannot be met, or one outside of it; always with a way forward."""

    async def perform(self, call: Call) -> list[EventType]:
        """Refuse."""
        ours = about_our_service(str(call.tracker.latest_message.get("text") or ""))
        call.say("utter_courtesy_cannot_help" if ours else "utter_courtesy_outside_service")
        if call.tracker.active_loop.get("name"):
            return return_to_task(call)
        call.say("utter_courtesy_way_forward")
        return []


class ActionGuideToDesk(HotlineAction):
    """1860-11: the right desk by name and number."""

    async def perform(self, call: Call) -> None:
        """Guide."""
        desk = desk_for(str(call.tracker.latest_message.get("text") or ""))
        if desk:
            call.say("utter_courtesy_guide_to_desk", number=desk.number, desk=desk.name)
        else:
            call.say("utter_courtesy_guide_to_desks")


def say_farewell(call: Call) -> None:
    """1258-6: 再见, with a wish on weekends and public holidays."""
    today = call.services.clock.now().date()
    holiday = holiday_name(today)
    if holiday:
        call.say("utter_courtesy_goodbye_holiday", holiday=holiday)
    elif is_weekend(today):
        call.say("utter_courtesy_goodbye_weekend")
    else:
        call.say("utter_courtesy_goodbye")


def session_number(conversation: str) -> str:
    """Six digits that stand for a conversation."""
    return f"{zlib.crc32(conversation.encode()) % 1_000_000:06d}"


def _sampled(call: Call) -> bool:
    settings = call.services.settings
    share = settings.survey_ivr if call.channel == "ivr" else settings.survey_web
    return zlib.crc32(f"survey:{call.conversation}".encode()) % 1000 < share * 1000
