"""The events of Rasa's trackers, appended turn by turn (port ``EventLog``)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import bindparam, func, insert, select

from hotline.gateways.database import Database
from hotline.gateways.schema import tracker_events
from hotline.gateways.statements import Call, Statement, run
from hotline.ports import Batch, Clock

Events = Sequence[dict[str, Any]]

# How many events a conversation has: told by the last of its rows.
LENGTH = (
    select((tracker_events.c.position + func.json_array_length(tracker_events.c.events)).label("length"))
    .where(tracker_events.c.conversation == bindparam("conversation"))
    .order_by(tracker_events.c.position.desc())
    .limit(1)
)
_LENGTH = Statement(LENGTH)
_INSERT = Statement(insert(tracker_events))

CONVERSATIONS = 2000  # whose lengths a process that serves alone remembers


class SqlEventLog:
    """``EventLog`` over the table ``tracker_events``: a row a batch.

    While a process serves ``alone``, it remembers how long the conversations are, and need not ask. Should another
    write all the same, the next batch is refused, and what was remembered is forgotten.
    """

    def __init__(self, database: Database, clock: Clock, alone: Callable[[], bool] = lambda: False) -> None:
        self._database = database
        self._clock = clock
        self._alone = alone
        self._lengths: OrderedDict[str, int] = OrderedDict()
        self._held: dict[str, list[Batch]] = {}
        self._told: dict[str, int] = {}

    @contextmanager
    def turn(self, conversation: str, length: Optional[int] = None) -> Iterator[list[Batch]]:
        """See the port."""
        held = self._held[conversation] = []
        if length is not None:
            self._told[conversation] = length
        try:
            yield held
        except BaseException:
            self._lengths.pop(conversation, None)
            raise
        finally:
            del self._held[conversation]
            self._told.pop(conversation, None)

    async def length(self, conversation: str) -> int:
        """See the port."""
        held = self._held.get(conversation)
        if held:
            return held[-1].end
        if not self._alone():
            self._lengths.clear()
        known = self._told.get(conversation, self._lengths.get(conversation))
        if known is None:
            rows = await self._database.read(
                lambda connection: run(connection, _LENGTH.of({"conversation": conversation}))
            )
            known = rows[0].length if rows else 0
            self._remember(conversation, known)
        return known

    async def read(self, conversation: str) -> Events:
        """See the port."""
        query = (
            select(tracker_events.c.events)
            .where(tracker_events.c.conversation == conversation)
            .order_by(tracker_events.c.position)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return [event for events in rows for event in events]

    async def append(self, conversation: str, position: int, events: Events) -> None:
        """See the port."""
        batch = Batch(position, events)
        held = self._held.get(conversation)
        if held is not None:
            held.append(batch)
        else:
            self._lengths.pop(conversation, None)
            now = self._clock.now()
            (call,) = events_of(conversation, [batch], now)
            await self._database.write(lambda connection: run(connection, call))
        self._remember(conversation, batch.end)

    async def conversations(self) -> Sequence[str]:
        """See the port."""
        query = select(tracker_events.c.conversation).group_by(tracker_events.c.conversation)
        query = query.order_by(func.min(tracker_events.c.created))
        found: Sequence[str] = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return found

    def _remember(self, conversation: str, length: int) -> None:
        if self._alone():
            self._lengths[conversation] = length
            self._lengths.move_to_end(conversation)
            while len(self._lengths) > CONVERSATIONS:
                self._lengths.popitem(last=False)


def events_of(conversation: str, batches: Sequence[Batch], now: datetime) -> Sequence[Call]:
    """What appends batches within a transaction; refused by the database where others stand already."""
    return [
        _INSERT.of(
            {"conversation": conversation, "position": batch.position, "events": list(batch.events), "created": now}
        )
        for batch in batches
    ]
