"""A customer whose answers are timed, and others who behave badly beside him, all with real clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import socketio

from tests.channels.web_server import browser
from tests.served import Product

LINES = ("查话费", "取消", "你们有哪些套餐", "营业厅在哪里", "谢谢")


async def wait_times(product: Product, messages: int) -> list[float]:
    """How long an ordinary customer waits for each of his answers, in seconds."""
    took: list[float] = []
    async with browser(product) as tab:  # type: ignore[arg-type]
        await tab.open()
        for number in range(messages):
            started = time.monotonic()
            message_id = str(uuid.uuid4())
            await tab.call("message", {"id": message_id, "text": LINES[number % len(LINES)]})
            await tab.until(lambda m=message_id: answered(tab.turns, m), 30)  # type: ignore[misc]
            took.append(time.monotonic() - started)
            await asyncio.sleep(1.1)  # a person reads; the widget's own limit is one message a second
    return took


def answered(turns: list[dict[str, Any]], message_id: str) -> bool:
    return any(said["id"] == message_id for turn in turns for said in turn["said"])


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


@asynccontextmanager
async def beside(*attacks: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Each attack, over and over, while the block runs; the last one comes to its end, and closes its connections."""
    over = asyncio.Event()

    async def again(attack: Callable[[], Awaitable[None]]) -> None:
        while not over.is_set():
            with contextlib.suppress(Exception):  # what is refused is tried again
                await attack()
            await asyncio.sleep(0.01)

    tasks = [asyncio.ensure_future(again(attack)) for attack in attacks]
    try:
        yield
    finally:
        over.set()
        _, late = await asyncio.wait(tasks, timeout=30)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class Attacks:
    """Ways to behave badly."""

    def __init__(self, product: Product) -> None:
        self.product = product

    async def giant_messages(self) -> None:
        """1 MB in one socket event, and the longest that is let in."""
        async with browser(self.product) as tab:  # type: ignore[arg-type]
            await tab.client.emit("message", {"id": str(uuid.uuid4()), "text": "查" * 500})
            await tab.client.emit("message", {"id": str(uuid.uuid4()), "text": "啊" * 350_000})
            await asyncio.sleep(0.2)

    async def giant_bodies(self) -> None:
        async with aiohttp.ClientSession() as http:
            for path in ("/chat/session", "/webhooks/ivr/webhook", "/desk/api/login"):
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.post(self.product.base + path, data=b"{" + b" " * 1_000_000) as response:
                        await response.read()

    async def deep_json(self) -> None:
        async with aiohttp.ClientSession() as http:
            body = b"[" * 30_000
            async with http.post(f"{self.product.base}/chat/session", data=body) as response:
                await response.read()

    async def flood(self) -> None:
        """As many messages as a socket carries, to one conversation."""
        async with browser(self.product) as tab:  # type: ignore[arg-type]
            for _ in range(200):
                await tab.client.emit("message", {"id": str(uuid.uuid4()), "text": "查话费"})
            await asyncio.sleep(1)

    async def many_sockets(self) -> None:
        clients = [socketio.AsyncClient(reconnection=False) for _ in range(20)]
        try:
            for client in clients:
                token = await self.product.token()
                await client.connect(self.product.base, auth={"token": token}, transports=["polling"], wait_timeout=3)
            await asyncio.sleep(0.5)
        finally:
            for client in clients:
                await client.disconnect()

    async def odd_characters(self) -> None:
        async with browser(self.product) as tab:  # type: ignore[arg-type]
            for text in ("\x00" * 400, "a\x00查话费", "\ud800", "\u202e" * 400, "é" * 400, "\u0301" * 499, "﷽" * 400):
                with contextlib.suppress(Exception):
                    await tab.call("message", {"id": str(uuid.uuid4()), "text": text})
            for data in ({"id": "\x00" * 36, "text": "x"}, {"id": 7}, {"text": None}, [], "x", {"id": {}, "text": {}}):
                with contextlib.suppress(Exception):
                    await tab.call("message", data)

    async def slow_bodies(self) -> None:
        """Fifty senders that trickle a byte at a time."""

        async def trickle() -> None:
            _reader, writer = await asyncio.open_connection("127.0.0.1", self.product.port)
            try:
                writer.write(b"POST /chat/session HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
                for _ in range(20):
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.2)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

        await asyncio.gather(*(trickle() for _ in range(50)), return_exceptions=True)

    async def bad_frames(self) -> None:
        async with aiohttp.ClientSession() as http:
            for body in (b"\xff\xfe", b"4" * 8000, b'42["message",' + b"{" * 7000, json.dumps(["x"] * 1000).encode()):
                url = f"{self.product.base}/socket.io/?EIO=4&transport=polling&sid={uuid.uuid4().hex}"
                async with http.post(url, data=body) as response:
                    await response.read()


ATTACKS = (
    "giant_messages", "giant_bodies", "deep_json", "flood", "many_sockets", "odd_characters", "slow_bodies", "bad_frames",
)  # fmt: skip
