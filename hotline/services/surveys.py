"""Ratings of conversations (ch1 抽样调查): 1 to 5, one a conversation, the last one counts."""

from __future__ import annotations

from hotline.ports import Clock, Rating, RatingStore

SCORES = range(1, 6)


class SurveyService:
    """Keeps what customers think of the service."""

    def __init__(self, ratings: RatingStore, clock: Clock) -> None:
        self._ratings = ratings
        self._clock = clock

    async def record(self, conversation: str, channel: str, score: int, comment: str = "") -> None:
        """Keep a rating. Raises ``ValueError`` for a score that is none of 1 to 5."""
        if score not in SCORES:
            raise ValueError(f"a score is 1 to 5, not {score}")
        await self._ratings.record(Rating(conversation, channel, score, comment, self._clock.now()))
