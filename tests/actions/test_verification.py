"""A new service password, through door and dialogue: the code from the phone, a good password, an explicit yes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from typing import TypeVar

import pytest

from hotline.testing import plugin
from hotline.testing.stage import Stage, loop

WANG = "13800138000"
T = TypeVar("T")


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    stage = Stage(plugin.troupe(request.config))
    yield stage
    run(stage.close())


def run(work: Awaitable[T]) -> T:
    return loop().run_until_complete(work)


def talk(stage: Stage, *words: str, conversation: str = "c1") -> list[str]:
    """The names of the answers to the last of these words."""
    moves = [run(stage.web(conversation, text=word)) for word in words]
    return [answer.name for answer in moves[-1].answers]


def code(stage: Stage) -> str:
    """The code in the last message to the phone."""
    message = run(stage.services.sms.latest(1))[0]  # type: ignore[attr-defined]
    assert message.phone == WANG
    found = re.search(r"\d{6}", message.text)
    assert found
    return found.group()


def right(stage: Stage, password: str) -> bool:
    result = run(stage.services.verification.check_password("elsewhere", WANG, password))
    return result.value == "verified"


def test_the_new_password_is_in_force_after_code_password_and_yes(stage: Stage) -> None:
    assert talk(stage, "我忘了服务密码", WANG) == ["utter_verification_ask_sms_code"]
    assert talk(stage, code(stage)) == ["utter_verification_ask_new_password"]
    assert talk(stage, "573926") == ["utter_ask_reset_password_form_change_confirmed"]
    assert right(stage, "246810")
    assert talk(stage, "确认")[0] == "utter_verification_password_changed"
    assert right(stage, "573926")
    assert not right(stage, "246810")


@pytest.mark.parametrize("no", ["不用了", "算了不改了"])
def test_without_the_yes_the_password_stays(stage: Stage, no: str) -> None:
    talk(stage, "我忘了服务密码", WANG)
    talk(stage, code(stage), "573926", no)
    assert right(stage, "246810")


def test_a_weak_password_is_refused_and_a_third_one_ends_it(stage: Stage) -> None:
    talk(stage, "我忘了服务密码", WANG)
    assert talk(stage, code(stage), "123456") == ["utter_verification_weak_password"]
    assert talk(stage, "138001") == ["utter_verification_weak_password"]
    assert talk(stage, "777777")[0] == "utter_verification_password_unchanged"
    assert right(stage, "246810")


def test_three_wrong_codes_end_it(stage: Stage) -> None:
    talk(stage, "我忘了服务密码", WANG)
    wrong = "000000" if code(stage) != "000000" else "000001"
    assert talk(stage, wrong) == ["utter_verification_wrong_sms_code"]
    assert talk(stage, wrong) == ["utter_verification_wrong_sms_code"]
    assert talk(stage, wrong)[0] == "utter_verification_sms_code_failed"


def test_a_code_is_over_after_ten_minutes(stage: Stage) -> None:
    talk(stage, "我忘了服务密码", WANG)
    stage.clock.advance(timedelta(minutes=10))
    assert talk(stage, code(stage))[0] == "utter_verification_sms_code_failed"


def test_a_yes_that_comes_too_late_changes_nothing(stage: Stage) -> None:
    talk(stage, "我忘了服务密码", WANG)
    talk(stage, code(stage), "573926")
    stage.clock.advance(timedelta(minutes=10))
    assert talk(stage, "确认")[0] == "utter_verification_sms_code_failed"
    assert right(stage, "246810")


def test_the_sixth_code_of_a_day_is_not_sent(stage: Stage) -> None:
    for number in range(5):
        talk(stage, "我忘了服务密码", WANG, conversation=f"c{number}")
    assert talk(stage, "我忘了服务密码", WANG, conversation="c6")[0] == "utter_verification_too_many_codes"


def test_neither_code_nor_password_is_kept_in_the_conversation(stage: Stage) -> None:
    talk(stage, "我忘了服务密码", WANG)
    secrets = [code(stage), "573926"]
    talk(stage, *secrets, "确认")
    dump = sqlite3.connect(stage.database.removeprefix("sqlite:///"))
    text = "\n".join(line for line in dump.iterdump() if '"sms_outbox"' not in line)
    dump.close()
    assert [secret for secret in secrets if secret in text] == []


def test_a_number_of_six_digits_is_no_yes(stage: Stage) -> None:
    talk(stage, "我忘了服务密码", WANG)
    talk(stage, code(stage), "573926", "573926")
    assert right(stage, "246810")


def sign_in(stage: Stage, phone: str = WANG, conversation: str = "c1") -> list[str]:
    """The names of the answers when the customer signs in on the operator's site."""
    run(stage.services.verification.vouch(conversation, phone))
    move = run(stage.web(conversation, event="signed_in", entities={"caller": phone}))
    return [answer.name for answer in move.answers]


def test_who_signs_in_instead_of_giving_the_password_is_answered_at_once(stage: Stage) -> None:
    assert talk(stage, "查话费", WANG) == ["utter_verification_ask_password"]
    assert sign_in(stage)[:2] == ["utter_verification_signed_in", "utter_billing_balance"]


def test_who_signs_in_before_the_number_was_asked_for_is_asked_for_nothing(stage: Stage) -> None:
    assert talk(stage, "你好")
    assert sign_in(stage) == ["utter_verification_signed_in"]
    assert talk(stage, "查话费")[0] == "utter_billing_balance"


def test_a_sign_in_does_not_open_the_number_of_somebody_else_that_is_being_asked_about(stage: Stage) -> None:
    assert talk(stage, "查话费", "13900139000") == ["utter_verification_ask_password"]
    assert sign_in(stage) == ["utter_verification_signed_in", "utter_verification_ask_password"]


def test_a_sign_in_that_nobody_vouched_for_opens_nothing(stage: Stage) -> None:
    talk(stage, "查话费", WANG)
    move = run(stage.web("c1", event="signed_in", entities={"caller": WANG}))
    assert "utter_billing_balance" not in [answer.name for answer in move.answers]
