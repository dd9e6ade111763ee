"""Turn-taking in every topic: yes and no, a value, giving up, not understood, silence, and what comes after a task.

Source: scenarios.yml, courtesy and ending (1860-13, 1860-37, 1860-38); no prescribed sentence is here, only the choice.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import Call, HotlineAction, dropped_task, keep_listening, return_to_task
from actions.courtesy import say_farewell
from actions.handoff import leave_queue, say_place
from hotline.errors import GatewayError
from hotline.nlu.context import RAISED
from hotline.nlu.requests import MOVES
from hotline.services.complaint import about_payment, payment_missing, written
from hotline.services.secretary import nothing_more
from hotline.services.service import by_number
from hotline.services.surveys import comment_in

logger = logging.getLogger(__name__)

TOPICS = "utter_courtesy_topics"
UNANSWERED = ("nlu_fallback", "silence")
OVER = ("anything_else", "more")  # silence after these questions means that nothing more is wanted
THANKS = re.compile("^[嗯呃啊哦好的行,。 ]*(?:(?:多|太)?谢谢|感谢|谢了)[你您们啊了哈,。 ]*")
SETTLED = re.compile(
    "没事|没问题|不用|算了|不投诉|(?:知道|明白|清楚|懂|了解)了"
)  # takes no offer up, however it agrees
HEARD = re.compile("[嗯哦啊呃好的行吧,。 ]*(?:(?:知道|明白|了解|清楚|收到)[了啦的吧啊,。 ]*|(?:好|行)[的吧嘞,。 ]*)")
NO = re.compile("没|不|勿|无|别|冇|唔|莫|行|好|就[这那]|可以|算|谢|完|拜|够|停|^$")
DISPUTED = re.compile("信|错|可能|怎么|为什么|这么少|不会吧|骗")
NOT_SO = re.compile("[嗯呃啊哦哎,。 ]*(?:不对|不是|错了|弄错|搞错)")
STATEMENT = re.compile("没(?:有)?(?!有|[了啊呀吧的嘛呢,。]|$|事|什么|啥|问题|别的|其[他它]|需要|得|多|不明白|要)")
WRONG_NUMBER = re.compile("不是[我这]?[这那]?个?(?:手机)?号|号码?.{0,3}(?:不对|错)")
UNABLE = re.compile("不会[按弄用操]|按不了|看不[见清]|没法[按弄]|弄不[来了]")
# 需要的话,我可以…: taken up by words that want something, not by mere agreement (好的).
WANTED = re.compile("要|需|可以|行|发|办|查|开")
NO_OFFERS = frozenset({"/deny", "/affirm", "/ask_capabilities", "/request_human"})
ASKS_ITSELF = ("offer_human", "insist_complaint")
MOST_CHOICES = 3
STORIES = ("complain_", "suggest", "leave_message", "talk_to_owner")
# What a yes means when the assistant offered something: the intent that takes the offer up.
OFFERS = {
    "offer_human": "request_human",
    "offer_sms": "send_sms",
    "offer_message": "leave_message",
    "offer_callback": "request_callback",
    "offer_bill": "query_bill",
    "insist_complaint": "complain_general",
}


# What carries a task on when it is named after the answer (那上个月的呢, 那上海呢).
FOLLOW_UPS = {"query_bill_form": ("month", "phone_number"), "query_business_hall_form": ("city", "district")}
# What takes a change up that was offered, or one of the things that were told of, by its name (那就38的吧, 十块的).
OFFERED_CHANGES = {"pack": "buy_data_pack", "plan": "change_plan", "service": "open_service"}
TAKES_IT = re.compile(
    "[嗯啊哦呃好行那我给帮,。 ]*(?:就|要|办|换|来|选|买|开)+(?:成|了|个)?(?:这个|那个|它|这款|这种|这档|理|通)?"
    "(?:办|换|买|开|要)?[吧了啊呀的给我。 ]*"
)
TOLD_OF = (
    "utter_billing_plan_catalog", "utter_billing_pack_catalog", "utter_billing_offer_details",
    "utter_service_bound_by_contract",
)  # fmt: skip
# The same about oneself (那我的呢): the form that tells of one's own what was told in general.
OWN = {
    "query_plan_catalog": "query_plan_form",
    "query_recharge_ways": "query_recharge_record_form",
    "query_realname": "query_realname_form",
}
ABOUT_OWN = re.compile(
    "[嗯啊哦呃那再也帮给查看一下,。 ]*我(?:自己|本人)?(?:[这那]个)?(?:号码?|手机|卡)?的?(?:呢|怎么样)?[?啊呀。 ]*"
)
# What a no means when it is more than a no: who will not have the bill explained complains of it.
REFUSALS = {"offer_bill": "complain_charge"}
# Requests that are answered at once, so that a task in hand is not pushed aside by them.
AT_ONCE = frozenset({
    "query_recharge_ways", "query_invoice", "query_promotion", "query_plan_catalog", "query_roaming",
    "other_service_desk",
})  # fmt: skip
# Where 已为您取消 could be taken for the very thing that was not done.
LEFT = {"cancel_service_form": "utter_service_not_changed", "withdraw_complaint_form": "utter_complaint_not_withdrawn"}
CONFIRMS = ("confirm", "choose")  # questions that a no in any words answers
# Under which topic the customer knows a form that has no intent of its own name.
FORM_TOPICS = {
    "file_complaint_form": "complain_general",
    "check_suspension_form": "complain_general",
    "leave_number_form": "request_supervisor",
    "record_suggestion_form": "suggest",
}


class ActionFinishTask(HotlineAction):
    """After an answer: what was asked in the same breath, else the task in hand, else a task left open, else 1860-37.

    While a task is in hand only what is answered at once comes before it; a task of its own waits until that is done.
    """

    async def perform(self, call: Call) -> list[EventType]:
        """Go on."""
        in_hand = call.tracker.active_loop.get("name")
        events, request = next_request(call)
        if request and (not in_hand or request["name"] in AT_ONCE):
            call.redirect(text=request["text"])
            return [*events, *(keep_listening(call) if in_hand else [])]
        if in_hand:
            return return_to_task(call)
        if call.slot("complaint_waits"):  # the bill was explained to who complained of it
            call.say("utter_complaint_ask_insist")
            return [SlotSet("complaint_waits", None)]
        if _asks_already(call):
            return events
        left = left_open(call.tracker.events)
        if left:
            call.say("utter_courtesy_ask_resume", task=title(call, left))
            return events
        call.say("utter_courtesy_anything_else")
        return events


class ActionAnswerThanks(HotlineAction):
    """不客气, and on with the talk; who says with it that there is nothing more (没有了谢谢) is bidden farewell."""

    async def perform(self, call: Call) -> list[EventType]:
        """Answer."""
        call.say("utter_courtesy_welcome")
        if call.asked == "anything_else" and nothing_more(THANKS.sub("", call.text)):
            call.redirect(intent="goodbye")
            return []
        return await ActionFinishTask().perform(call)


class ActionAnswerImpatience(HotlineAction):
    """1860-22, and straight on with the task in hand; who waits for a human is told where he stands (还要等多久)."""

    async def perform(self, call: Call) -> list[EventType]:
        """Apologise and go on."""
        call.say("utter_courtesy_slow")
        return return_to_task(call) if await say_place(call) else await ActionFinishTask().perform(call)


class ActionReturnToTask(HotlineAction):
    """After a courtesy: take the task in hand up again; nothing more to say when there is none."""

    async def perform(self, call: Call) -> list[EventType]:
        """Go on."""
        return return_to_task(call)


class ActionKeepListening(HotlineAction):
    """After a repetition or 请稍等: the question stays open, but is not put again."""

    async def perform(self, call: Call) -> list[EventType]:
        """Wait."""
        return keep_listening(call)


class ActionAffirm(HotlineAction):
    """Yes: to what was offered last; as mere agreement it goes on."""

    async def perform(self, call: Call) -> list[EventType]:
        """Take the offer up, even where it stood beside a task in hand."""
        if call.asked in OFFERS and not SETTLED.search(call.text):
            call.redirect(intent=OFFERS[call.asked])
            return keep_listening(call)
        if call.tracker.active_loop.get("name"):
            return return_to_task(call)
        left = left_open(call.tracker.events)
        if call.asked == "resume_task" and left:
            return [FollowupAction(left)]
        if call.asked == "more":
            call.say("utter_courtesy_go_on")
        elif call.told("utter_courtesy_wait"):  # 好了你说, who has fetched a pen
            call.say("utter_courtesy_repeat")
            return keep_listening(call)
        elif wanted := _takes_it(call):
            return wanted
        elif call.asked == "anything_else":
            offers = [button["title"] for button in call.buttons_before() if button["payload"] not in NO_OFFERS]
            if offers and WANTED.search(call.text) and not HEARD.fullmatch(call.text):
                call.redirect(text=offers[0])
            elif HEARD.fullmatch(call.text):
                call.say("utter_courtesy_anything_else")
            else:
                call.say("utter_courtesy_tell_me")
        else:
            call.say("utter_courtesy_anything_else")
        return []


class ActionDeny(HotlineAction):
    """No: to the end question it is a farewell, to an offer a refusal, to a form's question the end of the task."""

    async def perform(self, call: Call) -> list[EventType]:
        """Take the refusal for what it is."""
        if call.tracker.active_loop.get("name"):
            if WRONG_NUMBER.search(call.text):
                return [SlotSet("phone_number", None), *return_to_task(call)]
            if UNABLE.search(call.text):
                _offer_human(call, "utter_courtesy_not_done", "utter_courtesy_offer_human_to_finish")
                return keep_listening(call)
            states = call.asked not in CONFIRMS and STATEMENT.search(call.text)  # 没收到, of the code that is asked for
            return return_to_task(call) if states or call.asked in OFFERS else give_up(call)
        if call.asked == "anything_else" and NOT_SO.match(call.text):  # something that was told was wrong
            call.say("utter_courtesy_already_done" if _done_last(call) else "utter_courtesy_tell_me")
            return []
        if call.asked == "anything_else" and STATEMENT.search(call.text):  # denies something, not that there is more
            if call.told("utter_billing_payment_missing") and payment_missing(call.text):
                call.redirect(intent="complain_charge", text=call.text)
                return []
            if disputed := disputes_bill(call):
                return disputed
            call.say("utter_courtesy_please_repeat")
            return []
        if wanted := _takes_it(call):
            return wanted
        doubts = DISPUTED.search(call.text) or not NO.search(call.text)  # 少了, 我不信: nobody is hung up on for that
        if call.asked == "anything_else" and doubts:
            call.say("utter_courtesy_please_repeat")
            return []
        if call.asked in ("anything_else", "rating"):
            call.redirect(intent="goodbye")
            return []
        if call.asked in REFUSALS:
            call.redirect(intent=REFUSALS[call.asked])
            return []
        call.say("utter_courtesy_noted")
        call.say("utter_courtesy_anything_else")
        return [SlotSet("dropped_task", left_open(call.tracker.events))]


class ActionStop(HotlineAction):
    """Drops the task in hand, confirms that nothing was changed, and asks 1860-37."""

    async def perform(self, call: Call) -> list[EventType]:
        """Drop it."""
        if await leave_queue(call):
            call.say("utter_handoff_cancelled")
            return return_to_task(call)
        if call.tracker.active_loop.get("name"):
            return give_up(call)
        if _done_last(call):
            call.say("utter_courtesy_already_done")
            return []
        left = left_open(call.tracker.events)
        asked_of_it = left and call.asked == "resume_task"
        call.say("utter_courtesy_stopped" if asked_of_it else "utter_courtesy_nothing_to_stop")
        call.say("utter_courtesy_anything_else")
        return [SlotSet("dropped_task", left)]


class ActionInform(HotlineAction):
    """A value outside of any form: a rating, what an offer needs, or a follow-up of the last answer (那上个月的呢)."""

    async def perform(self, call: Call) -> list[EventType]:
        """Use the value."""
        if call.tracker.active_loop.get("name"):
            return return_to_task(call)
        offered = [button["title"] for button in call.buttons_before()]
        if call.asked != "rating" and (chosen := by_number(call.text, offered)):  # 第一个, or the key said aloud
            call.redirect(text=chosen[0])
            return []
        rating = call.entity("rating")
        if call.asked == "rating" and rating is not None:
            said = comment_in(call.text)
            try:
                await call.services.surveys.record(call.conversation, call.channel, int(rating), said)
            except GatewayError as error:  # nothing that he asked for: he is thanked all the same
                logger.error("a rating could not be kept: %s", type(error).__name__)
            call.say("utter_courtesy_rated")
            if call.channel == "ivr":
                say_farewell(call)
            return []
        if call.asked == "rating" and not call.entities("phone_number"):
            call.say("utter_courtesy_survey")
            return []
        left = left_open(call.tracker.events)
        if call.asked == "resume_task" and left:  # its question is answered, which is a yes to going on
            return [FollowupAction(left)]
        if call.entities("phone_number") and call.offered("/request_callback"):
            return [FollowupAction("request_callback_form")]
        if ABOUT_OWN.fullmatch(call.text) and (own := _same_of_own(call)):
            return own
        if wanted := _takes_it(call):
            return wanted
        for entity, change in OFFERED_CHANGES.items():
            if call.entities(entity) and (call.offered(f"/{change}") or any(map(call.told, TOLD_OF))):
                return [FollowupAction(f"{change}_form")]
        last = call.slot("last_task")
        if last and any(call.entities(kind) for kind in FOLLOW_UPS.get(last, ("phone_number",))):
            return [FollowupAction(last)]
        if about_payment(call.text):  # 不对吧我昨天才充了一百
            return [FollowupAction("query_recharge_record_form")]
        if call.entities("month"):  # only bills are asked for by the month
            return [FollowupAction("query_bill_form")]
        call.say("utter_courtesy_menu")
        return []


def disputes_bill(call: Call) -> list[EventType]:
    """The offer to complain to who denies an item of the bill that was told (我没用过游戏点卡), which is his complaint
    already, if he wants one; none for other words.
    """
    if not (call.told("utter_billing_bill") and STATEMENT.search(call.text)):
        return []
    call.say("utter_complaint_ask_insist")
    return [SlotSet("complaint_category", "charge"), SlotSet("complaint_text", written(call.text))]


def _takes_it(call: Call) -> list[EventType]:
    """The change to what was just told of, for who wants that very thing (那就这个); none for who does not say so."""
    if TAKES_IT.fullmatch(call.text) and call.told("utter_billing_offer_details"):
        for entity, change in OFFERED_CHANGES.items():
            if call.entities_before(entity):
                return [FollowupAction(f"{change}_form")]
    return []


def _same_of_own(call: Call) -> list[EventType]:
    """What was told last, of the customer's own number: the line he calls from, else it is asked for. None to speak of
    when what was told last can be told of no number.
    """
    last = next((intent for intent in call.intents() if intent not in MOVES | RAISED), "")
    form = OWN.get(last) or (call.slot("last_task") if f"{last}_form" == call.slot("last_task") else None)
    if not form:
        return []
    if last in OWN:  # nobody's number was told of: the one that is known is his
        return [FollowupAction(form)]
    if call.slot("own_number") is not None:  # the form knows whose number is meant
        return [FollowupAction(form)]
    line = call.line()
    return [SlotSet("phone_number", line if line != call.slot("phone_number") else None), FollowupAction(form)]


class ActionAskAgain(HotlineAction):
    """Not understood: 1860-13, then the likeliest topics to choose from, then a human."""

    async def perform(self, call: Call) -> list[EventType]:
        """The next step of the ladder."""
        if not call.tracker.active_loop.get("name") and (disputed := disputes_bill(call)):
            return disputed
        step = unanswered(call)
        if step >= 3:
            _offer_human(call)
            return keep_listening(call)
        if step == 2 and call.channel == "ivr" and not likeliest(call):
            call.say("utter_courtesy_menu")
            return keep_listening(call)
        choices = likeliest(call) if step == 2 else []
        if choices:
            call.dispatcher.utter_message(response="utter_courtesy_choose_topic", buttons=choices)
            return keep_listening(call)
        call.say("utter_courtesy_please_repeat")
        return return_to_task(call)


class ActionOfferHuman(HotlineAction):
    """The same question was put over and over: a human is offered, on the phone at once."""

    async def perform(self, call: Call) -> list[EventType]:
        """Offer."""
        _offer_human(call, "utter_courtesy_not_done", "utter_courtesy_offer_human_to_finish")
        return keep_listening(call)


class ActionHandleSilence(HotlineAction):
    """Silence: after the end question 1860-38; else a fuller question, the key menu, a human.

    Who is silent on the phone when no human could be had either is asked once more: the line is not kept for nobody.
    """

    async def perform(self, call: Call) -> list[EventType]:
        """The next step of the ladder."""
        step = unanswered(call)
        if call.asked == "rating":
            say_farewell(call)
        elif call.channel != "ivr" and unanswered(call, ("silence",)) > 1:  # nobody is at the window any more
            call.say("utter_courtesy_hang_up")
            return dropped_task()
        elif call.asked in OVER or (call.asked == "offer_callback" and call.channel == "ivr"):
            again = unanswered(call, ("silence",)) == 1
            call.say("utter_courtesy_anything_else" if again else "utter_courtesy_hang_up")
        elif step >= 3:
            _offer_human(call)
            return keep_listening(call)
        elif step == 2:
            call.say("utter_courtesy_menu")
            return keep_listening(call)
        elif call.tracker.active_loop.get("name"):
            return return_to_task(call)
        else:
            call.say("utter_courtesy_fuller_question")
        return []


def give_up(call: Call) -> list[EventType]:
    """Drop the task in hand: nothing was changed."""
    call.say(LEFT.get(str(call.tracker.active_loop.get("name")), "utter_courtesy_stopped"))
    call.say("utter_courtesy_anything_else")
    return dropped_task()


def unanswered(call: Call, kinds: Sequence[str] = UNANSWERED) -> int:
    """How many turns in a row, this one included, were silence or not understood (``kinds``)."""
    count = 0
    for intent in call.intents():
        if intent not in kinds:
            break
        count += 1
    return count


def likeliest(call: Call) -> list[dict[str, str]]:
    """Buttons for the topics that the last words may have meant, likeliest first."""
    names = [row["name"] for row in call.tracker.latest_message.get("intent_ranking") or []]
    offered = {button["payload"]: button for button in call.words.variant(TOPICS)["buttons"]}
    found = [dict(offered[f"/{name}"]) for name in names if f"/{name}" in offered]
    return found[:MOST_CHOICES]


def title(call: Call, form: str) -> str:
    """How the customer knows a form's task: the title of its topic button."""
    payload = "/" + FORM_TOPICS.get(form, form.removesuffix("_form"))
    titles = {button["payload"]: button["title"] for button in call.words.variant(TOPICS)["buttons"]}
    return str(titles.get(payload, titles["/ask_capabilities"]))


def left_open(events: Sequence[dict[str, Any]]) -> Optional[str]:
    """The form that another one pushed aside and that was neither finished nor dropped since; None when there is
    none.
    """
    current: Optional[str] = None
    aside: list[str] = []
    for event in events:
        if event["event"] == "active_loop":
            name = event.get("name")
            if name:
                if current and current != name:
                    aside = [*(form for form in aside if form != current), current]
                aside = [form for form in aside if form != name]
            current = name
        elif event["event"] == "slot" and event.get("name") == "dropped_task" and event.get("value"):
            aside = [form for form in aside if form != event["value"]]
        elif event["event"] in ("restart", "session_started"):
            current, aside = None, []
    return aside[-1] if aside else None


def next_request(call: Call) -> tuple[list[EventType], Optional[dict[str, str]]]:
    """The next of several requests made in one breath, its name and its words, with the event that crosses it off."""
    message, requests = _requests(call.tracker.events)
    if not message:
        return [], None
    served = call.slot("served_requests") or {}
    count = served.get("count", 1) if served.get("message") == message else 1
    asked_since = _asked_since(call.tracker.events, message)
    while count < len(requests) and requests[count]["name"] in asked_since:
        count += 1
    if count >= len(requests):
        return [], None
    event = SlotSet("served_requests", {"message": message, "count": count + 1})
    return [event], requests[count]


def _requests(events: Sequence[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The latest message with several requests, and these; none when it tells what happened (我让他取消彩铃…)."""
    for event in reversed(events):
        if event["event"] == "user":
            requests = (event.get("parse_data") or {}).get("requests") or []
            if len(requests) > 1:
                return ("", []) if _is_story(event, requests) else (str(event.get("message_id")), requests)
    return "", []


def _asked_since(events: Sequence[dict[str, Any]], message: str) -> set[str]:
    """What the customer has asked for himself after a message; what the door went on with counts as that message."""
    asked: set[str] = set()
    for event in reversed(events):
        if event["event"] == "user":
            if event.get("message_id") == message:
                break
            if not str(event.get("message_id")).startswith(f"{message}."):
                asked.add(str(((event.get("parse_data") or {}).get("intent") or {}).get("name")))
    return asked


def _is_story(event: Mapping[str, Any], requests: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a message is a complaint, a suggestion or words to be passed on: what it names was not asked of us."""
    asked = ((event.get("metadata") or {}).get("context") or {}).get("asked")
    return asked == "problem" or str(requests[0]["name"]).startswith(STORIES)


def _offer_human(
    call: Call, why: str = "utter_courtesy_not_understood", offer: str = "utter_courtesy_offer_human"
) -> None:
    """Offer a human; on the phone, and where the offer itself was not understood, hand over at once."""
    if call.channel == "ivr":
        call.say("utter_courtesy_not_heard" if call.intent == "silence" else why)
        call.redirect(intent="request_human")
    elif call.asked == "offer_human":
        call.redirect(intent="request_human")
    else:
        call.say(offer)


def _asks_already(call: Call) -> bool:
    """Whether this turn's answer ends with a question of its own, beside which no other is put."""
    for event in reversed(call.tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "bot":
            return ((event.get("metadata") or {}).get("metadata") or {}).get("asks") in ASKS_ITSELF
    return False


def _done_last(call: Call) -> bool:
    """Whether the answer before these words told that something was carried out."""
    said = [event.get("metadata") or {} for event in call.answers_before()]
    return any((metadata.get("metadata") or {}).get("done") for metadata in said)
