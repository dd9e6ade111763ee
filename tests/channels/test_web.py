"""The web channel: a real socket.io client against a real server; only Rasa is a stand-in."""

from __future__ import annotations

import asyncio
import io
import json
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio
from PIL import Image
from rasa.core.channels.channel import UserMessage

from hotline.channels import chat
from hotline.channels.sessions import AUDIENCE, SITE_AUDIENCE, Sessions
from hotline.channels.transcript import HIDDEN, words
from tests.channels.web_server import FRIEND, SITE_SECRET, Server, browser, is_refused, running, texts

PASSWORD = {
    "text": "请输入密码。",
    "utter_action": "utter_p",
    "metadata": {"asks": "password", "secret": "service_password"},
}


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path) as started:
        yield started


# --- who may speak where (P3) ---


async def test_a_new_conversation_is_greeted_and_what_is_said_is_answered(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        assert server.rasa.intents == ["session_opened"]
        turn = await tab.say("查话费")
    assert texts(turn) == ["收到:查话费"]
    assert turn["first"] == 2


async def test_the_conversation_comes_from_the_token_whatever_the_client_says(server: Server) -> None:
    async with browser(server) as victim, browser(server) as thief:
        await victim.open()
        name = server.rasa.messages[0].sender_id
        await thief.open()
        await thief.call("open", {"since": 0, "conversation": name, "session_id": name})
        await thief.say("你好", conversation=name, sender=name, session_id=name)
        assert server.rasa.messages[-1].sender_id != name
        assert len(victim.turns) == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": datetime.now(timezone.utc) - timedelta(days=2)},
        {"aud": "other"},
    ],
    ids=["expired", "foreign"],
)
async def test_a_bad_token_opens_no_socket_and_no_session(server: Server, claims: dict[str, Any]) -> None:
    now = datetime.now(timezone.utc)
    good = {"sub": "web-x", "aud": AUDIENCE, "iat": now, "exp": now + timedelta(minutes=5)}
    token = jwt.encode({**good, **claims}, server.services.settings.secret("session"), algorithm="HS256")
    assert await is_refused(server.base, auth={"token": token})
    assert (await server.post(headers={"Authorization": f"Bearer {token}"}))[0] == 401


async def test_a_token_without_signature_opens_no_socket(server: Server) -> None:
    now = datetime.now(timezone.utc)
    claims = {"sub": "web-x", "aud": AUDIENCE, "iat": now, "exp": now + timedelta(minutes=5)}
    assert await is_refused(server.base, auth={"token": jwt.encode(claims, "", algorithm="none")})


async def test_a_foreign_origin_gets_no_session_and_no_socket(server: Server) -> None:
    status, answer = await server.post(headers={"Origin": "https://evil.example"})
    assert (status, answer["error"]["field"]) == (403, "origin")
    headers = {"Origin": "https://evil.example"}
    assert await is_refused(server.base, headers=headers, auth={"token": await server.token()})


async def test_an_allowed_origin_gets_both(server: Server) -> None:
    token = await server.token(headers={"Origin": FRIEND})
    async with browser(server, token, origin=FRIEND) as tab:
        assert (await tab.open())["ok"]


async def test_a_token_that_expires_while_the_socket_is_open_is_refused_and_a_renewed_one_is_taken(
    server: Server,
) -> None:
    now = datetime.now(timezone.utc)
    claims = {"sub": "web-short", "aud": AUDIENCE, "iat": now, "exp": now - timedelta(seconds=29)}
    secret = server.services.settings.secret("session")
    async with browser(server, jwt.encode(claims, secret, algorithm="HS256")) as tab:
        await asyncio.sleep(1.5)
        assert (await tab.call("open", {"since": 0}))["error"]["field"] == "token"


async def test_a_renewal_keeps_the_talk_and_cannot_change_it(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        fresh = await server.token(headers={"Authorization": f"Bearer {token}"})
        assert await tab.call("renew", {"token": fresh}) == {"ok": True}
        assert "error" in await tab.call("renew", {"token": await server.token()})
        assert "error" in await tab.call("renew", {"token": "nonsense"})
        assert texts(await tab.say("你好")) == ["收到:你好"]
    assert len({message.sender_id for message in server.rasa.messages}) == 1


# --- nothing is lost, nothing is doubled ---


async def test_what_was_missed_is_given_after_its_number_and_in_order(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        first = await tab.say("一")
        await tab.say("二")
        await tab.say("三")
    async with browser(server, token) as back:
        missed = (await back.open(since=first["last"]))["turns"]
    assert [texts(turn) for turn in missed] == [["收到:二"], ["收到:三"]]
    assert [turn["said"][0]["text"] for turn in missed] == ["二", "三"]


async def test_a_reloaded_window_gets_the_talk_back_with_what_the_customer_said(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        await tab.say("查话费")
    async with browser(server, token) as back:
        reply = await back.open()
    assert [[said["text"] for said in turn["said"]] for turn in reply["turns"]] == [[], ["查话费"]]
    assert reply["more"] is False
    assert server.rasa.intents == ["session_opened"]


async def test_history_comes_page_by_page(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        for number in range(24):
            if number % 12 == 0:
                server.chat._talks.clear()  # and with them how fast they went
            await tab.say(f"第{number}句", payload="/none")
    async with browser(server, token) as back:
        latest = await back.open()
        assert (len(latest["turns"]), latest["more"]) == (20, True)
        older = await back.call("history", {"before": latest["turns"][0]["first"]})
        assert (len(older["turns"]), older["more"]) == (5, False)
        assert older["turns"][-1]["last"] + 1 == latest["turns"][0]["first"]


async def test_a_message_that_is_sent_again_is_served_once_and_answered_again(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        first = await tab.say("查话费", "11111111-aaaa")
        again = await tab.say("查话费", "11111111-aaaa")
    assert again == first
    assert server.rasa.texts.count("查话费") == 1


async def test_the_second_half_of_a_breath_sent_again_after_a_restart_is_not_served_again(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        await tab.call("message", {"id": "11111111-aaaa", "text": "你好"})
        await tab.say("查话费", "22222222-bbbb")
    server.chat._talks.clear()  # what a restart forgets
    async with browser(server, token) as back:
        await back.open()
        turn = await back.say("查话费", "22222222-bbbb")
    assert [said["text"] for said in turn["said"]] == ["你好", "查话费"]
    assert len(server.rasa.messages) == 2


async def test_two_devices_in_one_conversation_both_see_everything(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as phone, browser(server, token) as desk:
        await phone.open()
        await desk.open()
        turn = await phone.say("查话费")
        await desk.until(lambda: turn in desk.turns)
        other = await desk.say("查流量")
        await phone.until(lambda: other in phone.turns)
    assert turn["said"][0]["text"] == "查话费"


# --- one breath ---


async def test_what_is_said_in_one_breath_is_answered_together(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        await tab.call("message", {"id": "11111111-aaaa", "text": "你好"})
        await tab.call("message", {"id": "22222222-bbbb", "text": "查一下话费"})
        turn = await tab.answer_to("11111111-aaaa")
    assert [said["id"] for said in turn["said"]] == ["11111111-aaaa", "22222222-bbbb"]
    assert server.rasa.texts[1:] == ["你好。查一下话费"]


async def test_a_breath_lasts_while_the_customer_goes_on_typing(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        await tab.call("message", {"id": "11111111-aaaa", "text": "我想"})
        await tab.call("typing")
        await asyncio.sleep(0.6)
        await tab.say("查话费")
    assert server.rasa.texts[1:] == ["我想。查话费"]


async def test_a_button_is_not_mixed_with_words(server: Server) -> None:
    button = {"title": "查话费", "payload": "/query_balance"}
    server.rasa.says = [[{"text": "您好!", "utter_action": "u", "buttons": [button], "metadata": {}}]]
    async with browser(server) as tab:
        await tab.open()
        await tab.say("查话费", payload="/query_balance")
    assert server.rasa.intents[-1] == "query_balance"


async def test_one_breath_never_grows_longer_than_a_message_may_be(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        await tab.call("message", {"id": "11111111-aaaa", "text": "话" * 300})
        await tab.say("费" * 300)
    assert [len(text) for text in server.rasa.texts[1:]] == [300, 300]


# --- secrets (P5) ---


@pytest.mark.parametrize("typed", ["246810", "密码是 2 4 6 8 1 0", "二四六八幺零", "２４６８１０"])
async def test_a_secret_is_neither_kept_nor_shown_wherever_it_is_typed(
    server: Server, tmp_path: Path, typed: str
) -> None:
    server.rasa.says = [[PASSWORD]]
    async with browser(server) as tab:
        await tab.open()
        turn = await tab.say(typed)
        replay = await tab.call("open", {"since": 0})
    assert turn["said"][0]["text"] == HIDDEN
    assert typed not in json.dumps(replay, ensure_ascii=False)
    assert typed.encode() not in (tmp_path / "hotline.db").read_bytes()


async def test_the_secret_field_is_hidden_even_when_nothing_asked_for_it(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        await tab.call("message", {"id": "11111111-aaaa", "secret": "246810"})
        turn = await tab.answer_to("11111111-aaaa")
    assert turn["said"] == [{"id": "11111111-aaaa", "text": HIDDEN}]


def test_words_are_kept_as_they_were_typed_but_for_secrets_and_control_characters() -> None:
    assert words("請問\u202e話費\x00１", secret_asked=False) == "請問話費１"
    assert words("我的密码是246810", secret_asked=False) == "我的密码是******"
    assert words("是13900139000", secret_asked=True) == "是13900139000"


# --- silence, farewell, rating ---


async def test_nothing_said_for_the_idle_time_is_silence_and_a_farewell_ends_it(tmp_path: Path) -> None:
    async with running(tmp_path, idle=0.4) as server:
        server.rasa.says = [
            [{"text": "您好!", "metadata": {}}],
            [{"text": "请问还有什么可以帮助您?", "metadata": {"asks": "anything_else"}}],
            [{"text": "对不起,我挂线了。再见!", "metadata": {"ends": True}}],
        ]
        async with browser(server) as tab:
            await tab.open()
            await tab.until(lambda: len(tab.turns) == 3)
            assert server.rasa.intents == ["session_opened", "silence", "silence"]
            await asyncio.sleep(0.8)
            assert len(tab.turns) == 3


async def test_a_talk_that_has_ended_is_not_asked_whether_anybody_is_there(tmp_path: Path) -> None:
    async with running(tmp_path, idle=0.4) as server:
        async with browser(server) as tab:
            await tab.open()
            server.rasa.says = [[{"text": "再见!", "metadata": {"ends": True}}]]
            await tab.say("再见")
        token = Sessions(server.services.settings.secret("session"))
        name = server.rasa.messages[0].sender_id
        server.chat._talks.clear()  # it was let go of, and the customer comes back to the page
        async with browser(server, token.issue(datetime.now(timezone.utc), name).token) as tab:
            await tab.open()
            await asyncio.sleep(0.9)
        assert server.rasa.intents == ["session_opened"]


async def test_talks_that_nobody_touches_are_let_go_of_and_those_that_wait_for_the_customer_are_not(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = server.chat._talk("web-waiting")
    waiting.wait_for_silence()
    monkeypatch.setattr(chat, "LATE_TALKS", -1.0)
    for number in range(100):
        server.chat._talk(f"web-{number}")
    assert len(server.chat._talks) <= 3
    assert server.chat._talks["web-waiting"] is waiting
    waiting.rest()


async def test_a_key_press_is_no_silence(tmp_path: Path) -> None:
    async with running(tmp_path, idle=1.5) as server, browser(server) as tab:
        await tab.open()
        for _ in range(6):
            await asyncio.sleep(0.3)
            await tab.call("typing")
        assert server.rasa.intents == ["session_opened"]


async def test_a_conversation_that_ends_forgets_what_was_verified(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        name = server.rasa.messages[0].sender_id
        await server.services.verification.check_password(name, "13800138000", "246810")
        server.rasa.says = [[{"text": "再见!", "metadata": {"ends": True}}]]
        await tab.say("再见")
        assert not await server.services.verification.verified(name, "13800138000")


async def test_after_a_rating_nothing_more_is_waited_for(tmp_path: Path) -> None:
    async with running(tmp_path, idle=0.5) as server:
        rate = {"title": "5分", "payload": "/inform?rating=5"}
        async with browser(server) as tab:
            await tab.open()
            server.rasa.says = [
                [{"text": "再见!", "metadata": {"ends": True}}, {"text": "请打分。", "buttons": [rate], "metadata": {}}]
            ]
            await tab.say("再见")
            await tab.say("5分", payload="/inform?rating=5")
            await asyncio.sleep(0.9)
        assert server.rasa.intents == ["session_opened", "inform"]


# --- bad input ---


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ("text", "data"),
        ([1], "data"),
        ({"text": "你好"}, "id"),
        ({"id": "web:open", "text": "你好"}, "id"),
        ({"id": "11111111-aaaa", "text": 5}, "text"),
        ({"id": "11111111-aaaa", "text": None}, "text"),
        ({"id": "11111111-aaaa", "text": "话" * 501}, "text"),
        ({"id": "11111111-aaaa", "text": " \n"}, "text"),
        ({"id": "11111111-aaaa", "text": "话", "payload": {"x": 1}}, "payload"),
        ({"id": "11111111-aaaa", "secret": ["1"]}, "text"),
    ],
)
async def test_what_is_not_well_formed_is_refused_by_field(server: Server, data: Any, field: str) -> None:
    async with browser(server) as tab:
        await tab.open()
        assert (await tab.call("message", data))["error"]["field"] == field
    assert len(server.rasa.messages) == 1


@pytest.mark.parametrize("since", ["5", -1, True, 1.5, None, 10**30])
async def test_a_number_to_count_from_is_a_whole_number(server: Server, since: Any) -> None:
    async with browser(server) as tab:
        assert (await tab.call("open", {"since": since}))["error"]["field"] == "since"


async def test_half_an_emoji_is_dropped_and_its_neighbours_are_answered(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        turn = await tab.say("查话费\ud83d")
    assert (turn["said"][0]["text"], texts(turn)) == ("查话费", ["收到:查话费"])


async def test_an_event_that_breaks_is_answered_all_the_same(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("boom")

    async with browser(server) as tab:
        await tab.open()
        monkeypatch.setattr(server.chat._door, "since", fail)
        assert (await tab.call("history", {"before": 5}))["error"]["field"] == "server"


async def test_who_sends_too_fast_is_told_so_in_the_words_of_the_domain(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        replies = [await tab.call("message", {"id": str(uuid.uuid4()), "text": "话"}) for _ in range(30)]
    told = [reply for reply in replies if "error" in reply]
    assert told and all(reply["say"] == "您发送得太快了,请稍候。" for reply in told)


async def test_a_frame_above_eight_kilobytes_closes_the_line_and_not_the_server(server: Server) -> None:
    async with browser(server) as tab:
        await tab.open()
        await tab.client.emit("message", {"id": "11111111-aaaa", "text": "x" * 20_000})
        await asyncio.sleep(0.3)
    assert len(server.rasa.messages) == 1
    async with browser(server) as other:
        await other.open()
        assert texts(await other.say("你好")) == ["收到:你好"]


async def test_a_breath_that_fails_is_said_to_have_failed_and_the_next_is_served(
    server: Server, monkeypatch: Any
) -> None:
    async with browser(server) as tab:
        await tab.open()

        async def fail(*_: object) -> None:
            raise RuntimeError("boom")

        with monkeypatch.context() as patch:
            patch.setattr(server.chat._door, "receive", fail)
            await tab.call("message", {"id": "11111111-aaaa", "text": "你好"})
            await tab.until(lambda: ("failed", {"ids": ["11111111-aaaa"]}) in tab.heard)
        assert texts(await tab.say("你好", "11111111-aaaa")) == ["收到:你好"]


async def test_messages_keep_their_order_while_the_engine_is_slow(server: Server) -> None:
    async def slow(_message: UserMessage) -> None:
        await asyncio.sleep(0.2)

    async with browser(server) as tab:
        await tab.open()
        server.rasa.does = slow
        button = {"payload": "/none"}  # payloads are not joined
        for number in (1, 2, 3):
            await tab.call("message", {"id": f"1111111{number}", "text": f"第{number}句", **button})
        await tab.answer_to("11111113")
    assert server.rasa.texts[1:] == ["第1句", "第2句", "第3句"]


# --- characters, the human agents' side ---


async def test_a_server_that_stops_answers_first_what_was_asked_and_then_closes_the_lines(server: Server) -> None:
    async def slow(_message: UserMessage) -> None:
        await asyncio.sleep(0.5)

    gone = asyncio.Event()
    async with browser(server) as tab:
        await tab.open()
        server.rasa.does = slow
        tab.client.on("disconnect", gone.set)
        assert await tab.call("message", {"id": "33333333", "text": "查话费"}) == {"ok": True}
        await server.chat.end(patience=20)
        assert texts(await tab.answer_to("33333333")) == ["收到:查话费"]
        await asyncio.wait_for(gone.wait(), 20)
    assert server.chat.present() == []


async def test_a_browser_may_ask_for_traditional_characters(server: Server) -> None:
    token = await server.token()
    async with browser(server, token, script="hant") as hant, browser(server, token) as hans:
        await hant.open()
        await hans.open()
        server.rasa.says = [
            [{"text": "余额为86.40元。", "buttons": [{"title": "查话费", "payload": "/x"}], "metadata": {}}]
        ]
        turn = await hant.say("余额")
        assert "餘額" in turn["answers"][0]["text"]
        assert turn["answers"][0]["buttons"][0]["title"] == "查話費"
        await hans.until(lambda: "余额为86.40元。" in texts(hans.turns[-1]))


async def test_the_human_side_can_tell_a_conversation_and_only_that_one(server: Server) -> None:
    async with browser(server) as tab, browser(server) as other:
        await tab.open()
        await other.open()
        name = server.rasa.messages[0].sender_id
        await server.chat.tell(name, "queue", {"position": 2, "wait": [1, 3]})
        await tab.until(lambda: ("queue", {"position": 2, "wait": [1, 3]}) in tab.heard)
        assert not other.heard


async def test_leaving_a_queue_asks_the_human_side(server: Server) -> None:
    left: list[str] = []

    async def leave(conversation: str) -> bool:
        left.append(conversation)
        return True

    async with browser(server) as tab:
        await tab.open()
        assert "error" in await tab.call("leave_queue")
        server.chat.leave_queue = leave
        assert await tab.call("leave_queue") == {"ok": True}
    assert left == [server.rasa.messages[0].sender_id]


# --- signing in on the operator's site ---


def site_token(phone: str = "13800138000", secret: str = SITE_SECRET) -> str:
    now = datetime.now(timezone.utc)
    claims = {"sub": phone, "aud": SITE_AUDIENCE, "iat": now, "exp": now + timedelta(minutes=5)}
    return jwt.encode(claims, secret, algorithm="HS256")


async def test_who_is_signed_in_on_the_site_arrives_verified(server: Server) -> None:
    token = await server.token(json={"site_token": site_token()})
    async with browser(server, token) as tab:
        await tab.open()
    opened = server.rasa.messages[0]
    assert opened.parse_data["entities"] == [{"entity": "caller", "value": "13800138000"}]
    assert await server.services.verification.verified(opened.sender_id, "13800138000")


async def test_a_forged_site_token_signs_nobody_in(server: Server) -> None:
    status, answer = await server.post(json={"site_token": site_token(secret="x" * 32)})
    assert (status, answer["error"]["field"]) == (403, "site_token")


async def test_signing_in_during_a_talk_keeps_it_and_another_customer_gets_a_new_one(server: Server) -> None:
    first, anonymous = (await server.post())[1], None
    anonymous = {"Authorization": f"Bearer {first['token']}"}
    mine = (await server.post(json={"site_token": site_token()}, headers=anonymous))[1]
    assert mine["conversation"] == first["conversation"]
    signed_in = {"Authorization": f"Bearer {mine['token']}"}
    other = (await server.post(json={"site_token": site_token("13900139000")}, headers=signed_in))[1]
    assert other["conversation"] != first["conversation"]


async def test_a_sign_in_in_the_middle_of_a_talk_reaches_the_assistant_once(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        headers = {"Authorization": f"Bearer {token}"}
        _, mine = await server.post(json={"site_token": site_token()}, headers=headers)
        await tab.until(lambda: len(tab.turns) == 2)
        signed_in = server.rasa.messages[-1]
        assert server.rasa.intents[-1] == "signed_in"
        assert signed_in.parse_data["entities"] == [{"entity": "caller", "value": "13800138000"}]
        assert await server.services.verification.verified(signed_in.sender_id, "13800138000")
        # The next page of the site signs in again: that is no news.
        await server.post(json={"site_token": site_token()}, headers={"Authorization": f"Bearer {mine['token']}"})
        await tab.say("查话费")
        assert server.rasa.intents.count("signed_in") == 1


async def test_a_sign_in_before_the_first_word_needs_no_word_of_its_own(server: Server) -> None:
    headers = {"Authorization": f"Bearer {await server.token()}"}
    _, mine = await server.post(json={"site_token": site_token()}, headers=headers)
    async with browser(server, mine["token"]) as tab:
        await tab.open()
        await tab.say("查话费")
    assert server.rasa.intents == ["session_opened"]


async def test_a_comment_with_a_rating_is_taken_without_what_looks_like_a_password(server: Server) -> None:
    rate = {"title": "4分", "payload": "/inform?rating=4"}
    server.rasa.says = [[{"text": "您好"}], [{"text": "请您打分。", "buttons": [rate], "metadata": {"asks": "rating"}}]]
    async with browser(server) as tab:
        await tab.open()
        await tab.say("再见")
        turn = await tab.say("4分,还行,我的密码是246810", payload="/inform?rating=4")
    assert server.rasa.texts[-1] == "4分,还行,我的密码是******"
    assert "246810" not in str(turn)


async def test_signing_out_closes_the_conversation_and_forgets_the_verification(server: Server) -> None:
    token = await server.token(json={"site_token": site_token()})
    async with browser(server, token) as tab:
        await tab.open()
    name = server.rasa.messages[0].sender_id
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as client,
        client.delete(server.base + "/chat/session", headers=headers) as reply,
    ):
        assert reply.status == 200
    assert not await server.services.verification.verified(name, "13800138000")


# --- pictures ---

COMPLAINT = {"text": "请您说明情况。", "utter_action": "utter_complaint_ask_details", "metadata": {"asks": "details"}}


def picture(size: tuple[int, int] = (40, 30), kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, "navy").save(data, kind)
    return data.getvalue()


async def send_picture(server: Server, token: str, data: bytes, message_id: str = "11111111-aaaa") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}", "X-Message-Id": message_id, "Content-Type": "image/png"}
    return await server.post("/chat/image", data=io.BytesIO(data), headers=headers)


async def test_a_picture_in_a_complaint_is_encoded_anew_kept_apart_and_shown_to_its_conversation_only(
    server: Server, tmp_path: Path
) -> None:
    token = await server.token()
    server.rasa.says = [[COMPLAINT]]
    async with browser(server, token) as tab:
        await tab.open()
        status, answer = await send_picture(server, token, picture((4000, 1000)) + b"<script>hidden</script>")
        assert status == 200, answer
        turn = await tab.answer_to("11111111-aaaa")
        assert turn["said"] == [{"id": "11111111-aaaa", "image": answer["image"]}]
    kept = list((tmp_path / "images").glob("*/*.jpg"))
    assert len(kept) == 1 and b"hidden" not in kept[0].read_bytes()
    with Image.open(kept[0]) as image:
        assert (image.format, image.size) == ("JPEG", (1600, 400))
    url = f"{server.base}/chat/image/{answer['image']}"
    async with aiohttp.ClientSession() as client:
        for bearer, expected in ((token, 200), (await server.token(), 404), ("x", 401)):
            async with client.get(url, headers={"Authorization": f"Bearer {bearer}"}) as reply:
                assert reply.status == expected


async def test_a_large_photograph_passes_the_limit_that_holds_for_other_requests(server: Server) -> None:
    token = await server.token()
    server.rasa.says = [[COMPLAINT]]
    async with browser(server, token) as tab:
        await tab.open()
        data = io.BytesIO()
        Image.effect_noise((1500, 1500), 80).save(data, "PNG")
        assert data.tell() > 1_000_000
        assert (await send_picture(server, token, data.getvalue()))[0] == 200


async def test_no_picture_is_taken_outside_a_complaint(server: Server) -> None:
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        status, answer = await send_picture(server, token, picture())
    assert (status, answer["error"]["reason"]) == (400, "only in a complaint")


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a....", b"<svg onload=alert(1)>", picture()[:60], picture(kind="GIF")], ids=str
)
async def test_what_is_no_picture_is_refused(server: Server, data: bytes) -> None:
    token = await server.token()
    server.rasa.says = [[COMPLAINT]]
    async with browser(server, token) as tab:
        await tab.open()
        assert (await send_picture(server, token, data))[0] == 400


async def test_a_conversation_has_room_for_six_pictures(server: Server) -> None:
    token = await server.token()
    server.rasa.says = [[COMPLAINT]]
    async with browser(server, token) as tab:
        await tab.open()
        sent = [send_picture(server, token, picture(), f"1111111{n}") for n in range(9)]  # at once
        found = [status for status, _ in await asyncio.gather(*sent)]
    assert sorted(found) == [200] * 6 + [400] * 3
