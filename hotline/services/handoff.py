"""From the assistant to a human and back: states, queue, offers (ch1; ch2 客户等待超过60秒未做答则视为未应答).

A handoff is kept outside Rasa's tracker and looked at before Rasa (``hotline/door.py``): nothing typed wakes the bot.
All moves are in one table. Waiting is measured by the machine's clock; opening hours by the business clock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Optional

from hotline.errors import IllegalMoveError, NoSuchItemError
from hotline.ports import (
    Change,
    Clock,
    Fact,
    Handoff,
    HandoffEntry,
    HandoffStore,
    Mode,
    News,
    Note,
    Presence,
    Staff,
    StaffStore,
)
from hotline.services.calendar import OpeningHours
from hotline.services.facts import ANSWERED, TABOO, TALKED, WAITED


class State(str, Enum):
    """Where a conversation is on its way to a human and back."""

    BOT = "bot"
    WAITING = "waiting"
    OFFERED = "offered"
    ACTIVE = "active"
    TRANSFERRING = "transferring"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    OUT_OF_HOURS = "out_of_hours"
    ABANDONED = "abandoned"


class Move(str, Enum):
    """What happens to a handoff."""

    REQUEST = "request"
    OFFER = "offer"
    CLAIM = "claim"
    DECLINE = "decline"
    LAPSE = "lapse"  # an offer or a transfer that nobody took up
    CANCEL = "cancel"  # by the customer, who goes on waiting for nobody
    EXPIRE = "expire"
    SHUT = "shut"  # the desk closed
    LEAVE = "leave"  # the customer is gone
    TRANSFER = "transfer"
    RECALL = "recall"  # the agent takes a transfer back
    VANISH = "vanish"  # the agent is gone
    FINISH = "finish"
    RESUME = "resume"  # the customer speaks during wrap-up
    CLOSE = "close"
    TAKE_OVER = "take_over"  # the bot has the conversation again


class Reason(str, Enum):
    """Why a human is wanted."""

    COMPLAINT = "complaint"
    REQUESTED = "requested"
    SUPERVISOR = "supervisor"
    THIRD_MISUNDERSTANDING = "third_misunderstanding"
    ABUSE = "abuse"
    ENGINE_FAULT = "engine_fault"


QUEUE = (State.WAITING, State.OFFERED)
TALK = (State.ACTIVE, State.TRANSFERRING, State.WRAP_UP)
FINAL = (State.CLOSED, State.CANCELLED, State.TIMED_OUT, State.OUT_OF_HOURS, State.ABANDONED)

# The only legal moves. BOT is where a conversation is before its first handoff and after each.
MOVES: Mapping[tuple[State, Move], State] = {
    (State.BOT, Move.REQUEST): State.WAITING,
    (State.BOT, Move.SHUT): State.OUT_OF_HOURS,
    **{(state, Move.CLAIM): State.ACTIVE for state in (*QUEUE, State.TRANSFERRING)},
    **{(state, Move.CANCEL): State.CANCELLED for state in QUEUE},
    **{(state, Move.EXPIRE): State.TIMED_OUT for state in QUEUE},
    **{(state, Move.SHUT): State.OUT_OF_HOURS for state in QUEUE},
    **{(state, Move.LEAVE): State.ABANDONED for state in QUEUE},
    (State.WAITING, Move.OFFER): State.OFFERED,
    (State.OFFERED, Move.DECLINE): State.WAITING,
    (State.OFFERED, Move.LAPSE): State.WAITING,
    (State.OFFERED, Move.VANISH): State.WAITING,
    (State.ACTIVE, Move.TRANSFER): State.TRANSFERRING,
    (State.TRANSFERRING, Move.DECLINE): State.ACTIVE,
    (State.TRANSFERRING, Move.LAPSE): State.ACTIVE,
    (State.TRANSFERRING, Move.RECALL): State.ACTIVE,
    **{(state, Move.VANISH): State.WAITING for state in (State.ACTIVE, State.TRANSFERRING)},
    **{(state, Move.LEAVE): State.WRAP_UP for state in (State.ACTIVE, State.TRANSFERRING)},
    (State.ACTIVE, Move.FINISH): State.WRAP_UP,
    (State.ACTIVE, Move.CLOSE): State.CLOSED,
    (State.WRAP_UP, Move.RESUME): State.ACTIVE,
    **{(State.WRAP_UP, move): State.CLOSED for move in (Move.CLOSE, Move.EXPIRE, Move.VANISH)},
    **{(state, Move.TAKE_OVER): State.BOT for state in FINAL},
}

SUPERVISOR, AGENT = "supervisor", "agent"
SERVING = (AGENT, SUPERVISOR)  # roles that talk to customers; clerks handle tickets
PHONE = "phone"  # stands for whoever picked up a transferred call
USUAL_TALK = 300.0  # seconds, until there are talks to measure
DAY = 86400.0


@dataclass(frozen=True)
class Pace:
    """Seconds: until a callback is offered (ch2: 60), an offer or transfer lapses, a waiting customer is let go of,
    wrap-up ends by itself, an agent whose browser is silent counts as gone, a waiting customer without a browser counts
    as gone; and how many talks one agent has at once.
    """

    callback: float = 60.0
    offer: float = 20.0
    transfer: float = 60.0
    patience: float = 900.0
    wrap_up: float = 120.0
    grace: float = 45.0
    absence: float = 120.0
    talks: int = 3


@dataclass(frozen=True)
class Placed:
    """Where a handoff stands: ``position`` in the queue (0: not in it), ``wait`` an honest range in minutes.

    ``wait`` is None when nobody knows, because nobody is there. ``new`` is False for one that was open already.
    """

    handoff: Handoff
    position: int
    wait: Optional[tuple[int, int]]
    new: bool = False

    @property
    def state(self) -> State:
        """Its state."""
        return State(self.handoff.state)


@dataclass(frozen=True)
class Happening:
    """Something that the customer is to be told of.

    ``kind``: ``callback`` (over 60 s without an answer), ``timed_out``, ``out_of_hours``, ``left`` (the customer closed
    the window), ``agent_lost``, ``lapsed`` (nobody took the transfer), ``closed``.
    """

    kind: str
    handoff: Handoff


class HandoffService:
    """Every move of every handoff. Moves that the table does not have raise ``IllegalMoveError`` and change nothing."""

    def __init__(
        self,
        store: HandoffStore,
        staff: StaffStore,
        clock: Clock,
        hours: OpeningHours,
        pace: Pace = Pace(),
        timer: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._staff = staff
        self._clock = clock
        self._hours = hours
        self._pace = pace
        self._timer = timer
        self._began = timer()  # before that nobody could be heard of here

    # --- the customer's side -----------------------------------------------------------------------------------------

    async def request(
        self,
        conversation: str,
        channel: str,
        reason: Reason,
        target: str = AGENT,
        context: Mapping[str, Any] = {},
        ticket: str = "",
    ) -> Placed:
        """Put a conversation in the queue; out of hours it only goes on record. One that is open is left as it is,
        but a wish for the supervisor is noted on it.
        """
        is_open = self.open_now()
        now = self._timer()
        draft = Handoff(
            id=0,
            conversation=conversation,
            channel=channel,
            state=after_move(State.BOT, Move.REQUEST if is_open else Move.SHUT).value,
            reason=reason.value,
            target=target,
            at=self._clock.now(),
            requested=now,
            context=context,
            ticket=ticket,
            ended=None if is_open else now,
        )
        known = await self._store.current(conversation)
        handoff, new = (known, False) if known else await self._store.start(draft, _news)
        if not new and (target == SUPERVISOR != handoff.target or (ticket and not handoff.ticket)):
            values = {"target": target if target == SUPERVISOR else handoff.target, "ticket": ticket or handoff.ticket}
            handoff = await self._store.change(handoff.id, "", lambda one: Change(values, news=_news(one)), "customer")
        placed = await self._placed(handoff)
        return Placed(placed.handoff, placed.position, placed.wait, new)

    async def place(self, conversation: str) -> Optional[Placed]:
        """Where a conversation's open handoff stands; None when there is none."""
        handoff = await self._store.current(conversation)
        return await self._placed(handoff) if handoff else None

    async def latest(self, conversation: str) -> Optional[Handoff]:
        """The latest handoff of a conversation, open or not."""
        return await self._store.latest(conversation)

    async def cancel(self, conversation: str, callback_phone: str = "") -> bool:
        """The customer does not want to wait any more, perhaps because he will be called back; False when he was not
        waiting.
        """
        values = {"result": "callback", "callback_phone": callback_phone} if callback_phone else {}
        return await self._of_customer(conversation, Move.CANCEL, QUEUE, **values)

    async def leave(self, conversation: str) -> bool:
        """The customer is gone."""
        return await self._of_customer(conversation, Move.LEAVE, (*QUEUE, State.ACTIVE, State.TRANSFERRING))

    async def heard(self, conversation: str) -> None:
        """The customer said something while a human has the conversation: the agent owes an answer."""
        handoff = await self._store.current(conversation)
        if handoff is None:
            return
        if handoff.state == State.WRAP_UP.value:
            await self._try(handoff, Move.RESUME, "customer", unanswered=self._timer())
            return
        since = self._timer() if handoff.unanswered is None else handoff.unanswered

        def decide(one: Handoff) -> Change:
            return Change({"unanswered": since}, news=[News("desk", "message", {"conversation": conversation})])

        await self._store.change(handoff.id, "", decide, "customer")

    async def call_result(self, conversation: str, answered: bool) -> None:
        """What became of a transfer by telephone: a human has the call, or nobody took it."""
        handoff = await self._store.current(conversation)
        if handoff is not None and State(handoff.state) in QUEUE:
            if answered:
                await self._try(handoff, Move.CLAIM, PHONE, agent=PHONE, claimed=self._timer(), unanswered=None)
            else:
                await self._try(handoff, Move.EXPIRE, PHONE)

    def open_now(self) -> bool:
        """Whether the desk is open by the calendar."""
        return self._hours.open_at(self._clock.now())

    def next_opening(self) -> Optional[datetime]:
        """When it opens next."""
        return self._hours.next_opening(self._clock.now())

    # --- the agents' side --------------------------------------------------------------------------------------------

    async def find(self, number: int) -> Handoff:
        """A handoff. Raises ``NoSuchItemError``."""
        handoff = await self._store.find(number)
        if handoff is None:
            raise NoSuchItemError(str(number))
        return handoff

    async def open(self) -> Sequence[Handoff]:
        """All open handoffs, longest waiting first."""
        return await self._store.open()

    async def ended_since(self, seconds: float) -> Sequence[Handoff]:
        """Those that ended within the last seconds."""
        return await self._store.ended_since(self._timer() - seconds)

    async def history(self, number: int) -> Sequence[HandoffEntry]:
        """What happened to one."""
        return await self._store.history(number)

    async def claim(self, number: int, staff: Staff) -> Handoff:
        """Take a customer; of two who try one wins, the other gets ``IllegalMoveError``."""
        if staff.role not in SERVING:
            raise IllegalMoveError(staff.role, Move.CLAIM.value)
        talks = [one for one in await self._store.open() if one.agent == staff.login and State(one.state) in TALK]
        if len([one for one in talks if one.id != number]) >= self._pace.talks:
            raise IllegalMoveError("busy", Move.CLAIM.value)
        now = self._timer()

        def decide(one: Handoff) -> Change:
            if one.agent == staff.login and one.state == State.ACTIVE.value:
                return Change({})  # claimed twice by the same person: two tabs, or a retry
            transferred = one.state == State.TRANSFERRING.value
            mine = one.transfer_to in (staff.login, staff.role) if transferred else one.target in (AGENT, staff.role)
            if not mine:
                raise IllegalMoveError(one.state, Move.CLAIM.value)
            return self._change(
                one,
                Move.CLAIM,
                agent=staff.login,
                claimed=now,
                offered_to="",
                offered=None,
                transfer_to="",
                unanswered=now,
                callback_offered=False,
            )

        return await self._store.change(number, Move.CLAIM.value, decide, staff.login)

    async def offer(self, number: int, login: str, by: str) -> Handoff:
        """Offer a waiting customer to an agent."""
        return await self._make(number, Move.OFFER, by, offered_to=login, offered=self._timer())

    async def decline(self, number: int, login: str) -> Handoff:
        """Refuse an offer or a transfer."""

        def check(one: Handoff) -> bool:
            return login in (one.offered_to, one.transfer_to)

        return await self._make(number, Move.DECLINE, login, check, offered_to="", offered=None, transfer_to="")

    async def transfer(self, number: int, login: str, to: str) -> Handoff:
        """Hand on to a colleague (a log-in) or to whichever ``supervisor`` is first; till then the talk is one's
        own.
        """
        known = to == SUPERVISOR or any(
            one.login == to and one.role in SERVING for one in await self._staff.everybody()
        )
        if not known or to == login:
            raise NoSuchItemError(to)
        return await self._make(number, Move.TRANSFER, login, _own(login), transfer_to=to, offered=self._timer())

    async def recall(self, number: int, login: str) -> Handoff:
        """Take a transfer back."""
        return await self._make(number, Move.RECALL, login, _own(login), transfer_to="", offered=None)

    async def finish(self, number: int, login: str) -> Handoff:
        """The talk is over, the paper work is not."""
        return await self._make(number, Move.FINISH, login, _own(login), unanswered=None, offered=self._timer())

    async def close(self, number: int, login: str, result: str, agreed: str = "", ticket: str = "") -> Handoff:
        """Let go, with a result and what was agreed, which the bot will know; from a talk or from wrap-up."""
        values = {"result": result, "agreed": agreed, "unanswered": None}
        if ticket:
            values["ticket"] = ticket
        return await self._make(number, Move.CLOSE, login, _own(login), **values)

    async def said(self, number: int, login: str) -> Handoff:
        """The agent speaks; ``IllegalMoveError`` unless the talk is his (a stale claim, a closed conversation)."""

        def decide(one: Handoff) -> Change:
            if one.agent != login or one.state not in (State.ACTIVE.value, State.TRANSFERRING.value):
                raise IllegalMoveError(one.state, "say")
            news = [News("desk", "message", {"conversation": one.conversation})]
            return Change({"unanswered": None}, news=news)

        return await self._store.change(number, "", decide, login)

    async def hold_back(self, number: int, login: str, phrases: Sequence[str] = ()) -> Handoff:
        """Count words of the agent that were held back as taboo, by phrase."""

        def decide(one: Handoff) -> Change:
            if one.agent != login:
                raise IllegalMoveError(one.state, "say")
            return Change({"held": one.held + 1}, news=_news(one), facts=[Fact(TABOO, phrase) for phrase in phrases])

        return await self._store.change(number, "", decide, login)

    async def note(self, conversation: str, login: str, text: str) -> Note:
        """Note something for colleagues."""
        return await self._store.note(conversation, login, text)

    async def notes(self, conversation: str) -> Sequence[Note]:
        """What was noted."""
        return await self._store.notes(conversation)

    # --- presence ----------------------------------------------------------------------------------------------------

    async def see(self, login: str, status: Optional[str] = None) -> None:
        """A browser of an agent was heard of."""
        await self._staff.see(login, self._timer(), status)

    async def see_customers(self, conversations: Sequence[str]) -> None:
        """Browsers of these customers are connected to this process."""
        await self._store.see(conversations, self._timer())

    async def log_out(self, login: str) -> list[Happening]:
        """An agent goes: his customers go back into the queue at once."""
        await self._staff.gone(login)
        return await self._release(login)

    async def present(self) -> dict[str, Presence]:
        """Who is there, by log-in: seen within the grace period."""
        since = self._timer() - self._pace.grace
        return {one.login: one for one in await self._staff.presences() if one.seen >= since}

    # --- time passes -------------------------------------------------------------------------------------------------

    async def tick(self) -> list[Happening]:
        """Do what is due; each happening is returned once, in whichever process saw it first."""
        happened: list[Happening] = []
        present = await self.present()
        for one in await self._staff.presences():
            if one.login not in present and self._up_for(self._pace.grace):
                happened += await self.log_out(one.login)
        handoffs = await self._store.open()
        for handoff in handoffs:
            happened += await self._due(handoff)
        if any(one.state == State.WAITING.value for one in handoffs):
            await self._offer_waiting(present)
        return happened

    async def _due(self, one: Handoff) -> list[Happening]:
        now, pace, state = self._timer(), self._pace, State(one.state)
        waited = now - (one.unanswered if one.unanswered is not None else one.requested)
        if state is State.WRAP_UP and now - (one.offered or now) > pace.wrap_up:
            return self._told("closed", await self._try(one, Move.EXPIRE, "system"))
        if state is State.OFFERED and now - (one.offered or now) > pace.offer:
            await self._try(one, Move.LAPSE, "system", offered_to="", offered=None)
            return []
        if state is State.TRANSFERRING and now - (one.offered or now) > pace.transfer:
            return self._told("lapsed", await self._try(one, Move.LAPSE, "system", transfer_to="", offered=None))
        if state in QUEUE and not self.open_now():
            return self._told("out_of_hours", await self._try(one, Move.SHUT, "system"))
        if state in QUEUE and one.seen is not None and now - one.seen > pace.absence and self._up_for(pace.absence):
            return self._told("left", await self._try(one, Move.LEAVE, "customer"))
        if state in QUEUE and waited > pace.patience:
            return self._told("timed_out", await self._try(one, Move.EXPIRE, "system"))
        owed = state in QUEUE or (state is State.ACTIVE and one.unanswered is not None)
        if owed and waited > pace.callback and not one.callback_offered and one.channel != "ivr":
            return self._told("callback", await self._mark_callback(one))
        return []

    def _up_for(self, seconds: float) -> bool:
        """Whether this process has been there so long that who is not heard of is gone: after a restart browsers need a
        moment to come back.
        """
        return self._timer() - self._began >= seconds

    async def _mark_callback(self, one: Handoff) -> Optional[Handoff]:
        def decide(now: Handoff) -> Change:
            if now.callback_offered or now.state != one.state:
                raise IllegalMoveError(now.state, "callback")
            return Change({"callback_offered": True}, news=_news(now))

        try:
            return await self._store.change(one.id, "", decide, "system")
        except IllegalMoveError:
            return None

    async def _offer_waiting(self, present: Mapping[str, Presence]) -> None:
        """Offer the longest waiting customers to those who are free, the least busy first."""
        handoffs = await self._store.open()
        people = {one.login: one for one in await self._staff.everybody() if one.role in SERVING}
        load = {login: 0 for login, one in present.items() if one.status == "available" and login in people}
        offered = {one.offered_to for one in handoffs if one.state == State.OFFERED.value}
        for one in handoffs:
            if one.agent in load and State(one.state) in TALK:
                load[one.agent] += 1
        for one in handoffs:
            if one.state != State.WAITING.value or one.channel == "ivr":
                continue
            free = [
                login
                for login in sorted(load, key=lambda name: (load[name], present[name].since))
                if load[login] < self._pace.talks
                and login not in offered
                and one.target in (AGENT, people[login].role)
                and not await self._declined(one, login)
            ]
            if free and await self._try(one, Move.OFFER, "system", offered_to=free[0], offered=self._timer()):
                offered.add(free[0])

    async def _declined(self, one: Handoff, login: str) -> bool:
        """Whether somebody has let this customer pass before: others are asked first, and anyone may still claim."""
        entries = await self._store.history(one.id)
        return any(entry.move == Move.DECLINE.value and entry.actor == login for entry in entries)

    async def _release(self, login: str) -> list[Happening]:
        happened: list[Happening] = []
        for one in await self._store.open():
            if one.offered_to == login and one.state == State.OFFERED.value:
                await self._try(one, Move.VANISH, "system", offered_to="", offered=None)
            elif one.agent == login and State(one.state) in TALK:
                wrapped = one.state == State.WRAP_UP.value
                values: dict[str, Any] = {"agent": "", "transfer_to": "", "unanswered": self._timer()}
                values = {} if wrapped else values
                gone = await self._try(one, Move.VANISH, "system", **values)
                happened += self._told("closed" if wrapped else "agent_lost", gone)
        return happened

    # --- moving ------------------------------------------------------------------------------------------------------

    async def _make(
        self,
        number: int,
        move: Move,
        actor: str,
        allowed: Callable[[Handoff], bool] = lambda one: True,
        **values: Any,
    ) -> Handoff:
        def decide(one: Handoff) -> Change:
            if not allowed(one):
                raise IllegalMoveError(one.state, move.value)
            return self._change(one, move, **values)

        return await self._store.change(number, move.value, decide, actor)

    def _change(self, one: Handoff, move: Move, **values: Any) -> Change:
        after = after_move(State(one.state), move)
        changed = {"state": after.value, **values}
        if after in FINAL:
            changed["ended"] = self._timer()
        return Change(changed, news=_news(one), facts=self._facts(one, after))

    def _facts(self, one: Handoff, after: State) -> list[Fact]:
        """How long the customer waited for the first human, and how long the last one had him."""
        now, before = self._timer(), State(one.state)
        if before in QUEUE and after not in QUEUE and one.claimed is None:
            return [Fact(WAITED, ANSWERED if after is State.ACTIVE else after.value, round(now - one.requested))]
        if before in TALK and after in FINAL and one.claimed is not None:
            return [Fact(TALKED, one.agent, round(now - one.claimed))]
        return []

    async def _try(self, one: Handoff, move: Move, actor: str, **values: Any) -> Optional[Handoff]:
        """Make a move unless somebody else has moved this handoff meanwhile."""
        try:
            return await self._make(one.id, move, actor, lambda now: now.state == one.state, **values)
        except IllegalMoveError:
            return None

    async def _of_customer(self, conversation: str, move: Move, states: Sequence[State], **values: Any) -> bool:
        handoff = await self._store.current(conversation)
        if handoff is None or State(handoff.state) not in states:
            return False
        if move is Move.LEAVE and State(handoff.state) not in QUEUE:
            values["offered"] = self._timer()  # wrap-up begins
        try:
            await self._make(handoff.id, move, "customer", **values)
        except IllegalMoveError:
            return False
        return True

    @staticmethod
    def _told(kind: str, handoff: Optional[Handoff]) -> list[Happening]:
        return [Happening(kind, handoff)] if handoff else []

    # --- waiting -----------------------------------------------------------------------------------------------------

    async def _placed(self, handoff: Handoff) -> Placed:
        if State(handoff.state) not in QUEUE:
            return Placed(handoff, 0, None)
        handoffs = await self._store.open()
        queue = [
            one for one in handoffs if State(one.state) in QUEUE and one.channel != "ivr" and _rivals(one, handoff)
        ]
        position = next((n for n, one in enumerate(queue, start=1) if one.id == handoff.id), 1)
        return Placed(handoff, position, await self._wait(position, handoff, handoffs))

    async def _wait(self, position: int, handoff: Handoff, handoffs: Sequence[Handoff]) -> Optional[tuple[int, int]]:
        """Minutes, from what talks took today and who is there now; None when nobody is."""
        present = await self.present()
        roles = {one.login: one.role for one in await self._staff.everybody()}
        seats = [
            login
            for login, one in present.items()
            if one.status != "away" and roles.get(login) in (SERVING if handoff.target == AGENT else (SUPERVISOR,))
        ]
        if not seats:
            return None
        room = len(seats) * self._pace.talks
        busy = sum(1 for one in handoffs if one.agent in seats and State(one.state) in TALK)
        ahead = position - max(room - busy, 0)
        if ahead <= 0:
            return 0, 1
        talks = [one.ended - one.claimed for one in await self.ended_since(DAY) if one.ended and one.claimed]
        usual = sum(talks) / len(talks) if talks else USUAL_TALK
        expected = usual * ahead / room / 60
        return max(math.floor(expected / 2), 0), max(math.ceil(expected * 1.5), 1)


def after_move(state: State, move: Move) -> State:
    """Where a move leads. Raises ``IllegalMoveError``."""
    try:
        return MOVES[state, move]
    except KeyError:
        raise IllegalMoveError(state.value, move.value) from None


def mode_of(state: State) -> Optional[Mode]:
    """Who has a conversation whose handoff is in this state; None when the handoff has no say in it."""
    if state in QUEUE:
        return Mode.QUEUED
    return Mode.HUMAN if state in TALK else None


def _own(login: str) -> Callable[[Handoff], bool]:
    return lambda one: one.agent == login


def _rivals(one: Handoff, other: Handoff) -> bool:
    """Whether two wait for the same people: who wants the supervisor does not wait behind those who want anybody."""
    return other.target == AGENT or one.target == SUPERVISOR


def _news(one: Handoff) -> Sequence[News]:
    return [News("desk", "handoff", {"id": one.id, "conversation": one.conversation})]
