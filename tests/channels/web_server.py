"""A real server of the web channel for tests, in the loop of the test; what stands behind the door is a stand-in."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import socketio
from rasa.core.channels.channel import UserMessage
from sanic import Sanic
from socketio.exceptions import ConnectionError as RefusedError

from hotline import bootstrap
from hotline.bootstrap import Services
from hotline.channels.chat import Chat
from hotline.channels.web import WebInput
from hotline.desk.app import install as install_desk
from hotline.server import serve_pages
from scripts.services import free_port
from tests.support import Address, demo_services

SITE_SECRET = "site-secret-of-the-tests-0123456789"
FRIEND = "https://shop.example"
PATIENT = 20.0  # seconds, on a machine that is busy


class Rasa:
    """Stands behind the door: keeps every message and answers with what it was told, or with an echo."""

    def __init__(self) -> None:
        self.messages: list[UserMessage] = []
        self.says: list[list[dict[str, Any]]] = []
        self.does: Callable[[UserMessage], Awaitable[None]] | None = None

    async def __call__(self, message: UserMessage) -> None:
        self.messages.append(message)
        if self.does is not None:
            await self.does(message)
        echo = [{"text": f"收到:{message.text}", "utter_action": "utter_x", "metadata": {}}]
        for answer in self.says.pop(0) if self.says else echo:
            await message.output_channel.send_response(message.sender_id, dict(answer))

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]

    @property
    def intents(self) -> list[str]:
        return [message.parse_data["intent"]["name"] for message in self.messages if message.parse_data]


class Server(Address):
    """The running server and what the tests look at."""

    def __init__(self, base: str, rasa: Rasa, services: Services, chat: Chat) -> None:
        self.base = base
        self.rasa = rasa
        self.services = services
        self.chat = chat


@asynccontextmanager
async def running(
    directory: Path, idle: float = 300.0, pages: bool = False, desk: bool = False, **settings: Any
) -> AsyncIterator[Server]:
    """The server on a free port; with the pages that browsers load and with the desk, if they are wanted."""
    Sanic.test_mode = True  # several applications in one process
    rasa, services = Rasa(), demo_services(directory)
    port = free_port()
    chosen = services.settings.copy(
        update={"port": port, "web_idle": idle, "site_secret": SITE_SECRET, "allowed_origins": FRIEND, **settings}
    )
    bootstrap.use(replace(services, settings=chosen))
    app = Sanic(f"web-{uuid.uuid4().hex[:8]}", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 64 * 1024
    blueprint = WebInput().blueprint(rasa)
    app.blueprint(blueprint, url_prefix="/chat")
    if pages:
        serve_pages(app, chosen)
    if desk:
        install_desk(app, bootstrap.services())
    listening = await _listen(app, port)
    await listening.after_start()
    try:
        yield Server(f"http://127.0.0.1:{port}", rasa, services, blueprint.ctx.chat)
    finally:
        await listening.before_stop()
        await _close(listening)
        bootstrap.use(None)
        services.close()


async def _listen(app: Sanic, port: int) -> Any:
    listening = await app.create_server(host="127.0.0.1", port=port, return_asyncio_server=True, access_log=False)
    assert listening is not None
    await listening.startup()
    return listening


async def _close(listening: Any) -> None:
    """End the server and whoever is still connected, as Sanic's own runner does.

    Browsers keep their connections, and uvloop waits for ever in ``close`` while one is open.
    """
    listening.close()
    await listening.wait_closed()
    for connection in list(listening.connections):
        connection.abort()
    while listening.connections:
        await asyncio.sleep(0.01)


class Browser:
    """A socket.io client that keeps what it hears."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.turns: list[dict[str, Any]] = []
        self.heard: list[tuple[str, Any]] = []
        self._news = asyncio.Event()
        self.client.on("turn", self._turn)
        for name in ("failed", "queue", "agent", "message"):
            self.client.on(name, self._other(name))

    async def _turn(self, turn: dict[str, Any]) -> None:
        self.turns.append(turn)
        self._news.set()

    def _other(self, name: str) -> Callable[[Any], Awaitable[None]]:
        async def hear(data: Any = None) -> None:
            self.heard.append((name, data))
            self._news.set()

        return hear

    async def call(self, event: str, data: Any = None) -> dict[str, Any]:
        reply: dict[str, Any] = await self.client.call(event, {} if data is None else data, timeout=PATIENT)
        return reply

    async def open(self, since: int = 0) -> dict[str, Any]:
        """Open, and wait for the greeting of a new conversation."""
        reply = await self.call("open", {"since": since})
        if reply.get("ok") and not reply["turns"] and not since:
            await self.until(lambda: bool(self.turns))
        return reply

    async def say(self, text: str, message_id: str | None = None, **more: Any) -> dict[str, Any]:
        """Say something and wait for its answer; gives that turn."""
        message_id = message_id or str(uuid.uuid4())
        reply = await self.call("message", {"id": message_id, "text": text, **more})
        assert reply == {"ok": True}, reply
        return await self.answer_to(message_id)

    async def answer_to(self, message_id: str) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [turn for turn in self.turns if message_id in [said["id"] for said in turn["said"]]]

        await self.until(lambda: bool(found()))
        return found()[-1]

    async def until(self, condition: Callable[[], bool], seconds: float = PATIENT) -> None:
        while not condition():
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
            except asyncio.TimeoutError:
                raise AssertionError(f"nothing came: {self.turns} {self.heard}") from None


@asynccontextmanager
async def browser(
    server: Server, token: str | None = None, origin: str | None = None, script: str = "hans"
) -> AsyncIterator[Browser]:
    """A browser in its conversation, a new one unless a token is given."""
    tab = Browser()
    token = token or await server.token()
    headers = {"Origin": origin} if origin else {}
    await tab.client.connect(
        server.base,
        headers=headers,
        auth={"token": token, "script": script},
        transports=["polling"],
        wait_timeout=PATIENT,
    )
    try:
        yield tab
    finally:
        await tab.client.disconnect()


async def is_refused(base: str, namespace: str = "/", **how: Any) -> bool:
    """Whether the server refuses a socket; by its own word, where ``connect`` would wait for its time to be over."""
    client = socketio.AsyncClient(reconnection=False)
    refusal: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    client.on("connect", lambda: refusal.set_result(False), namespace)
    client.on("connect_error", lambda *_: refusal.done() or refusal.set_result(True), namespace)
    try:
        await client.connect(base, namespaces=[namespace], transports=["polling"], wait=False, **how)
        return await asyncio.wait_for(refusal, PATIENT)
    except RefusedError:
        return True
    finally:
        await client.disconnect()


def texts(turn: dict[str, Any]) -> list[str]:
    """What was answered in a turn."""
    return [answer["text"] for answer in turn["answers"]]
