"""A call where the parts around it fail or are slow; Rasa is a stand-in, the stores are real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hotline.bootstrap import Services
from hotline.channels.ivr.call import Calls
from hotline.channels.ivr.protocol import Event
from hotline.clock import FixedClock
from hotline.door import Door
from hotline.errors import GatewayUnavailableError
from hotline.settings import ROOT
from hotline.wording import Words
from tests.support import NOW, demo_services

WORDS = Words.from_file(ROOT / "domain.yml")


class Rasa:
    """Answers every message with one sentence, after a while."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.heard: list[str] = []
        self.says: list[dict[str, Any]] = []

    async def __call__(self, message: Any) -> None:
        await asyncio.sleep(self.delay)
        self.heard.append(message.text or message.parse_data["intent"]["name"])
        said = self.says or [{"text": "好的。", "utter_action": "utter_x", "metadata": {}}]
        for answer in said:
            await message.output_channel.send_response(message.sender_id, dict(answer))


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    built = demo_services(tmp_path)
    yield built
    built.close()


@pytest.fixture
def rasa() -> Rasa:
    return Rasa()


@pytest.fixture
def calls(rasa: Rasa, services: Services) -> Calls:
    return worker(rasa, services)


PATIENT = 8.0  # seconds; a machine that is busy holds nobody


def worker(rasa: Rasa, services: Services, deadline: float = PATIENT) -> Calls:
    door = Door(rasa, services.conversations, services.events, services.secrets, WORDS, deadline, services.lock)
    return Calls(door, 0.3, services.calls, FixedClock(NOW), PATIENT)


def slow(calls: Calls, rasa: Rasa, seconds: float) -> None:
    """From now on a turn takes so long, and its caller is held half-way."""
    rasa.delay, calls._hold_after = seconds, seconds / 2


def quick(calls: Calls, rasa: Rasa) -> None:
    rasa.delay, calls._hold_after = 0.0, PATIENT


async def until(condition: Callable[[], Any]) -> None:
    """Wait for what goes on behind a hold."""
    end = time.monotonic() + PATIENT
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def event(kind: str, number: int | str = 1, **fields: Any) -> Event:
    return Event("c1", f"e{number}", kind, **fields)


def last(actions: list[dict[str, Any]]) -> str:
    return next(iter(actions[-1])) if actions else ""


def said(actions: list[dict[str, Any]]) -> list[str]:
    return [action["say"]["text"] for action in actions if "say" in action]


async def test_whatever_breaks_a_live_caller_is_put_through(calls: Calls, services: Services) -> None:
    class Broken:
        async def load(self, *_: object) -> None:
            raise RuntimeError("a mistake of ours")

    calls._door._conversations = Broken()  # type: ignore[assignment]
    actions = await calls.handle(event("speech", text="你好"))
    assert last(actions) == "transfer"
    assert "抱歉" in said(actions)[0]


async def test_a_store_that_is_down_puts_the_caller_through(calls: Calls) -> None:
    class Down:
        async def load(self, *_: object) -> None:
            raise GatewayUnavailableError("down")

    calls._door._conversations = Down()  # type: ignore[assignment]
    assert last(await calls.handle(event("start"))) == "transfer"


async def test_a_record_that_cannot_be_kept_costs_the_caller_nothing(calls: Calls) -> None:
    class Down:
        async def keep(self, *_: object) -> None:
            raise GatewayUnavailableError("down")

    calls._records = Down()  # type: ignore[assignment]
    assert last(await calls.handle(event("start"))) == "listen"


async def test_the_end_is_answered_at_once_and_done_after_the_turn_before(
    calls: Calls, rasa: Rasa, services: Services
) -> None:
    await calls.handle(event("start"))
    slow(calls, rasa, 0.4)
    assert last(await calls.handle(event("speech", 2, text="你好"))) == "continue"
    assert await calls.handle(event("end", 3, reason="caller")) == []
    quick(calls, rasa)
    assert await calls.handle(event("played", 4)) == [], "waits for the end"
    record = await services.calls.find("c1")
    assert record is not None
    assert (record.ended_by, record.turns) == ("caller", 1)


async def test_a_goodbye_that_was_slow_is_still_said(calls: Calls, rasa: Rasa) -> None:
    await calls.handle(event("start"))
    slow(calls, rasa, 0.3)
    rasa.says = [{"text": "再见!", "metadata": {"ends": True}}]
    assert last(await calls.handle(event("speech", 2, text="再见"))) == "continue"
    rest = await calls.handle(event("played", 3))
    assert (said(rest), last(rest)) == (["再见!"], "hangup")


async def test_a_slow_hangup_is_not_talked_over_by_the_next_event(calls: Calls, rasa: Rasa) -> None:
    await calls.handle(event("start"))
    slow(calls, rasa, 0.3)
    rasa.says = [{"text": "再见!", "metadata": {"ends": True}}]
    await calls.handle(event("speech", 2, text="再见"))
    heard = 2
    await until(lambda: len(rasa.heard) == heard)
    quick(calls, rasa)
    assert last(await calls.handle(event("silence", 3))) == "hangup"
    assert len(rasa.heard) == heard


async def test_a_turn_that_is_behind_a_hanging_one_is_put_through_in_time(rasa: Rasa, services: Services) -> None:
    calls = worker(rasa, services, deadline=1.0)
    await calls.handle(event("start"))
    slow(calls, rasa, 60)
    calls._hold_after = 0.15
    assert last(await calls.handle(event("speech", 2, text="你好"))) == "continue"
    rest = await asyncio.wait_for(calls.handle(event("played", 3)), 10)
    assert last(rest) == "transfer"
    assert "抱歉" in said(rest)[0]


async def test_secrets_that_are_keyed_never_reach_rasa_or_the_notes(
    calls: Calls, rasa: Rasa, services: Services
) -> None:
    await calls.handle(event("start"))
    rasa.says = [
        {
            "text": "请输入密码。",
            "metadata": {"asks": "password", "secret": "service_password"},
            "phone_number": "13800138000",
        }
    ]
    listening = await calls.handle(event("speech", 2, text="查话费"))
    assert listening[-1]["listen"]["secret"] is True
    await calls.handle(event("dtmf", 3, digits="246810#"))
    conversation, _ = await services.conversations.load("c1", "-")
    assert conversation is not None
    assert "246810" not in repr(rasa.heard) + repr(conversation.state)


async def test_what_was_not_yet_heard_of_a_slow_turn_comes_first(calls: Calls, rasa: Rasa) -> None:
    await calls.handle(event("start"))
    slow(calls, rasa, 0.25)
    rasa.says = [{"text": "第一。", "metadata": {}}]
    await calls.handle(event("speech", 2, text="一"))
    await until(lambda: len(rasa.heard) == 2)
    quick(calls, rasa)
    rasa.says = [{"text": "第二。", "metadata": {}}]
    assert said(await calls.handle(event("speech", 3, text="二"))) == ["第一。", "第二。"]


async def test_a_key_pressed_while_digits_are_collected_may_be_a_choice(calls: Calls, rasa: Rasa) -> None:
    await calls.handle(event("start"))
    button = {"title": "不用回电", "payload": "/deny"}
    rasa.says = [{"text": "您的回电号码是?", "metadata": {"asks": "phone_number"}, "buttons": [button]}]
    await calls.handle(event("speech", 2, text="请回电"))
    await calls.handle(event("dtmf", 3, digits="1"))
    assert rasa.heard[-1] == "不用回电"


@pytest.mark.parametrize(
    ("digits", "meant"),
    [
        ("#", "ask_repeat"),
        ("A", "nlu_fallback"),
        ("7", "nlu_fallback"),
        ("12", "nlu_fallback"),
        ("13800138000", "13800138000"),
    ],
)
async def test_keys_that_were_not_offered_are_not_understood(calls: Calls, rasa: Rasa, digits: str, meant: str) -> None:
    await calls.handle(event("start"))
    await calls.handle(event("dtmf", 2, digits=digits))
    assert rasa.heard[-1] == meant


async def test_a_start_that_comes_late_is_no_second_greeting_and_tells_who_calls(
    calls: Calls, rasa: Rasa, services: Services
) -> None:
    await calls.handle(event("speech", 2, text="你好"))
    await calls.handle(event("start", 1, caller="13800138000", dialled="10086"))
    assert rasa.heard == ["session_opened", "你好", "ask_repeat"]
    await calls.handle(event("end", 3))
    await calls.handle(event("start", 4, caller="13900139000"))
    record = await services.calls.find("c1")
    assert record is not None
    assert (record.caller, record.dialled, record.ended_by) == ("138****8000", "10086", "platform")


async def test_while_a_human_has_the_call_the_assistant_is_silent(calls: Calls, rasa: Rasa, services: Services) -> None:
    await calls.handle(event("start"))
    rasa.says = [{"text": "请稍候。", "metadata": {"transfer": "agent"}}]
    assert last(await calls.handle(event("dtmf", 2, digits="0"))) == "transfer"
    assert await calls.handle(event("transfer_result", 3, result="answered")) == []
    assert await calls.handle(event("speech", 4, text="喂")) == []
    assert rasa.heard == ["session_opened", "request_human"]
    await calls.handle(event("end", 5, reason="agent"))
    record = await services.calls.find("c1")
    assert record is not None
    assert (record.outcome, record.transfer, record.ended_by) == ("transferred", "agent", "agent")


async def test_when_no_human_was_reached_the_assistant_goes_on(calls: Calls, rasa: Rasa, services: Services) -> None:
    await calls.handle(event("start"))
    rasa.says = [{"text": "请稍候。", "metadata": {"transfer": "agent"}}]
    await calls.handle(event("dtmf", 2, digits="0"))
    rasa.says = []
    assert last(await calls.handle(event("transfer_result", 3, result="no_answer"))) == "listen"
    assert rasa.heard[-1] == "transfer_failed"
    await calls.handle(event("end", 4, reason="caller"))
    record = await services.calls.find("c1")
    assert record is not None
    assert (record.outcome, record.transfer_result) == ("transfer_failed", "no_answer")


async def test_a_call_that_begins_with_anything_else_is_begun(calls: Calls, rasa: Rasa) -> None:
    assert last(await calls.handle(event("dtmf", 1, digits="1"))) == "listen"
    assert rasa.heard == ["session_opened"]
    assert await calls.handle(event("played", 2)) == []
    assert await calls.handle(event("speech", 3, text="喂", final=False)) == []


@pytest.mark.parametrize(
    ("kind", "fields", "meant"),
    [
        ("silence", {}, "silence"),
        ("speech", {"text": " "}, "nlu_fallback"),
        ("speech", {"text": "好", "confidence": 0.1}, "nlu_fallback"),
        ("dtmf", {"digits": "*"}, "ask_repeat"),
    ],
)
async def test_what_an_event_means(calls: Calls, rasa: Rasa, kind: str, fields: dict[str, Any], meant: str) -> None:
    await calls.handle(event("start"))
    await calls.handle(event(kind, 2, **fields))
    assert rasa.heard[-1] == meant


async def test_a_key_of_the_menu_is_its_choice(calls: Calls, rasa: Rasa, services: Services) -> None:
    rasa.says = [{"text": "请选择。", "metadata": {}, "buttons": [{"title": "查话费", "payload": "/query_balance"}]}]
    menu = await calls.handle(event("start"))
    assert said(menu)[-1] == "查话费请按1。"
    await calls.handle(event("dtmf", 2, digits="1"))
    assert rasa.heard[-1] == "查话费"
    rasa.says = [{"text": "再见!", "metadata": {"ends": True, "reason": "silence"}}]
    assert (await calls.handle(event("silence", 3)))[-1] == {"hangup": {"reason": "silence"}}
    record = await services.calls.find("c1")
    assert record is not None
    assert record.outcome == "hung_up_on_silence"


async def test_a_held_turn_that_could_not_be_kept_ends_in_an_apology_and_a_transfer(calls: Calls, rasa: Rasa) -> None:
    await calls.handle(event("start"))
    slow(calls, rasa, 0.3)

    async def down(*_: object) -> None:
        raise GatewayUnavailableError("down")

    save = calls._door._conversations.save
    calls._door._conversations.save = down  # type: ignore[assignment, method-assign]
    assert last(await calls.handle(event("speech", 2, text="你好"))) == "continue"
    await until(lambda: calls._unkept)
    calls._door._conversations.save = save  # type: ignore[method-assign]
    rest = await calls.handle(event("played", 3))
    assert (last(rest), "抱歉" in said(rest)[0]) == ("transfer", True)
    assert await calls.handle(event("played", 4)) == []


async def test_who_waits_for_a_turn_behind_a_dead_worker_waits_no_longer_than_the_deadline(
    rasa: Rasa, services: Services
) -> None:
    calls = worker(rasa, services, deadline=1.0)
    await calls.handle(event("start"))
    assert services.lock is not None
    calls._hold_after = 0.15
    async with services.lock.hold("c1", 1.0):  # as a worker does that was killed in a turn
        began = asyncio.get_running_loop().time()
        assert last(await calls.handle(event("speech", 2, text="你好"))) == "continue"
        rest = await calls.handle(event("played", 3))
        assert (last(rest), "抱歉" in said(rest)[0]) == ("transfer", True)
        assert asyncio.get_running_loop().time() - began < 1.5
    quick(calls, rasa)
    assert last(await calls.handle(event("transfer_result", 4, result="busy"))) == "listen"
    assert await calls.handle(event("played", 5)) == []
