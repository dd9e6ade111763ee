"""The mobile secretary tells callers no more than 1258 prescribes, and understands what they leave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Optional

import pytest

from hotline.bootstrap import Services
from hotline.errors import UnknownSubscriberError
from hotline.services.secretary import CALLABLE, Owner, adds, meant_for_us, message_in, surname_in, written
from tests.support import demo_services


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    built = demo_services(tmp_path)
    yield built
    built.close()


async def test_of_the_owner_surname_gender_and_diversion_are_known_without_a_password(services: Services) -> None:
    assert await services.secretary.owner("13800138000") == Owner("王", "male", False)
    assert await services.secretary.owner("13700137000") == Owner("张", "male", True)


async def test_a_stranger_has_no_owner(services: Services) -> None:
    with pytest.raises(UnknownSubscriberError):
        await services.secretary.owner("13812345678")


async def test_a_message_is_sent_once_a_key(services: Services) -> None:
    for _ in range(2):
        await services.secretary.pass_on("13800138000", "明天开会", "k")
    latest = await services.sms.latest()  # type: ignore[attr-defined]
    assert [(message.phone, message.text) for message in latest] == [("13800138000", "明天开会")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("给13800138000留言就说晚上七点开会", "晚上七点开会"),
        ("麻烦转告他晚上的会改到八点", "晚上的会改到八点"),
        ("帮我跟她说一声我到家了", "我到家了"),
        ("我要给13800138000留言", None),
        ("跟他说一声", None),
        ("转告一下", None),
    ],
)
def test_a_message_inside_the_request_is_found(text: str, message: Optional[str]) -> None:
    assert message_in(text) == message


@pytest.mark.parametrize(("text", "surname"), [("我姓敖", "敖"), ("免贵姓逄", "逄"), ("你好", None), ("说不清楚", None)])
def test_a_rare_surname_is_taken_from_the_phrase(text: str, surname: Optional[str]) -> None:
    assert surname_in(text) == surname


def test_a_message_is_told_from_a_request_to_the_hotline() -> None:
    assert meant_for_us("帮我查一下话费")
    assert not any(meant_for_us(t) for t in ("让他帮我查一下那个单子", "明天九点开会", "叫他回个电话"))


def test_an_addition_is_told_from_a_new_message() -> None:
    assert adds("还有让他带上身份证")
    assert not adds("让他带上身份证")


def test_a_message_has_no_braces_and_an_end() -> None:
    assert written(" 密码{x}是" + "长" * 400) == "密码x是" + "长" * 296


@pytest.mark.parametrize(
    ("number", "good"), [("13800138000", True), ("01012345678", True), ("62345678", True), ("138", False)]
)
def test_a_number_that_can_be_called(number: str, good: bool) -> None:
    assert bool(CALLABLE.fullmatch(number)) is good
