"""The web channel: socket.io between the widget and the door.

The conversation comes from the session's token on every event, never from what the client says (promise P3).

    client → server   ``open``    {}                              greet, or replay what was said after ``since``
                      ``message`` {id, text} | {id, text, payload} | {id, secret}   one message; acknowledged
    server → client   ``answers`` {reply_to, answers: [...]}      to every tab of the conversation

A message's acknowledgement is ``{"ok": true}`` or ``{"error": {"field", "reason"}}``; the same ``id`` again gets the same
answers again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import Any, Awaitable, Callable, Mapping, Optional

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.channels.socketio import SocketBlueprint
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json
from socketio import AsyncServer
from socketio.exceptions import ConnectionRefusedError

from hotline import bootstrap
from hotline.answers import Answer
from hotline.channels.sessions import BadTokenError, Session, Sessions
from hotline.door import Door, Inbound
from hotline.engine import make_door
from hotline.errors import MessageRejectedError
from hotline.settings import Settings

logger = logging.getLogger(__name__)

CHANNEL = "web"
MAX_FRAME = 8 * 1024


class WebInput(InputChannel):
    """The widget's side of the hotline."""

    @classmethod
    def name(cls) -> str:
        """The channel's name in Rasa."""
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: Optional[dict[str, Any]]) -> WebInput:
        """Nothing to configure: secrets and origins come from the settings."""
        return cls()

    def url_prefix(self) -> str:
        """Sessions are issued at ``/chat``, not under ``/webhooks``."""
        return "/chat"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The socket and the session endpoint."""
        services = bootstrap.services()
        sessions = Sessions(services.settings.secret("session"))
        sio = AsyncServer(
            async_mode="sanic",
            cors_allowed_origins=origins(services.settings),
            max_http_buffer_size=MAX_FRAME,
            logger=False,
            engineio_logger=False,
        )
        Chat(sio, make_door(on_new_message, services), sessions).listen()
        blueprint = SocketBlueprint(sio, "/socket.io", "chat")

        @blueprint.post("/session")
        async def session(request: Request) -> HTTPResponse:
            return _session(request, sessions)

        return blueprint


class Chat:
    """Serves the sockets of one process."""

    def __init__(self, sio: AsyncServer, door: Door, sessions: Sessions) -> None:
        self._sio = sio
        self._door = door
        self._sessions = sessions

    def listen(self) -> None:
        """Take events from now on."""
        self._sio.on("connect", self.connect)
        self._sio.on("open", self.open)
        self._sio.on("message", self.message)

    async def connect(self, sid: str, _environ: Mapping[str, Any], auth: Any = None) -> None:
        """Let a browser in whose token is good."""
        token = auth.get("token") if isinstance(auth, dict) else None
        conversation = self._conversation(token)
        if conversation is None:
            raise ConnectionRefusedError("unauthorized")
        await self._sio.save_session(sid, {"token": token})
        self._sio.enter_room(sid, conversation)

    async def open(self, sid: str, data: Any) -> dict[str, Any]:
        """Greet a new conversation; replay to one that comes back what was said after ``since``."""
        conversation = await self._trusted(sid)
        if conversation is None:
            return _refused("token", "expired")
        since = data.get("since", 0) if isinstance(data, dict) else 0
        if not isinstance(since, int) or isinstance(since, bool) or since < 0:
            return _refused("since", "must be a whole number from 0")
        missed = await self._door.since(conversation, since)
        if missed or since:
            await self._sio.emit("answers", {"reply_to": None, "answers": [shown(a) for a in missed]}, to=sid)
            return {"ok": True}
        return await self._serve(Inbound(conversation, CHANNEL, "open", event="session_opened"))

    async def message(self, sid: str, data: Any) -> dict[str, Any]:
        """One message of the customer."""
        conversation = await self._trusted(sid)
        if conversation is None:
            return _refused("token", "expired")
        if not isinstance(data, dict):
            return _refused("message", "must be an object")
        secret = data.get("secret")
        text = secret if secret is not None else data.get("text", "")
        return await self._serve(
            Inbound(conversation, CHANNEL, data.get("id", ""), text, data.get("payload"), secret=secret is not None)
        )

    async def _serve(self, inbound: Inbound) -> dict[str, Any]:
        try:
            turn = await self._door.receive(inbound)
        except MessageRejectedError as error:
            return _refused(error.field, error.reason)
        answers = {"reply_to": inbound.message_id, "answers": [shown(answer) for answer in turn.answers]}
        await self._sio.emit("answers", answers, room=inbound.conversation)
        return {"ok": True}

    async def _trusted(self, sid: str) -> Optional[str]:
        session = await self._sio.get_session(sid)
        return self._conversation(session.get("token"))

    def _conversation(self, token: object) -> Optional[str]:
        try:
            return self._sessions.check(token)
        except BadTokenError as error:
            logger.info("a chat token was refused: %s", error)
            return None


def shown(answer: Answer) -> dict[str, Any]:
    """What the browser is told of an answer."""
    return {
        "sequence": answer.sequence,
        "text": answer.text,
        "buttons": answer.buttons,
        "card": answer.card,
        "asks": answer.metadata.get("asks"),
        "secret": bool(answer.metadata.get("secret")),
        "ends": bool(answer.metadata.get("ends")),
    }


def origins(settings: Settings) -> list[str]:
    """The origins whose pages may open a socket: the hotline's own and those of the settings."""
    hosts = {settings.host, "127.0.0.1", "localhost"}
    return [f"http://{host}:{settings.port}" for host in sorted(hosts)] + settings.origins


def _session(request: Request, sessions: Sessions) -> HTTPResponse:
    now = datetime.now(timezone.utc)
    token = (request.headers.get("Authorization") or "").removeprefix("Bearer ").strip()
    if not token:
        return _issued(sessions.issue(now))
    try:
        return _issued(sessions.issue(now, sessions.check(token)))
    except BadTokenError as error:
        return json({"error": {"field": "token", "reason": str(error)}}, status=401)


def _issued(session: Session) -> HTTPResponse:
    return json({"conversation": session.conversation, "token": session.token, "expires_in": session.expires_in})


def _refused(field: str, reason: str) -> dict[str, Any]:
    return {"error": {"field": field, "reason": reason}}
