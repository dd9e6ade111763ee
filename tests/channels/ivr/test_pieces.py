"""Long answers in pieces, and keys for every choice."""

from __future__ import annotations

from typing import Any

import pytest

from hotline.answers import Answer
from hotline.channels.ivr.pieces import LONG_SENTENCE, arrange, sentences
from hotline.settings import ROOT
from hotline.wording import Words

WORDS = Words.from_file(ROOT / "domain.yml")
SENTENCE = "您本月的流量还有很多很多没有用完,请您放心使用。"
END = Answer("请问还有什么可以帮助您?", "utter_courtesy_anything_else", metadata={"asks": "anything_else"})


def response(name: str) -> Answer:
    return WORDS.answer(name, "ivr")


def told(text: str, name: str = "utter_billing_data_usage") -> Answer:
    return Answer(text, name, metadata={"clause": "house"})


def arranged(*answers: Answer, state: dict[str, Any] | None = None) -> list[Answer]:
    return arrange(list(answers), {} if state is None else state, response)


def texts(answers: list[Answer]) -> list[str]:
    return [answer.text for answer in answers if answer.text]


def resumed(state: dict[str, Any]) -> list[Answer]:
    """What the door hands over when the caller wants to hear more."""
    return arranged(*(Answer.from_dict(item) for item in state.pop("rest")), state=state)


def test_a_short_answer_stays_whole() -> None:
    assert texts(arranged(told(SENTENCE), told("好。"), END)) == [SENTENCE, "好。", END.text]


def test_an_answer_that_is_repeated_louder_is_as_long_as_before() -> None:
    before = [told(SENTENCE * 2 + "就是这样。" * 3), END]
    assert texts(arranged(*before)) == texts(before)
    louder = response("utter_courtesy_voice_unclear")
    assert texts(arranged(louder, *before)) == [louder.text, *texts(before)]


def test_a_long_answer_is_announced_cut_and_continued_to_its_question() -> None:
    state: dict[str, Any] = {}
    whole = SENTENCE * 5
    first = arranged(told(whole), END, state=state)
    assert texts(first) == ["对不起,麻烦您记录一下,好吗?", SENTENCE * 2]
    assert (first[-1].metadata["asks"], first[-1].buttons[0]["title"]) == ("more", "要继续听")
    second = resumed(state)
    assert texts(second) == [SENTENCE * 2]
    assert second[-1].metadata["asks"] == "more"
    third = resumed(state)
    assert texts(third)[0] == SENTENCE
    assert texts(third)[-1] == END.text
    assert "rest" not in state


def test_with_the_end_of_a_personal_answer_comes_the_offer_of_a_message() -> None:
    state: dict[str, Any] = {}
    arranged(told(SENTENCE * 3), END, state=state)
    assert "/send_sms" in [button["payload"] for answer in resumed(state) for button in answer.buttons]
    arranged(told(SENTENCE * 3, "utter_courtesy_x"), END, state=state)
    assert not [button for answer in resumed(state) for button in answer.buttons]


def test_a_piece_that_is_said_again_keeps_its_rest() -> None:
    state: dict[str, Any] = {}
    first = arranged(told(SENTENCE * 3), END, state=state)
    assert arranged(*first, state=state) == first
    assert state["rest"]


def test_another_turn_drops_the_rest() -> None:
    state: dict[str, Any] = {}
    arranged(told(SENTENCE * 3), END, state=state)
    arranged(told("好。"), state=state)
    assert "rest" not in state


@pytest.mark.parametrize("metadata", [{"transfer": "agent"}, {"ends": True}, {"asks": "confirm"}, {"asks": "password"}])
def test_what_must_not_wait_for_a_key_is_never_cut(metadata: dict[str, Any]) -> None:
    found = arranged(told(SENTENCE * 5), Answer("尾。", metadata=metadata))
    assert texts(found) == [SENTENCE * 5, "尾。"]


def test_only_sentences_that_tell_count() -> None:
    found = arranged(told("您好!对不起!谢谢您!"), told(SENTENCE), told(SENTENCE), END)
    assert texts(found) == ["您好!对不起!谢谢您!", SENTENCE, SENTENCE, END.text]


def test_the_question_alone_is_no_reason_for_a_key() -> None:
    assert len(arranged(told(SENTENCE * 2), told("好。"), END)) == 3


def test_list_items_are_sentences_and_endless_ones_fall_apart_at_commas() -> None:
    assert sentences("一;二;三。") == ["一;", "二;", "三。"]
    parts = sentences(",".join(["套餐费用五十八元"] * 20) + "。")
    assert len(parts) > 1
    assert all(len(part) <= LONG_SENTENCE for part in parts)
    assert "".join(parts) == ",".join(["套餐费用五十八元"] * 20) + "。"


def test_each_choice_is_offered_once_and_no_more_than_there_are_keys() -> None:
    buttons = [{"title": f"第{n}项", "payload": f"/x{n % 12}"} for n in range(24)]
    found = arranged(Answer("一。", buttons=buttons[:12]), Answer("二。", buttons=buttons[12:]))
    assert [b["payload"] for answer in found for b in answer.buttons] == [f"/x{n}" for n in range(9)]
