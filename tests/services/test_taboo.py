"""Taboo phrases are found however they are spaced, punctuated or made polite; ordinary words are let through."""

from __future__ import annotations

import pytest

from hotline.services.taboo import taboo_in
from tests.conventions.house import taboo


@pytest.mark.parametrize("phrase", taboo(), ids=lambda phrase: str(taboo().index(phrase)))
def test_every_phrase_of_the_manual_is_found(phrase: str) -> None:
    assert taboo_in(f"您好,{phrase}?"), phrase


@pytest.mark.parametrize("text", ["你到底,想怎么样", "您到底 想怎么样!", "你到底想怎么样"])
def test_punctuation_blanks_and_politeness_hide_nothing(text: str) -> None:
    found = taboo_in(text)
    assert len(found) == 1 and found[0].taboo.instead == "1860-13"


@pytest.mark.parametrize(
    "text",
    [
        "你到底想怎麼樣",
        "你到底\u200b想怎么样",
        "你到底\u3164想怎么样",
        "你到底\ufe0f想怎么样",
        "㎏你到底想怎么样",
        "你到底想怎么样﷽",
    ],
)
def test_odd_and_invisible_characters_and_traditional_ones_hide_nothing(text: str) -> None:
    assert len(taboo_in(text)) == 1


@pytest.mark.parametrize("text", ["什么?", "为什么?", "好的。怎样?"])
def test_a_curt_question_is_taboo_by_itself(text: str) -> None:
    assert len(taboo_in(text)) == 1


@pytest.mark.parametrize("text", ["请问您需要办理什么业务?", "我为您说明为什么会多扣费。", "对不起,让您久等了。", ""])
def test_ordinary_words_are_let_through(text: str) -> None:
    assert taboo_in(text) == []


def test_the_place_is_told_in_the_text_as_it_was_typed() -> None:
    text = "不好意思。你 问我,我问谁!再见"
    one = taboo_in(text)[0]
    assert text[one.start : one.end] == "你 问我,我问谁"
