"""Other service desks (1860-11), and the two forms of the refusal 1860-32."""

from __future__ import annotations

import pytest

from hotline.services.desks import desk_for
from hotline.services.scope import about_our_service


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("帮我接一下联通的客服", "10010"),
        ("我要报警", "110"),
        ("12315的电话", "12315"),
        ("交通事故找公安", "122"),
        ("你好", None),
    ],
)
def test_the_desk_with_the_most_telling_word_is_meant(text: str, number: str | None) -> None:
    desk = desk_for(text)
    assert (desk.number if desk else None) == number


@pytest.mark.parametrize(("text", "ours"), [("给我免一年话费", True), ("帮我写首诗", False)])
def test_a_wish_about_our_service_is_told_from_others(text: str, ours: bool) -> None:
    assert about_our_service(text) is ours
