"""Normalisation: one form for all that customers type and say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.text import collapse, normalise


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("幺三八零零幺三八零零零", "13800138000"),
        ("一三九 一二三四 五六七八", "13912345678"),
        ("幺三八三个零幺三八零零零", "138000138000"),
        ("零一零", "010"),
        ("一二三四", "1234"),
        ("二零二六", "2026"),
    ],
)
def test_numbers_read_out_digit_by_digit_become_digits(written: str, normal: str) -> None:
    assert normalise(written) == normal


@pytest.mark.parametrize(
    "text",
    [
        "查一下",
        "三月",
        "十八的",
        "七七八八",
        "二三十",
        "一百零八",
        "三点一四",
        "三四五号",
        "三三两两",
        "两两",
        "一 二",
        "上一个月",
    ],
)
def test_words_that_merely_contain_a_numeral_stay(text: str) -> None:
    assert normalise(text) == text


def test_the_last_digit_before_ten_belongs_to_the_number_behind() -> None:
    assert normalise("幺三八零零幺三八零零零五十块") == "13800138000五十块"


def test_pauses_of_a_short_number_stay() -> None:
    assert normalise("零 一 零") == "0 1 0"


def test_traditional_and_full_width_characters_become_plain() -> None:
    assert normalise("請問我這個月話費多少") == "请问我这个月话费多少"
    assert normalise("１３８ＡＢ") == "138AB"


def test_control_and_invisible_characters_go_and_white_space_shrinks() -> None:
    assert normalise(" 查\u200b话\x00费\u3000\n 余额\ufeff ") == "查话费 余额"


@given(st.text(alphabet="零一幺二两三五十百个点 ,-.0189查费話嗯A\u200b", max_size=24))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("spoken", "core"),
    [
        ("呃那个我我我想查查话费", "我想查查话费"),
        ("喂你好,帮我看看流量嘛", "帮我看看流量"),
        ("就是我那个那个套餐套餐", "我那个套餐"),
        ("密码是1122", "密码是1122"),
        ("我的话费的话还剩多少", "我的话费还剩多少"),
        ("慢慢慢慢说", "慢慢说"),
    ],
)
def test_what_speech_adds_is_left_out(spoken: str, core: str) -> None:
    assert collapse(spoken) == core


@pytest.mark.parametrize("text", ["嗯嗯", "那个", "喂", "呃,嗯"])
def test_a_turn_of_such_words_alone_is_kept(text: str) -> None:
    assert collapse(text)
