"""The routes of both channels in a Sanic server of this process; Rasa is a stand-in."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sanic import Sanic

from hotline import bootstrap
from hotline.channels.ivr.channel import IvrInput
from hotline.channels.ivr.jambonz_channel import JambonzInput
from tests.channels.ivr import jambonz_line
from tests.channels.ivr.server import settings_for, signed
from tests.channels.ivr.test_call import Rasa

_apps = itertools.count()


@pytest.fixture
async def address(tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[str]:
    services = bootstrap.build(settings_for(tmp_path))
    bootstrap.use(services)
    Sanic.test_mode = True  # several applications in one process
    app = Sanic(f"endpoint-{next(_apps)}", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 64 * 1024
    rasa: Any = Rasa()
    jambonz = JambonzInput.from_credentials({"targets": {"agent": "sip:agent@pbx.example"}})
    for channel in (IvrInput.from_credentials(None), jambonz):
        app.blueprint(channel.blueprint(rasa), url_prefix=f"/webhooks/{channel.name()}")
    server = await app.create_server("127.0.0.1", unused_tcp_port, return_asyncio_server=True, access_log=False)
    await server.startup()
    await server.start_serving()
    yield f"http://127.0.0.1:{unused_tcp_port}/webhooks"
    server.close()
    services.close()
    bootstrap.use(None)


async def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=headers) as response:
        return response.status, json.loads(await response.read())


async def test_an_event_is_answered(address: str) -> None:
    body = json.dumps({"call_id": "c", "event_id": "e", "type": "start"}).encode()
    status, answer = await post(f"{address}/ivr/webhook", body, signed(body))
    assert (status, answer["call_id"], answer["event_id"]) == (200, "c", "e")
    assert answer["actions"][0]["say"]["text"] == "好的。"


@pytest.mark.parametrize(
    ("body", "status"), [(b"x" * 20_000, 413), (b"x" * 70_000, 413), (b"{", 400), (b'{"call_id": "c"}', 400)]
)
async def test_bad_input_is_refused(address: str, body: bytes, status: int) -> None:
    found, answer = await post(f"{address}/ivr/webhook", body, signed(body))
    assert found == status
    assert set(answer["error"]) == {"field", "reason"}


async def test_without_a_signature_nothing_is_stored(address: str) -> None:
    body = json.dumps({"call_id": "c", "event_id": "e", "type": "start"}).encode()
    assert (await post(f"{address}/ivr/webhook", body, {}))[0] == 401
    assert await bootstrap.services().conversations.load("c", "e") == (None, None)
    assert await bootstrap.services().calls.find("c") is None


async def test_the_description_is_served(address: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{address}/ivr/openapi.json") as response:
        assert (response.status, response.content_type) == (200, "application/json")


@pytest.mark.parametrize(
    ("hook", "fields", "status"),
    [("webhook", {}, 200), ("gather", {}, 400), ("other", {}, 404), ("webhook", {"x": "x" * 17_000}, 413)],
)
async def test_hooks_of_jambonz(address: str, hook: str, fields: dict[str, Any], status: int) -> None:
    body = json.dumps(jambonz_line.call_fields("c", **fields)).encode()
    found, answer = await post(f"{address}/jambonz/{hook}", body, {"Jambonz-Signature": jambonz_line.signed(body)})
    assert found == status
    if status == 200:
        assert [verb["verb"] for verb in answer] == ["gather"]


async def test_the_end_of_a_call_on_jambonz(address: str) -> None:
    body = json.dumps(jambonz_line.call_fields("c", call_status="completed", call_termination_by="caller")).encode()
    headers = {"Jambonz-Signature": jambonz_line.signed(body)}
    assert await post(f"{address}/jambonz/status", body, headers) == (200, [])
    body = json.dumps(jambonz_line.call_fields("c", call_status="ringing")).encode()
    assert await post(f"{address}/jambonz/status", body, {"Jambonz-Signature": jambonz_line.signed(body)}) == (200, [])
    assert (await post(f"{address}/jambonz/status", body, {}))[0] == 401
