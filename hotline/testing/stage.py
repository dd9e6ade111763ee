"""The world of one test: a fresh copy of the demo database, a clock, backends that can be down, the real door.

The agent is loaded once a process and shared; everything else belongs to one test and is thrown away with it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Mapping, Optional

from argon2 import PasswordHasher
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import SlotSet

from hotline import bootstrap
from hotline.answers import Answer
from hotline.channels.ivr.call import Calls
from hotline.channels.ivr.protocol import Event
from hotline.clock import ZONE, FixedClock
from hotline.door import Door, Inbound, Turn
from hotline.engine import load_agent
from hotline.gateways.database import open_engine
from hotline.gateways.demo import seed
from hotline.gateways.migrations import upgrade
from hotline.ports import Mode
from hotline.settings import ROOT, Settings, load_settings
from hotline.testing.faults import Faults
from hotline.testing.trace import Decision, Tracer, Understood, decisions, read_rules, understood
from hotline.testing.trackers import Trackers
from hotline.wording import Words

# A Wednesday in office hours: no weekend, no holiday, no first or last day of a month.
NOW = datetime(2026, 10, 21, 10, 0, tzinfo=ZONE)

# The cheapest parameters Argon2 takes: a check costs less than a millisecond.
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Move:
    """What the customer did and what came of it. ``mode`` is None before the conversation is known."""

    channel: str
    conversation: str
    answers: list[Answer] = field(default_factory=list)
    mode: Optional[Mode] = None
    events: list[Any] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)


class Troupe:
    """What all tests of a process share: the agent, its tracer, its rules, and templates of the database."""

    def __init__(self, model: Path) -> None:
        self.agent: Agent = load_agent(model)
        self.trackers = Trackers(self.agent.domain)
        self.agent.tracker_store = self.agent.processor.tracker_store = self.trackers
        self.words = Words.from_file(ROOT / "domain.yml")
        self.tracer = Tracer(self.agent)
        self.rules = read_rules(ROOT / "data", ROOT / "config.yml", self.agent)


class Stage:
    """One test's world. ``close`` it after use."""

    def __init__(self, troupe: Troupe, now: datetime = NOW, settings: Mapping[str, Any] = {}, metadata: Mapping[str, Any] = {}) -> None:  # noqa: B006
        self._troupe = troupe
        self._metadata = dict(metadata)
        self._directory = Path(tempfile.mkdtemp(prefix="hotline-test-", dir=_memory()))
        self.clock = FixedClock(now)
        self.settings = _settings(self._directory, _copy_of_demo(now, self._directory), settings)
        self.services = bootstrap.build(self.settings, clock=self.clock)
        self.faults = Faults()
        self.faults.install(self.services)
        bootstrap.use(self.services)
        self._door = _Witness(self._open_door())
        self._calls = Calls(self._door, self.settings.low_confidence)  # type: ignore[arg-type]
        self._seen: dict[str, int] = {}
        self._count = 0

    @property
    def database(self) -> Path:
        """The test's own database file."""
        return self._directory / "hotline.db"

    async def set_slots(self, conversation: str, slots: Mapping[str, Any]) -> None:
        """Give a conversation slots before it begins."""
        if not slots:
            return
        store = self._troupe.trackers
        tracker = await store.get_or_create_tracker(conversation)
        for name, value in slots.items():
            tracker.update(SlotSet(name, value))
        await store.save(tracker)
        self._seen[conversation] = len(tracker.events)

    async def web(self, conversation: str, **what: Any) -> Move:
        """A message of the widget: ``text``, ``payload`` with its title as text, or ``event``."""
        return await self._move(conversation, "web", Inbound(conversation, "web", self._next_id(), **what))

    async def call(self, conversation: str, kind: str, **what: Any) -> Move:
        """An event of a telephone call (``hotline.channels.ivr.protocol``)."""
        return await self._move(conversation, "ivr", Event(conversation, self._next_id(), kind, **what))

    async def again(self, conversation: str) -> Move:
        """The last message of a conversation once more, under the same id."""
        channel, message = self._door.sent[conversation]
        return await self._move(conversation, channel, message)

    async def raise_event(self, conversation: str, channel: str, name: str) -> Move:
        """Something that only a channel can raise."""
        return await self._move(conversation, channel, Inbound(conversation, channel, self._next_id(), event=name))

    async def leave(self, conversation: str, channel: str) -> Move:
        """The customer hangs up or closes the window."""
        if channel == "ivr":
            return await self.call(conversation, "end")
        await self._door.close(conversation, self._next_id())
        return await self._finish(Move("web", conversation))

    async def state(self, conversation: str) -> dict[str, Any]:
        """What the door remembers of a conversation: what was asked, the buttons on offer …"""
        known = await self._door.conversation(conversation)
        return dict(known.state) if known else {}

    async def close(self) -> None:
        """Throw the test's world away."""
        for conversation in {*self._seen, *self._door.sent}:
            self._troupe.trackers.forget(conversation)
        self.services.close()
        bootstrap.use(None)
        shutil.rmtree(self._directory, ignore_errors=True)

    async def _move(self, conversation: str, channel: str, message: Any) -> Move:
        self._door.turns.clear()
        self._door.sent[conversation] = (channel, message)
        if isinstance(message, Event):
            await self._calls.handle(message)
        else:
            await self._door.receive(message)
        return await self._finish(Move(channel, conversation))

    async def _finish(self, move: Move) -> Move:
        move.answers = [answer for turn in self._door.turns for answer in turn.answers]
        self._door.turns.clear()
        with suppress(Exception):  # a conversation store that is down tells nothing
            known = await self._door.conversation(move.conversation)
            move.mode = known.mode if known else None
        tracker = await self._troupe.trackers.retrieve(move.conversation)
        events = list(tracker.events) if tracker else []
        move.events = events[self._seen.get(move.conversation, 0) :]
        self._seen[move.conversation] = len(events)
        noted = self._troupe.tracer.take()
        move.decisions = decisions(move.events, noted, self._troupe.rules)
        move.understood = understood(move.events)
        return move

    def _open_door(self) -> Door:
        services = self.services
        deadline = self.settings.turn_deadline
        return Door(self._handle, services.conversations, services.secrets, self._troupe.words, deadline)

    async def _handle(self, message: UserMessage) -> Any:
        message.metadata = {**self._metadata, **(message.metadata or {})}
        return await self._troupe.agent.handle_message(message)

    def _next_id(self) -> str:
        self._count += 1
        return f"m{self._count}"


class _Witness:
    """The door, with a record of the turns that channels made through it."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.turns: list[Turn] = []
        self.sent: dict[str, tuple[str, Any]] = {}

    async def receive(self, *args: Any, **kwargs: Any) -> Turn:
        """See ``Door.receive``."""
        turn = await self._door.receive(*args, **kwargs)
        self.turns.append(turn)
        return turn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)


def _settings(directory: Path, url: str, different: Mapping[str, Any]) -> Settings:
    """The settings' defaults with what this test wants different; no ``.env`` and no variable of this machine counts."""
    plain = {name: field.get_default() for name, field in Settings.__fields__.items()}
    values = {**plain, "var": directory, "database_url": url, **different}
    return load_settings(_env_file=None, **values)


@lru_cache(maxsize=1)
def _memory() -> Optional[str]:
    """A directory in memory where there is one: a test's database is not worth a disk's while."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _copy_of_demo(now: datetime, directory: Path) -> str:
    path = directory / "hotline.db"
    shutil.copyfile(_template(now), path)
    return f"sqlite:///{path}"


@lru_cache(maxsize=None)
def _template(now: datetime) -> Path:
    path = Path(_templates().name) / f"{now.timestamp()}.db"
    url = f"sqlite:///{path}"
    upgrade(url)
    engine = open_engine(url)
    seed(engine, now, CHEAP_HASHER)
    engine.dispose()
    return path


@lru_cache(maxsize=1)
def _templates() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="hotline-tests-")


@lru_cache(maxsize=1)
def loop() -> asyncio.AbstractEventLoop:
    """The event loop that all conversation tests of a process run in: Rasa's locks belong to one."""
    return asyncio.new_event_loop()
