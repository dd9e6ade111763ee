"""Topic billing: money, use, plans, points, payments (scenarios.yml, billing; clauses 1860-14, 1860-15 and house)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Optional, Union

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT

from actions.base import Call, HotlineAction, cleared
from actions.forms import AccountForm, NumberChecks, TaskForm, begins_anew, drop
from actions.turns import disputes_bill
from hotline import cards, formats
from hotline.clock import add_months, month_of
from hotline.errors import NoSuchItemError
from hotline.ports import Pack, Plan, Service
from hotline.services.billing import (
    POINTS_PER_YUAN,
    Account,
    ExplainedBill,
    asks_what_fits,
    item_to_explain,
    months_meant,
)
from hotline.services.complaint import payment_missing

MEMORABLE = 3  # items of a bill that a caller remembers without writing them down
ASKED_ON_TURNS = 3  # after which 怎么多了 is no longer about the bill that was told
TOGETHER = re.compile("月份?的?(?:和|跟|与|还有|、|,)")  # 九月和十月, no correction
COMPARED = re.compile("月份?的?比")  # the former one, which is told beside the month before
BEFORE = re.compile("往前|再前|前一个月|上一个月|更早")
NEW_BILL = re.compile("账单|查")  # asks for a bill anew
# What the items of a bill are, for who asks.
ITEMS = {
    "plan_fee": "utter_billing_item_plan_fee",
    "data_beyond_plan": "utter_billing_item_data_beyond_plan",
    "long_distance": "utter_billing_item_long_distance",
    "roaming": "utter_billing_item_roaming",
    "value_added": "utter_billing_item_value_added",
}
# What each change is about.
CHOSEN = {
    "change_plan_form": "chosen_plan",
    "buy_data_pack_form": "chosen_pack",
    "open_service_form": "chosen_service",
    "cancel_service_form": "cancelled_item",
}
ONLY_PACKS = re.compile("^(?!.*套餐).*(?:流量包|加油包)")
PRICE = re.compile("多少钱|几块|几元|收费|资费|什么价")
DENIES = re.compile("我.{0,4}没(?!看|听|明白|懂)")
CAUSES = {
    "paid": "utter_billing_paid_but_suspended",
    "lost": "utter_billing_suspended_for_lost",
    "realname": "utter_billing_suspended_for_realname",
    "contract": "utter_billing_suspended_for_contract",
}


class AccountQuery(HotlineAction):
    """A question about personal data: silent when its form was dropped, else ``tell``.

    ``own_slots`` are emptied when it is answered or dropped; those of a task left open stay.
    """

    own_slots: tuple[str, ...] = ()

    async def perform(self, call: Call) -> list[EventType]:
        """Answer, and remember what was answered for a follow-up."""
        form = self.name().removeprefix("action_") + "_form"
        done = cleared("task_dropped", *self.own_slots)
        if call.slot("task_dropped"):
            return done
        await self.tell(call, call.slot("phone_number"))
        return [*done, SlotSet("last_task", form)]

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        raise NotImplementedError


class ActionQueryBalance(AccountQuery):
    """The balance; arrears first, in the words of 1860-15."""

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        account = await call.services.billing.account(call.conversation, phone)
        if account.cause == "arrears":
            _say_arrears(call, account)
        if account.owed:
            card = cards.balance(account.owed, owed=True)
            call.say("utter_billing_owed", json_message=card, phone_number=phone, amount=formats.money(account.owed))
        else:
            card = cards.balance(account.balance)
            call.say(
                "utter_billing_balance",
                json_message=card,
                phone_number=phone,
                balance=formats.money(account.balance),
            )
        if account.cause == "paid":
            call.say("utter_billing_paid_but_suspended")


class ActionQuerySuspension(AccountQuery):
    """Why the line is stopped: 1860-15 only when arrears are the cause."""

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        account = await call.services.billing.account(call.conversation, phone)
        if account.cause is None:
            call.say("utter_billing_not_suspended")
        elif account.cause == "arrears":
            _say_arrears(call, account)
        else:
            call.say(CAUSES[account.cause])


class ActionQueryBill(AccountQuery):
    """A month's bill by item, and the items that made it higher than the month before."""

    own_slots = ("bill_month",)

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        months = months_meant(call.slot("bill_month"), call.services.clock.now())
        try:
            bills = await call.services.billing.bills(call.conversation, phone, months)
        except NoSuchItemError:
            call.say("utter_billing_no_bill", month="、".join(formats.month(month) for month in months))
            return
        long = len(bills) > 1 or any(len(bill.bill.items) > MEMORABLE for bill in bills)
        for bill in bills:
            _say_bill(call, bill)
        if long:
            after_long_answer(call)


class ActionQueryDataUsage(AccountQuery):
    """Each package's used and left, and the minutes, of this month; of another one only the bill can tell."""

    own_slots = ("bill_month",)

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        now = call.services.clock.now()
        months = months_meant(call.slot("bill_month") or "0", now)
        if month_of(now) not in months:
            named = "、".join(formats.month(month) for month in months)
            call.say("utter_billing_usage_this_month", month=named, asked=call.slot("bill_month"))
        usage = await call.services.billing.usage(call.conversation, phone)
        rows = [
            {
                "name": package.name,
                "scope": package.scope,
                "total": formats.volume(package.total),
                "used": formats.volume(package.used),
                "left": formats.volume(max(package.total - package.used, 0)),
                "expires": formats.day(package.expires),
            }
            for package in usage.packages
        ]
        packages = call.words.listing("utter_billing_data_package", rows, call.channel)
        call.say("utter_billing_data_usage", json_message=cards.usage(usage), packages=packages)
        call.say(
            "utter_billing_voice_usage",
            total=usage.voice_total,
            used=usage.voice_used,
            left=max(usage.voice_total - usage.voice_used, 0),
        )


class ActionQueryPlan(AccountQuery):
    """The plan and services in force, since when, until when."""

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        subscriber = (await call.services.billing.account(call.conversation, phone)).subscriber
        call.say("utter_billing_plan", plan=subscriber.plan, since=formats.day(subscriber.plan_since))
        if subscriber.next_plan and subscriber.next_plan_since:
            since = formats.day(subscriber.next_plan_since)
            call.say("utter_billing_plan_ordered", plan=subscriber.next_plan, since=since)
        if subscriber.contract_until:
            call.say("utter_billing_plan_contract", until=formats.day(subscriber.contract_until))
        if subscriber.services:
            call.say("utter_billing_plan_services", services="、".join(subscriber.services))
        else:
            call.say("utter_billing_plan_no_services")


class ActionQueryPoints(AccountQuery):
    """Points and what they are worth."""

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        points = await call.services.billing.points(call.conversation, phone)
        call.say("utter_billing_points", points=points, worth=formats.money(Decimal(points) / POINTS_PER_YUAN))


class ActionQueryRechargeRecord(AccountQuery):
    """The last payments; one that has not arrived becomes a complaint."""

    async def perform(self, call: Call) -> list[EventType]:
        """Answer; who was told them and says that a payment is missing (还是没到账) complains of it."""
        if call.told("utter_billing_payment_missing") and payment_missing(call.text) and not call.slot("task_dropped"):
            call.redirect(intent="complain_charge", text=call.text)
            return [FollowupAction("action_listen")]
        return await super().perform(call)

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        payments = await call.services.billing.payments(call.conversation, phone)
        if payments:
            rows = [
                {"day": formats.day(p.day), "method": p.method, "amount": formats.money(p.amount)} for p in payments
            ]
            call.say("utter_billing_recharge_record", payments=call.words.listing("utter_billing_payment", rows))
        else:
            call.say("utter_billing_no_recharge_record")
        call.say("utter_billing_payment_missing")


class ActionQueryPlanCatalog(HotlineAction):
    """Plans and packs: those that were named, else all of them; a recommendation where the use is known, or wanted."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Answer from the catalogue."""
        if item := item_to_explain(call.text):  # 流量超了怎么收费
            call.say(ITEMS[item])
            return None
        plans, packs = await call.services.billing.offers()
        wanted = call.tracker.active_loop.get("name")
        named = {*call.entities("plan"), *call.entities("pack"), *call.entities("service")}
        if not named and wanted in CHOSEN and PRICE.search(call.text):  # 多少钱, while it is read back
            named = {call.slot(CHOSEN[wanted])} - {None}
        fits = asks_what_fits(call.text)
        if fits and not named and not wanted and not ONLY_PACKS.search(call.text):
            call.say("utter_billing_looks_at_usage")
            return [FollowupAction("query_plan_catalog_form")]
        chosen_plans = [plan for plan in plans if plan.name in named]
        chosen_packs = [pack for pack in packs if pack.name in named]
        chosen_services = [s for s in await call.services.catalogue.services() if s.name in named] if named else []
        if chosen_plans or chosen_packs or chosen_services:
            told = (
                _plan_lines(call, chosen_plans),
                _pack_lines(call, chosen_packs),
                _service_lines(call, chosen_services),
            )
            call.say("utter_billing_offer_details", lines=";".join(text for text in told if text))
            if not (chosen_plans or chosen_packs):
                return None
        else:  # who is choosing one of them is not told of the other
            if wanted != "buy_data_pack_form" and not ONLY_PACKS.search(call.text):
                call.say("utter_billing_plan_catalog", json_message=cards.plans(plans), plans=_plan_lines(call, plans))
            if wanted != "change_plan_form":
                call.say("utter_billing_pack_catalog", packs=_pack_lines(call, packs))
            after_long_answer(call)
        phone = call.slot("phone_number")
        if phone and (fits or not wanted) and await call.services.verification.verified(call.conversation, phone):
            await _recommend(call, phone)
        return None


class ValidateQueryPlanCatalogForm(AccountForm):
    """Form of ``query_plan_catalog`` for who wants to be told which plan fits (我适合哪个)."""


class ActionRecommendPlan(AccountQuery):
    """The plan that fits what the number uses."""

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        await _recommend(call, phone)


class ActionSendSms(HotlineAction):
    """Sends the last informative answer to the subscriber's phone."""

    async def perform(self, call: Call) -> list[EventType]:
        """Send once, under the message's own key."""
        done = cleared("task_dropped")
        if call.slot("task_dropped"):
            return done
        text = last_information(call.tracker)
        phone = call.slot("phone_number")
        if not text:
            call.say("utter_billing_nothing_to_send")
            return done
        await call.services.sms.send(phone, text, f"{call.conversation}:{call.message_id}")
        call.say("utter_billing_sms_sent", phone_number=phone)
        return done


class ValidateQueryBalanceForm(AccountForm):
    """Form of ``query_balance``."""


class ValidateQueryDataUsageForm(AccountForm):
    """Form of ``query_data_usage``."""


class ValidateQueryPlanForm(AccountForm):
    """Form of ``query_plan``."""


class ValidateQueryPointsForm(AccountForm):
    """Form of ``query_points``."""


class ValidateQuerySuspensionForm(AccountForm):
    """Form of ``query_suspension``."""


class ValidateQueryRechargeRecordForm(AccountForm):
    """Form of ``query_recharge_record``."""


class ValidateQueryBillForm(AccountForm):
    """Form of ``query_bill``: also the month."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """What an item of a bill is (套外流量是什么) needs no number; a form that is in hand asks on."""
        call = Call(dispatcher, tracker, domain)
        begun = begins_anew(tracker, self.form_name())
        asks_anew = call.entities("month") or NEW_BILL.search(call.text)
        denies = begun and not asks_anew and DENIES.search(call.text)
        if denies and (disputed := disputes_bill(call)):  # 我没打长途, of the bill that was told
            return [*disputed, *(SlotSet(slot, value) for slot, value in drop().items())]
        service = bool(call.entities("service"))
        item = item_to_explain(call.text, service) if call.intent == "query_bill" else None
        if item:
            call.say(ITEMS[item])
            if begun:
                return [SlotSet(slot, value) for slot, value in drop().items()]
        return await super().run(dispatcher, tracker, domain)

    async def extract_bill_month(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Who asks on (怎么多了呢) after a bill was told means that bill."""
        call = Call(dispatcher, tracker, domain)
        told = _month_asked_on(call)
        return {"bill_month": told} if told else {}

    async def validate_bill_month(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Months within the last six; a month named in passing long ago is no answer to this bill's question."""
        call = Call(dispatcher, tracker, domain)
        said = value[-1] if isinstance(value, list) else str(value)
        if TOGETHER.search(call.text):
            said = "+".join(call.entities("month")) or said
        elif COMPARED.search(call.text):
            said = next(iter(call.entities("month")), said)
        starting = tracker.get_slot(REQUESTED_SLOT) is None
        if starting and call.asked != "resume_task" and not call.entities("month") and not _month_asked_on(call):
            return {"bill_month": None}
        open_months = call.services.billing.open_months()
        months = months_meant(said, call.services.clock.now())
        if not months or any(month not in open_months for month in months):
            call.say(
                "utter_invalid_bill_month",
                first=formats.month(open_months[-1]),
                last=formats.month(open_months[0]),
            )
            return {"bill_month": None}
        return {"bill_month": said}


class ValidateSendSmsForm(NumberChecks, TaskForm):
    """Form of ``send_sms``: the number that the message goes to; what was told after a password goes to no other."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Where nothing was told yet, no number is asked for."""
        if begins_anew(tracker, self.form_name()) and not last_information(tracker):
            Call(dispatcher, tracker, domain).say("utter_billing_nothing_to_send")
            return [SlotSet(slot, value) for slot, value in drop().items()]
        return await super().run(dispatcher, tracker, domain)

    async def validate_phone_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """One of ours; in a talk with a verified number only that one (ch2 保密制度)."""
        checked = await super().validate_phone_number(value, dispatcher, tracker, domain)
        if not checked["phone_number"] or checked["identity_verified"]:
            return checked
        call = Call(dispatcher, tracker, domain)
        named = [event["value"] for event in tracker.events if _sets_number(event)]
        for number in reversed(dict.fromkeys(named)):
            if await call.services.verification.verified(call.conversation, number):
                call.say("utter_billing_sms_to_own_number")
                return {"phone_number": number, "identity_verified": True}
        return checked


async def _recommend(call: Call, phone: str) -> None:
    fitting = await call.services.billing.recommendation(call.conversation, phone)
    call.say(
        "utter_billing_recommendation",
        data=formats.volume(fitting.data_used),
        voice=fitting.voice_used,
        plan=fitting.plan.name,
    )


def _sets_number(event: dict[str, Any]) -> bool:
    return event["event"] == "slot" and event["name"] == "phone_number" and isinstance(event["value"], str)


def _month_asked_on(call: Call) -> str:
    """The month, as the slot had it, of a bill told within the last turns; empty when a bill is asked for anew."""
    events = call.tracker.events
    if call.tracker.get_slot(REQUESTED_SLOT) or call.entities("month") or NEW_BILL.search(call.text):
        return ""
    turns = [index for index, event in enumerate(events) if event["event"] == "user"][-ASKED_ON_TURNS - 1 :]
    told = any(_says(event, "utter_billing_bill") for event in events[turns[0] :]) if turns else False
    months = [event["value"] for event in events if event["event"] == "slot" and event["name"] == "bill_month"]
    month = str(next((month for month in reversed(months) if month), "")) if told else ""
    if month and BEFORE.search(call.text):
        earliest = months_meant(month, call.services.clock.now())[-1]
        return f"y:{add_months(earliest, -1):%Y-%m}"
    return month


def _says(event: dict[str, Any], name: str) -> bool:
    return event["event"] == "bot" and (event.get("metadata") or {}).get("utter_action") == name


def after_long_answer(call: Call) -> None:
    """The offer to send it by SMS, in every channel."""
    call.say("utter_billing_offer_sms")


def last_information(tracker: Tracker) -> str:
    """The words of the last turn that told something, without questions and courtesies; empty when there is none."""
    texts: list[str] = []
    for event in reversed(tracker.events):
        if event["event"] == "bot":
            metadata = (event.get("metadata") or {}).get("metadata") or {}
            name = (event.get("metadata") or {}).get("utter_action") or ""
            if name.startswith(("utter_billing_", "utter_service_")) and not metadata.keys() & {"asks", "aside"}:
                texts.append(event.get("text") or "")
        elif event["event"] == "user" and texts:
            break
    return "".join(reversed(texts))


def _say_arrears(call: Call, account: Account) -> None:
    call.say("utter_billing_suspended_for_arrears", amount=formats.money(account.owed))


def _say_bill(call: Call, explained: ExplainedBill) -> None:
    bill = explained.bill
    items = [{"name": item.name, "amount": formats.money(item.amount)} for item in bill.items]
    call.say(
        "utter_billing_bill",
        json_message=cards.bill(bill, explained.difference if explained.grown else None),
        month=formats.month(bill.month),
        total=formats.money(bill.total),
        items=call.words.listing("utter_billing_bill_item", items),
    )
    if explained.previous is None:
        return
    previous = formats.month(explained.previous.month)
    if not explained.grown:
        call.say("utter_billing_bill_not_higher", previous_month=previous)
        return
    grown = [{"name": item.name, "amount": formats.money(item.amount)} for item in explained.grown]
    call.say(
        "utter_billing_bill_higher",
        previous_month=previous,
        difference=formats.money(explained.difference),
        grown=call.words.listing("utter_billing_bill_grown_item", grown),
    )


def _plan_lines(call: Call, plans: Sequence[Plan]) -> str:
    rows = [
        {"name": p.name, "fee": formats.fee(p.fee), "data": formats.volume(p.data), "voice": p.voice} for p in plans
    ]
    return call.words.listing("utter_billing_plan_line", rows)


def _service_lines(call: Call, services: Sequence[Service]) -> str:
    return call.words.listing(
        "utter_billing_service_line", [{"name": s.name, "fee": fee_of(call, s)} for s in services]
    )


def fee_of(call: Call, offer: Union[Plan, Pack, Service]) -> str:
    """A monthly fee in words."""
    if not offer.fee:
        return call.words.phrase("utter_service_free")
    return call.words.phrase("utter_service_fee", fee=formats.fee(offer.fee))


def _pack_lines(call: Call, packs: Sequence[Pack]) -> str:
    rows = [
        {
            "name": p.name,
            "fee": formats.fee(p.fee),
            "scope": p.scope,
            "data": formats.volume(p.data),
            "days": p.days,
        }
        for p in packs
    ]
    return call.words.listing("utter_billing_pack_line", rows)
