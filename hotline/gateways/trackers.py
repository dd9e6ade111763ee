"""The events of Rasa's trackers, appended turn by turn (port ``EventLog``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database
from hotline.gateways.schema import tracker_events
from hotline.ports import Clock

Events = Sequence[dict[str, Any]]


class SqlEventLog:
    """``EventLog`` over the table ``tracker_events``: a row a turn."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def length(self, conversation: str) -> int:
        """See the port."""
        query = (
            select(tracker_events.c.position, tracker_events.c.events)
            .where(tracker_events.c.conversation == conversation)
            .order_by(tracker_events.c.position.desc())
            .limit(1)
        )
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return 0 if row is None else int(row.position) + len(row.events)

    async def read(self, conversation: str) -> Events:
        """See the port."""
        query = (
            select(tracker_events.c.events)
            .where(tracker_events.c.conversation == conversation)
            .order_by(tracker_events.c.position)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return [event for events in rows for event in events]

    async def recent(self, conversation: str, turns: int) -> Events:
        """See the port."""
        query = (
            select(tracker_events.c.events)
            .where(tracker_events.c.conversation == conversation)
            .order_by(tracker_events.c.position.desc())
            .limit(turns)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return [event for events in reversed(rows) for event in events]

    async def append(self, conversation: str, position: int, events: Events) -> None:
        """See the port."""
        created = self._clock.now()

        def work(connection: Connection) -> None:
            row = {"conversation": conversation, "position": position, "events": list(events), "created": created}
            connection.execute(insert(tracker_events).values(row))

        await self._database.write(work)

    async def conversations(self) -> Sequence[str]:
        """See the port."""
        query = select(tracker_events.c.conversation).group_by(tracker_events.c.conversation)
        query = query.order_by(func.min(tracker_events.c.created))
        found: Sequence[str] = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return found
