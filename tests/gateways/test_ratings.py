"""Ratings: one a conversation, the last word counts."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from hotline.gateways import schema
from hotline.gateways.database import Database
from hotline.gateways.ratings import SqlRatingStore
from hotline.ports import Rating
from tests.support import NOW


async def test_a_later_rating_of_a_conversation_takes_the_place_of_the_first(database: Database) -> None:
    ratings, rating = SqlRatingStore(database), Rating("a", "web", 2, "", NOW)
    for one in (rating, replace(rating, score=5), replace(rating, conversation="b")):
        await ratings.record(one)
    rows = await database.read(lambda connection: connection.execute(select(schema.ratings)).all())
    assert sorted((row.conversation, row.score, row.channel) for row in rows) == [("a", 5, "web"), ("b", 2, "web")]
    assert rows[0].at == NOW
