"""One conversation on the web as this process sees it: messages in their order, one breath a turn, and silence.

Customers send half sentences: what is typed within a moment, or while they go on typing, is answered together.
Nobody answering for five minutes is the silence of 1860-38.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from hotline.channels.limits import Bucket
from hotline.door import MAX_TEXT

MOST_WAITING = 20
MESSAGES_AT_ONCE = 20
MESSAGES_A_SECOND = 1.0
BETWEEN = "。"


@dataclass(frozen=True)
class Pace:
    """Seconds: of quiet that end a breath, a breath may last at most, a key press counts as typing, until silence."""

    quiet: float = 0.25
    breath: float = 3.0
    typing: float = 1.2
    idle: float = 300.0


@dataclass(frozen=True)
class Item:
    """Something to serve: a message, a picture, or an event of the channel; ``at`` is the loop's time of arrival."""

    id: str
    text: str = ""
    payload: Optional[str] = None
    secret: bool = False
    event: Optional[str] = None
    entities: Mapping[str, Any] = field(default_factory=dict)
    image: Optional[str] = None
    at: float = 0.0

    @property
    def speech(self) -> bool:
        """Whether it can be answered together with its neighbours: words, and nothing else."""
        return not (self.secret or self.payload or self.event or self.image)


Serve = Callable[[list[Item]], Awaitable[None]]
Silent = Callable[[], Awaitable[None]]


class Talk:
    """Serves the items of one conversation one breath after the other; ``serve`` must not raise."""

    def __init__(self, serve: Serve, silent: Silent, pace: Pace) -> None:
        self._serve = serve
        self._silent = silent
        self._pace = pace
        self._waiting: deque[Item] = deque()
        self._pump: Optional[asyncio.Task[None]] = None
        self._clock = asyncio.get_running_loop().time
        self._typing_at = float("-inf")
        self._idle: Optional[asyncio.TimerHandle] = None
        self._called: Optional[asyncio.Task[None]] = None
        self.answered: Optional[set[str]] = None  # ids of messages already answered, once they were looked up
        self.bucket = Bucket(MESSAGES_AT_ONCE, MESSAGES_A_SECOND, self._clock())
        self.ended = False
        self.silences = 0  # in a row
        self.touched = self._clock()
        self._being_served: frozenset[str] = frozenset()

    def holds(self, message_id: str) -> bool:
        """Whether this message is waiting or being served."""
        return message_id in self._being_served or any(item.id == message_id for item in self._waiting)

    @property
    def at_rest(self) -> bool:
        """Whether nothing is waiting, nothing is being served and no silence is waited for."""
        return not self._waiting and (self._pump is None or self._pump.done()) and self._idle is None

    async def finish(self) -> None:
        """Wait until nothing is being served any more."""
        if self._pump is not None:
            await asyncio.wait([self._pump])

    def accept(self, item: Item) -> bool:
        """Take an item in; False when too many are waiting."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        self.rest()
        self.touched = self._clock()
        self._waiting.append(item)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.ensure_future(self._run())
        return True

    def typing(self) -> None:
        """The customer pressed a key."""
        self._typing_at = self.touched = self._clock()
        if self._idle is not None:
            self.wait_for_silence()

    def wait_for_silence(self) -> None:
        """From now on, nothing being said counts as silence."""
        self.rest()
        self._idle = asyncio.get_running_loop().call_later(self._pace.idle, self._fell_silent)

    def rest(self) -> None:
        """Wait for nothing any more."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _fell_silent(self) -> None:
        self._idle = None
        self._called = asyncio.ensure_future(self._silent())

    async def _run(self) -> None:
        while self._waiting:
            if self._waiting[0].speech:
                await self._until_the_breath_ends()
            group = self._next()
            self._being_served = frozenset(item.id for item in group)
            await self._serve(group)
            self._being_served = frozenset()

    async def _until_the_breath_ends(self) -> None:
        started = self._waiting[0].at
        while all(item.speech for item in self._waiting):
            now = self._clock()
            quiet = self._waiting[-1].at + self._pace.quiet
            until = max(quiet, self._typing_at + self._pace.typing if self._typing_at > started else quiet)
            until = min(until, started + self._pace.breath)
            if now >= until:
                return
            await asyncio.sleep(min(until - now, 0.05))

    def _next(self) -> list[Item]:
        group = [self._waiting.popleft()]
        length = len(group[0].text)
        while group[0].speech and self._waiting and self._waiting[0].speech:
            length += len(BETWEEN) + len(self._waiting[0].text)
            if length > MAX_TEXT:
                break
            group.append(self._waiting.popleft())
        return group
