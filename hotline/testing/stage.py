"""The world of one test: a fresh copy of the demo database, a clock, backends that can be down, the real door.

The agent is loaded once a process and shared; everything else belongs to one test and is thrown away with it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import weakref
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

import yaml
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from hotline import bootstrap
from hotline.answers import Answer
from hotline.channels.ivr.call import HOLD_AFTER, Calls
from hotline.channels.ivr.protocol import Event
from hotline.clock import FixedClock
from hotline.door import Door, Inbound, Turn
from hotline.engine import load_agent, make_door
from hotline.gateways.database import Database
from hotline.ports import EventLog, Mode
from hotline.settings import ROOT, Settings, load_settings
from hotline.stores.tracker import HotlineTrackerStore
from hotline.testing.demo import CHEAP_HASHER, NOW, demo_database_url
from hotline.testing.faults import Faults
from hotline.testing.inline import Inline
from hotline.testing.people import People
from hotline.testing.trace import Decision, Tracer, Understood, decisions, read_rules, understood
from hotline.wording import Words

# A call is put on hold this long before its turn is given up.
BEFORE_DEADLINE = 0.5


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
        self.agent = load_agent(model)
        self.tracer = Tracer(self.agent)
        self.phrases = _listen_to_words()
        self.stale = _stale(self.agent.domain)
        self.rules = read_rules(ROOT / "data", ROOT / "config.yml", self.agent)
        self.places: list[Place] = []

    def forget(self) -> None:
        """Let go of what the talk before reached: each talk's coverage is its own."""
        self.tracer.sources.clear()
        self.phrases.clear()


def _stale(domain: Domain) -> list[str]:
    """The responses that the model has otherwise than domain.yml, or not at all: it was trained before they changed."""
    path = ROOT / "domain.yml"
    written = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    here, there = (
        {name: [variant.get("text") for variant in variants] for name, variants in responses.items()}
        for responses in (written["responses"], domain.responses)
    )
    return sorted(name for name in {*here, *there} if here.get(name) != there.get(name))


def _listen_to_words() -> set[tuple[str, Optional[str]]]:
    """The responses, with their channel, that words are made of from now on, parts of sentences too."""
    used: set[tuple[str, Optional[str]]] = set()
    variant = Words.variant

    def listening(words: Words, name: str, channel: Optional[str] = None) -> Mapping[str, Any]:
        used.add((name, channel))
        return variant(words, name, channel)

    # A door is opened for every test: 30 ms each, if the domain were read each time.
    Words.from_file = lru_cache(Words.from_file)  # type: ignore[method-assign]
    Words.variant = listening  # type: ignore[method-assign,assignment]
    return used


class Place:
    """Where a test's world is kept, for the next test to use again: an engine remembers the statements it compiled,
    which takes as long as all the rest of a transaction.
    """

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="hotline-test-", dir=_memory()))
        self._opened: dict[tuple[str, float], Database] = {}
        weakref.finalize(self, shutil.rmtree, self.directory, True)

    def cleared(self) -> Path:
        """The directory, with nothing of an earlier test in it."""
        for path in self.directory.iterdir():
            path.unlink()
        return self.directory

    def database(self, settings: Settings) -> Database:
        """The database of these settings. It has no threads: they make a transaction twice as dear, and a test has no
        other turn to let in meanwhile.
        """
        key = (settings.database, settings.gateway_timeout)
        if key not in self._opened:
            self._opened = {key: Database(*key, Inline())}
        return self._opened[key]


class Stage:
    """One test's world. ``close`` it after use."""

    def __init__(
        self,
        troupe: Troupe,
        now: datetime = NOW,
        settings: Optional[Mapping[str, Any]] = None,
        metadata: Optional[Mapping[str, Any]] = None,
    ) -> None:
        troupe.forget()
        self._troupe = troupe
        self._metadata = dict(metadata or {})
        self.step_metadata: Mapping[str, Any] = {}  # of the move that is made now
        self._place = troupe.places.pop() if troupe.places else Place()
        self.clock = FixedClock(now)
        url = demo_database_url(self._place.cleared(), now)
        self.settings = _settings(self._place.directory, url, settings or {})
        self.services = bootstrap.build(
            self.settings,
            self.clock,
            timer=self._seconds,
            database=self._place.database(self.settings),
            hasher=CHEAP_HASHER,
        )
        self.faults = Faults()
        self.faults.install(self.services)
        bootstrap.use(self.services)
        self._trackers = _Trackers(self.services.events, troupe.agent.domain)
        troupe.agent.keep_trackers(self._trackers)
        self._door = _Witness(make_door(self._handle, self.services))
        self._calls = self._ivr()
        self._people = People(self.services, self.clock, Words.from_file(ROOT / "domain.yml"), self._happen)
        self._happened: list[tuple[str, str, str]] = []
        self._seen: dict[str, int] = {}
        self._count = 0

    @property
    def database(self) -> str:
        """URL of the test's own database."""
        return self.settings.database

    async def set_slots(self, conversation: str, slots: Mapping[str, Any]) -> None:
        """Give a conversation slots before it begins."""
        if not slots:
            return
        tracker = await self._troupe.agent.processor.fetch_tracker_and_update_session(conversation)
        for name, value in slots.items():
            tracker.update(SlotSet(name, value))
        await self._troupe.agent.tracker_store.save(tracker)
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

    async def sign_in(self, conversation: str, phone: str) -> Move:
        """The customer signs in on the operator's site, which vouches for him."""
        await self.services.verification.vouch(conversation, phone)
        told = Inbound(conversation, "web", self._next_id(), event="signed_in", entities={"caller": phone})
        return await self._move(conversation, "web", told)

    async def leave(self, conversation: str, channel: str) -> Move:
        """The customer hangs up or closes the window."""
        if channel == "ivr":
            return await self.call(conversation, "end")
        await self._door.close(conversation, self._next_id())
        return await self._finish(Move("web", conversation))

    async def agent(self, conversation: str, channel: str, doing: Mapping[str, Any]) -> Move:
        """What a human at the desk does (``hotline.testing.people``); the answers are what the customer hears."""
        return await self._meanwhile(conversation, channel, self._people.do(conversation, doing))

    async def wait(self, conversation: str, channel: str, seconds: float) -> Move:
        """Nobody says anything for so long; the desk goes on."""
        return await self._meanwhile(conversation, channel, self._people.wait(seconds))

    async def _meanwhile(self, conversation: str, channel: str, doing: Awaitable[None]) -> Move:
        """Something that the customer has no part in, and what he hears of it."""
        store = self.services.conversations
        known = await store.answers_since(conversation, 0)
        await doing
        self._door.turns.clear()
        for event in self._happened:
            await self._door.receive(Inbound(event[0], channel, event[1], event=event[2]))
        self._happened.clear()
        said = await store.answers_since(conversation, known[-1]["sequence"] if known else 0)
        return await self._finish(Move(channel, conversation), [Answer.from_dict(one) for one in said])

    def _happen(self, conversation: str, message_id: str, event: str) -> None:
        self._happened.append((conversation, message_id, event))

    async def state(self, conversation: str) -> dict[str, Any]:
        """What the door remembers of a conversation: what was asked, the buttons on offer …"""
        known = await self._door.conversation(conversation)
        return dict(known.state) if known else {}

    async def close(self) -> None:
        """Throw the test's world away."""
        self.services.close()
        bootstrap.use(None)
        self._troupe.places.append(self._place)

    async def _move(self, conversation: str, channel: str, message: Any) -> Move:
        self._door.turns.clear()
        self._door.sent[conversation] = (channel, message)
        if isinstance(message, Event):
            actions = await self._calls.handle(message)
            if actions and "continue" in actions[-1]:  # a hold: the platform asks for the rest when it was played
                await self._calls.handle(Event(conversation, self._next_id(), "played"))
        else:
            await self._door.receive(message)
        return await self._finish(Move(channel, conversation))

    async def _finish(self, move: Move, said: Optional[list[Answer]] = None) -> Move:
        answers = [answer for turn in self._door.turns for answer in turn.answers] if said is None else said
        move.answers = [answer for answer in answers if answer.text or answer.name]
        self._door.turns.clear()
        with suppress(Exception):  # a conversation store that is down tells nothing
            known = await self._door.conversation(move.conversation)
            move.mode = known.mode if known else None
        tracker = self._trackers.saved.get(move.conversation)
        events = list(tracker.events) if tracker else []
        move.events = events[self._seen.get(move.conversation, 0) :]
        self._seen[move.conversation] = len(events)
        noted = self._troupe.tracer.take()
        move.decisions = decisions(move.events, noted, self._troupe.rules)
        move.understood = understood(move.events)
        return move

    def _seconds(self) -> float:
        """What the desk measures waiting with."""
        return self.clock.now().timestamp()

    def _ivr(self) -> Calls:
        services = self.services
        patience = min(HOLD_AFTER, services.settings.turn_deadline * BEFORE_DEADLINE)
        door: Any = self._door
        return Calls(door, services.settings.low_confidence, services.calls, services.clock, patience)

    async def _handle(self, message: UserMessage) -> Any:
        message.metadata = {**self._metadata, **self.step_metadata, **(message.metadata or {})}
        return await self._troupe.agent.handle_message(message)

    def _next_id(self) -> str:
        self._count += 1
        return f"m{self._count}"


class _Trackers(HotlineTrackerStore):
    """The product's store, with the trackers that were saved in sight."""

    def __init__(self, log: EventLog, domain: Domain) -> None:
        super().__init__(log, domain)
        self.saved: dict[str, DialogueStateTracker] = {}

    async def save(self, tracker: DialogueStateTracker) -> None:
        """See ``HotlineTrackerStore.save``."""
        await super().save(tracker)
        self.saved[tracker.sender_id] = tracker


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
    """The settings' defaults with what this test wants different; no ``.env`` and no variable counts."""
    plain = {name: field.get_default() for name, field in Settings.__fields__.items()}
    values = {**plain, "var": directory, "database_url": url, **different}
    return load_settings(_env_file=None, **values)


@lru_cache(maxsize=1)
def _memory() -> Optional[str]:
    """A directory in memory where there is one: a test's database is not worth a disk's while."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@lru_cache(maxsize=1)
def loop() -> asyncio.AbstractEventLoop:
    """The event loop that all conversation tests of a process run in: Rasa's locks belong to one."""
    return asyncio.new_event_loop()
