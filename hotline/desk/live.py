"""What happens, live: every process reads the log of news and passes it on to the browsers that it serves.

Agents are on the namespace ``/desk`` of the socket that customers use; a connected socket is what makes an
agent present. News carry only names of what changed; what is passed on is read anew, so that it is how things stand.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Optional

from socketio import AsyncServer
from socketio.exceptions import ConnectionRefusedError

from hotline.answers import Answer
from hotline.bootstrap import Services
from hotline.channels import transcript
from hotline.channels.chat import Chat
from hotline.channels.limits import Seldom
from hotline.desk import views
from hotline.desk.gate import Gate, NoSessionError, number_of
from hotline.desk.talks import Talks
from hotline.errors import GatewayError, HotlineError
from hotline.ports import Handoff, News, Posted, Staff
from hotline.services.handoff import QUEUE, TALK, Pace, State
from hotline.services.people import AGENT, CLERK, SUPERVISOR

logger = logging.getLogger(__name__)

NAMESPACE = "/desk"
POLL = 0.5  # seconds
HEARTBEAT = 10.0
OVERLAP = 50  # numbers read again: PostgreSQL may commit a lower one later
TYPING_EVERY = 1.0
CUSTOMER_TYPING_EVERY = 3.0  # a row in the database each

Step = Callable[[], Awaitable[Any]]


class Live:
    """Passes news on to the browsers of this process."""

    def __init__(self, sio: AsyncServer, services: Services, gate: Gate, talks: Talks, chat: Optional[Chat]) -> None:
        self._sio = sio
        self._services = services
        self._gate = gate
        self._talks = talks
        self._chat = chat
        self._here: dict[str, Staff] = {}  # by socket
        self._after: Optional[int] = None
        self._since = 0
        self._done: deque[int] = deque(maxlen=20 * OVERLAP)
        self._places: dict[str, tuple[int, Optional[tuple[int, int]]]] = {}
        self._with: dict[str, str] = {}  # conversation: the agent that its browsers were told of
        self._typed, self._customer_typed = Seldom(TYPING_EVERY), Seldom(CUSTOMER_TYPING_EVERY)

    def listen(self) -> None:
        """Take sockets from now on."""
        self._sio.on("connect", self.connect, namespace=NAMESPACE)
        self._sio.on("disconnect", self.disconnect, namespace=NAMESPACE)
        self._sio.on("watch", self.watch, namespace=NAMESPACE)
        if self._chat is not None:
            self._chat.typed = self.customer_typing

    # --- agents' sockets ---------------------------------------------------------------------------------------------

    async def connect(self, sid: str, environ: Mapping[str, Any], _auth: Any = None) -> None:
        """Let in who is logged in; the ``Origin`` was checked by socket.io."""
        try:
            staff = await self._gate.staff_in(str(environ.get("HTTP_COOKIE", "")))
        except (NoSessionError, GatewayError):
            raise ConnectionRefusedError("unauthorized") from None
        self._here[sid] = staff
        for room in (_of(staff.login), f"role:{staff.role}"):
            self._sio.enter_room(sid, room, namespace=NAMESPACE)
        if staff.role != CLERK:
            await self._services.handoff.see(staff.login)

    async def disconnect(self, sid: str) -> None:
        """A browser is gone; its agent counts as gone only after the grace period."""
        self._here.pop(sid, None)

    async def watch(self, sid: str, data: Any = None) -> dict[str, Any]:
        """A supervisor follows a conversation."""
        staff = self._here.get(sid)
        if staff is None or staff.role != SUPERVISOR or not isinstance(data, dict):
            return {"error": {"code": "role"}}
        try:
            one = await self._services.handoff.find(int(data.get("handoff", 0)))
        except (HotlineError, TypeError, ValueError):
            return {"error": {"code": "unknown"}}
        self._sio.enter_room(sid, f"watch:{one.conversation}", namespace=NAMESPACE)
        return {"ok": True}

    async def heartbeat(self) -> None:
        """Say that the agents connected here are there; end sockets whose session has ended."""
        for sid, staff in list(self._here.items()):
            now = await self._services.staff.find(staff.login)
            if now is None or now.epoch != staff.epoch:
                await self._emit("session", {}, sid)
                await self._sio.disconnect(sid, namespace=NAMESPACE)
            elif staff.role != CLERK:
                await self._services.handoff.see(staff.login)
        if self._chat is not None:
            await self._services.handoff.see_customers(self._chat.present())

    async def customer_typing(self, conversation: str) -> None:
        """A customer types: the agent who has him may be served by another process."""
        if not self._customer_typed.take(conversation, time.monotonic()):
            return
        one = await self._services.handoff.latest(conversation)
        if one is not None and State(one.state) in TALK:
            news = News("desk", "typing", {"conversation": conversation})
            await self._services.outbox.post([news], self._services.clock.now())

    async def typing(self, conversation: str, number: str) -> None:
        """An agent types."""
        if self._chat is not None and self._typed.take(conversation, time.monotonic()):
            await self._chat.tell(conversation, "agent", {"state": "typing", "number": number})

    # --- the log of news ---------------------------------------------------------------------------------------------

    async def follow(self) -> None:
        """Pass on what is new in the log."""
        outbox = self._services.outbox
        if self._after is None:
            self._after = self._since = await outbox.last()
            return
        since = max(self._since, self._after - OVERLAP)
        for one in [one for one in await outbox.tail("desk", since) if one.id not in self._done]:
            self._done.append(one.id)
            self._after = max(self._after, one.id)
            try:
                await self._pass_on(one)
            except HotlineError as error:
                logger.error("news %s was not passed on: %s", one.news.kind, type(error).__name__)

    async def _pass_on(self, posted: Posted) -> None:
        kind, payload = posted.news.kind, posted.news.payload
        if kind == "handoff":
            await self._handoff_changed(await self._services.handoff.find(int(payload["id"])))
        elif kind in ("message", "said"):
            await self._something_was_said(str(payload["conversation"]), payload)
        elif kind == "note":
            await self._noted(str(payload["conversation"]))
        elif kind == "typing":
            await self._typing(str(payload["conversation"]))
        elif kind == "callback":
            await self._emit("callbacks", {})
        elif kind == "presence":
            people = await self._talks.people()
            await self._emit("people", {"people": people}, f"role:{SUPERVISOR}")
            for role in (AGENT, CLERK):
                await self._emit("people", {"people": views.without_counts(people)}, f"role:{role}")
            await self._queues()
        elif kind.startswith("ticket."):
            await self._ticket(kind.removeprefix("ticket."), str(payload["number"]))

    async def _typing(self, conversation: str) -> None:
        one = await self._services.handoff.latest(conversation)
        if one is not None and one.agent:
            await self._emit("typing", {"handoff": one.id}, _of(one.agent))

    async def _handoff_changed(self, one: Handoff) -> None:
        if one.seen is None and self._chat is not None and one.conversation in self._chat.present():
            await self._services.handoff.see_customers([one.conversation])
        view = views.handoff(one, time.time())
        for room in {_of(one.agent), _of(one.offered_to), _of(one.transfer_to), f"role:{SUPERVISOR}"} - {_of("")}:
            await self._emit("handoff", {"handoff": view}, room)
        if one.state == State.OFFERED.value:
            await self._emit("offer", {"handoff": view, "seconds": int(Pace().offer)}, _of(one.offered_to))
        await self._queues()
        await self._tell_customer(one)
        await self._tell_places()

    async def _queues(self) -> None:
        for login, staff in {staff.login: staff for staff in self._here.values() if staff.role != CLERK}.items():
            await self._emit("queue", await self._talks.queue(None, staff), _of(login))

    async def _something_was_said(self, conversation: str, payload: Mapping[str, Any]) -> None:
        since = int(payload["first"]) - 1 if "first" in payload else 0
        said = await self._services.conversations.answers_since(conversation, since)
        if "first" in payload and self._chat is not None:
            told = [Answer.from_dict(one) for one in said if one["sequence"] <= payload["last"]]
            if told:
                await self._chat.tell(conversation, "turn", transcript.frame(told), everywhere=False)
        one = await self._services.handoff.latest(conversation)
        if one is not None:
            entries = views.transcript(await self._services.conversations.answers_since(conversation, 0))[-MOST_NEW:]
            for room in {_of(one.agent), f"watch:{conversation}"} - {_of("")}:
                await self._emit("entries", {"handoff": one.id, "entries": entries}, room)
            if one.agent:
                await self._emit("handoff", {"handoff": views.handoff(one, time.time())}, _of(one.agent))

    async def _noted(self, conversation: str) -> None:
        one = await self._services.handoff.latest(conversation)
        if one is not None:
            zone = self._services.clock.now().tzinfo
            notes = [views.note(note, zone) for note in await self._services.handoff.notes(conversation)]
            for room in {_of(one.agent), f"watch:{conversation}"} - {_of("")}:
                await self._emit("notes", {"handoff": one.id, "notes": notes}, room)

    async def _ticket(self, kind: str, number: str) -> None:
        ticket = await self._services.tickets.find(number)
        now = self._services.clock.now()
        one = await self._services.handoff.latest(ticket.conversation)
        for staff in {staff.login: staff for staff in self._here.values()}.values():
            if staff.role in (CLERK, SUPERVISOR) or (one is not None and one.agent == staff.login):
                await self._emit("ticket", {"kind": kind, "ticket": views.ticket(ticket, staff, now)}, _of(staff.login))

    # --- customers' browsers -----------------------------------------------------------------------------------------

    async def _tell_customer(self, one: Handoff) -> None:
        """Who is with the customer now."""
        if self._chat is None:
            return
        before = self._with.get(one.conversation, "")
        talks = one.agent if State(one.state) in (State.ACTIVE, State.TRANSFERRING, State.WRAP_UP) else ""
        if one.state == State.TRANSFERRING.value:
            await self._chat.tell(one.conversation, "agent", {"state": "transferred"}, everywhere=False)
            self._with.pop(one.conversation, None)
            return
        if talks and talks != before:
            staff = await self._services.staff.find(talks)
            number = number_of(staff) if staff else ""
            await self._chat.tell(one.conversation, "agent", {"state": "joined", "number": number}, everywhere=False)
            self._with[one.conversation] = talks
        elif before and not talks:
            await self._chat.tell(one.conversation, "agent", {"state": "left"}, everywhere=False)
            self._with.pop(one.conversation, None)

    async def _tell_places(self) -> None:
        """Where each waiting customer stands, as far as that has changed."""
        if self._chat is None:
            return
        waiting: dict[str, tuple[int, Optional[tuple[int, int]]]] = {}
        for one in await self._services.handoff.open():
            if State(one.state) in QUEUE and one.channel == "web":
                placed = await self._services.handoff.place(one.conversation)
                if placed is not None and placed.position:
                    waiting[one.conversation] = (placed.position - 1, placed.wait)
        for conversation, place in waiting.items():
            if self._places.get(conversation) != place:
                await self._chat.tell(conversation, "queue", {"position": place[0], "wait": place[1]}, everywhere=False)
        for conversation in self._places.keys() - waiting.keys():
            await self._chat.tell(conversation, "queue", {"position": -1, "wait": None}, everywhere=False)
        self._places = waiting

    async def standing(self, conversation: str) -> dict[str, Any]:
        """Where a conversation stands between assistant and human, for a browser that comes (back) to it."""
        placed = await self._services.handoff.place(conversation)
        queue = agent = None
        if placed is not None and placed.position:
            queue = {"position": placed.position - 1, "wait": placed.wait}
        if placed is not None and placed.state in (State.ACTIVE, State.WRAP_UP):
            staff = await self._services.staff.find(placed.handoff.agent)
            agent = {"state": "joined", "number": number_of(staff) if staff else ""}
        return {"queue": queue, "agent": agent}

    async def _emit(self, event: str, data: Mapping[str, Any], room: Optional[str] = None) -> None:
        # Every worker reads the log and tells its own browsers.
        await self._sio.emit(event, data, room=room, namespace=NAMESPACE, ignore_queue=True)


MOST_NEW = 10  # entries passed on at a time; a browser knows them by their numbers


def _of(login: str) -> str:
    return f"login:{login}"


async def again_and_again(step: Step, every: float) -> None:
    """Take a step every so many seconds, for as long as the process lives; a step that fails is taken again."""
    while True:
        try:
            await step()
        except HotlineError as error:
            logger.error("%s failed: %s", getattr(step, "__qualname__", step), type(error).__name__)
        except Exception as error:  # whatever it was, the next step may succeed
            logger.error("%s failed: %s", getattr(step, "__qualname__", step), type(error).__name__, exc_info=error)
        await asyncio.sleep(every)
