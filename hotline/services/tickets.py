"""Tickets (ch2, 申告处理员): levels and deadlines, and the way from 受理 to 归档 as one table of moves.

Level 2 (between departments of one company or regions of one province) is at most 48 hours, as the manual says; level 1
(one department) 24 hours and level 3 (across provinces or with another company) 15 days are house defaults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Optional

from hotline.errors import IllegalMoveError, NoSuchItemError
from hotline.ports import (
    Change,
    Clock,
    FaultReport,
    News,
    Ticket,
    TicketDraft,
    TicketEntry,
    TicketQuery,
    TicketStore,
)


class State(str, Enum):
    """Where a ticket is on its way."""

    ACCEPTED = "accepted"  # 受理
    DISPATCHED = "dispatched"  # 派单(督办)
    RETURNED = "returned"  # 回单
    ANSWERED = "answered"  # 回复客户
    ARCHIVED = "archived"  # 归档
    WITHDRAWN = "withdrawn"  # 撤销


class Move(str, Enum):
    """What can be done with a ticket."""

    DISPATCH = "dispatch"
    RETURN = "return"
    ANSWER = "answer"
    ARCHIVE = "archive"
    WITHDRAW = "withdraw"
    URGE = "urge"  # 催办
    ESCALATE = "escalate"  # 升级: the supervisor on duty
    RELEVEL = "relevel"
    REMARK = "remark"


OPEN = (State.ACCEPTED, State.DISPATCHED, State.RETURNED)
ENDED = (State.ARCHIVED, State.WITHDRAWN)

# The only legal moves: from a state by a move to a state. A returned ticket may be dispatched again, and so may one
# whose answer the customer does not accept.
MOVES: Mapping[tuple[State, Move], State] = {
    (State.ACCEPTED, Move.DISPATCH): State.DISPATCHED,
    (State.DISPATCHED, Move.RETURN): State.RETURNED,
    (State.RETURNED, Move.DISPATCH): State.DISPATCHED,
    (State.RETURNED, Move.ANSWER): State.ANSWERED,
    (State.ANSWERED, Move.DISPATCH): State.DISPATCHED,
    (State.ANSWERED, Move.ARCHIVE): State.ARCHIVED,
    **{(state, Move.WITHDRAW): State.WITHDRAWN for state in OPEN},
    **{(state, move): state for state in OPEN for move in (Move.URGE, Move.RELEVEL)},
    **{(state, move): state for state in (*OPEN, State.ANSWERED) for move in (Move.ESCALATE, Move.REMARK)},
}

# Each category and the level that it has by itself: 1 where one department can settle it.
CATEGORIES: Mapping[str, int] = {
    "staff_error": 1,
    "staff_attitude": 1,
    "charge": 2,  # hotline and billing
    "suspension": 2,
    "spam": 3,  # most senders are customers of another company
    "line_busy": 1,
    "general": 1,
    "suggestion": 1,
    "network": 2,
    "broadband": 2,
    "handset": 1,
}
FAULTS = ("network", "broadband", "handset")

_FAR = re.compile(
    "外省|跨省|省外|别的省|其他省|异地|漫游|国际|境外|国外|联通|电信|广电|第三方|别的公司|合作商|代理商|SP"
)
_BETWEEN = re.compile(
    "外地|别的市|跨市|跨地区|另一个市|其他地市|营业厅|两边|推来推去|踢皮球|互相推|好几个部门|别的部门"
)

MOST_CHARACTERS = 1000


@dataclass(frozen=True)
class Deadlines:
    """Hours that each level may take."""

    hours: Mapping[int, float]

    def of(self, level: int, created: datetime) -> datetime:
        """When a ticket of that level is late."""
        return created + timedelta(hours=self.hours[level])


class TicketService:
    """Files tickets and moves them along. Every method that changes something takes effect once a ``key``."""

    def __init__(
        self, store: TicketStore, clock: Clock, deadlines: Deadlines, targets: Sequence[str] = ("desk",)
    ) -> None:
        self._store = store
        self._clock = clock
        self._deadlines = deadlines
        self._targets = targets

    async def file(self, draft: TicketDraft, key: str, conversation: str, actor: str = "customer") -> Ticket:
        """The ticket, once it is committed; the same key again returns the first one."""
        if draft.category not in CATEGORIES or draft.level not in self._deadlines.hours:
            raise ValueError(f"no such category or level: {draft.category} {draft.level}")
        deadline = self._deadlines.of(draft.level, self._clock.now())
        return await self._store.file(draft, deadline, self._filed, key, conversation, actor)

    async def find(self, number: str) -> Ticket:
        """A ticket; ``NoSuchItemError`` when there is none of that number."""
        ticket = await self._store.find(number)
        if ticket is None:
            raise NoSuchItemError(number)
        return ticket

    async def search(self, query: TicketQuery) -> Sequence[Ticket]:
        """Tickets, newest first."""
        return await self._store.search(query)

    async def count(self, query: TicketQuery) -> int:
        """How many."""
        return await self._store.count(query)

    async def history(self, number: str) -> Sequence[TicketEntry]:
        """What happened to it."""
        return await self._store.history(number)

    async def of_customer(self, conversation: str, verified_phone: str = "") -> list[Ticket]:
        """The tickets that may be told in a conversation: its own, and those about a number that was verified in it."""
        found = list(await self._store.search(TicketQuery(conversation=conversation)))
        if verified_phone:
            for name in ("subscriber", "phone"):
                found += await self._store.search(TicketQuery(**{name: verified_phone}))  # type: ignore[arg-type]
        by_number = {ticket.number: ticket for ticket in found}
        return sorted(by_number.values(), key=lambda ticket: ticket.created, reverse=True)

    async def move(
        self,
        number: str,
        move: Move,
        actor: str,
        text: str = "",
        key: Optional[str] = None,
        department: str = "",
        level: Optional[int] = None,
    ) -> Ticket:
        """Make a move. Raises ``IllegalMoveError`` for one that the table does not have, ``NoSuchItemError``."""
        text = text[:MOST_CHARACTERS]
        if level is not None and level not in self._deadlines.hours:
            raise ValueError(f"no such level: {level}")

        def decide(ticket: Ticket) -> Change:
            after = after_move(State(ticket.state), move)
            values: dict[str, Any] = {"state": after.value}
            if move is Move.DISPATCH:
                values["department"] = department
            elif move is Move.ANSWER:
                values["answer"] = text
            elif move is Move.URGE:
                values["urged"] = ticket.urged + 1
            elif move is Move.ESCALATE:
                values["escalated"] = True
            elif move is Move.RELEVEL and level is not None:
                values.update(level=level, deadline=self._deadlines.of(level, ticket.created), overdue=False)
            return Change(values, text, self._news(f"ticket.{move.value}", ticket, after.value))

        return await self._store.change(number, move.value, decide, actor, key)

    async def note_late(self) -> list[Ticket]:
        """Tell the shift leader of tickets that have passed their deadline since the last time."""
        late = TicketQuery(states=tuple(s.value for s in OPEN), late_at=self._clock.now(), told=False, limit=100)
        told = []
        for ticket in await self._store.search(late):

            def decide(now: Ticket) -> Change:
                if now.overdue or State(now.state) not in OPEN:
                    return Change({})
                return Change({"overdue": True}, news=self._news("ticket.overdue", now, now.state))

            told.append(await self._store.change(ticket.number, "overdue", decide, "system"))
        return told

    def late(self, ticket: Ticket) -> bool:
        """Whether it should have been answered by now."""
        return State(ticket.state) in OPEN and self._clock.now() > ticket.deadline

    def _filed(self, ticket: Ticket) -> Sequence[News]:
        return self._news("ticket.filed", ticket, ticket.state)

    def _news(self, kind: str, ticket: Ticket, state: str) -> Sequence[News]:
        payload = {"number": ticket.number, "state": state, "category": ticket.category, "level": ticket.level}
        told = [News(target, kind, payload) for target in self._targets if target != "sms"]
        if "sms" in self._targets and kind in ("ticket.filed", "ticket.answer"):
            told.append(News("sms", kind, {"number": ticket.number}))
        return told


class TicketFaultReports:
    """``FaultReports`` as tickets: what a guided check could not mend is followed up like any complaint."""

    def __init__(self, tickets: TicketService, channel_of: str = "web") -> None:
        self._tickets = tickets
        self._channel = channel_of

    async def file(self, report: FaultReport, key: str, conversation: str) -> str:
        """See the port."""
        details = {
            "area": report.area,
            "findings": dict(report.findings),
            "address": report.address,
            "visit_time": report.visit_time,
        }
        draft = TicketDraft(
            category=report.kind,
            level=level_for(report.kind, report.description),
            phone=report.phone,
            description=report.description[:MOST_CHARACTERS],
            channel=self._channel,
            details={name: value for name, value in details.items() if value},
        )
        return (await self._tickets.file(draft, key, conversation)).number


def after_move(state: State, move: Move) -> State:
    """Where a move leads. Raises ``IllegalMoveError``."""
    try:
        return MOVES[state, move]
    except KeyError:
        raise IllegalMoveError(state.value, move.value) from None


def level_for(category: str, description: str) -> int:
    """The level by category and by whether another department, region or company is concerned."""
    level = CATEGORIES[category]
    if _FAR.search(description):
        return 3
    return max(level, 2) if _BETWEEN.search(description) else level
