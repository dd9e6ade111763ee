"""Conversations and the answers already given (``ConversationStore``).

The answers of a conversation are numbered 1, 2, 3 …, whichever message they answer: a browser that was away asks for
all after the last number it has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database, upsert
from hotline.gateways.facts import record
from hotline.gateways.schema import answers as answered
from hotline.gateways.schema import conversations, handoffs
from hotline.gateways.trackers import insert_events
from hotline.ports import Batch, Clock, Conversation, Mode
from hotline.services.facts import facts_of
from hotline.services.handoff import State, mode_of

Answers = Sequence[Mapping[str, Any]]

# Asked at every turn and therefore put together once.
_ID, _MESSAGE = bindparam("conversation"), bindparam("message")
_CONVERSATION = (
    select(conversations, handoffs.c.state.label("handoff"))
    .select_from(conversations.outerjoin(handoffs, handoffs.c.open_conversation == conversations.c.id))
    .where(conversations.c.id == _ID)
)
_ANSWERS = select(answered.c.answers).where(answered.c.conversation == _ID, answered.c.message_id == _MESSAGE)
_LAST = select(func.max(answered.c.sequence)).where(answered.c.conversation == _ID)
_LOCK = select(conversations.c.id).where(conversations.c.id == _ID).with_for_update()
_UPDATE = update(conversations).where(conversations.c.id == _ID)
_INSERT = insert(answered)


class SqlConversationStore:
    """``ConversationStore`` over the tables of ``schema.py``; one transaction a call."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def load(self, conversation: str, message: str) -> tuple[Optional[Conversation], Optional[Answers]]:
        """See the port."""

        def work(connection: Connection) -> tuple[Optional[Conversation], Optional[Answers]]:
            row = connection.execute(_CONVERSATION, {"conversation": conversation}).one_or_none()
            if row is None:
                return None, None
            found = Conversation(row.id, row.channel, _mode(row.mode, row.handoff), row.state)
            return found, _answers_to(connection, conversation, message)

        return await self._database.read(work)

    async def save(
        self, conversation: Conversation, message: str, answers: Answers, events: Sequence[Batch] = ()
    ) -> Answers:
        """See the port. What reports count of the turn is kept with it."""
        now = self._clock.now()
        facts = facts_of(conversation, answers)

        def work(connection: Connection) -> Answers:
            values = {
                "channel": conversation.channel,
                "mode": conversation.mode.value,
                "state": conversation.state,
                "updated": now,
            }
            known = _lock(connection, conversation.id)
            if not known:
                upsert(connection, conversations, {"id": conversation.id}, {**values, "created": now}, {})
                _lock(connection, conversation.id)
            first = _answers_to(connection, conversation.id, message)
            if first is not None:
                return first
            connection.execute(_UPDATE, {"conversation": conversation.id, **values})
            record(connection, facts, conversation.id, conversation.channel, now)
            if events:
                insert_events(connection, conversation.id, events, now)
            return _insert(connection, conversation.id, message, answers)

        return await self._database.write(work)

    async def append(self, conversation: str, message: str, answers: Answers) -> Answers:
        """See the port."""

        def work(connection: Connection) -> Answers:
            _lock(connection, conversation)
            first = _answers_to(connection, conversation, message)
            return _insert(connection, conversation, message, answers) if first is None else first

        return await self._database.write(work)

    async def answers_since(self, conversation: str, sequence: int) -> Answers:
        """See the port."""
        query = (
            select(answered.c.answers)
            .where(answered.c.conversation == conversation, answered.c.sequence > sequence)
            .order_by(answered.c.sequence)
        )
        batches = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return [answer for batch in batches for answer in batch if answer["sequence"] > sequence]


def _lock(connection: Connection, conversation: str) -> bool:
    """See that nobody else saves this conversation until the transaction ends; False when it is not there yet."""
    return connection.execute(_LOCK, {"conversation": conversation}).first() is not None


def _mode(kept: str, handoff: Optional[str]) -> Mode:
    """Who has the conversation: an open handoff decides; what was kept beside it may be out of date."""
    human = mode_of(State(handoff)) if handoff else None
    if human is not None:
        return human
    return Mode.CLOSED if Mode(kept) is Mode.CLOSED else Mode.BOT


def _insert(connection: Connection, conversation: str, message: str, answers: Answers) -> Answers:
    last = _last_number(connection, conversation)
    numbered = [{**answer, "sequence": last + n} for n, answer in enumerate(answers, start=1)]
    keys = {"conversation": conversation, "message_id": message}
    connection.execute(_INSERT, {**keys, "sequence": last + len(numbered), "answers": numbered})
    return numbered


def _answers_to(connection: Connection, conversation: str, message: str) -> Optional[Answers]:
    found: Optional[Answers] = connection.execute(_ANSWERS, {"conversation": conversation, "message": message}).scalar()
    return found


def _last_number(connection: Connection, conversation: str) -> int:
    return connection.execute(_LAST, {"conversation": conversation}).scalar() or 0
