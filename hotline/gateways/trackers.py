"""The events of Rasa's trackers, appended turn by turn (port ``EventLog``)."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database
from hotline.gateways.schema import tracker_events
from hotline.ports import Clock

Events = Sequence[dict[str, Any]]

# Asked at every turn and therefore put together once.
_LAST = (
    select(tracker_events.c.position, tracker_events.c.events)
    .where(tracker_events.c.conversation == bindparam("conversation"))
    .order_by(tracker_events.c.position.desc())
    .limit(bindparam("count"))
)
_INSERT = insert(tracker_events)


class _Turn(NamedTuple):
    position: int
    events: Events


# How many turns of how many conversations a process that serves alone remembers.
TURNS, CONVERSATIONS = 5, 500


class SqlEventLog:
    """``EventLog`` over the table ``tracker_events``: a row a turn.

    While a process serves ``alone``, it remembers the last turns that it wrote, and need not ask for them. Should
    another write all the same, the next ``append`` is refused, and what was remembered is forgotten.
    """

    def __init__(self, database: Database, clock: Clock, alone: Callable[[], bool] = lambda: False) -> None:
        self._database = database
        self._clock = clock
        self._alone = alone
        self._known: OrderedDict[str, deque[_Turn]] = OrderedDict()

    async def length(self, conversation: str) -> int:
        """See the port."""
        rows = await self._last(conversation, 1)
        return rows[0].position + len(rows[0].events) if rows else 0

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
        return [event for row in reversed(await self._last(conversation, turns)) for event in row.events]

    async def append(self, conversation: str, position: int, events: Events) -> None:
        """See the port."""
        created = self._clock.now()

        def work(connection: Connection) -> None:
            row = {"conversation": conversation, "position": position, "events": list(events), "created": created}
            connection.execute(_INSERT, row)

        known = self._known.pop(conversation, None)
        await self._database.write(work)
        if known is not None:
            known.append(_Turn(position, events))
            self._remember(conversation, known)

    async def conversations(self) -> Sequence[str]:
        """See the port."""
        query = select(tracker_events.c.conversation).group_by(tracker_events.c.conversation)
        query = query.order_by(func.min(tracker_events.c.created))
        found: Sequence[str] = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return found

    async def _last(self, conversation: str, count: int) -> list[_Turn]:
        """The last turns, at most ``TURNS``, the latest first."""
        alone = self._alone()
        if not alone:
            self._known.clear()
        known = self._known.get(conversation)
        if known is None:
            values = {"conversation": conversation, "count": TURNS if alone else count}
            rows = await self._database.read(lambda connection: connection.execute(_LAST, values).all())
            known = deque((_Turn(row.position, row.events) for row in reversed(rows)), TURNS)
            if alone:
                self._remember(conversation, known)
        return list(reversed(known))[:count]

    def _remember(self, conversation: str, turns: deque[_Turn]) -> None:
        self._known[conversation] = turns
        self._known.move_to_end(conversation)
        while len(self._known) > CONVERSATIONS:
            self._known.popitem(last=False)
