"""No customer can read or steer another's conversation (promise P3): two clients and the running product."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio

from tests.channels.web_server import Browser, browser, is_refused
from tests.served import Product

DAYS = 2 * 86400  # longer than a token may be renewed after its expiry
SECRET_WORDS = "我的合同编号是甲乙丙丁"


class Victim:
    """A customer in his conversation, who has said something that is nobody else's business."""

    def __init__(self, token: str, tab: Browser) -> None:
        self.token = token
        self.tab = tab
        self.conversation = str(jwt.decode(token, options={"verify_signature": False})["sub"])


@pytest_asyncio.fixture
async def victim(product: Product) -> AsyncIterator[Victim]:
    token = await product.token()
    async with browser(product, token) as tab:  # type: ignore[arg-type]
        await tab.open()
        await tab.say(SECRET_WORDS)
        yield Victim(token, tab)


def claims(conversation: str, **more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"sub": conversation, "aud": "hotline-chat", "iat": now, "exp": now + 1800, **more}


def unsigned(conversation: str) -> str:
    """A token of the algorithm ``none``."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims(conversation))}."


def signed_for(conversation: str, secret: str, **more: Any) -> str:
    return jwt.encode(claims(conversation, **more), secret, algorithm="HS256")


FORGERIES = ["none", "another key", "expired", "another audience", "tampered", "empty", "number", "another algorithm"]


def forged(kind: str, victim: Victim, product: Product) -> Any:
    own = (product.directory / "session-secret").read_text().strip()
    header, body, signature = victim.token.split(".")
    return {
        "none": unsigned(victim.conversation),
        "another key": signed_for(victim.conversation, "x" * 64),
        "expired": signed_for(victim.conversation, own, exp=int(time.time()) - DAYS, iat=int(time.time()) - DAYS),
        "another audience": signed_for(victim.conversation, own, aud="hotline-desk"),
        "tampered": f"{header}.{body[:-2]}AA.{signature}",
        "empty": "",
        "number": 7,
        "another algorithm": jwt.encode(claims(victim.conversation), own, algorithm="HS384"),
    }[kind]


@pytest.mark.parametrize("kind", FORGERIES)
async def test_a_forged_token_opens_nothing(product: Product, victim: Victim, kind: str) -> None:
    token = forged(kind, victim, product)
    assert await is_refused(product.base, auth={"token": token})
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http:
        async with http.delete(f"{product.base}/chat/session", headers=headers) as response:
            assert response.status == 401
        async with http.get(f"{product.base}/chat/image/{'x' * 20}", headers=headers) as response:
            assert response.status == 401
    if token not in ("", 7):
        status, body = await product.post(headers=headers)
        assert status == 401 and "token" not in body


@pytest.mark.parametrize(
    "claim",
    ["conversation", "session_id", "sender_id", "sender", "room", "sub", "conversation_id", "token"],
)
async def test_a_stolen_conversation_id_is_worth_nothing(product: Product, victim: Victim, claim: str) -> None:
    async with browser(product) as thief:  # type: ignore[arg-type]
        stolen: dict[str, Any] = {claim: victim.conversation}
        opened = await thief.call("open", {"since": 0, **stolen})
        history = await thief.call("history", {"before": 10_000, **stolen})
        await thief.call("message", {"id": str(uuid.uuid4()), "text": "取消", **stolen})
        await thief.call("typing", stolen)
        seen = json.dumps([opened, history, thief.turns, thief.heard], ensure_ascii=False)
        assert SECRET_WORDS not in seen and victim.conversation not in seen
    before = len(victim.tab.turns)
    await victim.tab.say("还在吗")
    assert len(victim.tab.turns) == before + 1, "the victim heard the thief's answers"


async def test_the_token_of_another_conversation_does_not_renew_mine(product: Product, victim: Victim) -> None:
    async with browser(product) as thief:  # type: ignore[arg-type]
        refused = await thief.call("renew", {"token": signed_for(victim.conversation, "y" * 64)})
        assert not refused.get("ok")
        seen = json.dumps(await thief.call("history", {"before": 10_000}), ensure_ascii=False)
        assert SECRET_WORDS not in seen


async def test_rooms_of_others_cannot_be_joined(product: Product, victim: Victim) -> None:
    async with browser(product) as thief:  # type: ignore[arg-type]
        for event in ("join", "enter_room", "session_request", "subscribe", "user_uttered"):
            await thief.client.emit(event, {"session_id": victim.conversation, "room": victim.conversation})
        answered = await victim.tab.say("你们几点上班")
        assert answered
        assert not thief.turns and not thief.heard


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://"])
async def test_a_foreign_page_is_let_in_nowhere(product: Product, victim: Victim, origin: str) -> None:
    status, _ = await product.post(headers={"Origin": origin})
    assert status == 403
    assert await is_refused(product.base, headers={"Origin": origin}, auth={"token": victim.token})


async def test_a_message_without_a_sender_is_refused(product: Product) -> None:
    for auth in (None, {}, {"token": None}, [], "token"):
        assert await is_refused(product.base, auth=auth)
    async with aiohttp.ClientSession() as http:
        for path in ("/webhooks/ivr/webhook", "/webhooks/rest/webhook", "/webhooks/web/webhook"):
            async with http.post(f"{product.base}{path}", json={"message": "查话费"}) as response:
                assert response.status in (401, 404), path


@pytest.mark.parametrize(
    "path",
    [
        "/conversations/{}/tracker",
        "/conversations/{}/story",
        "/conversations/{}/messages",
        "/status",
        "/version",
        "/domain",
        "/model/parse",
        "/model/train",
        "/webhooks/rest/webhook",
        "/webhooks/socketio/socket.io/",
        "/webhook",
        "/actions",
    ],
)
async def test_rasas_own_api_and_channels_are_not_served(product: Product, victim: Victim, path: str) -> None:
    async with aiohttp.ClientSession() as http:
        for method in ("GET", "POST", "PUT"):
            url = product.base + path.format(victim.conversation)
            async with http.request(method, url, json={} if method != "GET" else None) as response:
                assert response.status in (404, 405), f"{method} {path}: {response.status}"


@pytest.mark.parametrize("name", ["token", "access_token", "api_token", "auth"])
async def test_no_token_is_taken_from_a_url(product: Product, victim: Victim, name: str) -> None:
    from tests.served import API_TOKEN

    async with aiohttp.ClientSession() as http:
        tickets = f"{product.base}/tmf-api/troubleTicket/v4/troubleTicket"
        async with http.get(tickets, params={name: API_TOKEN}) as response:
            assert response.status == 401
        async with http.get(tickets, headers={"Authorization": f"Bearer {API_TOKEN}"}) as response:
            assert response.status == 200
        async with http.delete(f"{product.base}/chat/session", params={name: victim.token}) as response:
            assert response.status == 401
    assert await is_refused(f"{product.base}?{name}={victim.token}")


async def test_a_picture_is_shown_to_its_own_conversation_only(product: Product, victim: Victim) -> None:
    name = "x" * 24
    other = await product.token()
    async with aiohttp.ClientSession() as http:
        for path in (name, f"..%2F{name}", "..%2f..%2fsession-secret", "%00", f"{victim.conversation}%2F{name}"):
            url = f"{product.base}/chat/image/{path}"
            async with http.get(url, headers={"Authorization": f"Bearer {other}"}) as response:
                assert response.status == 404, path
