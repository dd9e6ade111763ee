"""The widget's channel and the desk on one real server, in the loop of the test; Rasa is a stand-in."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import socketio

from hotline.door import Inbound
from hotline.services.handoff import Reason
from tests.channels.web_server import PATIENT, Server, running

LOGINS = ("a1001", "a1002", "s9001", "c8001")


class Person:
    """Somebody at the desk: an HTTP client with his cookie, and the events his socket heard."""

    def __init__(self, base: str, login: str) -> None:
        self.base = base
        self.login = login
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.socket = socketio.AsyncClient(reconnection=False)
        self.heard: list[tuple[str, Any]] = []
        for name in (
            "queue",
            "handoff",
            "offer",
            "entries",
            "notes",
            "ticket",
            "people",
            "session",
            "typing",
            "callbacks",
        ):
            self.socket.on(name, self._hear(name), namespace="/desk")

    def _hear(self, name: str) -> Any:
        async def hear(data: Any = None) -> None:
            self.heard.append((name, data))

        return hear

    async def log_in(self, password: str | None = None) -> tuple[int, Any]:
        return await self.post("login", login=self.login, password=password or f"{self.login}-demo")

    async def connect(self) -> None:
        cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in self.http.cookie_jar)
        await self.socket.connect(
            self.base, headers={"Cookie": cookies}, namespaces=["/desk"], transports=["polling"], wait_timeout=PATIENT
        )

    async def post(self, path: str, headers: Any = None, **body: Any) -> tuple[int, Any]:
        sent = {"X-Desk": "1"} if headers is None else headers
        async with self.http.post(f"{self.base}/desk/api/{path}", json=body, headers=sent) as response:
            return response.status, await response.json()

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.http.get(f"{self.base}/desk/api/{path}") as response:
            return response.status, await response.json()

    async def until(self, name: str, fits: Any = lambda data: True, seconds: float = PATIENT) -> Any:
        """Wait for an event."""
        for _ in range(int(seconds / 0.05)):
            for heard, data in self.heard:
                if heard == name and fits(data):
                    return data
            await asyncio.sleep(0.05)
        raise AssertionError(f"{self.login} heard no {name}: {[heard for heard, _ in self.heard]}")

    async def close(self) -> None:
        if self.socket.connected:
            await self.socket.disconnect()
        await self.http.close()


class Desk:
    """A running desk and its people, by log-in."""

    def __init__(self, server: Server, people: dict[str, Person]) -> None:
        self.server = server
        self.services = server.services
        self.people = people

    def __getitem__(self, login: str) -> Person:
        return self.people[login]

    async def waiting(self, conversation: str | None = None, **how: Any) -> int:
        """A customer who said something and waits for a human; the handoff's id."""
        conversation = conversation or f"web-{uuid.uuid4().hex[:12]}"
        await self.server.chat._door.receive(
            Inbound(conversation, "web", uuid.uuid4().hex, "我的手机13800138000被乱扣费")
        )
        placed = await self.services.handoff.request(conversation, "web", Reason.REQUESTED, **how)
        return placed.handoff.id


@asynccontextmanager
async def desk(directory: Path, **settings: Any) -> AsyncIterator[Desk]:
    """The desk with everybody logged in but nobody connected."""
    async with running(directory, desk=True, **settings) as server:
        people = {login: Person(server.base, login) for login in LOGINS}
        try:
            for person in people.values():
                assert (await person.log_in())[0] == 200
            yield Desk(server, people)
        finally:
            for person in people.values():
                await person.close()


def text_id() -> str:
    """An id as a browser makes them."""
    return uuid.uuid4().hex
