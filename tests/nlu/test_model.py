"""The model: sounds, context, and doubt about words never heard here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.understanding import best, threshold
from hotline.nlu.features import bare, features
from hotline.nlu.model import IntentModel, Row

ROWS: list[Row] = [
    *((text, "query_balance", None) for text in ("查话费余额", "话费余额多少", "查一下话费", "话费还剩多少")),
    *((text, "query_data_usage", None) for text in ("查流量", "流量还剩多少", "查一下流量", "流量用了多少")),
    *((text, "out_of_scope", None) for text in ("今天天气怎么样", "今天天气好吗", "讲个笑话", "讲一个笑话")),
    *((text, "affirm", "confirm") for text in ("嗯", "是的", "嗯是的", "对是的")),
    *((text, "inform", "month") for text in ("嗯上个月", "是上个月", "嗯这个月", "这个月")),
]


@pytest.fixture(scope="module")
def small() -> IntentModel:
    return IntentModel.train(ROWS)


def test_probabilities_are_those_of_every_intent_and_no_more_than_one_in_all(small: IntentModel) -> None:
    probability = small.probabilities("查话费")
    assert len(probability) == len(small.intents) == 5
    assert (probability >= 0).all() and probability.sum() <= 1 + 1e-5


def test_a_stored_model_judges_as_before(small: IntentModel, tmp_path: Path) -> None:
    small.save(tmp_path / "model.npz")
    loaded = IntentModel.load(tmp_path / "model.npz")
    for text, _, asked in ROWS:
        np.testing.assert_allclose(loaded.probabilities(text, asked), small.probabilities(text, asked))


def test_what_was_asked_changes_what_an_answer_means(small: IntentModel) -> None:
    change = small.scores("嗯", "confirm") - small.scores("嗯", "month")
    assert change[small.intents.index("affirm")] > 0 > change[small.intents.index("inform")]


def test_familiar_words_are_trusted_and_strange_ones_are_not(small: IntentModel) -> None:
    assert small.familiarity("查话费余额") == 1
    assert small.familiarity("红烧排骨先焯水再炒糖色") < 0.2
    assert small.familiarity("查话费余额红烧") > small.familiarity("红烧排骨先焯水再炒糖色")


def test_words_of_talk_that_is_none_of_our_business_are_not_familiar(small: IntentModel) -> None:
    assert small.familiarity("讲个笑话") < 1


def test_nothing_and_nothing_known_are_judged_without_conviction(small: IntentModel) -> None:
    assert small.probabilities("").max() < 0.5
    assert small.probabilities("ζηθικλ").max() < threshold()


@pytest.mark.parametrize(
    "text", ["红烧排骨怎么做才好吃", "帮我写一首关于秋天的诗", "昨晚那场球谁赢了", "微积分的链式法则"]
)
def test_the_trained_model_refuses_what_is_none_of_our_business(model: IntentModel, text: str) -> None:
    intent, sure = best(model, text)
    assert intent in ("out_of_scope", "chitchat") or sure < threshold()


@pytest.mark.parametrize(
    ("text", "intent"), [("查话费", "query_balance"), ("转人工", "request_human"), ("我手机丢了", "report_lost")]
)
def test_the_trained_model_is_sure_of_plain_requests(model: IntentModel, text: str, intent: str) -> None:
    found, sure = best(model, text)
    assert found == intent and sure >= threshold()


@pytest.mark.parametrize(
    ("text", "intent"), [("查划费", "query_balance"), ("转认工", "request_human"), ("查刘量", "query_data_usage")]
)
def test_the_trained_model_hears_through_homophones(model: IntentModel, text: str, intent: str) -> None:
    assert best(model, text)[0] == intent


def test_features_say_where_they_come_from() -> None:
    found = features("呃查话费", "confirm")
    assert {"c:呃查", "d:话费", "p:hua-fei", "q:confirm", "x:confirm/^查话费$"} <= set(found)
    assert not any(name.startswith(("q:", "x:")) for name in features("呃查话费"))


def test_only_short_answers_are_joined_to_the_question() -> None:
    long = features("我想查一下上个月的话费账单明细", "confirm")
    assert [name for name in long if name.startswith("x:")] == ["x:confirm/12"]


def test_numbers_count_by_their_kind_but_names_of_lines_stay() -> None:
    assert bare("13800138000") == "☎"
    assert bare("二十块的58套餐") == "#块的#套餐"
    assert bare("打10086") == "打10086"
