"""TMF621: every answer is held against TM Forum's published description; the moves are those of our tickets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from hotline.services.tickets import Move
from tests.desk.desk_server import Desk, desk
from tests.gateways.descriptions import check_answer, check_question

TOKEN = "operator-token-of-the-tests-0123456789"
BASE = "/tmf-api/troubleTicket/v4"
MANY, ONE = f"{BASE}/troubleTicket", f"{BASE}/troubleTicket/{{id}}"
NEW = {
    "description": "家里宽带断了三天",
    "severity": "Major",
    "ticketType": "broadband",
    "externalId": "crm-77",
    "relatedParty": [
        {"id": "13800138000", "name": "王", "role": "customer", "@referredType": "Individual"},
    ],
}


class Client:
    """Asks the API and holds every answer against the description."""

    def __init__(self, server: Desk) -> None:
        self.desk = server
        self.http = aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"})

    async def ask(self, method: str, path: str, described: str, **more: Any) -> tuple[int, Any]:
        async with self.http.request(method, self.desk.server.base + path, **more) as response:
            body = await response.json() if response.status != 204 else None
        if body is not None:
            check_answer(method, described, response.status, body)
        return response.status, body

    async def create(self, **other: Any) -> Any:
        status, body = await self.ask("POST", MANY, MANY, json={**NEW, **other})
        assert status == 201, body
        return body


@pytest_asyncio.fixture
async def api(tmp_path: Path) -> AsyncIterator[Client]:
    async with desk(tmp_path, api_token=TOKEN) as started:
        client = Client(started)
        yield client
        await client.http.close()


async def test_a_ticket_is_created_found_and_shown_as_described(api: Client) -> None:
    check_question("POST", MANY, NEW)
    created = await api.create()
    assert (created["status"], created["severity"], created["externalId"]) == ("acknowledged", "Major", "crm-77")
    _, shown = await api.ask("GET", f"{MANY}/{created['id']}", ONE)
    assert shown == created
    assert (await api.desk.services.tickets.find(created["id"])).phone == "13800138000"


async def test_the_same_external_id_again_is_the_same_ticket(api: Client) -> None:
    first, again, other = await api.create(), await api.create(), await api.create(externalId="crm-78")
    assert first["id"] == again["id"] != other["id"]


async def test_a_list_can_be_filtered_cut_and_paged(api: Client) -> None:
    for n in range(3):
        await api.create(externalId=f"n{n}", ticketType="charge" if n else "network")
    _, all_of_them = await api.ask("GET", MANY, MANY)
    assert len(all_of_them) == 3
    _, charges = await api.ask("GET", f"{MANY}?ticketType=charge&limit=1&offset=1", MANY)
    assert [one["ticketType"] for one in charges] == ["charge"]
    _, none = await api.ask("GET", f"{MANY}?status=closed", MANY)
    assert none == []
    _, few = await api.ask("GET", f"{MANY}?fields=status&limit=1", MANY)
    assert set(few[0]) == {"id", "href", "status", "@type"}


async def test_a_patch_moves_a_ticket_along_and_an_illegal_one_is_a_conflict(api: Client) -> None:
    number = (await api.create())["id"]
    assert (await api.ask("PATCH", f"{MANY}/{number}", ONE, json={"status": "closed"}))[0] == 409
    for status in ("inProgress", "pending", "resolved", "closed"):
        body = {"status": status, "statusChangeReason": "已处理"}
        answered, shown = await api.ask("PATCH", f"{MANY}/{number}", ONE, json=body)
        assert (answered, shown["status"]) == (200, status)
    assert [one["status"] for one in shown["statusChange"]][-1] == "closed"
    assert (await api.desk.services.tickets.find(number)).answer == "已处理"


async def test_a_patch_adds_notes_and_changes_the_severity(api: Client) -> None:
    number = (await api.create())["id"]
    body = {"severity": "Critical", "note": [{"text": "客户又来电"}]}
    _, shown = await api.ask("PATCH", f"{MANY}/{number}", ONE, json=body)
    assert shown["severity"] == "Critical" and shown["note"][0]["text"] == "客户又来电"


@pytest.mark.parametrize(
    ("method", "path", "described", "body", "status"),
    [
        ("POST", MANY, MANY, {"description": "x"}, 400),
        ("POST", MANY, MANY, {**NEW, "ticketType": "weather"}, 400),
        ("POST", MANY, MANY, {**NEW, "relatedParty": "x"}, 400),
        ("GET", f"{MANY}?limit=many", MANY, None, 400),
        ("GET", f"{MANY}?offset={10**30}", MANY, None, 400),
        ("GET", f"{MANY}/C20261021999999", ONE, None, 404),
        ("DELETE", f"{MANY}/C20261021999999", ONE, None, 404),
        ("POST", f"{BASE}/hub", f"{BASE}/hub", {"callback": "ftp://x"}, 400),
        ("POST", f"{BASE}/hub", f"{BASE}/hub", {"callback": "http://x/\ud800"}, 400),
        ("POST", MANY, MANY, {**NEW, "relatedParty": [{"role": "customer", "id": "\ud800"}]}, 400),
    ],
)
async def test_bad_questions_get_the_apis_own_error_body(
    api: Client, method: str, path: str, described: str, body: Any, status: int
) -> None:
    answered, error = await api.ask(method, path, described, json=body)
    assert answered == status and error["code"] == str(status) and error["reason"]


@pytest.mark.parametrize("given", ["", "Bearer wrong", TOKEN[:-1]])
async def test_nobody_without_the_token_learns_anything(api: Client, given: str) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": given}) as stranger:
        async with stranger.get(api.desk.server.base + MANY) as response:
            assert response.status == 401


async def test_without_a_token_in_the_settings_the_api_is_closed(tmp_path: Path) -> None:
    async with desk(tmp_path) as started, aiohttp.ClientSession(headers={"Authorization": "Bearer "}) as client:
        async with client.get(started.server.base + MANY) as response:
            assert response.status == 401


async def test_a_ticket_is_never_deleted(api: Client) -> None:
    number = (await api.create())["id"]
    assert (await api.ask("DELETE", f"{MANY}/{number}", ONE))[0] == 405
    assert (await api.ask("GET", f"{MANY}/{number}", ONE))[0] == 200


async def test_a_listener_is_told_of_what_happens_until_it_is_forgotten(api: Client) -> None:
    heard: list[tuple[str, Any]] = []

    async def listen(request: web.Request) -> web.Response:
        heard.append((request.path, await request.json()))
        return web.Response(status=201)

    app = web.Application()
    app.router.add_post("/{path:.*}", listen)
    async with TestServer(app) as listener:
        _, hub = await api.ask("POST", f"{BASE}/hub", f"{BASE}/hub", json={"callback": str(listener.make_url("/"))})
        number = (await api.create())["id"]
        await api.desk.services.tickets.move(number, Move.DISPATCH, "c8001", department="网络部")
        for _ in range(100):
            if len(heard) >= 2:
                break
            await asyncio.sleep(0.05)
        assert (await api.ask("DELETE", f"{BASE}/hub/{hub['id']}", f"{BASE}/hub/{{id}}"))[0] == 204
    assert [path for path, _ in heard] == [
        "/listener/troubleTicketCreateEvent",
        "/listener/troubleTicketStatusChangeEvent",
    ]
    check_question("POST", f"{BASE}{heard[0][0]}", heard[0][1])
    assert heard[1][1]["event"]["troubleTicket"]["status"] == "inProgress"
