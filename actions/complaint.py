"""Topic complaint: apology, record, restate, ticket number and deadline, human (1860-25, ch1, ch2).

What is known is not asked again: who was verified, the bill that was argued about, the checks that were made. A
number is told only after the ticket is committed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Call, HotlineAction, cleared, keep_listening, return_to_task
from actions.billing import CAUSES
from actions.forms import (
    ASIDES,
    PHONE,
    AccountForm,
    TaskForm,
    answered,
    before_this_message,
    drop,
    requested,
    said_since_start,
)
from actions.handoff import escalate, hand_over, say_place
from actions.secretary import BEYOND_DOUBT, title_by_contract
from actions.turns import ActionFinishTask
from hotline import cards, formats
from hotline.errors import GatewayError, HotlineError, IllegalMoveError
from hotline.ports import Ticket, TicketDraft
from hotline.services.complaint import (
    CATEGORIES,
    ENOUGH,
    about_payment,
    adds_to,
    another_request,
    corrected,
    declines_record,
    detail,
    landline,
    says_something,
    substance,
    ticket_number,
    written,
)
from hotline.services.handoff import SUPERVISOR, Reason
from hotline.services.secretary import own_surname, surname_in, withholds_name
from hotline.services.tickets import OPEN, Move, State, level_for

logger = logging.getLogger(__name__)

FORM = "file_complaint_form"
# What belongs to one complaint; surname and phone are known from then on.
COMPLAINT = (
    "complaint_category",
    "complaint_text",
    "complaint_confirmed",
    "complaint_escalated",
    "complaint_waits",
)
APOLOGIES = {
    "staff_error": "utter_complaint_apology_staff_error",
    "staff_attitude": "utter_complaint_apology_staff_attitude",
    "charge": "utter_complaint_apology_charge",
    "suspension": "utter_complaint_apology_suspension",
    "spam": "utter_complaint_apology_spam",
    "line_busy": "utter_complaint_apology_line_busy",
    "general": "utter_complaint_apology_general",
}
STATES = {
    State.ACCEPTED: "utter_complaint_state_accepted",
    State.DISPATCHED: "utter_complaint_state_dispatched",
    State.RETURNED: "utter_complaint_state_returned",
    State.ANSWERED: "utter_complaint_state_answered",
    State.ARCHIVED: "utter_complaint_state_archived",
    State.WITHDRAWN: "utter_complaint_state_withdrawn",
}
NAMES = {
    "staff_error": "utter_complaint_about_staff_error",
    "staff_attitude": "utter_complaint_about_staff_attitude",
    "charge": "utter_complaint_about_charge",
    "suspension": "utter_complaint_about_suspension",
    "spam": "utter_complaint_about_spam",
    "line_busy": "utter_complaint_about_line_busy",
    "suggestion": "utter_complaint_about_suggestion",
    "network": "utter_complaint_about_network",
    "broadband": "utter_complaint_about_broadband",
    "handset": "utter_complaint_about_handset",
}
MOST_TOLD = 3
UPGRADE = re.compile("升级")  # 升级投诉: the supervisor, with the ticket that there is
# Understood as these, words at the question for the complaint are not the complaint.
NOT_COMPLAINTS = ASIDES | {"affirm", "deny", "reject_apology", "withdraw_complaint", "nlu_fallback"}
BRIEF = 10  # characters; a longer sentence that also asks for something may well be the complaint


# --- beginning --------------------------------------------------------------------------------------------------------


class ActionOpenComplaint(HotlineAction):
    """The apology for this kind of complaint; the bill is offered first to who complains of a charge."""

    async def perform(self, call: Call) -> list[EventType]:
        """Apologise, keep what was said already, go on with the questions or the offer."""
        if call.tracker.active_loop.get("name") == FORM:  # he says more of it while he is asked something else
            more = ",".join(filter(None, (call.slot("complaint_text"), detail(call.text))))
            return [SlotSet("complaint_text", written(more) or None), FollowupAction(FORM)]
        if UPGRADE.search(call.text) and (ticket := call.slot("complaint_ticket")):
            await hand_over(call, Reason.SUPERVISOR, SUPERVISOR, ticket)
            return return_to_task(call)
        if call.intent == "complain_line_busy" and await say_place(call):  # 前面还有几个人, of who waits
            return return_to_task(call)
        insists = call.asked in ("offer_bill", "insist_complaint") and bool(call.slot("complaint_category"))
        category = str(call.slot("complaint_category") if insists else CATEGORIES.get(call.intent, "general"))
        if not insists:
            call.say(APOLOGIES["general" if category == "charge" and about_payment(call.text) else category])
        told = None if insists else substance(call.text) or _fault_told(call)
        events: list[EventType] = [
            *(cleared(*COMPLAINT) if not insists else cleared("complaint_waits")),
            SlotSet("complaint_category", category),
        ]
        if told:
            events.append(SlotSet("complaint_text", told))
        events += await _known_customer(call)
        if surname := own_surname(call.text):
            events += [SlotSet("complaint_surname", surname), SlotSet("complaint_title", call.entity("title"))]
        if category == "charge" and not insists and not about_payment(call.text) and not _bill_told(call):
            call.say("utter_complaint_offer_bill")
            return [*events, SlotSet("complaint_waits", True), *keep_listening(call)]  # one question, not two
        if category == "suspension" and not insists and not _checked(call):
            return [*events, FollowupAction("check_suspension_form")]
        return [*events, FollowupAction(FORM)]


class ValidateCheckSuspensionForm(AccountForm):
    """Number and password, then a yes to putting the line back when it was paid for and is still stopped."""

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        """The yes is needed only where there is something to mend."""
        mends = tracker.get_slot("line_cause") == "paid"
        return [slot for slot in domain_slots if slot != "resume_confirmed" or mends]

    async def validate_identity_verified(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """As everywhere; then the account is looked at."""
        checked = await super().validate_identity_verified(value, dispatcher, tracker, domain)
        if not checked["identity_verified"]:
            return checked
        call = Call(dispatcher, tracker, domain)
        try:
            account = await call.services.billing.account(call.conversation, call.slot("phone_number"))
        except HotlineError as error:
            call.excuse(error)
            return {**checked, **drop()}
        return {**checked, "line_cause": account.cause or "none", "resume_confirmed": None}

    async def extract_resume_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Yes or no to that very question."""
        yes = answered(Call(dispatcher, tracker, domain), "resume_confirmed")
        return {} if yes is None else {"resume_confirmed": yes}

    async def validate_resume_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A yes to an earlier question is none."""
        yes = answered(Call(dispatcher, tracker, domain), "resume_confirmed")
        return {"resume_confirmed": value if value is yes else None}


class ActionCheckSuspension(HotlineAction):
    """Paid but still stopped is mended at once; every other cause is named, and who insists is put on record."""

    async def perform(self, call: Call) -> list[EventType]:
        """Mend, explain or record."""
        done = cleared("task_dropped", "line_cause", "resume_confirmed")
        cause = call.slot("line_cause")
        phone = call.slot("phone_number")
        if call.slot("task_dropped") or cause in (None, "none"):
            if cause == "none":
                call.say("utter_complaint_line_works", phone_number=phone)
            return [*done, *await _known_customer(call), FollowupAction(FORM)]
        if cause == "paid":
            return [*done, *await self._mend(call, phone)]
        if cause == "arrears":
            account = await call.services.billing.account(call.conversation, phone)
            call.say("utter_billing_suspended_for_arrears", amount=formats.money(account.owed))
        else:
            call.say(CAUSES[cause])
        call.say("utter_complaint_ask_insist")
        return [*done, SlotSet("complaint_waits", None)]

    async def _mend(self, call: Call, phone: str) -> list[EventType]:
        known = await _known_customer(call)
        if not call.slot("resume_confirmed"):
            return [*known, FollowupAction(FORM)]
        try:
            key = f"{call.conversation}:{call.message_id}"
            order = await call.services.changes.carry_out(call.conversation, phone, "resume_service", "", key)
        except HotlineError as error:
            logger.warning("a line that was paid for could not be put back: %s", type(error).__name__)
            call.say("utter_complaint_line_not_resumed")
            return [*known, SlotSet("complaint_escalated", True), FollowupAction(FORM)]
        call.say("utter_complaint_line_resumed", phone_number=phone, order=order.number)
        return [*cleared(*COMPLAINT), *await ActionFinishTask().perform(call)]


# --- recording --------------------------------------------------------------------------------------------------------


class ComplaintForm(TaskForm):
    """Numbers named here are for calling back: ``phone_number`` stays what it was."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Check what was said; who does not want to complain any more is let go."""
        own = before_this_message(tracker, "phone_number")
        tracker.slots["phone_number"] = own
        call = Call(dispatcher, tracker, domain)
        gives_up = call.intent == "withdraw_complaint" or declines_record(call.text)
        if gives_up and tracker.active_loop.get("name") == self.form_name():
            call.say("utter_complaint_not_recorded")
            return [SlotSet(slot, value) for slot, value in drop().items()]
        events = await super().run(dispatcher, tracker, domain)
        return [*events, SlotSet("phone_number", own)] if call.entities("phone_number") else events


class ValidateFileComplaintForm(ComplaintForm):
    """The complaint in the customer's own words, heard out first (ch3-7), surname, phone, and the yes (1860-25)."""

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        """Who rejects the apology is asked for the number first."""
        if tracker.get_slot("complaint_escalated"):
            return ["complaint_phone", *(slot for slot in domain_slots if slot != "complaint_phone")]
        return domain_slots

    async def extract_complaint_surname(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The surname; empty when the customer would rather not tell it."""
        call = Call(dispatcher, tracker, domain)
        named = surname_in(call.text)
        if requested(call, "complaint_text"):  # told with the story, or before it
            surname = own_surname(call.text) or (named if not says_something(call.text) else None)
            return {"complaint_surname": surname} if surname else {}
        if requested(call, "complaint_surname"):
            if surname := call.entity("surname") or named:
                return {"complaint_surname": surname}
            return {"complaint_surname": ""} if call.intent == "deny" or withholds_name(call.text) else {}
        if requested(call, "complaint_confirmed") and named:
            return {"complaint_surname": call.entity("surname") or named}
        return {}

    async def validate_complaint_surname(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """With it the title."""
        call = Call(dispatcher, tracker, domain)
        if not value or value == before_this_message(tracker, "complaint_surname"):
            return {"complaint_surname": value}
        title = call.entity("title") or await title_by_contract(call, value)
        return {"complaint_surname": value, "complaint_title": title}

    async def extract_complaint_phone(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A number, mobile or not; a refusal is asked about once."""
        call = Call(dispatcher, tracker, domain)
        first = requested(call, "complaint_text") and not says_something(call.text)  # before the story is told
        if not first and not requested(call, "complaint_phone", "complaint_confirmed"):
            return {}
        numbers = call.entities("phone_number")
        if numbers or (other := landline(call.text)):
            return {"complaint_phone": numbers[-1] if numbers else other}
        return {"complaint_phone": "-"} if call.intent == "deny" and requested(call, "complaint_phone") else {}

    async def validate_complaint_phone(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A number that can be called; who declines twice is not pressed."""
        if value == "-":
            if said_since_start(tracker, self.form_name(), "utter_complaint_needs_phone"):
                return {"complaint_phone": ""}
            Call(dispatcher, tracker, domain).say("utter_complaint_needs_phone")
            return {"complaint_phone": None}
        if value and not (PHONE.fullmatch(str(value)) or landline(str(value))):
            Call(dispatcher, tracker, domain).say("utter_invalid_complaint_phone")
            return {"complaint_phone": None}
        return {"complaint_phone": value}

    async def extract_complaint_text(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """The complaint as it was said; corrected or added to when it is read back."""
        call = Call(dispatcher, tracker, domain)
        if requested(call, "complaint_text"):
            if may_be_complaint(call):
                return {"complaint_text": written(call.text)}
            if surname_in(call.text) or call.entities("phone_number"):  # kept; the question is not put in vain
                call.say("utter_courtesy_noted")
            return {}
        if requested(call, "complaint_surname", "complaint_phone") and _goes_on(call):
            call.say("utter_courtesy_noted")
            return {"complaint_text": written(f"{call.slot('complaint_text') or ''},{call.text}".lstrip(","))}
        if requested(call, "complaint_confirmed") and call.intent not in ASIDES:
            known = str(call.slot("complaint_text") or "")
            named = bool(surname_in(call.text) or call.entities("phone_number"))
            new = None if named else corrected(known, call.text)
            more = call.intent.startswith("complain_") and len(call.text) > len(known) / 2
            if new is None and not named and (more or adds_to(call.intent, call.text)):
                new = written(f"{known},{call.text}")
            return {"complaint_text": new} if new else {}
        return {}

    async def validate_complaint_text(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What is new is read back again; a complaint of no kind yet gets the kind that the words or the key name."""
        call = Call(dispatcher, tracker, domain)
        kind = CATEGORIES.get(call.intent, "general")
        named = value and kind != "general" and call.slot("complaint_category") in (None, "general")
        return {"complaint_text": value or None, **({"complaint_category": kind} if named else {})}

    async def extract_complaint_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Yes or no to the read-back; not when something was changed with it."""
        call = Call(dispatcher, tracker, domain)
        yes = answered(call, "complaint_confirmed")
        changed = any(
            call.slot(slot) != before_this_message(tracker, slot)
            for slot in ("complaint_text", "complaint_phone", "complaint_surname")
        )
        return {} if yes is None or changed else {"complaint_confirmed": yes}

    async def validate_complaint_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """After a no the complaint is asked for again."""
        call = Call(dispatcher, tracker, domain)
        yes = answered(call, "complaint_confirmed")
        if value is None or value is not yes:
            return {"complaint_confirmed": None}
        if yes:
            return {"complaint_confirmed": True}
        call.say("utter_complaint_record_again")
        return {"complaint_confirmed": None, "complaint_text": None}


class ActionAskComplaintPhone(HotlineAction):
    """Asks for the number; in the words of 1860-25 when the apology was not accepted."""

    async def perform(self, call: Call) -> None:
        """Ask."""
        rejected = bool(call.slot("complaint_escalated"))
        call.say("utter_complaint_offer_supervisor_call" if rejected else "utter_complaint_ask_phone")


class ActionAskComplaintConfirmed(HotlineAction):
    """Restates the complaint (1860-25 复述投诉内容)."""

    async def perform(self, call: Call) -> None:
        """Read back."""
        complaint, phone = call.slot("complaint_text"), call.slot("complaint_phone")
        customer = _address(call)
        if phone:
            call.say("utter_complaint_read_back", customer=customer, complaint=complaint, phone=phone)
        else:
            call.say("utter_complaint_read_back_without_phone", customer=customer, complaint=complaint)


class ActionFileComplaint(HotlineAction):
    """Files the ticket, tells its number and deadline once it is committed, and hands over to a human."""

    async def perform(self, call: Call) -> list[EventType]:
        """File and hand over."""
        done = [*cleared("task_dropped", *COMPLAINT)]
        if call.slot("task_dropped"):
            return [*done, *await ActionFinishTask().perform(call)]
        escalated = bool(call.slot("complaint_escalated"))
        reason, target = (Reason.SUPERVISOR, SUPERVISOR) if escalated else (Reason.COMPLAINT, "agent")
        try:
            ticket = await file_complaint(call, escalated)
        except GatewayError as error:
            logger.error("a complaint could not be filed: %s", type(error).__name__)
            call.say("utter_complaint_not_filed")
            await hand_over(call, reason, target)
            return []
        _say_filed(call, ticket)
        await hand_over(call, reason, target, ticket.number)
        return [*done, SlotSet("complaint_ticket", ticket.number)]


# --- rejected apology -------------------------------------------------------------------------------------------------


class ActionRejectApology(HotlineAction):
    """1860-25: the ticket is escalated and the supervisor told at once; a number for his call is asked for."""

    async def perform(self, call: Call) -> list[EventType]:
        """Escalate, and ask."""
        if call.tracker.active_loop.get("name") == FORM:
            if call.slot("complaint_phone"):
                call.say("utter_complaint_supervisor_calls", phone=call.slot("complaint_phone"))
            return [SlotSet("complaint_escalated", True), FollowupAction(FORM)]
        if ticket := call.slot("complaint_ticket"):
            await escalate(call, ticket)
        return [*cleared("supervisor_phone"), FollowupAction("leave_number_form")]


class ValidateLeaveNumberForm(ComplaintForm):
    """A number at which the supervisor calls: the one that is known, another one, or none."""

    async def extract_supervisor_phone(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A number; yes stands for the one that is known, no for none."""
        call = Call(dispatcher, tracker, domain)
        if not requested(call, "supervisor_phone"):
            return {}
        numbers = call.entities("phone_number")
        if numbers or (other := landline(call.text)):
            return {"supervisor_phone": numbers[-1] if numbers else other}
        if call.intent == "affirm":
            return {"supervisor_phone": await known_phone(call) or "?"}
        return {"supervisor_phone": ""} if call.intent == "deny" else {}

    async def validate_supervisor_phone(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A yes without a number: the number is asked for."""
        if value == "?":
            Call(dispatcher, tracker, domain).say("utter_complaint_tell_number")
            return {"supervisor_phone": None}
        return {"supervisor_phone": value}


class ActionAskSupervisorPhone(HotlineAction):
    """1860-25 for who does not accept the apology; nothing more is said when the number was just asked for plainly."""

    async def perform(self, call: Call) -> None:
        """Ask."""
        if call.intent != "affirm":
            call.say("utter_complaint_offer_supervisor_call")


class ActionCallSupervisor(HotlineAction):
    """The supervisor has it: with the ticket that there is, or with a new one."""

    async def perform(self, call: Call) -> list[EventType]:
        """Escalate or file, and hand over."""
        if call.slot("task_dropped"):
            return [*cleared("task_dropped", "supervisor_phone"), *await ActionFinishTask().perform(call)]
        phone = call.slot("supervisor_phone") or ""
        number = call.slot("complaint_ticket") or ""
        done = cleared("supervisor_phone")
        if not number and not call.slot("complaint_text"):
            known = [SlotSet("complaint_phone", phone)] if phone else []
            return [*done, *known, SlotSet("complaint_escalated", True), FollowupAction(FORM)]
        try:
            if number:
                key = f"{call.conversation}:{call.message_id}"
                await call.services.tickets.move(number, Move.REMARK, "customer", phone, key)
            else:
                ticket = await file_complaint(call, True, phone)
                number = ticket.number
                _say_filed(call, ticket)
        except GatewayError as error:
            logger.error("a complaint could not be filed or remarked on: %s", type(error).__name__)
            if not number:  # a ticket that there is stays on record, whatever becomes of the remark
                call.say("utter_complaint_not_filed")
        except IllegalMoveError:
            logger.info("a ticket that has ended was complained of again")
        if phone:
            call.say("utter_complaint_supervisor_calls", phone=phone)
        await hand_over(call, Reason.SUPERVISOR, SUPERVISOR, number)
        return [*done, *cleared(*COMPLAINT), SlotSet("complaint_ticket", number or None)]


# --- tickets that there are -------------------------------------------------------------------------------------------


class TicketForm(AccountForm):
    """Number and password, unless a ticket was filed in this very conversation."""

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        """See above."""
        if tracker.get_slot("complaint_ticket"):
            return [slot for slot in domain_slots if slot not in ("phone_number", "identity_verified")]
        return domain_slots


class ValidateQueryComplaintForm(TicketForm):
    """Form of ``query_complaint``."""


class ValidateUrgeComplaintForm(TicketForm):
    """Form of ``urge_complaint``."""


class ValidateWithdrawComplaintForm(TicketForm):
    """Form of ``withdraw_complaint``: with an explicit yes."""

    forgets = ("withdrawal_confirmed",)

    async def extract_withdrawal_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Yes or no to that very question."""
        yes = answered(Call(dispatcher, tracker, domain), "withdrawal_confirmed")
        return {} if yes is None else {"withdrawal_confirmed": yes}

    async def validate_withdrawal_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A yes to an earlier question is none."""
        yes = answered(Call(dispatcher, tracker, domain), "withdrawal_confirmed")
        return {"withdrawal_confirmed": value if value is yes else None}


class ActionAskWithdrawalConfirmed(HotlineAction):
    """Names the ticket that would be withdrawn."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Ask; nothing to withdraw ends it."""
        try:
            found = [ticket for ticket in await _tickets(call) if State(ticket.state) in OPEN]
        except HotlineError as error:
            call.excuse(error)
            return [SlotSet(slot, value) for slot, value in drop().items()]
        if not found:
            call.say("utter_complaint_none_open")
            return [SlotSet(slot, value) for slot, value in drop().items()]
        call.say("utter_complaint_confirm_withdrawal", ticket=found[0].number, about=_about(call, found[0]))
        return None


class ActionQueryComplaint(HotlineAction):
    """Where the customer's tickets are, and until when they will be answered."""

    async def perform(self, call: Call) -> list[EventType]:
        """Tell."""
        done = cleared("task_dropped")
        if call.slot("task_dropped"):
            return done
        tickets = await _tickets(call)
        if not tickets:
            call.say("utter_complaint_none")
        for ticket in tickets[:MOST_TOLD]:
            self._tell(call, ticket)
        return done

    def _tell(self, call: Call, ticket: Ticket) -> None:
        state = State(ticket.state)
        call.say(
            "utter_complaint_state",
            json_message=_card(call, ticket),
            ticket=ticket.number,
            about=_about(call, ticket),
            filed=formats.day(_local(call, ticket.created)),
            state=call.words.phrase(STATES[state], call.channel),
        )
        if state in OPEN:
            name = "utter_complaint_late" if call.services.tickets.late(ticket) else "utter_complaint_deadline"
            call.say(name, deadline=formats.moment(_local(call, ticket.deadline)))
        elif ticket.answer:
            call.say("utter_complaint_result", answer=written(ticket.answer))


class ActionUrgeComplaint(HotlineAction):
    """催办: on the ticket; past its deadline the shift leader is told at once."""

    async def perform(self, call: Call) -> list[EventType]:
        """Urge."""
        done = cleared("task_dropped")
        if call.slot("task_dropped"):
            return done
        tickets = await _tickets(call)
        urgent = next((ticket for ticket in tickets if State(ticket.state) in OPEN), None)
        if urgent is None:
            call.say("utter_complaint_none_open" if tickets else "utter_complaint_none")
            return done
        key = f"{call.conversation}:{call.message_id}"
        ticket = await call.services.tickets.move(urgent.number, Move.URGE, "customer", written(call.text), key)
        late = call.services.tickets.late(ticket)
        if late:
            await call.services.tickets.move(ticket.number, Move.ESCALATE, "customer", "", f"{key}:late")
        call.say(
            "utter_complaint_urged_late" if late else "utter_complaint_urged",
            json_message=_card(call, ticket),
            ticket=ticket.number,
            deadline=formats.moment(_local(call, ticket.deadline)),
        )
        return done


class ActionWithdrawComplaint(HotlineAction):
    """撤销, after a yes."""

    async def perform(self, call: Call) -> list[EventType]:
        """Withdraw."""
        done = cleared("task_dropped", "withdrawal_confirmed")
        if call.slot("task_dropped"):
            return done
        if not call.slot("withdrawal_confirmed"):
            call.say("utter_complaint_not_withdrawn")
            return done
        tickets = [ticket for ticket in await _tickets(call) if State(ticket.state) in OPEN]
        if not tickets:
            call.say("utter_complaint_none_open")
            return done
        key = f"{call.conversation}:{call.message_id}"
        ticket = await call.services.tickets.move(tickets[0].number, Move.WITHDRAW, "customer", "", key)
        call.say("utter_complaint_withdrawn", json_message=_card(call, ticket), ticket=ticket.number)
        return [*done, SlotSet("complaint_ticket", None)]


# --- suggestions ------------------------------------------------------------------------------------------------------


class ActionOpenSuggestion(HotlineAction):
    """Thanks; what was suggested already is not asked again."""

    async def perform(self, call: Call) -> list[EventType]:
        """Begin."""
        return [SlotSet("suggestion_text", substance(call.text)), FollowupAction("record_suggestion_form")]


class ValidateRecordSuggestionForm(ComplaintForm):
    """A suggestion in the customer's own words."""

    async def extract_suggestion_text(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """What was said to the question for it."""
        call = Call(dispatcher, tracker, domain)
        if not requested(call, "suggestion_text"):
            return {}
        return {"suggestion_text": written(call.text)} if may_be_complaint(call) else {}

    async def validate_suggestion_text(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Any words."""
        return {"suggestion_text": value}


class ActionRecordSuggestion(HotlineAction):
    """Records it for the handling clerk (申告处理员), with thanks."""

    async def perform(self, call: Call) -> list[EventType]:
        """Record."""
        done = cleared("task_dropped", "suggestion_text")
        if call.slot("task_dropped"):
            return done
        draft = TicketDraft(
            category="suggestion",
            level=1,
            phone=await known_phone(call) or "",
            description=call.slot("suggestion_text"),
            channel=call.channel,
            subscriber=await _verified_phone(call),
        )
        ticket = await call.services.tickets.file(draft, f"{call.conversation}:{call.message_id}", call.conversation)
        call.say("utter_complaint_suggestion_recorded", json_message=_card(call, ticket), ticket=ticket.number)
        return done


# --- shared -----------------------------------------------------------------------------------------------------------


def _goes_on(call: Call) -> bool:
    """Whether the customer goes on with his story while he is asked who he is (排了两个小时的队)."""
    tells = call.intent in ("inform", "nlu_fallback") and len(call.text) > ENOUGH and not another_request(call.text)
    names = call.entity("surname") or surname_in(call.text) or call.entities("phone_number") or landline(call.text)
    return tells and not names and not withholds_name(call.text) and says_something(call.text)


def may_be_complaint(call: Call) -> bool:
    """Whether words that answer the question for the complaint are one: nearly all are, but not another request."""
    if call.intent in NOT_COMPLAINTS - {"nlu_fallback"} or not says_something(call.text) or not detail(call.text):
        return False
    confidence = float((call.tracker.latest_message.get("intent") or {}).get("confidence") or 0)
    if call.intent.startswith("query_") and confidence >= BEYOND_DOUBT and len(call.text) <= BRIEF:
        return False  # 你们几点下班
    told = call.intent == "inform" or call.intent.startswith("complain_")
    return not another_request(call.text) or (told and len(call.text) > BRIEF)


async def file_complaint(call: Call, escalated: bool, phone: str = "") -> Ticket:
    """File what the slots hold, once for the message that confirmed it."""
    category = call.slot("complaint_category") or "general"
    description = call.slot("complaint_text") or ""
    draft = TicketDraft(
        category=category,
        level=level_for(category, description),
        phone=phone or call.slot("complaint_phone") or "",
        description=description,
        channel=call.channel,
        surname=call.slot("complaint_surname") or "",
        title=call.slot("complaint_title") or "",
        subscriber=await _verified_phone(call),
        escalated=escalated,
        details=_facts(call),
    )
    return await call.services.tickets.file(draft, f"{call.conversation}:{call.message_id}", call.conversation)


async def known_phone(call: Call) -> Optional[str]:
    """A number at which the customer can be reached, as far as it is known."""
    for phone in (call.slot("complaint_phone"), call.slot("phone_number")):
        if phone:
            return str(phone)
    return None


async def _known_customer(call: Call) -> list[EventType]:
    """Who it is and where he can be reached, as far as that is known; his name only when he was verified."""
    phone = await _verified_phone(call)
    if not phone:
        number = call.slot("phone_number")
        return [SlotSet("complaint_phone", number)] if isinstance(number, str) and PHONE.fullmatch(number) else []
    events: list[EventType] = [SlotSet("complaint_phone", phone)]
    try:
        owner = await call.services.secretary.owner(phone)
    except HotlineError as error:
        logger.warning("the customer's name is not at hand: %s", type(error).__name__)
        return events
    title = await title_by_contract(call, owner.surname)
    return [*events, SlotSet("complaint_surname", owner.surname), SlotSet("complaint_title", title)]


async def _verified_phone(call: Call) -> str:
    phone = call.slot("phone_number")
    if not isinstance(phone, str) or not phone:
        return ""
    try:
        return phone if await call.services.verification.verified(call.conversation, phone) else ""
    except GatewayError:
        return ""


async def _tickets(call: Call) -> Sequence[Ticket]:
    """The customer's tickets, newest first; only the one whose number was named, when it is among them."""
    tickets = await call.services.tickets.of_customer(call.conversation, await _verified_phone(call))
    named = ticket_number(call.text)
    chosen = [ticket for ticket in tickets if named and ticket.number.endswith(named.lstrip("CFS"))]
    return chosen or tickets


def _address(call: Call) -> str:
    """How the customer is addressed before the read-back; empty when his name is not known."""
    surname = call.slot("complaint_surname")
    if not surname:
        return ""
    title = call.slot("complaint_title") or call.words.phrase("utter_secretary_title_unknown", call.channel)
    return call.words.phrase("utter_complaint_address", call.channel, surname=surname, title=title)


def _facts(call: Call) -> dict[str, Any]:
    """What is known about the matter already: the bill that was told, the checks that were made."""
    facts: dict[str, Any] = {}
    if _bill_told(call):
        facts["bill_explained"] = True
    if call.slot("fault_checked"):
        facts["fault_checked"] = call.slot("fault_checked")
    if call.slot("fault_answers"):
        facts["findings"] = call.slot("fault_answers")
    return facts


def _bill_told(call: Call) -> bool:
    return any(event["event"] == "action" and event["name"] == "action_query_bill" for event in call.tracker.events)


def _fault_told(call: Call) -> Optional[str]:
    """What is wrong, in the words that the report which is in hand began with."""
    reports = str(call.tracker.active_loop.get("name")).startswith("report_")
    return call.slot("fault_description") if reports else None


def _checked(call: Call) -> bool:
    """Whether the account was looked at in this conversation already, or the customer would not have it looked at."""
    return any(
        event["event"] == "active_loop" and event.get("name") == "check_suspension_form"
        for event in call.tracker.events
    )


def _say_filed(call: Call, ticket: Ticket) -> None:
    deadline = formats.moment(_local(call, ticket.deadline))
    call.say("utter_complaint_filed", json_message=_card(call, ticket), ticket=ticket.number, deadline=deadline)


def _card(call: Call, ticket: Ticket) -> cards.Card:
    """The ticket with its state line; its deadline while the answer is still to come."""
    due = formats.moment(_local(call, ticket.deadline)) if State(ticket.state) in OPEN else ""
    return cards.ticket(ticket.number, ticket.state, _about(call, ticket), due)


def _about(call: Call, ticket: Ticket) -> str:
    name = NAMES.get(ticket.category, "utter_complaint_about_general")
    return call.words.phrase(name, call.channel)


def _local(call: Call, moment: Any) -> Any:
    """A moment in the civil time of the service."""
    return moment.astimezone(call.services.clock.now().tzinfo)
