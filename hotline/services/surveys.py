"""Ratings of conversations (ch1 抽样调查): 1 to 5, one a conversation, the last one counts."""

from __future__ import annotations

import re

from hotline.ports import Clock, Rating, RatingStore

SCORES = range(1, 6)

_SCORE = re.compile("(?:我?(?:给|打|评)个?)?[1-5一二三四五][分星]?|不满意|不太满意|一般|满意|非常满意")
_BETWEEN = re.compile(r"^[\W_]+|[\W_]+$")


def comment_in(text: str) -> str:
    """What is said besides the score (4分,就是等得久); empty where the score is all (4分, 打个四分吧)."""
    score = _SCORE.match(text)
    rest = _BETWEEN.sub("", text[score.end() :] if score else text)
    return rest if len(rest) > 1 else ""  # a lone particle is none


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
