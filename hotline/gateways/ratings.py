"""How content customers were, one rating a conversation (``RatingStore``)."""

from __future__ import annotations

from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import ratings
from hotline.ports import Rating


class SqlRatingStore:
    """``RatingStore`` over the tables of ``schema.py``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, rating: Rating) -> None:
        """See the port."""
        values = {name: value for name, value in vars(rating).items() if name != "conversation"}
        keys = {"conversation": rating.conversation}
        await self._database.write(lambda connection: upsert(connection, ratings, keys, values))
