"""Topic fault: known outages, a guided check of yes-or-no steps, a report with a number (scenarios.yml, fault; ch1).

A report needs no password: nothing of the account is told. What the customer said at first is its description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Call, HotlineAction, cleared
from actions.billing import CAUSES
from actions.forms import (
    ASIDES,
    NumberChecks,
    TaskForm,
    answered,
    before_this_message,
    begins_anew,
    drop,
    requested,
    said_since_start,
)
from actions.service import place_named
from hotline import cards, formats
from hotline.errors import HotlineError
from hotline.ports import FaultReport
from hotline.services.fault import (
    FINDINGS,
    LINE,
    ROUTER,
    SOLVED,
    answer_meant,
    first_step,
    gives_up_checking,
    next_after,
)
from hotline.services.secretary import with_part_of_day

MOST_CHARACTERS = 200
ADDRESS = re.compile("[路街道号楼弄巷村镇乡苑园院栋幢室区城里座厦场]")
NEW_ADDRESS = re.compile("(?:地址|住址|住在|住)(?:不对|错了|写错了|应该是|改成|是|在|[,。 ])*(?P<address>.{4,})")

QUESTIONS = {
    "network restart": "utter_fault_network_restart",
    "network switches": "utter_fault_network_switches",
    "network others": "utter_fault_network_others",
    "network reseat": "utter_fault_network_reseat",
    "broadband power": "utter_fault_broadband_power",
    "broadband plug": "utter_fault_broadband_plug",
    "broadband reboot": "utter_fault_broadband_reboot",
    "broadband red_light": "utter_fault_broadband_red_light",
    "broadband cable": "utter_fault_broadband_cable",
    "handset restart": "utter_fault_handset_restart",
    "handset other_phone": "utter_fault_handset_other_phone",
    "handset other_card": "utter_fault_handset_other_card",
}
DIAGNOSES = {
    "card": "utter_fault_card",
    "handset": "utter_fault_handset",
    "router": "utter_fault_router",
}
READ_BACK = {
    "network": "utter_fault_confirm_network",
    "broadband": "utter_fault_confirm_visit",
    "handset": "utter_fault_confirm_handset",
}


class FaultForm(NumberChecks, TaskForm):
    """Place, check, number, and a yes to the report."""

    forgets: ClassVar[tuple[str, ...]] = (
        "area",
        "fault_description",
        "fault_step",
        "fault_answers",
        "fault_checked",
        "report_confirmed",
    )

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Check what was said; the words that the report began with are its description."""
        anew, text = begins_anew(tracker, self.form_name()), tracker.latest_message.get("text") or ""
        events = await super().run(dispatcher, tracker, domain)
        return [*events, SlotSet("fault_description", str(text)[:MOST_CHARACTERS])] if anew else events

    async def extract_area(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """City and district, or any words that answer the question for the place."""
        call = Call(dispatcher, tracker, domain)
        may_name = begins_anew(tracker, self.form_name()) or requested(call, "area") or _corrects(call)
        if may_name and (place := place_named(call)):
            return {"area": place}
        if begins_anew(tracker, self.form_name()) and call.told("utter_fault_known_outage"):
            return {"area": next(e["value"] for e in reversed(tracker.events) if _sets(e, "area") and e["value"])}
        if requested(call, "area") and call.intent in ("inform", "nlu_fallback") and call.text:
            return {"area": {"text": call.text[:MOST_CHARACTERS]}}
        return {}

    async def validate_area(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A known outage there is told, and that is all there is to do; words that name no place are asked about."""
        if not value:
            return {"area": None}
        call = Call(dispatcher, tracker, domain)
        if "text" in value and not said_since_start(tracker, self.form_name(), "utter_invalid_area"):
            call.say("utter_invalid_area")
            return {"area": None}
        try:
            outage = await call.services.faults.outage(value.get("city"), value.get("district"))
        except HotlineError as error:
            call.excuse(error)
            return {"area": None, **drop()}
        if outage is None:
            return {"area": value}
        call.say(
            "utter_fault_known_outage",
            place=outage.city + outage.district,
            cause=outage.cause,
            until=formats.moment(outage.until),
        )
        return {"area": value, **drop()}

    async def extract_fault_checked(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The answer to a step: yes, no, or enough of it."""
        call = Call(dispatcher, tracker, domain)
        if not requested(call, "fault_checked"):
            return {}
        yes = answer_meant(fault_kind(call), step_in_hand(call), call.intent, call.text)
        if call.intent not in ASIDES and gives_up_checking(call.text):
            return {"fault_checked": LINE}
        return {} if yes is None else {"fault_checked": "yes" if yes else "no"}

    async def validate_fault_checked(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The next step, or what the check has found."""
        call = Call(dispatcher, tracker, domain)
        if value is None or value in FINDINGS:
            return {"fault_checked": value}
        step = step_in_hand(call)
        answers = {**(call.slot("fault_answers") or {}), step: value == "yes"}
        then = next_after(fault_kind(call), step, value == "yes")
        if then not in FINDINGS:
            return {"fault_checked": None, "fault_step": then, "fault_answers": answers}
        if then == SOLVED:
            call.say("utter_fault_solved")
            return {"fault_checked": then, "fault_answers": answers, **drop()}
        if then in DIAGNOSES:
            call.say(DIAGNOSES[then])
        if then == ROUTER:  # the customer's own: nothing for a visit to mend
            return {"fault_checked": then, "fault_answers": answers, **drop()}
        return {"fault_checked": then, "fault_answers": answers}

    async def extract_report_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Yes or no; not when something of the report was corrected with it."""
        call = Call(dispatcher, tracker, domain)
        yes = answered(call, "report_confirmed")
        return {} if yes is None or _names_anew(call) else {"report_confirmed": yes}

    async def validate_report_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A yes to an earlier question is none."""
        yes = answered(Call(dispatcher, tracker, domain), "report_confirmed")
        return {"report_confirmed": value if value is yes else None}


class ValidateReportNetworkFaultForm(FaultForm):
    """Form of ``report_network_fault``."""


class ValidateReportHandsetFaultForm(FaultForm):
    """Form of ``report_handset_fault``: the place does not matter."""


class ValidateReportBroadbandFaultForm(FaultForm):
    """Form of ``report_broadband_fault``: also address and time of the visit."""

    forgets = (*FaultForm.forgets, "visit_address", "visit_time")

    async def extract_visit_address(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Any words that answer the question for it; a new one before the yes."""
        call = Call(dispatcher, tracker, domain)
        if requested(call, "visit_address") and call.intent not in ASIDES:
            if call.intent in ("inform", "nlu_fallback") or ADDRESS.search(call.text):
                return {"visit_address": call.text[:MOST_CHARACTERS]}
        elif _corrects(call) and (new := NEW_ADDRESS.search(call.text)):
            return {"visit_address": new["address"][:MOST_CHARACTERS]}
        return {}

    async def validate_visit_address(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Long enough to be found."""
        if value and len(str(value)) < 4:
            Call(dispatcher, tracker, domain).say("utter_invalid_visit_address")
            return {"visit_address": None}
        return {"visit_address": value}

    async def extract_visit_time(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A time, or any words that answer the question for it; a new one before the yes."""
        call = Call(dispatcher, tracker, domain)
        if requested(call, "visit_time") or _corrects(call):
            times = "".join(call.entities("time"))
            if times:
                return {"visit_time": with_part_of_day(times, call.slot("visit_time") or "")}
        if requested(call, "visit_time") and call.intent in ("inform", "affirm", "nlu_fallback"):
            return {"visit_time": call.text[:MOST_CHARACTERS]}
        return {}

    async def validate_visit_time(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """In the customer's words."""
        return {"visit_time": value or None}


class ActionAskFaultChecked(HotlineAction):
    """Asks the step in hand; a line that is known to be stopped needs no check."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Ask."""
        kind = fault_kind(call)
        if kind == "network" and await self.stopped(call, call.slot("phone_number")):
            return [SlotSet(slot, value) for slot, value in drop().items()]
        call.say(QUESTIONS[f"{kind} {step_in_hand(call)}"])
        return None

    async def stopped(self, call: Call, phone: Optional[str]) -> bool:
        """Whether a verified number is stopped; then why was told. What cannot be looked up is not known."""
        try:
            if not phone or not await call.services.verification.verified(call.conversation, phone):
                return False
            account = await call.services.billing.account(call.conversation, phone)
        except HotlineError:
            return False
        if account.cause == "arrears":
            call.say("utter_billing_suspended_for_arrears", amount=formats.money(account.owed))
        elif account.cause:
            call.say(CAUSES[account.cause])
        return account.cause is not None


class ActionAskReportConfirmed(HotlineAction):
    """Reads the report back."""

    async def perform(self, call: Call) -> None:
        """Ask."""
        call.say(
            READ_BACK[fault_kind(call)],
            phone_number=call.slot("phone_number"),
            place=_place(call),
            address=call.slot("visit_address"),
            time=call.slot("visit_time"),
        )


class ReportFault(HotlineAction):
    """Puts the report on record and tells its number, which exists only after the commit."""

    kind: str

    async def perform(self, call: Call) -> list[EventType]:
        """File it, or say that it was not filed."""
        if not call.slot("task_dropped"):
            if call.slot("report_confirmed"):
                await self.file(call)
            else:
                call.say("utter_fault_not_reported")
        forgets = ValidateReportBroadbandFaultForm.forgets
        return cleared("task_dropped", *forgets)

    async def file(self, call: Call) -> None:
        """File it."""
        report = FaultReport(
            kind=self.kind,
            phone=call.slot("phone_number"),
            description=call.slot("fault_description") or "",
            area=_place(call),
            findings=call.slot("fault_answers") or {},
            address=call.slot("visit_address") or "",
            visit_time=call.slot("visit_time") or "",
        )
        try:
            key = f"{call.conversation}:{call.message_id}"
            number = await call.services.faults.file(report, key, call.conversation)
        except HotlineError:
            call.say("utter_fault_report_failed")
            return
        name = "utter_fault_visit_reported" if report.address else "utter_fault_reported"
        card = cards.ticket(number, "accepted")
        call.say(name, json_message=card, number=number, phone_number=report.phone, time=report.visit_time)


class ActionReportNetworkFault(ReportFault):
    """接不到信号, 上不了网."""

    kind = "network"


class ActionReportBroadbandFault(ReportFault):
    """A repair visit."""

    kind = "broadband"


class ActionReportHandsetFault(ReportFault):
    """刚买的手机就出问题了."""

    kind = "handset"


def _sets(event: Mapping[str, Any], slot: str) -> bool:
    return bool(event["event"] == "slot" and event["name"] == slot)


def fault_kind(call: Call) -> str:
    """The kind of fault whose form is in hand."""
    return str(call.tracker.active_loop.get("name")).removeprefix("report_").removesuffix("_fault_form")


def step_in_hand(call: Call) -> str:
    """The step that was asked, the first one in the beginning."""
    return str(call.slot("fault_step") or first_step(fault_kind(call)))


def _corrects(call: Call) -> bool:
    """Whether the customer may be correcting what was read back."""
    return requested(call, "report_confirmed") and call.intent in ("inform", "deny", "affirm", "nlu_fallback")


def _names_anew(call: Call) -> bool:
    """Whether a yes or no comes with a value that was not read back."""
    place: Mapping[str, str] = place_named(call)
    old: Mapping[str, str] = before_this_message(call.tracker, "area") or {}
    if any(old.get(name) != value for name, value in place.items()):
        return True
    if requested(call, "report_confirmed") and fault_kind(call) == "broadband":
        return bool(call.entities("time") or NEW_ADDRESS.search(call.text) or call.entities("phone_number"))
    return bool(call.entities("phone_number"))


def _place(call: Call) -> str:
    return "".join((call.slot("area") or {}).values())
