"""Ratings: 1 to 5, kept with conversation, channel and moment."""

from __future__ import annotations

import pytest

from hotline.clock import FixedClock
from hotline.ports import Rating
from hotline.services.surveys import SurveyService
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
