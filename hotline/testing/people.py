"""What the people at the desk do in a test, through the desk's own code, and what goes on there while time passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from hotline.bootstrap import Services
from hotline.clock import FixedClock
from hotline.desk.app import carriers
from hotline.desk.clerk import Clerk
from hotline.desk.gate import Gate, RefusedError
from hotline.desk.talks import Talks
from hotline.desk.voice import Voice
from hotline.errors import HotlineError, NoSuchItemError
from hotline.ports import Staff
from hotline.services.outbox import Dispatcher
from hotline.services.tickets import Move as TicketMove
from hotline.wording import Words

AGENT, CLERK = "a1001", "c8001"
# How often the desk looks what is due, in seconds; the server looks every 2.
STEP = 15.0
TICKET_MOVES = {move.value for move in TicketMove}
# What a doing says with its value; the others have none.
FIELDS = {"say": "text", "transfer": "to", "close": "result", "note": "text", "dispatch": "department"}

Happen = Callable[[str, str, str], None]


class DeskError(HotlineError):
    """Something that cannot be done at the desk, with the desk's own answer."""


class People:
    """The desk of one test. ``happen`` is told of what the assistant is to take up."""

    def __init__(self, services: Services, clock: FixedClock, words: Words, happen: Happen) -> None:
        self._services = services
        self._clock = clock
        self._here: set[str] = set()
        self._said = 0
        gate = Gate(services.staff, "", [])
        voice = Voice(services.conversations, services.lock, services.outbox, words, clock)
        self._talks = Talks(services, gate, voice, words, happen, _nothing)
        self._clerk = Clerk(services, gate)
        self._dispatcher = Dispatcher(services.outbox, carriers(services, words), self.seconds)

    def seconds(self) -> float:
        """The desk's own time: the test's clock, as seconds."""
        return self._clock.now().timestamp()

    async def do(self, conversation: str, doing: Mapping[str, Any]) -> None:
        """``claim``, ``say``, ``close`` … as ``docs/testing.md`` lists them; ``as`` is who does it.

        Raises ``DeskError`` for what the desk refuses, except for taboo words: those are just not passed on.
        """
        what = next(name for name in doing if name != "as")
        staff = await self._staff(doing.get("as") or (CLERK if what in TICKET_MOVES else AGENT))
        try:
            await self._do(conversation, what, doing, staff)
        except RefusedError as error:
            if error.body["error"]["code"] != "taboo":
                raise DeskError(f"{what}: {error.body['error']}") from None
        except HotlineError as error:
            raise DeskError(f"{what}: {type(error).__name__} {error}".rstrip()) from None

    async def _do(self, conversation: str, what: str, doing: Mapping[str, Any], staff: Staff) -> None:
        if what in ("come", "vanish"):
            await self._come_or_vanish(what, staff)
        elif what == "leave":
            self._here.discard(staff.login)
            await self._talks.tell(await self._services.handoff.log_out(staff.login))
        elif what in TICKET_MOVES:
            tickets = await self._services.tickets.of_customer(conversation)
            if not tickets:
                raise NoSuchItemError("no ticket was filed in this conversation")
            await self._clerk.move(self._request(what, doing), staff, tickets[0].number, what)
        else:
            handoff = await self._services.handoff.latest(conversation)
            if handoff is None:
                raise NoSuchItemError("nobody at the desk knows this conversation")
            await getattr(self._talks, what)(self._request(what, doing), staff, handoff.id)

    async def _come_or_vanish(self, what: str, staff: Staff) -> None:
        """A log-in; or a browser that is gone without one's logging out, which is noticed after the grace period."""
        if what == "vanish":
            self._here.discard(staff.login)
            return
        self._here.add(staff.login)
        await self._services.handoff.see(staff.login, "available")

    async def wait(self, seconds: float) -> None:
        """Time passes, and what is due is done: offers and waits lapse, customers are told, SMS go out."""
        while seconds > 0:
            step = min(STEP, seconds) if await self._services.handoff.open() else seconds
            self._clock.advance(timedelta(seconds=step))
            seconds -= step
            for login in self._here:
                await self._services.handoff.see(login)
            await self._talks.tell(await self._services.handoff.tick())
        await self._services.tickets.note_late()
        await self._dispatcher.run_once()

    async def _staff(self, login: str) -> Staff:
        found = await self._services.staff.find(login)
        if found is None:
            known = ", ".join(one.login for one in await self._services.staff.everybody())
            raise DeskError(f"nobody at the desk is called {login}; there are: {known}")
        return found

    def _request(self, what: str, doing: Mapping[str, Any]) -> Any:
        """A request as the desk's page sends it."""
        self._said += 1
        body = {name: value for name, value in doing.items() if name not in (what, "as")}
        value = doing[what]
        if what == "relevel":
            body["level"] = value
        elif value is not None:
            body[FIELDS.get(what, "text")] = value
        return _Request({"id": f"test-{self._said:04d}", **body})


class _Request:
    """As much of a request as the desk's handlers read."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.json = body
        self.body = json.dumps(body).encode()


async def _nothing(*_: Any) -> None:
    """Nobody watches the typing."""
