"""The mobile secretary tells callers no more than 1258 prescribes, and understands what they leave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Optional

import pytest

from hotline.bootstrap import Services
from hotline.errors import UnknownSubscriberError
from hotline.services.secretary import (
    CALLABLE,
    Owner,
    adds,
    any_time,
    declines_callback,
    has_more,
    meant_for_us,
    message_in,
    nothing_more,
    recipient_among,
    replaces,
    surname_in,
    with_more,
    with_part_of_day,
    withholds_name,
    written,
)
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
        ("帮我转告13800138000晚上的会改到八点", "晚上的会改到八点"),
        ("我要给13800138000留言", None),
        ("跟他说一声", None),
        ("转告一下", None),
    ],
)
def test_a_message_inside_the_request_is_found(text: str, message: Optional[str]) -> None:
    assert message_in(text) == message


@pytest.mark.parametrize(
    ("text", "surname"), [("我姓敖", "敖"), ("免贵姓逄", "逄"), ("你好", None), ("说不清楚", None)]
)
def test_a_rare_surname_is_taken_from_the_phrase(text: str, surname: Optional[str]) -> None:
    assert surname_in(text) == surname


def test_a_message_is_told_from_a_request_to_the_hotline() -> None:
    assert meant_for_us("帮我查一下话费")
    assert meant_for_us("话费还有多少", sure=True)
    assert not meant_for_us("告诉他话费还有多少", sure=True)
    assert not any(meant_for_us(t) for t in ("让他帮我查一下那个单子", "明天九点开会", "叫他回个电话"))


def test_an_addition_is_told_from_a_new_message() -> None:
    assert adds("还有让他带上身份证")
    assert not adds("让他带上身份证")


@pytest.mark.parametrize("text", ["让他带伞", "再加一句让他带伞", "还有,让他带伞", "嗯补充一下让他带伞"])
def test_an_addition_is_written_without_its_frame(text: str) -> None:
    assert with_more("我到了", text) == "我到了,让他带伞"


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        (withholds_name, ["不方便说", "我不想说"], ["姓王"]),
        (declines_callback, ["不用回电", "不用了", "不需要", "别打给我了"], ["不对", "不是这个号码", "13800138000"]),
        (any_time, ["随时都行", "看你们吧"], ["明天下午三点"]),
        (has_more, ["有", "嗯有的", "还有一句"], ["有个文件让他带上", "没有"]),
        (nothing_more, ["没有了谢谢再见", "就这些", "没了"], ["没有带钥匙让他回来", "有"]),
    ],
)
def test_small_answers_are_understood_where_they_are_asked_for(
    question: Callable[[str], bool], yes: list[str], no: list[str]
) -> None:
    assert [text for text in yes if not question(text)] == []
    assert [text for text in no if question(text)] == []


def test_the_number_of_the_recipient_is_told_from_that_of_the_caller() -> None:
    assert recipient_among("我是13900139000给13800138000留言", ["13900139000", "13800138000"]) == "13800138000"
    assert recipient_among("13900139000不对是13800138000", ["13900139000", "13800138000"]) == "13800138000"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("不对,是明天下午三点开会", "明天下午三点开会"),
        ("不对", None),
        ("不要告诉他", None),
        ("是的", None),
        ("说错了改一下,后天开会", "后天开会"),
        ("不是明天,是后天", "后天来我家"),
        ("不是下午开会,是晚上聚餐", "晚上聚餐"),
    ],
)
def test_a_correction_takes_the_place_of_the_message(text: str, message: Optional[str]) -> None:
    assert replaces("明天来我家", text) == message


def test_a_message_has_no_braces_and_an_end() -> None:
    assert written(" 密码{x}是" + "长" * 400) == "密码x是" + "长" * 296


@pytest.mark.parametrize(
    ("number", "good"), [("13800138000", True), ("01012345678", True), ("62345678", True), ("138", False)]
)
def test_a_number_that_can_be_called(number: str, good: bool) -> None:
    assert bool(CALLABLE.fullmatch(number)) is good


@pytest.mark.parametrize(
    ("new", "old", "time"),
    [
        ("四点", "下午三点", "下午四点"),
        ("四点", "明天下午三点", "明天下午四点"),
        ("下午", "后天上午十点", "后天下午"),
        ("周五", "后天上午", "周五"),
        ("上午", "后天上午", "后天上午"),
        ("五点", "三点到五点", "五点"),
        ("三点", "", "三点"),
    ],
)
def test_a_corrected_time_keeps_what_was_not_corrected(new: str, old: str, time: str) -> None:
    assert with_part_of_day(new, old) == time
