"""A talk outlives its token, the verification in it does not: real clients whose tokens have expired (P3, P4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from hotline.channels.sessions import LEEWAY, LIFETIME, Sessions
from hotline.errors import GatewayUnavailableError
from hotline.services.verification import VerificationService
from tests.channels.test_web import site_token
from tests.channels.web_server import FRIEND, Server, browser, is_refused, running, texts

PHONE = "13800138000"
FAREWELL = {"text": "再见!", "metadata": {"ends": True}}


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path) as started:
        yield started


def late(server: Server, token: str, **ago: float) -> dict[str, str]:
    """The header of a browser that slept: its token as it would be, had it expired so long ago."""
    sessions = Sessions(server.services.settings.secret("session"))
    session = sessions.check(token)
    issued = datetime.now(timezone.utc) - LIFETIME - LEEWAY - timedelta(**ago)
    return bearing(sessions.issue(issued, session.conversation, session.phone).token)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def sign_out(server: Server, headers: dict[str, str]) -> int:
    async with (
        aiohttp.ClientSession() as client,
        client.delete(f"{server.base}/chat/session", headers=headers) as reply,
    ):
        return reply.status


async def test_after_a_night_the_talk_goes_on_and_what_was_missed_comes_in_order(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        seen = await tab.say("一")
        await tab.say("二")
        await tab.say("三")
    status, session = await server.post(headers=late(server, token, hours=10))
    assert status == 200 and "over" not in session
    async with browser(server, session["token"]) as back:
        missed = (await back.open(since=seen["last"]))["turns"]
        assert [texts(turn) for turn in missed] == [["收到:二"], ["收到:三"]]
        await back.say("四")
    assert len({message.sender_id for message in server.rasa.messages}) == 1


async def test_what_was_verified_does_not_outlive_the_token(server: Server) -> None:
    first = (await server.post())[1]
    name, verification = first["conversation"], server.services.verification
    await verification.check_password(name, PHONE, "246810")
    await server.post(headers=bearing(first["token"]))
    assert await verification.verified(name, PHONE)  # a renewal in time changes nothing
    await server.post(headers=late(server, first["token"], minutes=1))
    assert not await verification.verified(name, PHONE)


async def test_a_talk_is_not_taken_up_while_its_verification_cannot_be_forgotten(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await server.token()

    async def down(*_: object) -> None:
        raise GatewayUnavailableError("grants")

    monkeypatch.setattr(VerificationService, "forget", down)
    status, answer = await server.post(headers=late(server, token, minutes=1))
    assert status == 503 and "token" not in answer


async def test_an_expired_token_is_good_for_nothing_but_a_fresh_one(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
    headers = late(server, token, minutes=1)
    stale = headers["Authorization"].removeprefix("Bearer ")
    assert await is_refused(server.base, auth={"token": stale})
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{server.base}/chat/image/{'x' * 20}", headers=headers) as reply:
            assert reply.status == 401
        async with client.post(f"{server.base}/chat/image", headers={**headers, "X-Message-Id": "x" * 8}) as reply:
            assert reply.status == 401
    async with browser(server) as other:
        assert "error" in await other.call("renew", {"token": stale})


async def test_the_grace_has_an_end(server: Server) -> None:
    token = await server.token()
    assert (await server.post(headers=late(server, token, hours=24, seconds=5)))[0] == 401
    assert (await server.post(headers=late(server, token, hours=23, minutes=59)))[0] == 200


async def test_an_operator_may_give_no_grace(tmp_path: Path) -> None:
    async with running(tmp_path, web_resume_hours=0) as strict:
        token = await strict.token()
        assert (await strict.post(headers=late(strict, token, seconds=2)))[0] == 401
        assert (await strict.post(headers=bearing(token)))[0] == 200


async def test_a_foreign_page_renews_nothing_and_an_allowed_one_does(server: Server) -> None:
    headers = late(server, await server.token(), minutes=1)
    assert (await server.post(headers={**headers, "Origin": "https://evil.example"}))[0] == 403
    assert (await server.post(headers={**headers, "Origin": FRIEND}))[0] == 200


async def test_expired_tokens_of_one_conversation_are_renewed_one_at_a_time(server: Server) -> None:
    headers = late(server, await server.token(), minutes=1)
    assert (await server.post(headers=headers))[0] == 200
    status, answer = await server.post(headers=headers)
    assert (status, answer["error"]["field"]) == (429, "rate")
    assert (await server.post(headers=late(server, await server.token(), minutes=1)))[0] == 200  # another's


async def test_of_a_talk_that_ended_what_was_missed_is_shown_and_a_new_one_begins(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        seen = await tab.say("查话费")
        server.rasa.says = [[{"text": "您的余额"}], [FAREWELL]]
        await tab.say("多少")
        await tab.say("没有了")
    headers = late(server, token, hours=1)
    status, session = await server.post(headers=headers, json={"since": seen["last"], "script": "hant"})
    assert status == 200
    assert [texts(turn) for turn in session["over"]] == [["您的餘額"], ["再見!"]]
    ended = server.rasa.messages[0].sender_id
    assert session["conversation"] != ended
    async with browser(server, session["token"]) as back:
        await back.open()
        await back.say("你好")
    assert server.rasa.messages[-1].sender_id == session["conversation"]


@pytest.mark.parametrize("since", [-1, "5", 1.5, True])
async def test_a_number_to_count_from_is_a_whole_number(server: Server, since: Any) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        server.rasa.says = [[FAREWELL]]
        await tab.say("再见")
    status, answer = await server.post(headers=late(server, token, minutes=1), json={"since": since})
    assert (status, answer["error"]["field"]) == (400, "since")


@pytest.mark.parametrize("expired", [False, True], ids=["in time", "late"])
async def test_who_signed_out_is_gone_whatever_tokens_are_left(server: Server, expired: bool) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        await tab.say("查话费")
        headers = late(server, token, minutes=1)
        assert await sign_out(server, headers if expired else bearing(token)) == 200
        await tab.say("还在吗")  # a tab that has not heard of it yet does not undo it
    for kept in (headers, bearing(token)):
        status, answer = await server.post(headers=kept)
        assert status == 401 and "over" not in answer


async def test_signed_in_again_on_the_site_the_customer_is_verified_again(server: Server) -> None:
    first = (await server.post(json={"site_token": site_token()}))[1]
    headers = late(server, first["token"], hours=1)
    again = (await server.post(headers=headers, json={"site_token": site_token()}))[1]
    assert again["conversation"] == first["conversation"]
    assert await server.services.verification.verified(first["conversation"], PHONE)


@pytest.mark.parametrize("before", ["13900139000", ""], ids=["another", "nobody knows who"])
async def test_who_signs_in_hours_later_does_not_see_what_somebody_else_may_have_said(
    server: Server, before: str
) -> None:
    first = (await server.post(json={"site_token": site_token(before)} if before else {}))[1]
    headers = late(server, first["token"], hours=1)
    status, mine = await server.post(headers=headers, json={"site_token": site_token()})
    assert status == 200 and "over" not in mine
    assert mine["conversation"] != first["conversation"]
    assert await server.services.verification.verified(mine["conversation"], PHONE)


async def test_a_sign_in_after_the_verification_was_forgotten_reaches_the_assistant(server: Server) -> None:
    first = (await server.post(json={"site_token": site_token()}))[1]
    async with browser(server, first["token"]) as tab:
        await tab.open()
        await tab.say("查话费")
    fresh = (await server.post(headers=late(server, first["token"], hours=1)))[1]["token"]
    async with browser(server, fresh) as back:
        await back.open(since=2)
        await server.post(headers=bearing(fresh), json={"site_token": site_token()})
        await back.until(lambda: bool(back.turns))
    assert server.rasa.intents[-1] == "signed_in"
