"""Topic service: changes of an account, each verified, read back, confirmed and done once, and what is told about them.

Source: scenarios.yml, service; ch2 不得擅自更改客户资料; 1860-15 for a line that is stopped for arrears.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Call, HotlineAction, cleared, dropped_task
from actions.billing import CAUSES, AccountQuery, fee_of
from actions.forms import (
    ASIDES,
    DOUBTFUL,
    AccountForm,
    ConfirmChecks,
    TaskForm,
    before_this_message,
    begun_by,
    drop,
    requested,
    said_since_start,
)
from hotline import formats
from hotline.errors import HotlineError, NoSuchItemError, OrderRefusedError
from hotline.ports import Hall, Pack, Plan
from hotline.services.service import (
    ROAMING,
    Prepared,
    asks_for_own_registration,
    by_extreme,
    by_number,
    by_part,
    by_volume,
    means_the_plan,
    meant,
    names_something,
    names_volume,
    needs_hall,
)

ITS_PLAN = "*"  # the plan that the number has, whatever it is called
OFFER_OF_ROAMING = f"/open_service?service={ROAMING}"
MOST_CHOICES = 5  # more keys than these nobody remembers
MOST_UNKNOWN = 2
MOST_BESIDE_A_NAME = 2
URGED = re.compile(
    "[嗯啊对好的那就快赶马上请给帮我,。 ]*(?:办理?|退|取消|开通?|买|订|换|停|关)(?:了|吧|掉|上|呗|它)+[吧啊呀,。 ]*"
)
ABOUT_HALLS = re.compile("几点|开门|关门|上班|下班|时间|地址|怎么走|在哪")
CORRECTION = re.compile("(?:[嗯啊哦呃哎那,。 ]|等等|等一?下|等会儿?)*(?:不[对是要]|错了|说错|我说错|改成|换成)")

# What each change calls the thing it is about: the slot and the entities that may fill it.
ITEMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "change_plan": ("chosen_plan", ("plan",)),
    "buy_data_pack": ("chosen_pack", ("pack",)),
    "open_service": ("chosen_service", ("service",)),
    "cancel_service": ("cancelled_item", ("service", "pack", "plan")),
}

SOLD_BY_VOLUME = {"change_plan": "plans", "buy_data_pack": "packs"}

# The words of one kind of change: the question for the yes, and the receipt.
READ_BACK = {
    "change_plan": "utter_service_confirm_plan",
    "buy_data_pack": "utter_service_confirm_pack",
    "open_service": "utter_service_confirm_opening",
    "cancel_service": "utter_service_confirm_cancelling",
    "report_lost": "utter_service_confirm_lost",
    "resume_service": "utter_service_confirm_resuming",
}
RECEIPTS = {
    "change_plan": "utter_service_plan_changed",
    "buy_data_pack": "utter_service_pack_bought",
    "open_service": "utter_service_opened",
    "cancel_service": "utter_service_cancelled",
    "report_lost": "utter_service_lost_reported",
    "resume_service": "utter_service_resumed",
}
# Why not, and what then: by kind and reason, else by the reason alone.
REFUSALS = {
    "change_plan already": "utter_service_already_on_plan",
    "open_service already": "utter_service_already_open",
    "report_lost already": "utter_service_already_lost",
    "resume_service already": "utter_billing_not_suspended",
    "resume_service contract": "utter_billing_suspended_for_contract",
    "contract": "utter_service_bound_by_contract",
    "balance": "utter_service_balance_too_low",
    "not_open": "utter_service_not_open",
    "pack_running": "utter_service_pack_running",
    "plan_required": "utter_service_plan_required",
    "realname": "utter_billing_suspended_for_realname",
}


# --- changes ----------------------------------------------------------------------------------------------------------


class ChangeForm(ConfirmChecks, AccountForm):
    """Number, password, the item where there is one, and an explicit yes."""

    @property
    def kind(self) -> str:
        """The change: the intent that asks for it."""
        return str(self.form_name()).removesuffix("_form")

    async def validate_identity_verified(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """As everywhere; a line that cannot have the change is told why at once, before anything is chosen."""
        checked = await super().validate_identity_verified(value, dispatcher, tracker, domain)
        if not checked["identity_verified"]:
            return checked
        call = Call(dispatcher, tracker, domain)
        try:
            await call.services.changes.check_line(call.conversation, call.slot("phone_number"), self.kind)
        except OrderRefusedError as refused:
            await refuse(call, self.kind, "", refused)
            return {**checked, **drop()}
        except HotlineError as error:
            call.excuse(error)
            return {**checked, **drop()}
        return checked

    def confirms(self, call: Call) -> Optional[bool]:
        """Also the request itself, repeated: 快给我停了, 对退了. A wish for something else (换一个) is none."""
        yes = super().confirms(call)
        asked = requested(call, "change_confirmed") and call.asked == "confirm"
        wishes = (self.kind, "stop") if self.kind == "cancel_service" else (self.kind,)  # 取消吧: that service
        repeated = asked and call.intent in wishes and not DOUBTFUL.search(call.text)
        if yes is None and repeated and (self.kind not in ITEMS or URGED.fullmatch(call.text)):
            return True
        return yes

    def corrects(self, call: Call) -> bool:
        """Also another item than the one that was read back."""
        slot, entities = ITEMS.get(self.kind, ("", ()))
        named = [name for entity in entities for name in call.entities(entity)]
        return super().corrects(call) or any(name != before_this_message(call.tracker, slot) for name in named)

    async def extract_item(self, call: Call) -> dict[str, Any]:
        """The item that the customer names: with the request, as the answer, or as a correction before the yes.

        ``?`` stands for something that we do not have.
        """
        slot, entities = ITEMS[self.kind]
        anew = begun_by(call.tracker, self.form_name())
        early = call.slot(slot) is None and call.intent in ("inform", self.kind)  # while the number is asked for
        answers = requested(call, slot, "change_confirmed") and _may_answer(call, self.kind, entities)
        if not (anew or answers or (early and any(map(call.entities, entities)))):
            return {}
        names = await named_items(call, self.kind)
        if len(names) > 1:  # one of them is what was chosen before, the other is wanted instead
            names = [name for name in names if name != call.slot(slot)]
        if len(names) == 1:
            return {slot: names[0]}
        if self.kind == "cancel_service" and not names and means_the_plan(call.text):
            return {slot: ITS_PLAN}
        unknown = not names and needs_hall(call.text)
        asked = requested(call, slot) and call.intent in ("inform", self.kind) and names_something(call.text)
        unknown = unknown or (not names and asked)
        return {slot: "?"} if unknown else {}

    async def validate_item(self, call: Call, value: Any) -> dict[str, Any]:
        """What we have is taken; what only a business hall can do, or what is not found twice, ends the task."""
        slot, _ = ITEMS[self.kind]
        if value == ITS_PLAN:
            call.say(REFUSALS["plan_required"], item=call.words.phrase("utter_service_the_plan"))
            return {slot: None, **drop()}
        if value != "?":
            return {slot: value}
        invalid = f"utter_invalid_{slot}"
        if needs_hall(call.text):
            call.say("utter_service_at_hall")
            return {slot: None, **drop()}
        if said_since_start(call.tracker, self.form_name(), invalid) + 1 < MOST_UNKNOWN:
            call.say(invalid)
            return {slot: None}
        call.say("utter_service_not_offered")
        return {slot: None, **drop()}


def chooses(slot: str) -> Callable[[type[ChangeForm]], type[ChangeForm]]:
    """Give a form the item that it is about: ``extract_<slot>`` and ``validate_<slot>``, as the SDK looks them up."""

    async def extract(
        self: ChangeForm, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        return await self.extract_item(Call(dispatcher, tracker, domain))

    async def validate(
        self: ChangeForm, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        return await self.validate_item(Call(dispatcher, tracker, domain), value)

    def give(form: type[ChangeForm]) -> type[ChangeForm]:
        setattr(form, f"extract_{slot}", extract)
        setattr(form, f"validate_{slot}", validate)
        form.forgets = (slot, "change_confirmed")
        return form

    return give


@chooses("chosen_plan")
class ValidateChangePlanForm(ChangeForm):
    """Form of ``change_plan``."""


@chooses("chosen_pack")
class ValidateBuyDataPackForm(ChangeForm):
    """Form of ``buy_data_pack``."""


@chooses("chosen_service")
class ValidateOpenServiceForm(ChangeForm):
    """Form of ``open_service``."""


@chooses("cancelled_item")
class ValidateCancelServiceForm(ChangeForm):
    """Form of ``cancel_service``: a service, a pack, or a plan."""


class ValidateReportLostForm(ChangeForm):
    """Form of ``report_lost``: nothing is asked but what is needed to stop the line."""

    forgets = ("change_confirmed",)


class ValidateResumeServiceForm(ChangeForm):
    """Form of ``resume_service``."""

    forgets = ("change_confirmed",)


class AskItem(HotlineAction):
    """Asks which one, with what there is to choose from on buttons, or with those that were named."""

    kind: ClassVar[str]

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Ask."""
        slot, entities = ITEMS[self.kind]
        try:
            named = await named_items(call, self.kind)
            offers = named if len(named) > 1 else await self.offers(call, call.slot("phone_number"))
        except HotlineError as error:
            call.excuse(error)
            return _dropped()
        if not offers:
            call.say("utter_service_nothing_to_cancel")
            return _dropped()
        buttons = [{"title": name, "payload": f"/inform?{entities[0]}={name}"} for name in offers[:MOST_CHOICES]]
        call.say(f"utter_ask_{slot}", buttons=buttons)
        return None

    async def offers(self, call: Call, phone: str) -> Sequence[str]:
        """What there is to choose from."""
        raise NotImplementedError


class ActionAskChosenPlan(AskItem):
    """All plans but the present one."""

    kind = "change_plan"

    async def offers(self, call: Call, phone: str) -> Sequence[str]:
        """Their names."""
        account = await call.services.billing.account(call.conversation, phone)
        return [p.name for p in await call.services.catalogue.plans() if p.name != account.subscriber.plan]


class ActionAskChosenPack(AskItem):
    """All packs."""

    kind = "buy_data_pack"

    async def offers(self, call: Call, phone: str) -> Sequence[str]:
        """Their names."""
        return [pack.name for pack in await call.services.catalogue.packs()]


class ActionAskChosenService(AskItem):
    """The services that are not open yet."""

    kind = "open_service"

    async def offers(self, call: Call, phone: str) -> Sequence[str]:
        """Their names."""
        held = await call.services.changes.held(call.conversation, phone)
        return [service.name for service in await call.services.catalogue.services() if service.name not in held]


class ActionAskCancelledItem(AskItem):
    """What the number has."""

    kind = "cancel_service"

    async def offers(self, call: Call, phone: str) -> Sequence[str]:
        """Their names."""
        return await call.services.changes.held(call.conversation, phone)


class ActionAskChangeConfirmed(HotlineAction):
    """Reads the change back and asks for the yes; what cannot be done is refused here instead."""

    async def perform(self, call: Call) -> Optional[list[EventType]]:
        """Ask."""
        kind = str(call.tracker.active_loop.get("name")).removesuffix("_form")
        phone, item = call.slot("phone_number"), _item(call, kind)
        try:
            prepared = await call.services.changes.prepare(call.conversation, phone, kind, item)
        except OrderRefusedError as refused:
            await refuse(call, kind, item, refused)
            return _dropped()
        except NoSuchItemError:
            call.say("utter_service_not_offered")
            return _dropped()
        except HotlineError as error:
            call.excuse(error)
            return _dropped()
        call.say(READ_BACK[kind], **_details(call, prepared, item))
        return None


class ChangeAction(HotlineAction):
    """Carries out what was confirmed, under the key of the message that confirmed it."""

    async def perform(self, call: Call) -> list[EventType]:
        """Do it, or say that it was not done."""
        kind = self.name().removeprefix("action_")
        phone, item = call.slot("phone_number"), _item(call, kind)
        if call.slot("task_dropped"):
            self.console(call)
        elif not call.slot("change_confirmed"):
            call.say("utter_service_not_changed")
        else:
            await self.carry_out(call, kind, phone, item)
        return cleared("task_dropped", "change_confirmed", *([ITEMS[kind][0]] if kind in ITEMS else []))

    async def carry_out(self, call: Call, kind: str, phone: str, item: str) -> None:
        """Do it and give the receipt."""
        try:
            key = f"{call.conversation}:{call.message_id}"
            order = await call.services.changes.carry_out(call.conversation, phone, kind, item, key)
        except OrderRefusedError as refused:
            await refuse(call, kind, item, refused)
        except NoSuchItemError:
            call.say("utter_service_not_offered")
        except HotlineError as error:
            call.excuse(error)
        else:
            effective = formats.day(order.effective)
            call.say(RECEIPTS[kind], phone_number=phone, item=item, order=order.number, effective=effective)

    def console(self, call: Call) -> None:
        """What is said after the task was dropped; it has been said why."""


class ActionChangePlan(ChangeAction):
    """From next month."""


class ActionBuyDataPack(ChangeAction):
    """At once, from the balance."""


class ActionOpenService(ChangeAction):
    """At once."""


class ActionCancelService(ChangeAction):
    """A service; packs and plans are refused with what can be done instead."""


class ActionReportLost(ChangeAction):
    """Stops the line at once."""

    def console(self, call: Call) -> None:
        """A line that could not be stopped for want of the password is urgent: a human."""
        if not call.slot("identity_verified"):
            call.say("utter_service_lost_not_reported")


class ActionDropLostReport(HotlineAction):
    """Who has lost the phone gets no code by SMS: without the password a human."""

    async def perform(self, call: Call) -> list[EventType]:
        """Say that nothing was stopped, and offer."""
        call.say("utter_service_lost_not_reported")
        return dropped_task()


class ActionResumeService(ChangeAction):
    """Opens the line at once."""


async def named_items(call: Call, kind: str) -> list[str]:
    """What the customer names: by its name, by its volume (十个G), or by a part of what was just offered (周末的)."""
    slot, entities = ITEMS[kind]
    names = meant(call.text, [name for entity in entities for name in _in_first_request(call, entity)])
    if not names and not names_something(call.text):  # 那给我来一个: what was just spoken of
        if kind == "open_service" and call.offered(OFFER_OF_ROAMING):
            names = [ROAMING]
        elif call.told("utter_billing_offer_details") or call.told("utter_billing_item_value_added"):
            spoken_of = [name for entity in entities for name in call.entities_before(entity)]
            names = spoken_of if len(spoken_of) == 1 else []
    if not names and kind in SOLD_BY_VOLUME and names_volume(call.text):
        names = by_volume(call.text, await getattr(call.services.catalogue, SOLD_BY_VOLUME[kind])())
    if not names and requested(call, slot) and call.intent not in ASIDES:
        offered = _titles_offered(call)
        cheapest = [] if kind == "cancel_service" else by_extreme(call.text, offered)
        names = by_number(call.text, offered) or by_part(call.text, offered) or cheapest
    return names


async def refuse(call: Call, kind: str, item: str, refused: OrderRefusedError) -> None:
    """Say why not, and what then; money that is owed always in the words of 1860-15."""
    facts: dict[str, Any] = dict(refused.facts)
    cause = refused.reason if refused.reason == "arrears" else facts.get("suspended_for")
    owed = facts.get("amount") or max(-Decimal(str(facts.get("balance", 0))), Decimal(0))
    if cause == "arrears" or owed:
        call.say("utter_billing_suspended_for_arrears", amount=formats.money(Decimal(str(owed))))
    elif refused.reason == "suspended":
        call.say(CAUSES[str(cause)])
    else:
        response = REFUSALS.get(f"{kind} {refused.reason}") or REFUSALS[refused.reason]
        call.say(
            response,
            phone_number=call.slot("phone_number"),
            item=item,
            until=formats.day(facts["until"]) if facts.get("until") else "",
            balance=formats.money(facts["balance"]) if "balance" in facts else "",
            fee=formats.fee(facts["fee"]) if "fee" in facts else "",
        )


def _in_first_request(call: Call, entity: str) -> list[Any]:
    """What is named in a message; of one with several requests in the first of them, which is served now."""
    message = call.tracker.latest_message
    requests = message.get("requests") or []
    end = len(call.text)
    if requests and requests[0]["text"] in call.text:  # of the same for two numbers what is named holds for both
        end = call.text.index(requests[0]["text"]) + len(requests[0]["text"])
    first = {e["value"] for e in message.get("entities", []) if e["entity"] == entity and e.get("start", 0) < end}
    return [value for value in call.entities(entity) if value in first]


def _may_answer(call: Call, kind: str, entities: Sequence[str]) -> bool:
    """Whether words can be the answer to a question of this form, and not a question of their own.

    A mere name (周末流量包) is an answer, whatever else it could open.
    """
    if kind == "cancel_service" and call.intent == "change_plan":
        return False  # another plan instead is a wish of its own
    if call.intent in ("inform", "affirm", "deny", "nlu_fallback", kind) or CORRECTION.match(call.text):
        return True
    spans = [e for e in call.tracker.latest_message.get("entities", []) if e["entity"] in entities and "start" in e]
    named = sum(int(e["end"]) - int(e["start"]) for e in spans)
    if len(call.text) - named <= MOST_BESIDE_A_NAME:
        return True
    offered = _titles_offered(call)
    return bool(by_part(call.text, offered) or by_extreme(call.text, offered))


def _titles_offered(call: Call) -> list[str]:
    """The titles of the buttons under the last answer."""
    said = [event for event in call.tracker.events if event["event"] == "bot"]
    return [button["title"] for button in (said[-1].get("data") or {}).get("buttons") or []] if said else []


def _item(call: Call, kind: str) -> str:
    return str(call.slot(ITEMS[kind][0])) if kind in ITEMS else ""


def _dropped() -> list[EventType]:
    return [SlotSet(slot, value) for slot, value in drop().items()]


def _details(call: Call, prepared: Prepared, item: str) -> dict[str, Any]:
    """All that a read-back may name."""
    offer = prepared.offer
    details = {
        "phone_number": prepared.account.subscriber.phone,
        "item": item,
        "present": prepared.account.subscriber.next_plan or prepared.account.subscriber.plan,
        "effective": formats.day(prepared.effective),
        "fee": "",
        "price": "",
        "data": "",
        "voice": "",
        "scope": "",
        "days": "",
    }
    if offer is not None:
        details.update(price=formats.fee(offer.fee), fee=fee_of(call, offer))
    if isinstance(offer, (Plan, Pack)):
        details["data"] = formats.volume(offer.data)
    if isinstance(offer, Plan):
        details["voice"] = str(offer.voice)
    if isinstance(offer, Pack):
        details.update(scope=offer.scope, days=str(offer.days))
    return details


# --- what is told -----------------------------------------------------------------------------------------------------


class ValidateUnlockPhoneForm(AccountForm):
    """Form of ``unlock_phone``."""


class ActionUnlockPhone(AccountQuery):
    """The PUK of the SIM card, and how it is used."""

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        puk = await call.services.changes.puk(call.conversation, phone)
        call.say("utter_service_puk", phone_number=phone, puk=puk)


class ActionQueryRealname(HotlineAction):
    """How real names are registered; about the own number after the password."""

    async def perform(self, call: Call) -> list[EventType]:
        """Tell, or ask for number and password first."""
        if asks_for_own_registration(call.text):
            return [FollowupAction("query_realname_form")]
        call.say("utter_service_realname")
        return []


class ValidateQueryRealnameForm(AccountForm):
    """Form of ``query_realname`` about the own number."""


class ActionTellRegistration(AccountQuery):
    """Whose name the number is registered in."""

    async def tell(self, call: Call, phone: str) -> None:
        """The answer."""
        registration = await call.services.changes.registration(call.conversation, phone)
        name = "utter_service_registered" if registration.in_order else "utter_billing_suspended_for_realname"
        call.say(name, phone_number=phone, holder=registration.name)


class ActionQueryRoaming(HotlineAction):
    """What roaming costs and needs; whether it is open, when the number is verified."""

    async def perform(self, call: Call) -> None:
        """Tell."""
        call.say("utter_service_roaming")
        phone = call.slot("phone_number")
        if phone and await call.services.verification.verified(call.conversation, phone):
            account = await call.services.billing.account(call.conversation, phone)
            if ROAMING in account.subscriber.services:
                call.say("utter_service_roaming_open", phone_number=phone)
                return
        call.say("utter_service_roaming_not_open")


class ValidateQueryBusinessHallForm(TaskForm):
    """Form of ``query_business_hall``: city or district."""

    forgets = ("area",)

    async def extract_area(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """City and district as named; ``{}`` for an answer that names neither."""
        call = Call(dispatcher, tracker, domain)
        if not begun_by(tracker, self.form_name()) and not requested(call, "area"):
            return {}
        if place := place_named(call):
            return {"area": place}
        if call.told("utter_service_halls") and ABOUT_HALLS.search(call.text):  # 几点关门, of those that were told
            told = (e["value"] for e in reversed(tracker.events) if e["event"] == "slot" and e["name"] == "area")
            return {"area": next(filter(None, told), None)}
        return {"area": {}} if requested(call, "area") and call.intent == "inform" else {}

    async def validate_area(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """A place; what names none is asked for again."""
        if value:
            return {"area": value}
        if value is not None:
            Call(dispatcher, tracker, domain).say("utter_invalid_area")
        return {"area": None}


class ActionQueryBusinessHall(HotlineAction):
    """The halls of a place with address and opening hours."""

    async def perform(self, call: Call) -> list[EventType]:
        """Tell."""
        area: Mapping[str, str] = call.slot("area") or {}
        halls, there = await call.services.halls.near(area.get("city"), area.get("district"))
        place = "".join(area.values())
        if not halls:
            cities = "、".join(await call.services.halls.cities())
            call.say("utter_service_no_hall", place=place, cities=cities)
        else:
            name = "utter_service_halls" if there else "utter_service_halls_elsewhere"
            call.say(name, place=place, city=area.get("city", ""), halls=_hall_lines(call, halls[:MOST_CHOICES]))
        return [*cleared("task_dropped", "area"), SlotSet("last_task", "query_business_hall_form")]


def place_named(call: Call) -> dict[str, str]:
    """City and district in the customer's words, those that there are."""
    named = {name: call.entity(name) for name in ("city", "district")}
    return {name: str(value) for name, value in named.items() if value}


def _hall_lines(call: Call, halls: Iterable[Hall]) -> str:
    rows = [
        {
            "name": h.name,
            "city": h.city,
            "district": h.district,
            "address": h.address,
            "hours": formats.hours(h.hours),
        }
        for h in halls
    ]
    return call.words.listing("utter_service_hall", rows, call.channel)
