"""The door, with the real conversation store; what stands behind it (Rasa) is a stand-in that records what it is
given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.channels.channel import UserMessage

from hotline.bootstrap import Services
from hotline.door import Door, Inbound, parse_payload, redact, without_commands
from hotline.errors import GatewayUnavailableError, MessageRejectedError
from hotline.ports import Mode
from hotline.text import normalise
from hotline.wording import Words
from tests.support import demo_services

WORDS = Words(
    {
        "utter_courtesy_fault": [{"text": "抱歉", "metadata": {"clause": "house"}}],
        "utter_courtesy_too_late": [{"text": "超时", "metadata": {"clause": "house"}}],
        "utter_courtesy_key": [{"text": "{title}请按{key}", "metadata": {"clause": "house"}}],
    }
)

Said = list[dict[str, Any]]


class Rasa:
    """Stands behind the door: keeps every message and says what it was told to say."""

    def __init__(self) -> None:
        self.messages: list[UserMessage] = []
        self.says: list[Said] = []
        self.does: Callable[[UserMessage], Any] | None = None

    async def __call__(self, message: UserMessage) -> None:
        self.messages.append(message)
        if self.does is not None:
            await self.does(message)
        said = self.says.pop(0) if self.says else [{"text": "好的。", "utter_action": "utter_x", "metadata": {}}]
        for answer in said:
            await message.output_channel.send_response(message.sender_id, dict(answer))

    @property
    def last(self) -> UserMessage:
        return self.messages[-1]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    built = demo_services(tmp_path)
    yield built
    built.close()


@pytest.fixture
def rasa() -> Rasa:
    return Rasa()


@pytest.fixture
def door(rasa: Rasa, services: Services) -> Door:
    return Door(rasa, services.conversations, services.events, services.secrets, WORDS, deadline=8)


def message(text: str = "", number: int = 1, **kwargs: Any) -> Inbound:
    return Inbound("c1", "web", f"m{number}", text, **kwargs)


@pytest.mark.parametrize(
    ("inbound", "field"),
    [
        (Inbound("", "web", "m1", "你好"), "conversation"),
        (Inbound("c\0", "web", "m1", "你好"), "conversation"),
        (Inbound("c1", "web", "m 1", "你好"), "message_id"),
        (Inbound("c1", "web", None, "你好"), "message_id"),  # type: ignore[arg-type]
        (Inbound("c1", "web", "m1", 5), "text"),  # type: ignore[arg-type]
        (Inbound("c1", "web", "m1", None), "text"),  # type: ignore[arg-type]
        (Inbound("c1", "web", "m1", "话\ud83d"), "text"),
        (Inbound("c1", "web", "m1", "话" * 501), "text"),
        (Inbound("c1", "web", "m1", "话", payload=["/x"]), "payload"),  # type: ignore[arg-type]
    ],
)
async def test_what_is_not_well_formed_is_refused_by_field_before_rasa(
    door: Door, rasa: Rasa, inbound: Inbound, field: str
) -> None:
    with pytest.raises(MessageRejectedError) as refusal:
        await door.receive(inbound)
    assert refusal.value.field == field
    assert not rasa.messages


async def test_text_reaches_rasa_normalised_with_its_context(door: Door, rasa: Rasa) -> None:
    rasa.says = [[{"text": "请您提供手机号码。", "metadata": {"asks": "phone_number"}}]]
    await door.receive(message("請問話費１"))
    assert (rasa.last.text, rasa.last.metadata["context"]) == ("请问话费1", {"asked": "start"})
    await door.receive(message("好", 2))
    assert rasa.last.metadata["context"] == {"asked": "phone_number"}
    await door.receive(message("好", 3))
    assert rasa.last.metadata["context"] == {"asked": "told"}


async def test_a_retried_message_gets_the_very_same_answers_and_no_second_turn(door: Door, rasa: Rasa) -> None:
    first = await door.receive(message("你好"))
    again = await door.receive(message("你好"))
    assert again.repeated
    assert [a.as_dict() for a in again.answers] == [a.as_dict() for a in first.answers]
    assert len(rasa.messages) == 1


async def test_messages_of_one_conversation_are_served_one_after_the_other(door: Door, rasa: Rasa) -> None:
    running = 0

    async def overlap(_message: UserMessage) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0.01)
        running -= 1

    rasa.does = overlap
    turns = await asyncio.gather(*(door.receive(message("你好", number)) for number in range(5)))
    assert sorted(turn.answers[0].sequence for turn in turns) == [1, 2, 3, 4, 5]
    assert not any("抱歉" in turn.answers[0].text for turn in turns)


@pytest.mark.parametrize("typed", ["/restart", "／restart", "  / /restart", "//restart", "\\/restart", "/\t/restart"])
async def test_a_typed_command_is_plain_speech(door: Door, rasa: Rasa, typed: str) -> None:
    await door.receive(message(typed))
    assert rasa.last.text == "restart"
    assert rasa.last.parse_data is None


@given(st.text(max_size=60))
def test_no_spelling_lets_a_slash_through(text: str) -> None:
    assert not without_commands(normalise("/" + text)).startswith(("/", "\\"))


async def test_only_a_button_just_offered_counts_as_a_payload(door: Door, rasa: Rasa) -> None:
    button = {"title": "上个月", "payload": "/inform?month=-1"}
    rasa.says = [[{"text": "哪个月?", "buttons": [button], "metadata": {}}]]
    await door.receive(message("查账单"))
    await door.receive(message("上个月", 2, payload="/inform?month=-1"))
    assert rasa.last.parse_data["intent"]["name"] == "inform"
    assert rasa.last.parse_data["entities"] == [{"entity": "month", "value": "-1"}]
    await door.receive(message("上个月", 3, payload="/inform?month=-1"))
    assert (rasa.last.text, rasa.last.parse_data) == ("上个月", None)


async def test_an_event_of_the_channel_reaches_rasa_as_its_intent(door: Door, rasa: Rasa) -> None:
    await door.receive(message(event="session_opened", entities={"caller": "13800138000"}))
    assert rasa.last.parse_data["intent"] == {"name": "session_opened", "confidence": 1.0}
    assert rasa.last.parse_data["entities"] == [{"entity": "caller", "value": "13800138000"}]


def asks_password(phone: str = "13800138000") -> Said:
    metadata = {"asks": "password", "secret": "service_password"}
    return [{"text": "请输入密码。", "metadata": metadata, "phone_number": phone}]


@pytest.mark.parametrize(
    ("typed", "result"),
    [("246810", "verified"), ("二四六八幺零", "verified"), ("密码是 2 4 6 8 1 0", "verified"), ("111111", "wrong")],
)
async def test_a_service_password_is_checked_at_the_door_and_goes_no_further(
    door: Door, rasa: Rasa, typed: str, result: str
) -> None:
    rasa.says = [asks_password()]
    await door.receive(message("查话费"))
    await door.receive(message(typed, 2))
    assert rasa.last.parse_data["intent"]["name"] == "secret_entered"
    assert rasa.last.metadata["secret_result"] == result
    assert rasa.last.text == "******"
    assert "246810" not in repr(vars(rasa.last)) and "111111" not in repr(vars(rasa.last))


async def test_words_without_a_secret_pass_while_a_password_is_asked_for(door: Door, rasa: Rasa) -> None:
    rasa.says = [asks_password(), asks_password(), asks_password()]
    await door.receive(message("查话费"))
    await door.receive(message("你们几点关门", 2))
    assert rasa.last.text == "你们几点关门"
    await door.receive(message("不对是13900139000", 3))
    assert rasa.last.text == "不对是13900139000"


async def test_six_digits_on_their_own_are_blotted_out_in_every_state(door: Door, rasa: Rasa) -> None:
    await door.receive(message("我的密码是246810查话费"))
    assert rasa.last.text == "我的密码是******查话费"
    await door.receive(message("654321", 2, secret=True))
    assert rasa.last.text == "******"


def test_amounts_and_phone_numbers_are_no_passwords() -> None:
    assert redact("充了123456元给13800138000") == "充了123456元给13800138000"


async def test_characters_that_normalisation_makes_longer_do_not_get_past_the_limit(door: Door, rasa: Rasa) -> None:
    await door.receive(message("ﷺ" * 500))
    assert len(rasa.last.text) <= 500


@pytest.mark.parametrize("written", ["907153", "9 0 7 1 5 3", "907-153", "9.0.7.1.5.3", "9、0、7、1、5、3", "90 71 53"])
def test_a_password_is_blotted_however_its_digits_are_set_apart(written: str) -> None:
    assert redact(f"我的密码{written},对吗") == "我的密码******,对吗"


@pytest.mark.parametrize(
    "written",
    [
        "138 0013 8000",
        "1 3 8 0 0 1 3 8 0 0 0",
        "2026-10-21",
        "2026-10的账单",
        "10-21 18:00",
        "123456.78",
        "010-12345678",
    ],
)
def test_numbers_dates_and_amounts_are_no_passwords(written: str) -> None:
    assert redact(written) == written


async def test_a_fault_behind_the_door_is_an_honest_answer(door: Door, rasa: Rasa) -> None:
    async def fail(_message: UserMessage) -> None:
        raise RuntimeError("boom")

    rasa.does = fail
    assert [a.text for a in (await door.receive(message("你好"))).answers] == ["抱歉"]


async def test_a_turn_past_its_deadline_ends_with_an_apology(rasa: Rasa, services: Services) -> None:
    async def hang(_message: UserMessage) -> None:
        await asyncio.sleep(60)

    rasa.does = hang
    door = Door(rasa, services.conversations, services.events, services.secrets, WORDS, deadline=0.3)
    assert [a.text for a in (await door.receive(message("你好"))).answers] == ["超时"]


async def test_silence_of_the_engine_and_open_placeholders_never_reach_a_customer(door: Door, rasa: Rasa) -> None:
    rasa.says = [[], [{"text": "您欠{amount}元。", "metadata": {}}]]
    assert [a.text for a in (await door.receive(message("你好"))).answers] == ["抱歉"]
    assert [a.text for a in (await door.receive(message("你好", 2))).answers] == ["抱歉"]


async def test_a_store_that_fails_is_an_honest_answer(rasa: Rasa, services: Services) -> None:
    class Down:
        async def load(self, conversation: str, message: str) -> Any:
            raise GatewayUnavailableError("down")

    door = Door(rasa, Down(), services.events, services.secrets, WORDS, deadline=1)  # type: ignore[arg-type]
    turn = await door.receive(message("你好"), lambda answers, _conversation: [a.text for a in answers])
    assert [a.text for a in turn.answers] == ["抱歉"]
    assert turn.answers[-1].dressed == ["抱歉"]


async def test_a_repetition_says_the_last_answers_word_for_word(door: Door, rasa: Rasa) -> None:
    rasa.says = [[{"text": "余额86.40元。", "metadata": {}}], [{"text": "", "metadata": {"repeat": True}}]]
    await door.receive(message("查话费"))
    assert [a.text for a in (await door.receive(message("没听清", 2))).answers] == ["余额86.40元。"]


async def test_a_redirect_goes_on_in_the_same_turn(door: Door, rasa: Rasa) -> None:
    redirect = {"redirect": {"intent": "", "text": "还有多少流量"}}
    rasa.says = [
        [{"text": "余额86.40元。", "metadata": {}}, {"text": "", "custom": redirect}],
        [{"text": "3GB。", "metadata": {}}],
    ]
    turn = await door.receive(message("查话费和流量"))
    assert [a.text for a in turn.answers] == ["余额86.40元。", "3GB。"]
    assert rasa.last.text == "还有多少流量"


async def test_redirects_that_never_end_are_cut_off(door: Door, rasa: Rasa) -> None:
    redirect = {"redirect": {"intent": "greet", "text": ""}}
    rasa.says = [[{"text": "好。", "metadata": {}}, {"text": "", "custom": redirect}]] * 9
    assert len((await door.receive(message("你好"))).answers) == 4


async def test_who_writes_traditional_characters_is_answered_in_them(door: Door, rasa: Rasa) -> None:
    button = {"title": "查话费", "payload": "/query_balance"}
    rasa.says = [
        [{"text": "请问还有什么可以帮助您?", "buttons": [button], "metadata": {}}],
        [{"text": "话费", "metadata": {}}],
    ]
    first = await door.receive(message("請問話費還有多少"))
    assert (first.answers[0].text, first.answers[0].buttons[0]["title"]) == ("請問還有什麼可以幫助您?", "查話費")
    back = await door.receive(message("请问话费", 2))
    assert back.answers[0].text == "话费"


async def test_closing_ends_the_conversation_and_its_verification(door: Door, rasa: Rasa, services: Services) -> None:
    await services.verification.check_password("c1", "13800138000", "246810")
    rasa.says = [[{"text": "再见!", "metadata": {"ends": True}}]]
    assert (await door.receive(message("再见"))).conversation.mode is Mode.CLOSED
    await door.close("c1", "end")
    assert not await services.verification.verified("c1", "13800138000")
    conversation = await door.conversation("c1")
    assert conversation is not None and conversation.mode is Mode.CLOSED


@pytest.mark.parametrize(
    ("payload", "meaning"),
    [("/affirm", ("affirm", {})), ("/inform?month=-1&plan=a", ("inform", {"month": "-1", "plan": "a"}))],
)
def test_payloads_name_an_intent_and_its_entities(payload: str, meaning: tuple[str, dict[str, str]]) -> None:
    assert parse_payload(payload) == meaning


def test_a_payload_that_is_none_is_refused() -> None:
    with pytest.raises(MessageRejectedError):
        parse_payload("affirm")
