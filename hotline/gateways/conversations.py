"""Conversations and the answers already given (``ConversationStore``).

The answers of a conversation are numbered 1, 2, 3 …, whichever message they answer: a browser that was away asks for
all after the last number it has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Optional

from sqlalchemy import and_, bindparam, func, insert, select, update
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database, upsert
from hotline.gateways.facts import record
from hotline.gateways.schema import answers as answered
from hotline.gateways.schema import conversations, handoffs
from hotline.gateways.statements import Call, Statement, run
from hotline.gateways.trackers import LENGTH, events_of
from hotline.ports import Batch, Clock, Conversation, Mode
from hotline.services.facts import facts_of
from hotline.services.handoff import State, mode_of

Answers = Sequence[Mapping[str, Any]]

_ID, _MESSAGE = bindparam("conversation"), bindparam("message")
_ANSWERS = select(answered.c.answers).where(answered.c.conversation == _ID, answered.c.message_id == _MESSAGE)
# A conversation with the length of its tracker and with what this message was answered, and whether it was: one
# question at the beginning of a turn.
_BEGIN = Statement(
    select(
        conversations,
        handoffs.c.state.label("handoff"),
        answered.c.answers,
        answered.c.message_id,
        LENGTH.scalar_subquery().label("length"),
    )
    .select_from(
        conversations.outerjoin(handoffs, handoffs.c.open_conversation == conversations.c.id).outerjoin(
            answered, and_(answered.c.conversation == conversations.c.id, answered.c.message_id == _MESSAGE)
        )
    )
    .where(conversations.c.id == _ID)
)
_LAST = select(func.max(answered.c.sequence)).where(answered.c.conversation == _ID)
# What a message was answered, and the number of the last answer. Asked once the conversation's row is taken, by a
# statement of its own: a database that waits for a lock reads the rest as it was before.
_SAID = Statement(
    select(
        _ANSWERS.scalar_subquery().label("answers"),
        _LAST.scalar_subquery().label("last"),
        select(conversations.c.id).where(conversations.c.id == _ID).exists().label("known"),
    )
)
_LOCK = select(conversations.c.id).where(conversations.c.id == _ID).with_for_update()
_UPDATE = Statement(
    update(conversations)
    .where(conversations.c.id == _ID)
    .values({c: bindparam(c) for c in ("channel", "mode", "state", "updated")})
)
_INSERT = Statement(insert(answered))


class _AnsweredBeforeError(Exception):
    """Nothing of this transaction is to be kept."""

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self.answers = answers


class SqlConversationStore:
    """``ConversationStore`` over the tables of ``schema.py``; one transaction a call."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def load(self, conversation: str, message: str) -> tuple[Optional[Conversation], Optional[Answers]]:
        """See the port."""

        def work(connection: Connection) -> tuple[Optional[Conversation], Optional[Answers]]:
            rows = run(connection, _BEGIN.of({"conversation": conversation, "message": message}))
            if not rows:
                return None, None
            row = rows[0]
            found = Conversation(row.id, row.channel, _mode(row.mode, row.handoff), row.state, row.length or 0)
            return found, row.answers if row.message_id is not None else None

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
            # Whoever writes the row first has it until the end: nobody else saves this conversation meanwhile.
            said = _SAID.of({"conversation": conversation.id, "message": message})
            (row,) = run(connection, _UPDATE.of({"conversation": conversation.id, **values}), said)
            if not row.known:
                upsert(connection, conversations, {"id": conversation.id}, {**values, "created": now}, values)
                (row,) = run(connection, said)
            if row.answers is not None:
                raise _AnsweredBeforeError(row.answers)
            numbered, kept = _answer(conversation.id, message, answers, row.last)
            rest = [*events_of(conversation.id, events, now), kept]
            record(connection, facts, conversation.id, conversation.channel, now, rest)
            return numbered

        try:
            return await self._database.write(work)
        except _AnsweredBeforeError as before:
            return before.answers

    async def append(self, conversation: str, message: str, answers: Answers) -> Answers:
        """See the port."""

        def work(connection: Connection) -> Answers:
            _lock(connection, conversation)
            (row,) = run(connection, _SAID.of({"conversation": conversation, "message": message}))
            if row.answers is not None:
                return row.answers  # type: ignore[no-any-return]
            numbered, kept = _answer(conversation, message, answers, row.last)
            run(connection, kept)
            return numbered

        return await self._database.write(work)

    async def began(self, conversation: str) -> Optional[datetime]:
        """See the port."""
        query = select(conversations.c.created).where(conversations.c.id == conversation)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def answers_since(self, conversation: str, sequence: int) -> Answers:
        """See the port."""
        query = (
            select(answered.c.answers)
            .where(answered.c.conversation == conversation, answered.c.sequence > sequence)
            .order_by(answered.c.sequence)
        )
        batches = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return [answer for batch in batches for answer in batch if answer["sequence"] > sequence]


def _lock(connection: Connection, conversation: str) -> None:
    """See that nobody else saves this conversation until the transaction ends."""
    connection.execute(_LOCK, {"conversation": conversation})


def _mode(kept: str, handoff: Optional[str]) -> Mode:
    """Who has the conversation: an open handoff decides; what was kept beside it may be out of date."""
    human = mode_of(State(handoff)) if handoff else None
    if human is not None:
        return human
    return Mode.CLOSED if Mode(kept) is Mode.CLOSED else Mode.BOT


def _answer(conversation: str, message: str, answers: Answers, last: Optional[int]) -> tuple[Answers, Call]:
    """The answers with their numbers, after the conversation's ``last``, and what keeps them."""
    last = last or 0
    numbered = [{**answer, "sequence": last + n} for n, answer in enumerate(answers, start=1)]
    keys = {"conversation": conversation, "message_id": message}
    return numbered, _INSERT.of({**keys, "sequence": last + len(numbered), "answers": numbered})
