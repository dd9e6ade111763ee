"""Customers of a cluster: in the widget, which sends a message again until its answer has come, and on the telephone."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

LOST = (SocketIOError, aiohttp.ClientError, asyncio.TimeoutError, OSError)


class Tab:
    """A browser's tab at an address of the hotline; as the widget, it asks for what it missed and sends again.

    By long-polling: socket.io's Python client speaks websocket with newer versions of aiohttp only.
    """

    def __init__(self, base: str, token: str = "") -> None:
        self.base = base
        self.token = token
        self.conversation = ""
        self.turns: dict[int, list[str]] = {}  # by their first number
        self.times: dict[int, int] = {}  # how often each of them came
        self.accepted: set[str] = set()
        self.answered: dict[str, list[str]] = {}
        self.broken = 0
        self._last = 0
        self._client: socketio.AsyncClient | None = None
        self._news = asyncio.Event()

    async def open(self) -> Tab:
        """Get a session, connect, and take what there is."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with aiohttp.ClientSession() as http, http.post(f"{self.base}/chat/session", headers=headers) as response:
            response.raise_for_status()
            session = await response.json()
        self.token, self.conversation = session["token"], session["conversation"]
        await self._connect()
        return self

    async def say(self, text: str, within: float = 40.0) -> list[str]:
        """Say something; the words of the answer. What breaks meanwhile is only waited for."""
        message_id, end = str(uuid.uuid4()), time.monotonic() + within
        while message_id not in self.answered:
            if time.monotonic() > end:
                raise AssertionError(f"{text} was not answered within {within} s")
            try:
                await self._say(message_id, text)
            except LOST:
                self.broken += 1
                await self.close()
                await asyncio.sleep(0.2)
        return self.answered[message_id]

    async def until_turns(self, count: int, seconds: float = 10.0) -> None:
        """Wait until so many turns have come."""
        await self.until(lambda: len(self.turns) >= count, seconds)

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait for something that was heard."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"it did not come: {self.turns}")
            await self._some_news(0.5)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(*LOST):
                await client.disconnect()

    async def _say(self, message_id: str, text: str) -> None:
        if self._client is None or not self._client.connected:
            await self._connect()
        if message_id in self.answered:
            return
        assert self._client is not None
        reply = await self._client.call("message", {"id": message_id, "text": text}, timeout=10)
        if not reply.get("ok"):
            await asyncio.sleep(0.5)  # too fast
            return
        self.accepted.add(message_id)
        while message_id not in self.answered:
            if self._client is None or not self._client.connected:
                raise SocketIOError("the line broke")
            await self._some_news(0.5)

    async def _connect(self) -> None:
        await self.close()
        client = socketio.AsyncClient(reconnection=False)
        client.on("turn", self._hear)
        auth = {"token": self.token, "script": "hans"}
        # Every browser has a line of its own; in the web it would have an address or a program of its own as well.
        address = f"{self.base}?conversation={self.conversation}"
        await client.connect(address, auth=auth, transports=["polling"], wait_timeout=10)
        self._client = client
        reply = await client.call("open", {"since": self._last}, timeout=10)
        for turn in reply.get("turns", []):
            await self._hear(turn)

    async def _hear(self, turn: dict[str, Any]) -> None:
        words = [answer["text"] for answer in turn["answers"]]
        if turn["first"] > 0:
            self.turns[turn["first"]] = words
            self.times[turn["first"]] = self.times.get(turn["first"], 0) + 1
            self._last = max(self._last, turn["last"])
        for said in turn["said"]:
            self.answered[said["id"]] = words
        self._news.set()

    async def _some_news(self, seconds: float) -> None:
        self._news.clear()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)


class Phone:
    """A caller whose platform sends every event once, and expects an answer to it."""

    def __init__(self, http: aiohttp.ClientSession, base: str, secret: str, call: str) -> None:
        self._http = http
        self._url = f"{base}/webhooks/ivr/webhook"
        self._secret = secret
        self.call = call
        self._count = 0

    async def event(self, kind: str, **more: Any) -> list[dict[str, Any]]:
        """The actions that answer an event."""
        self._count += 1
        body = json.dumps({"call_id": self.call, "event_id": f"e{self._count}", "type": kind, **more}).encode()
        stamp = str(int(time.time()))
        digest = hmac.new(self._secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Hotline-Timestamp": stamp,
            "X-Hotline-Signature": f"sha256={digest}",
        }
        async with self._http.post(self._url, data=body, headers=headers) as response:
            assert response.status == 200, (response.status, await response.text())
            actions: list[dict[str, Any]] = (await response.json())["actions"]
            return actions
