"""The classifier as a component of Rasa's graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, cast

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.events import BotUttered, Event, SessionStarted, UserUttered
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from benchmarks.understanding import load, training_rows
from hotline.nlu.classifier import HotlineIntentClassifier
from hotline.nlu.context import ASKED, RAISED, asked_last, context_in_training, topic_last, topic_of
from hotline.nlu.features import ANSWERED
from hotline.nlu.model import IntentModel
from hotline.nlu.requests import MOVES


@pytest.fixture
def classifier(model: IntentModel) -> HotlineIntentClassifier:
    config = HotlineIntentClassifier.get_default_config()
    return HotlineIntentClassifier(config, cast(ModelStorage, None), Resource("trained"), model)


def understood(classifier: HotlineIntentClassifier, text: Optional[str], asked: Any = None) -> Message:
    (message,) = classifier.process([Message(data={"text": text, "metadata": {"context": {"asked": asked}}})])
    return message


def test_intent_is_the_head_of_a_ranking_in_falling_order(classifier: HotlineIntentClassifier) -> None:
    message = understood(classifier, "帮我查一下话费余额")
    ranking = message.get("intent_ranking")
    assert message.get("intent") == ranking[0]
    assert ranking[0]["name"] == "query_balance"
    assert len(ranking) == 10
    assert [row["confidence"] for row in ranking] == sorted((r["confidence"] for r in ranking), reverse=True)


def test_traditional_characters_are_understood(classifier: HotlineIntentClassifier) -> None:
    assert understood(classifier, "我要查話費餘額").get("intent")["name"] == "query_balance"


def test_several_requests_travel_with_the_message_and_the_first_comes_first(
    classifier: HotlineIntentClassifier,
) -> None:
    message = understood(classifier, "查下话费再看看还有多少流量")
    assert [r["name"] for r in message.get("requests")] == ["query_balance", "query_data_usage"]
    assert "requests" in message.output_properties
    assert message.get("intent")["name"] == "query_balance"
    named = [row["name"] for row in message.get("intent_ranking")]
    assert len(named) == len(set(named))


def test_one_request_leaves_no_requests(classifier: HotlineIntentClassifier) -> None:
    assert understood(classifier, "查话费").get("requests") is None


def test_a_message_without_text_is_understood_as_something(classifier: HotlineIntentClassifier) -> None:
    assert understood(classifier, None).get("intent")["confidence"] <= 1


def test_what_it_learnt_it_keeps(tmp_path: Path) -> None:
    storage, resource = LocalModelStorage(tmp_path), Resource("small")
    context = ExecutionContext(GraphSchema({}))
    examples = [
        Message(data={"text": text, "intent": intent, "metadata": metadata})
        for intent, texts, metadata in (
            ("query_balance", ["查話費", "查话费余额", "话费多少"], None),
            ("query_data_usage", ["查流量", "流量多少", "流量还剩多少"], None),
            ("affirm", ["嗯", "嗯是的", "是的"], {"intent": {"asked": "confirm"}}),
        )
        for text in texts
    ]
    config = HotlineIntentClassifier.get_default_config()
    HotlineIntentClassifier.create(config, storage, resource, context).train(TrainingData(examples))
    loaded = HotlineIntentClassifier.load(config, storage, resource, context)
    assert understood(loaded, "话费").get("intent")["name"] == "query_balance"
    assert understood(loaded, "嗯").get("intent")["name"] == "affirm"  # learnt in context, known without


@pytest.mark.parametrize(
    "metadata", [None, "confirm", {}, {"context": None}, {"context": {"asked": "nonsense"}}, {"context": {"asked": 3}}]
)
def test_a_context_that_is_unknown_counts_as_none(metadata: Any) -> None:
    assert asked_last(Message(data={"text": "嗯", "metadata": metadata})) is None
    assert context_in_training(Message(data={"text": "嗯", "metadata": {"intent": metadata}})) == (None, None)


def test_an_example_tells_its_context_in_the_metadata_of_its_block() -> None:
    metadata = {"intent": {"asked": "told", "topic": "query_bill"}}
    assert context_in_training(Message(data={"text": "那上个月的呢", "metadata": metadata})) == ("told", "query_bill")


def test_every_topic_in_the_data_is_a_task() -> None:
    rows = training_rows()
    assert {row.topic for row in rows} <= {row.intent for row in rows} - MOVES | {None}
    assert {row.asked for row in rows if row.topic} <= ANSWERED


def test_every_context_in_the_data_is_one_of_the_closed_list() -> None:
    said = {turn.get("asked") for call in load("tests/nlu/calls.yml") for turn in call["turns"]}
    taught = {
        (block.get("metadata") or {}).get("asked")
        for path in sorted(Path("data/nlu").glob("*.yml"))
        for block in load(str(path))["nlu"]
    }
    assert said | taught <= ASKED | {None}


def said(intent: str) -> UserUttered:
    return UserUttered("…", {"name": intent, "confidence": 1.0})


def test_the_topic_is_the_task_that_was_served_last() -> None:
    events: list[Event] = [
        SessionStarted(),
        said("query_bill"),
        said("affirm"),
        BotUttered("…"),
        said("secret_entered"),
    ]
    assert topic_of(events) == "query_bill"
    assert topic_of([*events, said("query_points"), said("thank")]) == "query_points"


def test_a_conversation_that_begins_anew_has_no_topic() -> None:
    assert topic_of([]) is None
    assert topic_of([said("query_bill"), SessionStarted(), said("greet")]) is None


def test_what_only_a_channel_can_raise_is_the_domain_s_own_list() -> None:
    taught = {
        block["intent"]
        for path in Path("data/nlu").glob("*.yml")
        for block in load(str(path))["nlu"]
        if "intent" in block
    }
    assert set(load("domain.yml")["intents"]) - taught - {"nlu_fallback"} == RAISED


@pytest.mark.parametrize("metadata", [None, "query_bill", {}, {"context": None}, {"context": {"topic": 3}}])
def test_a_topic_that_is_unknown_counts_as_none(metadata: Any) -> None:
    assert topic_last(Message(data={"text": "嗯", "metadata": metadata})) is None
