"""Guided checks end within five steps, outages come first, a report gets its number once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline.bootstrap import Services
from hotline.ports import FaultReport
from hotline.services.fault import (
    CARD,
    CHECKS,
    FINDINGS,
    HANDSET,
    LINE,
    MOST_STEPS,
    ROUTER,
    SOLVED,
    answer_meant,
    first_step,
    gives_up_checking,
    next_after,
)
from tests.support import demo_services


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    built = demo_services(tmp_path)
    yield built
    built.close()


def paths(kind: str, step: str, taken: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    if step in FINDINGS:
        return [(taken, step)]
    assert step not in taken, f"{kind}: {step} comes twice"
    return [path for yes in (True, False) for path in paths(kind, next_after(kind, step, yes), (*taken, step))]


@pytest.mark.parametrize("kind", CHECKS)
def test_every_way_through_a_check_ends_within_five_steps(kind: str) -> None:
    assert all(len(taken) <= MOST_STEPS for taken, _ in paths(kind, first_step(kind)))


@pytest.mark.parametrize("kind", CHECKS)
def test_every_step_of_a_check_can_be_reached(kind: str) -> None:
    assert {step for taken, _ in paths(kind, first_step(kind)) for step in taken} == set(CHECKS[kind])


def walk(kind: str, *answers: bool) -> str:
    step = first_step(kind)
    for yes in answers:
        step = next_after(kind, step, yes)
    return step


def test_the_check_tells_card_from_phone() -> None:
    assert walk("handset", False, True) == HANDSET
    assert walk("handset", False, False, True) == CARD
    assert walk("handset", False, False, False) == HANDSET


def test_a_router_is_told_from_the_line() -> None:
    assert walk("broadband", True, False, False, True) == ROUTER
    assert walk("broadband", True, False, True) == LINE


def test_what_works_again_is_solved() -> None:
    assert [walk(kind, True) for kind in ("network", "handset")] == [SOLVED, SOLVED]


@pytest.mark.parametrize(
    ("step", "intent", "text", "yes"),
    [
        ("restart", "affirm", "好了", True),
        ("restart", "inform", "现在能用了", True),
        ("restart", "deny", "没有", False),
        ("restart", "affirm", "嗯还是不行", False),
        ("restart", "report_network_fault", "还没信号", False),
        ("others", "report_network_fault", "别人也没信号", False),
        ("others", "nlu_fallback", "别人的能用", True),
        ("restart", "deny", "不用了", None),
        ("others", "ask_capabilities", "能", True),
        ("others", "query_balance", "能查话费吗", None),
        ("others", "affirm", "嗯别人的能用", True),
        ("restart", "query_balance", "话费还有多少", None),
    ],
)
def test_an_answer_to_a_step(step: str, intent: str, text: str, yes: bool | None) -> None:
    assert answer_meant("network", step, intent, text) is yes


@pytest.mark.parametrize(
    ("step", "text", "yes"),
    [
        ("power", "亮着", True),
        ("power", "都不亮", False),
        ("power", "光猫灯灭了", False),
        ("red_light", "红灯一直闪", True),
        ("red_light", "没有红灯", False),
        ("cable", "能上", True),
        ("cable", "上不了", False),
        ("plug", "好了可以了", True),
    ],
)
def test_an_answer_in_the_words_of_the_question(step: str, text: str, yes: bool) -> None:
    assert answer_meant("broadband", step, "nlu_fallback", text) is yes


def test_who_has_tried_it_all_is_not_led_through_it_again() -> None:
    assert all(gives_up_checking(t) for t in ("我都试过了", "直接派人来修吧", "叫师傅上门", "我没有别的手机"))
    assert not any(gives_up_checking(t) for t in ("没有", "还是不行", "好的"))


async def test_a_known_outage_is_found_by_its_place(services: Services) -> None:
    outage = await services.faults.outage("北京", "海淀")
    assert outage is not None
    assert outage.cause == "光缆抢修"
    assert await services.faults.outage("上海", None) is None
    assert await services.faults.outage(None, None) is None


async def test_a_report_has_one_number_a_key(services: Services) -> None:
    report = FaultReport("network", "13800138000", "没信号")
    number = await services.faults.file(report, "k", "c")
    assert number == await services.faults.file(report, "k", "c")
    assert number != await services.faults.file(report, "k2", "c")
