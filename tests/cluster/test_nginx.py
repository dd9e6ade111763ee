"""The reverse proxy's own configuration, before workers that say what reached them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts.cluster import certificate
from scripts.services import Nginx, free_port

pytestmark = pytest.mark.services


class Told:
    """A worker that says its name and what it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        size = len(await request.read())
        return web.json_response({"worker": self.name, "headers": dict(request.headers), "size": size})

    def app(self) -> web.Application:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{rest:.*}", self.answer)
        return app


@pytest.fixture
async def told() -> AsyncIterator[list[tuple[Told, TestServer]]]:
    pair = [Told("a"), Told("b")]
    servers = [TestServer(one.app()) for one in pair]
    for server in servers:
        await server.start_server()
    yield list(zip(pair, servers, strict=True))
    for server in servers:
        await server.close()


@pytest.fixture
def nginx(told: list[tuple[Told, TestServer]]) -> Iterator[Nginx]:
    with Nginx([f"127.0.0.1:{server.port}" for _, server in told]) as one:
        one.start()
        yield one


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(
    "path", ["/", "/chat/session", "/static/x.js", "/desk/", "/desk/api/me", "/webhooks/ivr/webhook"]
)
async def test_what_is_ours_is_served(nginx: Nginx, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(nginx.url + path) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "path", ["/conversations/c/tracker", "/model/train", "/status", "/chat", "/deskx", "/.git/config"]
)
async def test_nothing_else_reaches_a_worker(
    nginx: Nginx, http: aiohttp.ClientSession, told: list[tuple[Told, TestServer]], path: str
) -> None:
    async with http.get(nginx.url + path) as response:
        assert response.status == 404
    assert not any(one.asked for one, _ in told)


async def test_a_conversation_stays_with_one_worker_and_many_are_spread(
    nginx: Nginx, http: aiohttp.ClientSession
) -> None:
    def asked(conversation: str) -> str:
        return f"{nginx.url}/socket.io/?EIO=4&transport=polling&conversation={conversation}"

    workers: dict[str, set[str]] = {}
    for conversation in (f"web-{number}" for number in range(20)):
        for _ in range(3):
            async with http.get(asked(conversation)) as response:
                workers.setdefault(conversation, set()).add((await response.json())["worker"])
    assert all(len(found) == 1 for found in workers.values())
    assert {name for found in workers.values() for name in found} == {"a", "b"}


async def test_a_call_stays_with_one_worker_by_the_id_in_its_events(nginx: Nginx, http: aiohttp.ClientSession) -> None:
    workers: dict[str, set[str]] = {}
    for call in (f"call-{number}" for number in range(20)):
        for body in (
            f'{{"call_id":"{call}"}}',
            f'{{\n "text": "{"长" * 9000}",\n "call_id" : "{call}"}}',
            f'{{"call_id": "{call}"}}',
        ):
            async with http.post(f"{nginx.url}/webhooks/ivr/webhook", data=body.encode()) as response:
                workers.setdefault(call, set()).add((await response.json())["worker"])
    assert all(len(found) == 1 for found in workers.values())
    assert {name for found in workers.values() for name in found} == {"a", "b"}


async def test_a_telephone_event_that_one_worker_does_not_take_goes_to_the_other(
    nginx: Nginx, http: aiohttp.ClientSession, told: list[tuple[Told, TestServer]]
) -> None:
    await told[0][1].close()
    for _ in range(10):
        async with http.post(f"{nginx.url}/webhooks/ivr/webhook", json={}) as response:
            assert (response.status, (await response.json())["worker"]) == (200, "b")


async def test_what_a_client_says_of_its_own_address_is_not_believed(nginx: Nginx, http: aiohttp.ClientSession) -> None:
    lies = {"X-Forwarded-For": "10.9.8.7", "X-Real-IP": "10.9.8.7", "X-Hotline-Conversation": "another's"}
    async with http.get(f"{nginx.url}/desk/api/me", headers=lies) as response:
        heard = (await response.json())["headers"]
    assert (heard["X-Forwarded-For"], heard["X-Real-IP"]) == ("127.0.0.1", "127.0.0.1")
    assert "X-Hotline-Conversation" not in heard


@pytest.mark.parametrize(("path", "size", "status"), [("/chat/session", 70_000, 413), ("/chat/image", 5_000_000, 200)])
async def test_bodies_are_as_long_as_they_may_be(
    nginx: Nginx, http: aiohttp.ClientSession, path: str, size: int, status: int
) -> None:
    async with http.post(nginx.url + path, data=io.BytesIO(b"x" * size)) as response:
        assert response.status == status


async def test_the_log_has_no_queries(nginx: Nginx, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{nginx.url}/chat/session?conversation=web-secret"):
        pass
    nginx.stop()
    logged = (nginx.directory / "access.log").read_text()
    assert "/chat/session" in logged
    assert "web-secret" not in logged


async def test_with_a_certificate_it_speaks_tls(
    told: list[tuple[Told, TestServer]], http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    with Nginx([f"127.0.0.1:{told[0][1].port}"], port=free_port(), certificate=certificate(tmp_path)) as nginx:
        nginx.start()
        async with http.get(f"{nginx.url}/desk/", ssl=False) as response:
            assert (await response.json())["headers"]["X-Forwarded-Proto"] == "https"
