"""The web channel: sessions, pictures and the socket between the widget and the door.

    POST   /chat/session   a token for a new conversation, or a fresh one for the one whose token is shown, even if that
                           expired lately
    DELETE /chat/session   the customer signed out
    POST   /chat/image     a picture for a complaint; GET /chat/image/<name> shows it to its own conversation

The events of the socket are in ``hotline/channels/chat.py``; ``docs/widget.md`` describes all of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.channels.socketio import SocketBlueprint
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, file, json
from socketio import AsyncServer

from hotline import bootstrap
from hotline.channels.chat import CLIENT_ID, Chat, refused
from hotline.channels.frames import Unreadable, packets
from hotline.channels.images import MAX_BYTES, Images
from hotline.channels.limits import Seldom
from hotline.channels.pushes import Pushes
from hotline.channels.sessions import BadTokenError, Session, Sessions, SiteTokens
from hotline.channels.talk import Pace
from hotline.door import SIGNED_OUT
from hotline.engine import make_door
from hotline.errors import GatewayError, MessageRejectedError
from hotline.ports import Mode
from hotline.services.verification import VerificationService
from hotline.settings import Settings

logger = logging.getLogger(__name__)

MAX_FRAME = 8 * 1024
IMAGE_SECONDS = 20
RESUMED_EVERY = (
    2  # seconds between two renewals of expired tokens of one conversation; the window tries again after so long
)


class WebInput(InputChannel):
    """The widget's side of the hotline."""

    @classmethod
    def name(cls) -> str:
        """The channel's name in Rasa."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: Optional[dict[str, Any]]) -> WebInput:
        """Nothing to configure: secrets and origins come from the settings."""
        return cls()

    def url_prefix(self) -> str:
        """Sessions are issued at ``/chat``, not under ``/webhooks``."""
        return "/chat"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The socket and the endpoints beside it."""
        services = bootstrap.services()
        settings = services.settings
        pushes = Pushes(settings.redis_url, settings.gateway_timeout) if settings.redis_url else None
        unreadable = Unreadable(services.metrics.refused)
        sio = AsyncServer(
            async_mode="sanic",
            client_manager=pushes,
            cors_allowed_origins=origins(settings),
            max_http_buffer_size=MAX_FRAME,
            serializer=packets(unreadable.note),
            logger=False,
            engineio_logger=unreadable.logger,
        )
        sessions = Sessions(settings.secret("session"), timedelta(hours=settings.web_resume_hours))
        door = make_door(on_new_message, services)
        chat = Chat(sio, door, sessions, services.clock, Pace(idle=settings.web_idle))
        chat.listen()
        desk = FrontDesk(sessions, SiteTokens(settings.site_secret), services.verification, chat, origins(settings))
        pictures = Pictures(sessions, Images(settings.var / "images"), chat)
        blueprint: Blueprint = SocketBlueprint(sio, "/socket.io", "chat")

        unreadable.watch(blueprint)
        blueprint.ctx.chat = chat

        async def end(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            await chat.end(settings.turn_deadline)

        blueprint.listener(end, "before_server_stop")
        if pushes is not None:

            async def stop(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
                await pushes.close()

            blueprint.listener(stop, "after_server_stop")

        # Plain functions: Sanic marks its handlers, which methods do not allow.
        @blueprint.post("/session")
        async def open_session(request: Request) -> HTTPResponse:
            return await desk.open(request)

        @blueprint.delete("/session")
        async def leave_session(request: Request) -> HTTPResponse:
            return await desk.leave(request)

        @blueprint.post("/image", stream=True)
        async def take_image(request: Request) -> HTTPResponse:
            return await pictures.take(request)

        @blueprint.get("/image/<name>")
        async def show_image(request: Request, name: str) -> HTTPResponse:
            return await pictures.show(request, name)

        return blueprint


class FrontDesk:
    """Lets browsers into conversations and out of them."""

    def __init__(
        self,
        sessions: Sessions,
        site: SiteTokens,
        verification: VerificationService,
        chat: Chat,
        origins: list[str],
    ) -> None:
        self._sessions = sessions
        self._site = site
        self._verification = verification
        self._chat = chat
        self._origins = origins
        self._resumed = Seldom(RESUMED_EVERY)

    async def open(self, request: Request) -> HTTPResponse:
        """A token: fresh for a conversation whose token is shown, else for a new one.

        With ``{"site_token": …}`` the customer is signed in on the operator's site and arrives verified. A browser in
        which another customer talked before gets a new conversation. A token that expired in its grace is renewed, but
        what was verified is forgotten; where the talk has ended meanwhile, a new one begins, and ``over`` has the turns
        after ``{"since": …}`` (in the characters of ``{"script": …}``) of the one that ended.
        """
        if request.headers.get("Origin", self._origins[0]) not in self._origins:
            return json(refused("origin", "is not allowed"), status=403)
        try:
            now = datetime.now(timezone.utc)
            known = self._sessions.renewable(bearer(request), now) if bearer(request) else None
        except BadTokenError as error:
            return json(refused("token", str(error)), status=401)
        wanted = body(request)
        try:
            phone = self._site.check(wanted["site_token"]) if wanted.get("site_token") else ""
        except BadTokenError as error:
            logger.warning("a token of the operator's site was refused: %s", error)
            return json(refused("site_token", str(error)), status=403)
        try:
            return await self._issue(known, phone, now, wanted)
        except MessageRejectedError as error:
            return json(refused(error.field, error.reason), status=400)
        except GatewayError as error:
            logger.error("a session could not be given: %s", type(error).__name__)
            return json(refused("server", "try again"), status=503)

    async def _issue(self, known: Optional[Session], phone: str, now: datetime, wanted: dict[str, Any]) -> HTTPResponse:
        if known and phone not in ("", known.phone) and (known.phone or known.lapsed):
            known = None  # another customer, or maybe another: the talk of before is not his to see
        before = known.phone if known else ""
        talk = await self._chat.conversation(known.conversation) if known else None
        if talk and talk.state.get(SIGNED_OUT):
            return json(refused("token", "signed out"), status=401)
        over = {}
        if known and known.lapsed:
            if not self._resumed.take(known.conversation, asyncio.get_running_loop().time()):
                return json(refused("rate", "too fast"), status=429)
            await self._verification.forget(known.conversation)
            logger.info("a talk was taken up again with an expired token")
            if talk and talk.mode is Mode.CLOSED:
                over = {"over": await self._chat.missed(known.conversation, wanted)}
                known = None
        session = self._sessions.issue(now, known.conversation if known else None, phone or before)
        if phone:
            await self._sign_in(session, now, resumed=bool(known))
        answer = {"conversation": session.conversation, "token": session.token, "expires_in": session.expires_in}
        return json({**answer, **over}, headers={"Cache-Control": "no-store"})

    async def _sign_in(self, session: Session, now: datetime, resumed: bool) -> None:
        """Vouch for a customer; a talk in which that is news is told of it."""
        try:
            heard_of = resumed and not await self._verification.verified(session.conversation, session.phone)
            await self._verification.vouch(session.conversation, session.phone)
        except GatewayError as error:
            logger.error("a signed-in customer could not be vouched for: %s", type(error).__name__)
            return
        if heard_of and await self._chat.conversation(session.conversation):
            message_id = f"web:signed-in:{int(now.timestamp())}"
            self._chat.happen(session.conversation, message_id, "signed_in", {"caller": session.phone})

    async def leave(self, request: Request) -> HTTPResponse:
        """Close the conversation for good and forget what was verified in it."""
        try:
            session = self._sessions.renewable(bearer(request), datetime.now(timezone.utc))
        except BadTokenError as error:
            return json(refused("token", str(error)), status=401)
        await self._chat.leave(session.conversation)
        return json({"ok": True})


class Pictures:
    """Takes pictures in and shows them to the conversation that they belong to."""

    def __init__(self, sessions: Sessions, images: Images, chat: Chat) -> None:
        self._sessions = sessions
        self._images = images
        self._chat = chat
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="pictures")

    async def take(self, request: Request) -> HTTPResponse:
        """Keep a picture (the body) under the message id in ``X-Message-Id``."""
        message_id = request.headers.get("X-Message-Id", "")
        try:
            session = self._sessions.check(bearer(request))
            if not CLIENT_ID.fullmatch(message_id):
                raise MessageRejectedError("id", "must be 8 to 64 letters, digits or -")
            if not await self._chat.images_wanted(session.conversation):
                raise MessageRejectedError("image", "only in a complaint")
            data = await asyncio.wait_for(_body(request), IMAGE_SECONDS)
            name = await asyncio.get_running_loop().run_in_executor(
                self._decoder, self._images.keep, session.conversation, data
            )
        except BadTokenError as error:
            return json(refused("token", str(error)), status=401)
        except asyncio.TimeoutError:
            return json(refused("image", "took too long"), status=408)
        except MessageRejectedError as error:
            return json(refused(error.field, error.reason), status=400)
        except GatewayError:
            return json(refused("server", "try again"), status=503)
        await self._chat.take_image(session.conversation, message_id, name)
        return json({"ok": True, "image": name})

    async def show(self, request: Request, name: str) -> HTTPResponse:
        """The picture, to who holds a token of its conversation."""
        try:
            session = self._sessions.check(bearer(request))
        except BadTokenError as error:
            return json(refused("token", str(error)), status=401)
        path = self._images.path(session.conversation, name)
        if path is None:
            return json(refused("image", "unknown"), status=404)
        return await file(path, mime_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


def origins(settings: Settings) -> list[str]:
    """The origins whose pages may open a socket: the hotline's own and those of the settings."""
    hosts = {settings.host, "127.0.0.1", "localhost"}
    return [f"http://{host}:{settings.port}" for host in sorted(hosts)] + settings.origins


def bearer(request: Request) -> str:
    """The token in the Authorization header, empty when there is none."""
    return str(request.headers.get("Authorization") or "").removeprefix("Bearer ").strip()


def body(request: Request) -> dict[str, Any]:
    """The object in the body, empty when there is none."""
    try:
        found = request.json
    except Exception:  # Sanic raises its own kinds for what is no JSON
        return {}
    return found if isinstance(found, dict) else {}


async def _body(request: Request) -> bytes:
    """The body of a streamed request, read no further than a picture may be long."""
    stream = request.stream
    assert stream is not None
    stream.request_max_size = MAX_BYTES
    data = bytearray()
    while (part := await stream.read()) is not None:
        data += part
        if len(data) > MAX_BYTES:
            raise MessageRejectedError("image", f"must have at most {MAX_BYTES} bytes")
    return bytes(data)
