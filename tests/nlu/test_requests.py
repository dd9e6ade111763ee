"""Several requests in one breath: found in order, and only where there really are several."""

from __future__ import annotations

import pytest

from benchmarks.understanding import best
from hotline.nlu.model import IntentModel
from hotline.nlu.requests import LEAST, SURE, beside_values, joined_numbers, several
from hotline.text import normalise


def found(model: IntentModel, text: str) -> list[str]:
    return [request["name"] for request in several(normalise(text), lambda clause: best(model, clause))]


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        ("查下话费再看看还有多少流量", ["query_balance", "query_data_usage"]),
        ("先帮我查流量还剩多少,然后再查一下积分", ["query_data_usage", "query_points"]),
        ("怎么缴费。怎么开发票", ["query_recharge_ways", "query_invoice"]),  # two messages in one breath
        ("怎么开发票?有什么套餐", ["query_invoice", "query_plan_catalog"]),
        ("查一下话费还有流量", ["query_balance", "query_data_usage"]),
        ("查话费查流量", ["query_balance", "query_data_usage"]),
        ("话费和流量都查一下", ["query_balance", "query_data_usage"]),
        ("先查下话费再把彩铃退了", ["query_balance", "cancel_service"]),
        ("我要报停手机卡丢了,顺便查一下我的话费余额", ["report_lost", "query_balance"]),
    ],
)
def test_both_are_found_in_the_order_they_were_made(model: IntentModel, text: str, intents: list[str]) -> None:
    assert found(model, text) == intents


@pytest.mark.parametrize(
    "text",
    [
        "我手机没信号。怎么回事",
        "难道我欠费了?怎么显示停机",
        "帮我查一下。话费还有多少",
        "我还有多少流量",
        "我昨天看的话费还有二十几块钱呢怎么停机了",
        "查一下话费",
        "你好然后我想查话费",
        "查话费再查一下话费余额",
        "谢谢然后再见",
        "然后呢",
    ],
)
def test_one_request_is_not_torn_apart(model: IntentModel, text: str) -> None:
    assert found(model, text) == []


def test_each_keeps_its_words(model: IntentModel) -> None:
    requests = several("查下话费再看看还有多少流量", lambda clause: best(model, clause))
    assert [request["text"] for request in requests] == ["查下话费", "看看还有多少流量"]


def test_unsure_short_and_repeated_clauses_are_left_out() -> None:
    def sure_of_all(clause: str) -> tuple[str, float]:
        return clause[:3], SURE

    assert several("查话费然后" + "查" * (LEAST - 1), sure_of_all) == []
    assert several("查话费然后看流量", lambda c: (c, SURE - 0.01)) == []
    assert several("查话费啊然后查话费呢", sure_of_all) == []
    assert [r["name"] for r in several("查话费然后看流量", sure_of_all)] == ["查话费", "看流量"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("查13800138000和13900139000的话费", ["13800138000", "13900139000"]),
        ("13800138000还有我爱人的13900139000", ["13800138000", "13900139000"]),
        ("13800138000、13900139000、13600136000", ["13800138000", "13900139000", "13600136000"]),
        ("13800138000,不对,13600136000", []),  # a correction
        ("我用13800138000给13900139000充的话费", []),
        ("13800138000和13800138000", []),
    ],
)
def test_numbers_side_by_side_are_told_from_a_correction(text: str, numbers: list[str]) -> None:
    assert [match.group() for match in joined_numbers(text)] == numbers


def test_a_wish_for_each_of_two_numbers_are_two_requests(model: IntentModel) -> None:
    assert found(model, "查13800138000的话费和13600136000的流量") == ["query_balance", "query_data_usage"]
    assert not found(model, "查13800138000的话费,不对,13600136000的")


def test_the_same_for_two_numbers_are_two_requests(model: IntentModel) -> None:
    requests = several("查13800138000和我妈的13900139000的话费", lambda clause: best(model, clause))
    assert [request["text"] for request in requests] == ["查13800138000的话费", "查13900139000的话费"]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("查去年的账单 13800138000", "query_bill"),
        ("没信号 我在北京朝阳", "report_network_fault"),
        ("快点,查话费,13800138000", "query_balance"),
        ("就是流量", "query_data_usage"),
        ("是上个月的", None),
        ("我的号码是13800138000", None),
        ("是13800138000,不是13900139000", None),
    ],
)
def test_a_request_beside_a_value_is_found(model: IntentModel, text: str, intent: str | None) -> None:
    assert beside_values(text, lambda clause: best(model, clause)) == intent
