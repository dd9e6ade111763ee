"""Invented traffic (``make demo-traffic``): the conversation tests' talks, played through the real engine over weeks.

The clock moves from one talk to the next; what people at the desk and in the departments do about handoffs and tickets
is played too. Nothing is written but by the engine itself, so that reports have something true to show. The same
``seed`` makes the same customers; how they fare is the engine's.
"""

from __future__ import annotations

import heapq
import random
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Optional

import yaml
from rasa.core.channels.channel import UserMessage

from hotline import bootstrap
from hotline.answers import Answer
from hotline.channels.ivr.call import Calls
from hotline.channels.ivr.protocol import Event
from hotline.clock import FixedClock
from hotline.door import Inbound
from hotline.engine import load_agent, make_door
from hotline.errors import HotlineError
from hotline.gateways.database import open_engine
from hotline.gateways.demo import seed as seed_demo
from hotline.gateways.migrations import upgrade
from hotline.ports import Handoff, Staff, Ticket, TicketQuery
from hotline.services.handoff import QUEUE, SUPERVISOR, State
from hotline.services.taboo import taboo_in
from hotline.services.tickets import Move as TicketMove
from hotline.settings import ROOT, Settings
from hotline.testing.loader import ANY, EVIDENCE, FACTS, MOVES, SAID, Case, Step, load
from hotline.testing.runner import CODE, Customer
from hotline.testing.stage import Move
from hotline.testing.walk import taboo_phrases

# What a customer does by himself; whatever else a test arranges (a fault, a clock, a colleague) is not played.
DOES = {"user", "button", "key", "silence", "open", "event", "hangup"}
NOTED = {ANY, *SAID, *FACTS, *EVIDENCE}
ODD = ("/", "\\", "/")  # commands typed by those who try to break in
# How busy the hours of a day and the days of a week are, against each other.
BY_HOUR = (2, 1, 1, 1, 1, 2, 4, 9, 16, 22, 22, 18, 14, 15, 18, 19, 18, 16, 14, 16, 17, 13, 8, 4)
BY_WEEKDAY = (1.25, 1.1, 1.0, 1.0, 1.05, 0.8, 0.7)
CALLS, STRANGE, HUMAN, PARTS, RATES = 0.4, 0.07, 0.06, 0.6, 0.6  # shares
WAIT, TALK = 32.0, 240.0  # mean seconds
COMMENTS = ("解决得很快", "等得有点久", "说得很清楚", "没听明白我的问题", "客户代表很耐心")
COMMENTED = 0.3  # of the ratings on the web
SLOW, RUDE = 0.12, 0.1  # shares of tickets that lie about, and of talks with a phrase that is held back
SCORES, WEIGHTS = (5, 4, 3, 2, 1), (48, 30, 12, 6, 4)
AGENTS = (Staff("a1001", "a1001", "agent"), Staff("a1002", "a1002", "agent"))
LEADER = Staff("s9001", "s9001", "supervisor")
CLERK = "c8001"
GREETING, WORDS, DEPARTMENTS = (
    "您好,我来帮您看一下。",
    "已经为您核实处理,请您放心。",
    ("计费中心", "网络部", "营业厅", "市场部"),
)
WISH, PARTING = "转人工", "没有了,再见"

Doing = Callable[[], Awaitable[None]]


class Traffic:
    """The days before ``now``, played on the database of ``settings``. ``close`` it after use."""

    def __init__(self, settings: Settings, now: datetime, seed: int = 1860) -> None:
        self._now = now
        self.clock = FixedClock(now)
        self._dice = random.Random(seed)
        self.services = bootstrap.build(settings, clock=self.clock, timer=lambda: self.clock.now().timestamp())
        bootstrap.use(self.services)
        self._agent = load_agent(settings.model, self.services.events)
        self._door = make_door(self._handle, self.services)
        self._calls = Calls.over(self._door, self.services)
        self._agenda: list[tuple[datetime, int, Doing]] = []
        self._count = 0
        self._known_tickets: set[str] = set()
        self._strange = _strange()
        self._rude = [phrase for phrase in taboo_phrases(ROOT / "docs/manual/scenarios.yml") if taboo_in(phrase)]

    async def play(self, cases: Sequence[Case], talks: int, days: int, progress: Callable[[int], Any]) -> None:
        """Play so many talks, spread over so many days, and all that follows from them until now."""
        for moment in sorted(self._moment(days) for _ in range(talks)):
            self._plan(moment, self._talk_of(self._dice.choice(cases)))
        played = 0
        while self._agenda:
            moment, _, doing = heapq.heappop(self._agenda)
            if moment >= self._now:
                break
            self.clock.set(moment)
            before = self._count
            with suppress(HotlineError):  # a button that is not on offer, an agent who has three talks: it ends there
                await doing()
            await self._follow_tickets()
            played += self._count > before
            progress(played)
        await self.services.reports.forget_sums((self._now - timedelta(days=days)).date())

    async def close(self) -> None:
        """Let go of the database."""
        self.services.close()
        bootstrap.use(None)

    # --- what a customer of the conversation tests needs (as ``Stage``) ----------------------------------------------

    async def web(self, conversation: str, **what: Any) -> Move:
        """A message of the widget."""
        self._pass(3, 25)
        await self._door.receive(Inbound(conversation, "web", self._next_id(), **what))
        return Move("web", conversation)

    async def call(self, conversation: str, kind: str, **what: Any) -> Move:
        """An event of a telephone call."""
        self._pass(4, 14)
        await self._calls.handle(Event(conversation, self._next_id(), kind, **what))
        return Move("ivr", conversation)

    async def raise_event(self, conversation: str, channel: str, name: str) -> Move:
        """Something that only a channel can raise."""
        await self._door.receive(Inbound(conversation, channel, self._next_id(), event=name))
        return Move(channel, conversation)

    async def leave(self, conversation: str, channel: str) -> Move:
        """The customer hangs up or closes the window."""
        if channel == "ivr":
            return await self.call(conversation, "end")
        await self._door.close(conversation, self._next_id())
        return Move(channel, conversation)

    async def state(self, conversation: str) -> dict[str, Any]:
        """What the door remembers of a conversation."""
        known = await self._door.conversation(conversation)
        return dict(known.state) if known else {}

    # --- talks -------------------------------------------------------------------------------------------------------

    def _talk_of(self, case: Case) -> Doing:
        channel = "ivr" if self._dice.random() < CALLS else case.channel
        conversation = f"{channel}-{uuid.UUID(int=self._dice.getrandbits(128)).hex}"

        async def talk() -> None:
            actor = Customer(self, case)  # type: ignore[arg-type]
            actor.conversation, actor.channel = conversation, channel
            try:
                await self._say_all(actor, case)
                await self._rate(conversation, channel)
            finally:
                await self._after(conversation, channel)

        return talk

    async def _say_all(self, actor: Customer, case: Case) -> None:
        moves = [step for step in case.steps if step.kind in MOVES]
        if not moves or moves[0].kind != "open":
            moves.insert(0, Step("open", None, 0))
        if self._dice.random() < HUMAN:
            moves.append(Step("user", WISH, 0))
        elif self._dice.random() < PARTS:
            moves.append(Step("user", PARTING, 0))
        for move in moves:
            if move.kind == "user" and self._dice.random() < STRANGE:
                await actor.do(Step("user", self._dice.choice(self._strange), 0))
            await actor.do(move)

    async def _rate(self, conversation: str, channel: str) -> None:
        state = await self.state(conversation)
        if state.get("asks") != "rating" or self._dice.random() > RATES:
            return
        score = self._dice.choices(SCORES, WEIGHTS)[0]
        title = f"{score}分"
        if channel == "ivr":
            await self.call(conversation, "dtmf", digits=str(score))
            return
        button = next((one for one in state["buttons"] if one["title"] == title), None)
        if button:
            comment = f",{self._dice.choice(COMMENTS)}" if self._dice.random() < COMMENTED else ""
            await self.web(conversation, text=title + comment, payload=button["payload"])

    async def _after(self, conversation: str, channel: str) -> None:
        one = await self.services.handoff.latest(conversation)
        if one is None or State(one.state) not in QUEUE:
            if channel == "ivr":
                await self.call(conversation, "end")
            return
        begin = datetime.fromtimestamp(one.requested, self._now.tzinfo)
        wait = timedelta(seconds=self._dice.expovariate(1 / WAIT))
        self._plan(max(begin + wait, self.clock.now()), lambda: self._serve(one))

    async def _serve(self, one: Handoff) -> None:
        """What becomes of a customer in the queue: a human talks to him, or he gives up."""
        desk, dice = self.services.handoff, self._dice
        if dice.random() < 0.12:
            await (desk.cancel(one.conversation) if dice.random() < 0.5 else desk.leave(one.conversation))
            return
        if one.channel == "ivr":
            await desk.call_result(one.conversation, True)
            self._pass(60, 2 * TALK)
            await desk.leave(one.conversation)
            self._pass(121, 121)
            await desk.tick()
            await self._door.close(one.conversation, self._next_id())
            return
        agent = LEADER if one.target == SUPERVISOR else dice.choice(AGENTS)
        await desk.claim(one.id, agent)
        for words in (GREETING, WORDS):
            self._pass(15, 50)
            if dice.random() < RUDE:
                await desk.hold_back(one.id, agent.login, [dice.choice(self._rude)])
            await desk.said(one.id, agent.login)
            answer = Answer(words, metadata={"agent": agent.login[1:]})
            await self.services.conversations.append(one.conversation, self._next_id(), [answer.as_dict()])
        self._pass(60, TALK)
        await desk.close(one.id, agent.login, dice.choice(("resolved", "resolved", "ticket", "callback")))
        await self.raise_event(one.conversation, one.channel, "handoff_ended")

    # --- tickets -----------------------------------------------------------------------------------------------------

    async def _follow_tickets(self) -> None:
        for ticket in await self.services.tickets.search(TicketQuery(states=("accepted",), limit=5)):
            if ticket.number not in self._known_tickets:
                self._known_tickets.add(ticket.number)
                self._plan_ticket(ticket)

    def _plan_ticket(self, ticket: Ticket) -> None:
        moment, slow = ticket.created, 6 if self._dice.random() < SLOW else 1
        for move, hours in (
            (TicketMove.DISPATCH, 2),
            (TicketMove.RETURN, 9),
            (TicketMove.ANSWER, 3),
            (TicketMove.ARCHIVE, 20),
        ):
            moment += timedelta(hours=slow * self._dice.uniform(0.2, hours))
            self._plan(moment, self._ticket_move(ticket.number, move, self._dice.choice(DEPARTMENTS)))

    def _ticket_move(self, number: str, move: TicketMove, department: str) -> Doing:
        async def doing() -> None:
            await self.services.tickets.note_late()
            given = department if move is TicketMove.DISPATCH else ""
            await self.services.tickets.move(number, move, CLERK, WORDS, department=given)

        return doing

    # --- time --------------------------------------------------------------------------------------------------------

    def _moment(self, days: int) -> datetime:
        dice = self._dice
        while True:
            day = self._now - timedelta(days=dice.randrange(days))
            hour = dice.choices(range(24), BY_HOUR)[0]
            moment = day.replace(hour=hour, minute=dice.randrange(60), second=dice.randrange(60), microsecond=0)
            if moment < self._now and dice.random() * max(BY_WEEKDAY) < BY_WEEKDAY[day.weekday()]:
                return moment

    def _plan(self, moment: datetime, doing: Doing) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (moment, self._count, doing))

    def _pass(self, least: float, most: float) -> None:
        self.clock.advance(timedelta(seconds=self._dice.uniform(least, most)))

    def _next_id(self) -> str:
        return uuid.UUID(int=self._dice.getrandbits(128)).hex

    async def _handle(self, message: UserMessage) -> Any:
        return await self._agent.handle_message(message)


def prepared(settings: Settings, now: datetime, days: int) -> None:
    """Bring the database of a deployment to where traffic can begin: tables, and the demonstration of that month."""
    upgrade(settings.database)
    engine = open_engine(settings.database)
    seed_demo(engine, now - timedelta(days=days))
    engine.dispose()


def talks_of(folder: Path) -> list[Case]:
    """The conversation tests that need nothing arranged: neither a clock nor a fault, slot, setting or colleague."""
    cases = [case for path in sorted(folder.glob("*.yml")) for case in load(path)]
    return [case for case in cases if _plain(case)]


def _plain(case: Case) -> bool:
    arranged = case.slots or case.settings or case.metadata or case.xfail
    odd = any(
        step.kind not in DOES | NOTED or str(step.value).startswith(ODD) or CODE in str(step.value)
        for step in case.steps
    )
    return not arranged and not odd


def _strange() -> list[str]:
    """What callers say on whom one has to ask back: the turns of the invented calls."""
    rows: Optional[list[dict[str, Any]]] = yaml.safe_load((ROOT / "tests/nlu/calls.yml").read_text(encoding="utf-8"))
    return [turn["user"] for call in rows or [] for turn in call["turns"]]
