"""What a turn leaves for the reports: counted once where it should be, and never with a number in it."""

from __future__ import annotations

from typing import Any

from hotline.ports import Conversation, Fact, Mode
from hotline.services.facts import facts_of


def answer(name: str = "utter_billing_balance", **metadata: Any) -> dict[str, Any]:
    return {"text": "…", "name": name, "metadata": metadata}


def talk(**more: Any) -> Conversation:
    return Conversation("web-1", "web", **more)


def test_opening_the_window_is_no_conversation() -> None:
    greeting = answer("utter_courtesy_greet", clause="1258-1", said="")
    assert facts_of(talk(), [greeting]) == [Fact("said", "1258-1")]


def test_a_conversation_begins_with_the_first_words_and_only_once() -> None:
    conversation = talk()
    assert Fact("begun") in facts_of(conversation, [answer(said="查话费")])
    assert Fact("begun") not in facts_of(conversation, [answer(said="再查一次")])


def test_a_topic_counts_once_a_conversation_and_courtesy_is_none() -> None:
    conversation = talk()
    first = facts_of(conversation, [answer(), answer("utter_service_done"), answer("utter_courtesy_x", said="查话费")])
    assert [fact.name for fact in first if fact.kind == "topic"] == ["billing", "service"]
    assert [fact for fact in facts_of(conversation, [answer(said="还有")]) if fact.kind == "topic"] == []


def test_every_message_is_understood_or_not() -> None:
    conversation = talk()
    assert Fact("understood") in facts_of(conversation, [answer(said="查话费")])
    lost = facts_of(conversation, [answer("utter_courtesy_ask_again", not_understood=True, said="阿巴阿巴")])
    assert Fact("not_understood", "阿巴阿巴") in lost and Fact("understood") not in lost


def test_what_was_not_understood_is_masked_and_never_longer_than_its_column() -> None:
    said = "我的号是13800138000" + "呃" * 400
    facts = facts_of(talk(), [answer("utter_courtesy_ask_again", not_understood=True, said=said)])
    (name,) = [fact.name for fact in facts if fact.kind == "not_understood"]
    assert name.startswith("我的号是138****8000") and len(name) == 200


def test_words_to_a_human_are_no_message_to_the_assistant() -> None:
    conversation = talk(mode=Mode.HUMAN, state={"counted": ["begun"]})
    assert facts_of(conversation, [{"text": "", "name": "", "metadata": {"said": "在吗"}}]) == []


def test_a_sentence_counts_by_its_clause_and_house_sentences_do_not() -> None:
    facts = facts_of(talk(), [answer(clause="1860-25"), answer(clause="house"), answer(clause="1860-25", said="好")])
    assert [fact.name for fact in facts if fact.kind == "said"] == ["1860-25", "1860-25"]


def test_a_conversation_ends_once_by_a_farewell_or_by_leaving() -> None:
    parted, left = talk(), talk()
    facts_of(parted, [answer(said="查话费")]), facts_of(left, [answer(said="查话费")])
    parted.mode = left.mode = Mode.CLOSED
    assert Fact("ended", "farewell") in facts_of(parted, [answer("utter_courtesy_goodbye", said="再见")])
    assert facts_of(left, []) == [Fact("ended", "left")]
    assert facts_of(left, []) == []


def test_who_leaves_without_a_word_leaves_nothing() -> None:
    assert facts_of(talk(mode=Mode.CLOSED), []) == []
