"""Changes of an account: prepared without effect, refused in time, carried out once; and what customers name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from hotline.bootstrap import Services
from hotline.errors import NoSuchItemError, NotVerifiedError, OrderRefusedError
from hotline.ports import Pack, Plan
from hotline.services.service import (
    asks_for_own_registration,
    by_extreme,
    by_part,
    by_volume,
    meant,
    names_something,
    needs_hall,
)
from tests.support import demo_services

WANG, LI, ZHANG, ZHAO, CHEN = "13800138000", "13900139000", "13700137000", "13600136000", "13500135000"
PASSWORDS = {WANG: "246810", LI: "135791", ZHANG: "112358", ZHAO: "808080", CHEN: "369369"}


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    built = demo_services(tmp_path)
    for phone, password in PASSWORDS.items():
        await built.verification.check_password("c", phone, password)
    yield built
    built.close()


async def refusal(services: Services, phone: str, kind: str, item: str = "") -> OrderRefusedError:
    with pytest.raises(OrderRefusedError) as refused:
        await services.changes.prepare("c", phone, kind, item)
    return refused.value


async def test_a_change_is_prepared_with_its_day_and_what_the_catalogue_knows(services: Services) -> None:
    prepared = await services.changes.prepare("c", WANG, "change_plan", "畅享套餐38元")
    assert prepared.effective == date(2026, 11, 1)
    assert prepared.offer == Plan("畅享套餐38元", Decimal(38), 5120, 100)
    assert prepared.account.subscriber.plan == "畅享套餐58元"
    assert (await services.changes.prepare("c", WANG, "report_lost")).offer is None


async def test_preparing_changes_nothing(services: Services) -> None:
    await services.changes.prepare("c", WANG, "report_lost")
    assert (await services.billing.account("c", WANG)).cause is None


async def test_a_change_is_carried_out_once_a_key(services: Services) -> None:
    orders = [await services.changes.carry_out("c", WANG, "buy_data_pack", "10元流量包", "k") for _ in range(2)]
    assert orders[0] == orders[1]
    assert (await services.billing.account("c", WANG)).balance == Decimal("76.40")


async def test_the_line_that_was_paid_for_is_resumed(services: Services) -> None:
    await services.changes.prepare("c", ZHANG, "resume_service")
    await services.changes.carry_out("c", ZHANG, "resume_service", "", "k")
    assert (await services.billing.account("c", ZHANG)).cause is None


@pytest.mark.parametrize("kind", ["change_plan", "buy_data_pack", "open_service"])
async def test_a_stopped_line_is_named_with_its_cause_before_anything_is_chosen(services: Services, kind: str) -> None:
    for phone, cause, amount in ((LI, "arrears", "37.50"), (ZHANG, "paid", "0"), (CHEN, "lost", "0")):
        with pytest.raises(OrderRefusedError) as refused:
            await services.changes.check_line("c", phone, kind)
        assert refused.value.reason == "suspended"
        assert refused.value.facts == {"suspended_for": cause, "amount": Decimal(amount)}


@pytest.mark.parametrize("kind", ["cancel_service", "report_lost", "resume_service"])
async def test_what_a_stopped_line_can_have_is_not_held_up(services: Services, kind: str) -> None:
    assert (await services.changes.check_line("c", LI, kind)).cause == "arrears"


async def test_refusals_of_the_account_come_before_the_question(services: Services) -> None:
    assert (await refusal(services, LI, "resume_service")).reason == "arrears"
    assert (await refusal(services, WANG, "change_plan", "畅享套餐58元")).reason == "already"
    assert (await refusal(services, WANG, "cancel_service", "畅享套餐58元")).reason == "plan_required"
    assert (await refusal(services, ZHAO, "buy_data_pack", "20元流量包")).reason == "balance"
    with pytest.raises(NoSuchItemError):
        await services.changes.prepare("c", WANG, "open_service", "视频会员")


@pytest.mark.parametrize(
    "question",
    [
        lambda changes: changes.prepare("another", WANG, "report_lost"),
        lambda changes: changes.carry_out("another", WANG, "report_lost", "", "k"),
        lambda changes: changes.held("another", WANG),
        lambda changes: changes.puk("another", WANG),
        lambda changes: changes.registration("another", WANG),
    ],
)
async def test_everything_needs_a_verification_in_that_very_conversation(services: Services, question: object) -> None:
    with pytest.raises(NotVerifiedError):
        await question(services.changes)  # type: ignore[operator]


async def test_what_is_held_are_services_and_packs_but_not_the_plan(services: Services) -> None:
    assert await services.changes.held("c", WANG) == ["来电显示", "咪咕音乐会员", "周末流量包"]


async def test_the_puk_is_that_of_the_number(services: Services) -> None:
    assert await services.changes.puk("c", WANG) == "23018466"


async def test_the_holder_is_told_but_for_the_surname_masked(services: Services) -> None:
    registration = await services.changes.registration("c", WANG)
    assert (registration.name, registration.in_order) == ("王**", True)


async def test_halls_are_those_of_the_district_or_else_of_the_city(services: Services) -> None:
    halls, there = await services.halls.near("北京", "海淀")
    assert ([hall.name for hall in halls], there) == (["海淀中关村营业厅"], True)
    halls, there = await services.halls.near("北京", "丰台")
    assert ([hall.district for hall in halls], there) == (["朝阳", "海淀"], False)
    assert await services.halls.near("拉萨", None) == ([], True)
    assert await services.halls.cities() == ["上海", "北京"]


@pytest.mark.parametrize(
    ("text", "named", "wanted"),
    [
        ("三十八的", ["A"], ["A"]),
        ("A还是B", ["A", "B"], ["A", "B"]),
        ("从A换成B", ["A", "B"], ["B"]),
        ("不要A了要B", ["A", "B"], ["B"]),
        ("不是A,是B", ["A", "B"], ["B"]),
        ("把A改成B", ["A", "B"], ["B"]),
        ("便宜的", [], []),
    ],
)
def test_of_several_named_the_corrected_one_is_meant(text: str, named: list[str], wanted: list[str]) -> None:
    assert meant(text, named) == wanted


PACKS = [
    Pack(name, Decimal(1), data, "国内", 30)
    for name, data in (("小", 1024), ("中", 3072), ("周末", 3072), ("大", 10240))
]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("来十个G", ["大"]),
        ("买10g流量", ["大"]),
        ("1024M的", ["小"]),
        ("三个G的那个", ["中", "周末"]),
        ("四个G", []),
        ("便宜点的", []),
    ],
)
def test_a_pack_is_found_by_its_volume(text: str, names: list[str]) -> None:
    assert by_volume(text, PACKS) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [("周末的吧", ["周末流量包"]), ("就半年那个", ["半年流量包"]), ("流量包", []), ("元", []), ("明天", [])],
)
def test_a_short_answer_names_one_of_the_things_on_offer(text: str, names: list[str]) -> None:
    assert by_part(text, ["10元流量包", "20元流量包", "周末流量包", "半年流量包"]) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [("最便宜的那个", ["小"]), ("给我换最贵的吧", ["大"]), ("最便宜的多少钱", []), ("便宜的", [])],
)
def test_the_cheapest_and_the_dearest_are_found_among_what_is_offered(text: str, names: list[str]) -> None:
    assert by_extreme(text, ["小", "中", "大"]) == names
    assert by_extreme(text, []) == []


def test_a_wish_that_names_nothing_is_told_from_a_name_that_is_not_known() -> None:
    assert not any(names_something(text) for text in ("换吧", "来个流量包", "我想办理业务", "开通吧", "买一个"))
    assert all(names_something(text) for text in ("来电提醒", "5G", "换成那个99的套餐"))


def test_what_only_a_hall_can_do_is_known() -> None:
    assert all(needs_hall(text) for text in ("我要销户", "给老妈办张副卡", "这宽带我要退掉"))
    assert not any(needs_hall(text) for text in ("开通国际漫游", "取消彩铃"))


def test_a_question_about_the_own_registration_is_told_from_one_about_the_procedure() -> None:
    assert all(asks_for_own_registration(t) for t in ("这卡登记的谁", "查一下我的号实名了没有", "名下有几张卡"))
    assert not any(asks_for_own_registration(t) for t in ("实名登记要什么材料", "外国人用护照可以实名登记吗"))
