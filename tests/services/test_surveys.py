"""Ratings: 1 to 5, kept with conversation, channel and moment."""

from __future__ import annotations

import pytest

from hotline.clock import FixedClock
from hotline.ports import Rating
from hotline.services.surveys import SurveyService, comment_in
from tests.support import NOW


class Kept(list[Rating]):
    async def record(self, rating: Rating) -> None:
        self.append(rating)


async def test_a_rating_is_kept_with_its_moment() -> None:
    kept = Kept()
    await SurveyService(kept, FixedClock(NOW)).record("c", "ivr", 4, "很好")
    assert kept == [Rating("c", "ivr", 4, "很好", NOW)]


@pytest.mark.parametrize("score", [0, 6, -1])
async def test_a_score_outside_of_one_to_five_is_no_score(score: int) -> None:
    kept = Kept()
    with pytest.raises(ValueError, match="1 to 5"):
        await SurveyService(kept, FixedClock(NOW)).record("c", "web", score)
    assert not kept


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("4分", ""),
        ("四分吧", ""),
        ("非常满意", ""),
        ("我给5星", ""),
        ("4分,就是等得久了点", "就是等得久了点"),
        ("打个三分。态度不错!", "态度不错"),
        ("你们态度很好,5分", "你们态度很好,5分"),
    ],
)
def test_what_is_said_besides_the_score_is_the_comment(text: str, comment: str) -> None:
    assert comment_in(text) == comment
