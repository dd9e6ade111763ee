"""The sockets of the widget: events in, turns out, to every tab of a conversation.

The conversation comes from the session's token on every event, never from what the client says (promise P3).
``docs/widget.md`` has the protocol.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Any, Optional

from socketio import AsyncServer
from socketio.exceptions import ConnectionRefusedError

from hotline import script
from hotline.answers import Answer
from hotline.channels import transcript
from hotline.channels.limits import Bucket
from hotline.channels.sessions import BadTokenError, Session, Sessions
from hotline.channels.talk import BETWEEN, Item, Pace, Talk
from hotline.door import Door, Inbound, Manner, check
from hotline.errors import GatewayError, MessageRejectedError
from hotline.ports import Clock, Conversation, Mode

logger = logging.getLogger(__name__)

CHANNEL = "web"
PAGE = 20  # turns of history at a time
MOST_TURNS = 2**31 - 1  # what every database can count to
MOST_SILENCES = 4  # of one conversation with nothing said in between
EVENTS_AT_ONCE, EVENTS_A_SECOND = 60, 6.0  # of one connection, of every kind
LETS_GO_WITHIN = 2.0  # seconds for browsers to be told that the server stops
LATE_TALKS = 600  # seconds after which a conversation nobody touched is let go of; the database has all of it

# Ids that a browser may give its messages; those of the channel itself contain a colon.
CLIENT_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

Reply = dict[str, Any]
LeaveQueue = Callable[[str], Awaitable[bool]]
Typed = Callable[[str], Awaitable[None]]
Standing = Callable[[str], Awaitable[dict[str, Any]]]


class Breath(Manner):
    """The widget's part in a turn: what the customer said is kept with the answers, secrets blotted out."""

    def __init__(self, group: list[Item], now: datetime) -> None:
        self._group = group
        self._now = now
        self._secret_asked = True  # as long as nobody can tell: rather hide too much

    def read(self, inbound: Inbound, conversation: Conversation) -> Optional[Inbound]:
        """See ``Manner``: a picture needs no answer."""
        self._secret_asked = bool(conversation.state.get("secret"))
        return None if self._group[0].image else inbound

    def dress(self, answers: list[Answer], conversation: Conversation) -> Any:
        """See ``Manner``."""
        return transcript.customer_side([said for item in self._group for said in self._said(item)], self._now)

    def _said(self, item: Item) -> Iterator[dict[str, Any]]:
        if item.image:
            yield {"id": item.id, "image": item.image}
        elif item.event is None:
            text = transcript.HIDDEN if item.secret else transcript.words(item.text, self._secret_asked)
            yield {"id": item.id, "text": text}


class Chat:
    """Serves the sockets of one process."""

    def __init__(
        self,
        sio: AsyncServer,
        door: Door,
        sessions: Sessions,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._sio = sio
        self._door = door
        self._sessions = sessions
        self._clock = clock
        self._pace = pace
        self._talks: OrderedDict[str, Talk] = OrderedDict()
        self._here: dict[str, str] = {}  # by socket, the conversation
        # Set by the human agents' side.
        self.leave_queue: Optional[LeaveQueue] = None
        self.typed: Optional[Typed] = None
        self.standing: Optional[Standing] = None

    def listen(self) -> None:
        """Take events from now on."""
        self._sio.on("connect", self.connect)
        self._sio.on("disconnect", self.disconnect)
        for name in ("open", "history", "message", "typing", "leave_queue", "renew"):
            self._sio.on(name, self._guarded(getattr(self, f"on_{name}")))

    async def tell(self, conversation: str, event: str, data: Mapping[str, Any], everywhere: bool = True) -> None:
        """Send an event (``queue``, ``agent``, ``turn``) to every tab of a conversation.

        ``everywhere=False`` leaves out those at other workers, for what every worker tells its own.
        """
        for traditional in (False, True):
            said, room = _in_script(dict(data), traditional), _room(conversation, traditional)
            await self._sio.emit(event, said, room=room, ignore_queue=not everywhere)

    async def connect(self, sid: str, _environ: Mapping[str, Any], auth: Any = None) -> None:
        """Let a browser in whose token is good."""
        auth = auth if isinstance(auth, dict) else {}
        try:
            session = self._sessions.check(auth.get("token"))
        except BadTokenError as error:
            logger.info("a chat token was refused: %s", error)
            raise ConnectionRefusedError("unauthorized") from None
        traditional = auth.get("script") == "hant"
        bucket = Bucket(EVENTS_AT_ONCE, EVENTS_A_SECOND, asyncio.get_running_loop().time())
        await self._sio.save_session(sid, {"token": auth["token"], "traditional": traditional, "bucket": bucket})
        self._sio.enter_room(sid, _room(session.conversation, traditional))
        self._here[sid] = session.conversation

    async def disconnect(self, sid: str) -> None:
        """A tab is closed, or its line broke."""
        self._here.pop(sid, None)

    def present(self) -> list[str]:
        """The conversations of which a tab is connected here."""
        return list(set(self._here.values()))

    async def end(self, patience: float) -> None:
        """The server stops: what is being answered is answered, for ``patience`` seconds at most, and lines are closed.

        Browsers come back at once, to the next server; with their lines open, this one would wait for them.
        """
        if self._talks:
            serving = [asyncio.ensure_future(talk.finish()) for talk in self._talks.values()]
            await asyncio.wait(serving, timeout=patience)
        lines = [self._sio.eio.disconnect(sid) for sid in list(self._sio.eio.sockets)]
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*lines, return_exceptions=True), LETS_GO_WITHIN)

    # --- what a browser sends ----------------------------------------------------------------------------------------

    def _guarded(self, handler: Callable[[str, Session, Any], Awaitable[Reply]]) -> Callable[..., Awaitable[Reply]]:
        """The handler behind what holds for every event: a good token, not too fast, an object."""

        async def guarded(sid: str, data: Any = None) -> Reply:
            kept = await self._sio.get_session(sid)
            if not kept["bucket"].take(asyncio.get_running_loop().time()):
                return self._too_fast(kept["traditional"])
            try:
                session = self._sessions.check(kept["token"])
            except BadTokenError as error:
                return refused("token", str(error))
            if not isinstance(data, dict):
                return refused("data", "must be an object")
            try:
                return await handler(sid, session, data)
            except MessageRejectedError as error:
                return refused(error.field, error.reason)
            except GatewayError as error:
                logger.error("a chat event failed: %s", type(error).__name__)
            except Exception as error:  # a browser that hears nothing would wait, and then send it again
                logger.error("a chat event failed: %s", type(error).__name__, exc_info=error)
            return refused("server", "try again")

        return guarded

    async def on_open(self, sid: str, session: Session, data: Mapping[str, Any]) -> Reply:
        """Greet a new conversation; to one that comes back, give what was said after ``since``."""
        since = _whole(data, "since")
        turns = await self._turns(session.conversation, since)
        talk = self._talk(session.conversation)
        if not turns and not since:
            caller = {"caller": session.phone} if session.phone else {}
            self._accept(talk, Item("web:open", event="session_opened", entities=caller))
        elif talk.at_rest and not talk.ended:
            talk.wait_for_silence()
        page = await self._page(sid, turns if since else turns[-PAGE:], more=not since and len(turns) > PAGE)
        return {**page, **(await self.standing(session.conversation) if self.standing else {})}

    async def on_history(self, sid: str, session: Session, data: Mapping[str, Any]) -> Reply:
        """The turns before a number, a page at a time."""
        before = _whole(data, "before")
        turns = [turn for turn in await self._turns(session.conversation, 0) if turn["last"] < before]
        return await self._page(sid, turns[-PAGE:], more=len(turns) > PAGE)

    async def on_message(self, sid: str, session: Session, data: Mapping[str, Any]) -> Reply:
        """One message of the customer; answered by a ``turn`` that names its id."""
        talk = self._talk(session.conversation)
        item = _item(data, session.conversation)
        if talk.holds(item.id):
            return {"ok": True}
        if item.id in await self._answered(talk, session.conversation):
            await self._again(sid, session.conversation, item.id)
            return {"ok": True}
        return await self._take(sid, talk, item)

    async def on_typing(self, sid: str, session: Session, data: Mapping[str, Any]) -> Reply:
        """The customer pressed a key."""
        self._talk(session.conversation).typing()
        if self.typed is not None:
            await self.typed(session.conversation)
        return {"ok": True}

    async def on_leave_queue(self, sid: str, session: Session, data: Mapping[str, Any]) -> Reply:
        """The customer does not want to wait for a human any more."""
        left = self.leave_queue is not None and await self.leave_queue(session.conversation)
        return {"ok": True} if left else refused("queue", "is not waiting")

    async def on_renew(self, sid: str, session: Session, data: Mapping[str, Any]) -> Reply:
        """A fresh token for the same conversation."""
        try:
            fresh = self._sessions.check(data.get("token"))
        except BadTokenError as error:
            return refused("token", str(error))
        if fresh.conversation != session.conversation:
            return refused("token", "is for another conversation")
        async with self._sio.session(sid) as kept:
            kept["token"] = fresh.token
        return {"ok": True}

    async def take_image(self, conversation: str, message_id: str, name: str) -> None:
        """Put a picture that was kept into the conversation."""
        self._accept(self._talk(conversation), Item(message_id, image=name))

    def happen(
        self, conversation: str, message_id: str, event: str, entities: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Let the assistant take up something that happened outside the talk, such as a human letting go."""
        self._accept(self._talk(conversation), Item(message_id, event=event, entities=entities))

    async def images_wanted(self, conversation: str) -> bool:
        """Whether a picture may be sent now: in a complaint, or to a human."""
        known = await self._door.conversation(conversation)
        if known is None:
            return False
        last = known.state.get("last") or []
        return known.mode is Mode.HUMAN or any(transcript.takes_images(answer.get("name")) for answer in last)

    async def conversation(self, conversation: str) -> Optional[Conversation]:
        """What is known of a conversation; None before anything was said in it."""
        return await self._door.conversation(conversation)

    async def missed(self, conversation: str, wanted: Mapping[str, Any]) -> list[transcript.Frame]:
        """The turns after ``wanted["since"]``, or the last ones, in the characters of ``wanted["script"]``."""
        since = _whole(wanted, "since")
        turns = await self._turns(conversation, since)
        traditional = wanted.get("script") == "hant"
        return [transcript.in_script(turn, traditional) for turn in (turns if since else turns[-PAGE:])]

    async def leave(self, conversation: str) -> None:
        """The customer signed out: the conversation is closed for good and what was verified forgotten."""
        talk = self._talks.pop(conversation, None)
        if talk is not None:
            talk.rest()
        await self._close(conversation, f"web:left:{self._clock.now().isoformat()}", signed_out=True)

    # --- serving -----------------------------------------------------------------------------------------------------

    def _talk(self, conversation: str) -> Talk:
        found = self._talks.get(conversation)
        if found is None:
            self._let_go()

            async def serve(group: list[Item]) -> None:
                await self._serve(conversation, group)

            async def silent() -> None:
                await self._silent(conversation)

            found = self._talks[conversation] = Talk(serve, silent, self._pace)
        return found

    def _let_go(self) -> None:
        """Look at the two that were looked at longest ago: each new one lets go of late ones, at a cost that stays."""
        late = asyncio.get_running_loop().time() - LATE_TALKS
        for conversation, talk in list(islice(self._talks.items(), 2)):
            if talk.at_rest and talk.touched < late:
                del self._talks[conversation]
            else:
                self._talks.move_to_end(conversation)

    async def _take(self, sid: str, talk: Talk, item: Item) -> Reply:
        kept = await self._sio.get_session(sid)
        if not talk.bucket.take(item.at) or not self._accept(talk, item):
            return self._too_fast(kept["traditional"])
        talk.silences = 0
        return {"ok": True}

    def _accept(self, talk: Talk, item: Item) -> bool:
        return talk.holds(item.id) or talk.accept(item)

    async def _serve(self, conversation: str, group: list[Item]) -> None:
        """Answer one breath; whatever happens, every tab learns of it."""
        talk = self._talk(conversation)
        try:
            answers, open_still = await self._answers(conversation, group)
            turn = transcript.frame(answers)
            ends = any(answer["ends"] for answer in turn["answers"])
            if ends:
                await self._close(conversation, f"{group[0].id}:end")
        except Exception as error:  # one breath that fails must not stop the next, nor pass in silence
            logger.error("a breath could not be answered: %s", type(error).__name__, exc_info=error)
            await self.tell(conversation, "failed", {"ids": [item.id for item in group]})
            return
        if talk.answered is not None:
            talk.answered.update(transcript.ids(turn))
        rating = talk.ended and group[0].payload is not None and not ends
        talk.ended = ends or rating
        if open_still and not talk.ended:
            talk.wait_for_silence()
        await self.tell(conversation, "turn", turn)

    async def _answers(self, conversation: str, group: list[Item]) -> tuple[list[Answer], bool]:
        """The answers to a breath, and whether the assistant has the conversation after it."""
        first = group[0]
        inbound = Inbound(
            conversation,
            CHANNEL,
            first.id,
            BETWEEN.join(item.text for item in group),
            first.payload,
            first.event,
            first.entities,
            first.secret,
        )
        turn = await self._door.receive(inbound, Breath(group, self._clock.now()))
        return turn.answers, turn.conversation.mode is Mode.BOT

    async def _silent(self, conversation: str) -> None:
        """1860-38: nothing was said for five minutes."""
        talk = self._talk(conversation)
        talk.silences += 1
        known = await self._door.conversation(conversation)
        if talk.silences <= MOST_SILENCES and known is not None and known.mode is Mode.BOT:
            turns = await self._turns(conversation, 0)
            self._accept(talk, Item(f"web:silence:{turns[-1]['last'] if turns else 0}", event="silence"))

    async def _close(self, conversation: str, message_id: str, signed_out: bool = False) -> None:
        try:
            await self._door.close(conversation, message_id, signed_out)
        except GatewayError as error:
            logger.error("a conversation could not be closed: %s", type(error).__name__)

    # --- what was said -----------------------------------------------------------------------------------------------

    async def _turns(self, conversation: str, since: int) -> list[transcript.Frame]:
        return transcript.frames(await self._door.since(conversation, since))

    async def _answered(self, talk: Talk, conversation: str) -> set[str]:
        if talk.answered is None:
            turns = await self._turns(conversation, 0)
            found = {message for turn in turns for message in transcript.ids(turn)}
            talk.answered = found | (talk.answered or set())
        return talk.answered

    async def _again(self, sid: str, conversation: str, message_id: str) -> None:
        kept = await self._sio.get_session(sid)
        for turn in await self._turns(conversation, 0):
            if message_id in transcript.ids(turn):
                await self._sio.emit("turn", transcript.in_script(turn, kept["traditional"]), to=sid)

    async def _page(self, sid: str, turns: list[transcript.Frame], more: bool) -> Reply:
        kept = await self._sio.get_session(sid)
        shown = [transcript.in_script(turn, kept["traditional"]) for turn in turns]
        return {"ok": True, "turns": shown, "more": more, "now": self._clock.now().isoformat(timespec="seconds")}

    def _too_fast(self, traditional: bool) -> Reply:
        said = self._door.words("utter_courtesy_too_fast", CHANNEL)
        return {**refused("rate", "too fast"), "say": script.to_traditional(said) if traditional else said}


def refused(field: str, reason: str) -> Reply:
    """The answer to what is not well-formed or not allowed."""
    return {"error": {"field": field, "reason": reason}}


def _item(data: Mapping[str, Any], conversation: str) -> Item:
    """The message in an event's data. Raises ``MessageRejectedError``."""
    message_id = data.get("id")
    if not isinstance(message_id, str) or not CLIENT_ID.fullmatch(message_id):
        raise MessageRejectedError("id", "must be 8 to 64 letters, digits or -")
    secret = data.get("secret")
    text = data.get("text", "") if secret is None else secret
    if isinstance(text, str):  # a browser that cuts a text at its limit may cut an emoji in two
        text = text.encode("utf-8", "ignore").decode()
    payload = data.get("payload")
    check(Inbound(conversation, CHANNEL, message_id, text, payload))
    if not text.strip():
        raise MessageRejectedError("text", "must not be empty")
    return Item(message_id, text, payload, secret is not None, at=asyncio.get_running_loop().time())


def _whole(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_TURNS:
        raise MessageRejectedError(name, f"must be a whole number from 0 to {MOST_TURNS}")
    return value


def _room(conversation: str, traditional: bool) -> str:
    return f"{conversation}/{'hant' if traditional else 'hans'}"


def _in_script(data: dict[str, Any], traditional: bool) -> dict[str, Any]:
    return transcript.in_script(data, traditional) if "answers" in data else data
