"""The model: sounds, context, and doubt about words never heard here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.understanding import best, threshold
from hotline.nlu.features import bare, features, read
from hotline.nlu.model import IntentModel, Row

ROWS = [
    *(Row(text, "query_balance") for text in ("查话费余额", "话费余额多少", "查一下话费", "话费还剩多少")),
    *(Row(text, "query_data_usage") for text in ("查流量", "流量还剩多少", "查一下流量", "流量用了多少")),
    *(Row(text, "out_of_scope") for text in ("今天天气怎么样", "今天天气好吗", "讲个笑话", "讲一个笑话")),
    *(Row(text, "affirm", "confirm") for text in ("嗯", "是的", "嗯是的", "对是的")),
    *(Row(text, "inform", "month") for text in ("嗯上个月", "是上个月", "嗯这个月", "这个月")),
    *(
        Row(text, topic, "told", topic)
        for topic in ("query_balance", "query_data_usage")
        for text in ("还剩多少", "那还有多少", "还够用吗")
    ),
    *(Row(text, "affirm", "told") for text in ("嗯", "是的", "嗯是的", "对是的", "嗯知道了", "嗯嗯")),
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
    for text, _, *context in ROWS:
        np.testing.assert_allclose(loaded.probabilities(text, *context), small.probabilities(text, *context))


def test_what_was_asked_changes_what_an_answer_means(small: IntentModel) -> None:
    change = small.scores("嗯", "confirm") - small.scores("嗯", "month")
    assert change[small.intents.index("affirm")] > 0 > change[small.intents.index("inform")]


def test_words_never_heard_here_are_strange(small: IntentModel) -> None:
    assert small.strangeness("查话费余额") == 0
    assert small.strangeness("红烧排骨先焯水再炒糖色") > 0.6
    assert small.strangeness("查话费余额红烧") < small.strangeness("红烧排骨先焯水再炒糖色")


def test_a_homophone_is_no_strange_word(small: IntentModel) -> None:
    assert small.strangeness("查划费鱼额") == 0


def test_words_of_talk_that_is_none_of_our_business_are_strange(small: IntentModel) -> None:
    assert small.strangeness("讲个笑话") > 0


def test_strange_words_cost_confidence_and_change_no_order(small: IntentModel) -> None:
    plain, strange = small.probabilities("查话费余额"), small.probabilities("查话费余额红烧排骨")
    assert strange.max() < plain.max()
    assert plain.argmax() == strange.argmax()


def test_few_examples_make_no_strangers_of_customers_who_use_other_words() -> None:
    """Each word was heard once, so others of customers are still to come; 话费 and 流量 were all that was ever said."""
    few, many = IntentModel.train(ROWS[:8]), IntentModel.train(ROWS[:8] * 3)
    assert few.strangeness("交电话费") < many.strangeness("交电话费")


def test_a_short_turn_after_an_explanation_is_likelier_about_the_same_matter(small: IntentModel) -> None:
    balance = small.intents.index("query_balance")
    alone = small.probabilities("还剩多少", "told")[balance]
    assert small.probabilities("还剩多少", "told", "query_balance")[balance] > alone
    assert small.probabilities("还剩多少", "anything_else", "query_balance")[balance] > alone
    for asked, topic in (("confirm", "query_balance"), (None, "query_balance"), ("told", "no_such_intent")):
        without = small.probabilities("还剩多少", asked)
        np.testing.assert_array_equal(small.probabilities("还剩多少", asked, topic), without)


@pytest.mark.parametrize("topic", ["query_balance", "query_data_usage"])
def test_the_topic_says_which_request_it_is_but_makes_none_of_a_yes(small: IntentModel, topic: str) -> None:
    assert small.intents[small.probabilities("还剩多少", "told", topic).argmax()] == topic
    assert small.intents[small.probabilities("是的", "told", topic).argmax()] == "affirm"


def test_a_long_turn_speaks_for_itself(small: IntentModel) -> None:
    long = "我昨天去营业厅问过他们说叫我打电话问你们流量还剩多少"
    np.testing.assert_array_equal(small.probabilities(long, "told", "query_balance"), small.probabilities(long, "told"))


@pytest.mark.parametrize("text", ["", "?!", "...", "😀", "——", "呃那个", "呃", "那个那个", "这个这个,呃", "嗯那个就是"])
def test_a_turn_without_a_word_is_nothing(small: IntentModel, text: str) -> None:
    assert small.probabilities(text).max() == 0


@pytest.mark.parametrize("text", ["嗯", "啊", "就是那个", "这个", "那个三十的", "呃嗯对"])
def test_a_word_among_hesitation_is_heard(small: IntentModel, text: str) -> None:
    assert small.probabilities(text).max() > 0


def test_what_nobody_can_read_is_judged_without_conviction(small: IntentModel) -> None:
    assert small.probabilities("ζηθικλ").max() < threshold()


@pytest.mark.parametrize(
    "text", ["红烧排骨怎么做才好吃", "帮我写一首关于秋天的诗", "昨晚那场球谁赢了", "光合作用的暗反应"]
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
    found = features(read("呃查话费"), "confirm")
    assert {"c:呃查", "d:话费", "p:hua-fei", "q:confirm", "x:confirm/^查话费$"} <= set(found)
    assert not any(name.startswith(("q:", "x:")) for name in features(read("呃查话费")))


def test_only_short_answers_are_joined_to_the_question() -> None:
    long = features(read("我想查一下上个月的话费账单明细"), "confirm")
    assert [name for name in long if name.startswith("x:")] == ["x:confirm/12"]


def test_numbers_count_by_their_kind_but_names_of_lines_stay() -> None:
    assert bare("13800138000") == "☎"
    assert bare("二十块的58套餐") == "#块的#套餐"
    assert bare("打10086") == "打10086"
