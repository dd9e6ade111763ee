"""Frames that are none, at the real server: counted, told in one line, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.channels.web_server import Server, browser, running, texts

SOCKET = "/socket.io/?EIO=4&transport="
READABLE = ['42["open",null]', '42["nobody listens to this"]']
# Engine.IO cannot read the first ones, Socket.IO those from 4 on; the last are no events that a browser sends.
FRAMES = ["", "9", "x", "b!!!", "\ud7ff", "4", "4{", "44x", "47", "42", "42[", "42{}", "42[1]", '42[["open"],{}]']
FRAMES += ["42[" + "[" * 3000, '451-["x",{"_placeholder":true,"num":0}]', "461-[]", "43[]", "40["]
FRAMES += ['42["connect",{}]', '42["disconnect"]', '42["open",1,2]', "42/x,[]"]
NO_TEXT = b"\x81\x84\0\0\0\0\xff\xfe\xfd\xfc"  # a text frame that is no UTF-8


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path) as started:
        yield started


def refused(server: Server) -> float:
    return server.services.metrics.registry.get_sample_value("hotline_errors_total", {"kind": "refused"}) or 0.0


async def send(server: Server, frame: str, transport: str) -> None:
    """A frame of somebody whose token is good, and wait for what becomes of it."""
    hello = "40" + json.dumps({"token": await server.token()})
    async with aiohttp.ClientSession() as client:
        if transport == "websocket":
            async with client.ws_connect(server.base + SOCKET + transport) as socket:
                await socket.receive()
                await socket.send_str(hello)
                await socket.receive()
                await socket.send_str(frame)
                await socket.send_str("2")  # which the server refuses in its turn, after the frame
            return
        async with client.get(server.base + SOCKET + transport) as reply:
            address = f"{server.base}{SOCKET}{transport}&sid={json.loads((await reply.text())[1:])['sid']}"
        for sent in (hello, frame):
            async with client.post(address, data=sent.encode("utf-8", "surrogatepass")) as reply:
                assert reply.status == 200


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_what_is_no_frame_is_counted_without_a_traceback(
    server: Server, caplog: pytest.LogCaptureFixture, transport: str
) -> None:
    frames = FRAMES if transport == "websocket" else [frame for frame in FRAMES if frame != ""]
    with caplog.at_level(logging.INFO):
        for frame in frames:
            await send(server, frame, transport)
        await asyncio.sleep(0.2)
        for frame in READABLE:
            await send(server, frame, transport)
    assert [record for record in caplog.records if record.exc_info] == []
    told = [record for record in caplog.records if "frames that are none" in record.getMessage()]
    assert len(told) == 1
    assert refused(server) == len(frames)


async def test_what_is_no_text_is_counted_too(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    host, port = server.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    headers = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    writer.write(f"GET {SOCKET}websocket HTTP/1.1\r\nHost: x\r\n{headers}\r\n{key}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.write(NO_TEXT)

    async def counted() -> None:
        while not refused(server):
            await asyncio.sleep(0.02)

    await asyncio.wait_for(counted(), 20)
    writer.close()
    assert [record for record in caplog.records if record.exc_info] == []


async def test_who_sends_one_loses_his_line_and_the_others_talk_on(server: Server) -> None:
    async with browser(server) as other, browser(server) as tab:
        await other.open()
        assert len(server.chat._here) == 2
        await tab.client.eio.send('2["connect",{},{}]')  # would begin the connection anew, with its limits
        while len(server.chat._here) == 2:
            await asyncio.sleep(0.02)
        assert texts(await other.say("查话费")) == ["收到:查话费"]


async def test_a_fault_of_our_own_keeps_its_traceback(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise RuntimeError("ours")
    except RuntimeError:
        logging.getLogger("sanic.error").exception("a handler failed")
        logging.getLogger("asyncio").exception("a task failed")
    assert len([record for record in caplog.records if record.exc_info]) == 2
    assert refused(server) == 0
