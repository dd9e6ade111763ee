"""The desk over HTTP and sockets: log-in, queue, claim, words, transfer, letting go; and what it refuses."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from PIL import Image
from sqlalchemy import select, update

from hotline.channels.images import Images
from hotline.gateways import schema
from hotline.ports import TicketDraft
from hotline.services.handoff import SUPERVISOR
from tests.channels.test_web import COMPLAINT, picture, send_picture
from tests.channels.web_server import browser, is_refused, running
from tests.desk.desk_server import Desk, desk, text_id


@pytest_asyncio.fixture
async def open_desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as started:
        yield started


# --- who may come in --------------------------------------------------------------------------------------------------


async def test_the_session_is_a_cookie_that_no_script_and_no_foreign_site_can_use(open_desk: Desk) -> None:
    body = {"login": "a1001", "password": "a1001-demo"}
    url = f"{open_desk.server.base}/desk/api/login"
    async with aiohttp.ClientSession() as client, client.post(url, json=body, headers={"X-Desk": "1"}) as response:
        cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie


async def test_a_wrong_password_and_an_unknown_login_are_refused_alike(open_desk: Desk) -> None:
    for login in ("a1001", "nobody"):
        status, body = await open_desk["a1001"].post("login", login=login, password="wrong")
        assert (status, body["error"]["code"]) == (401, "wrong")


async def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(open_desk: Desk) -> None:
    for _ in range(5):
        await open_desk["a1002"].post("login", login="a1002", password="wrong")
    status, body = await open_desk["a1002"].log_in()
    assert (status, body["error"]["code"]) == (429, "throttled")


async def test_one_address_behind_the_proxy_does_not_slow_the_others_down(open_desk: Desk) -> None:
    person = open_desk["a1001"]
    for n in range(25):
        headers = {"X-Desk": "1", "X-Real-IP": "192.0.2.1"}
        status, _ = await person.post("login", headers=headers, login=f"nobody{n}", password="wrong")
    assert status == 429
    headers = {"X-Desk": "1", "X-Real-IP": "192.0.2.2"}
    assert (await person.post("login", headers=headers, login="a1001", password="a1001-demo"))[0] == 200


async def test_nothing_is_shown_without_a_session(open_desk: Desk) -> None:
    async with aiohttp.ClientSession() as stranger:
        for path in ("me", "queue", "board", "tickets", "phrases", "handoffs/1"):
            async with stranger.get(f"{open_desk.server.base}/desk/api/{path}") as response:
                assert response.status == 401, path


@pytest.mark.parametrize(
    "headers", [{}, {"X-Desk": "1", "Origin": "https://evil.example"}], ids=["no header", "foreign origin"]
)
async def test_another_site_cannot_act_in_an_agents_name(open_desk: Desk, headers: dict[str, str]) -> None:
    number = await open_desk.waiting()
    status, body = await open_desk["a1001"].post(f"handoffs/{number}/claim", headers=headers)
    assert (status, body["error"]["code"]) == (403, "origin")


async def test_logging_out_ends_every_session_and_returns_the_customers_to_the_queue(open_desk: Desk) -> None:
    agent, number = open_desk["a1001"], await open_desk.waiting()
    await agent.connect()
    await agent.post(f"handoffs/{number}/claim")
    stolen = {"Cookie": "; ".join(f"{c.key}={c.value}" for c in agent.http.cookie_jar)}
    assert (await agent.post("logout"))[0] == 200
    async with aiohttp.ClientSession(headers=stolen) as thief:
        async with thief.get(f"{open_desk.server.base}/desk/api/me") as response:
            assert response.status == 401
    assert (await open_desk.services.handoff.find(number)).state in ("waiting", "offered")


@pytest.mark.parametrize(
    ("login", "method", "path"),
    [
        ("a1001", "GET", "board"),
        ("c8001", "GET", "board"),
        ("c8001", "POST", "handoffs/1/claim"),
        ("a1001", "POST", "tickets/C20261021000001/dispatch"),
    ],
)
async def test_each_role_does_its_own_work(open_desk: Desk, login: str, method: str, path: str) -> None:
    person = open_desk[login]
    status, body = await (person.get(path) if method == "GET" else person.post(path, department="x"))
    assert (status, body["error"]["code"]) == (403, "role")


async def test_a_socket_without_a_session_is_refused(open_desk: Desk) -> None:
    person = open_desk["a1001"]
    person.http.cookie_jar.clear()
    assert await is_refused(person.base, "/desk")


async def test_nobody_can_put_the_desk_into_a_frame(tmp_path: Path) -> None:
    async with desk(tmp_path, pages=True) as started, aiohttp.ClientSession() as client:
        for path in ("/desk", "/desk/", "/desk/api/me"):
            async with client.get(started.server.base + path) as response:
                policy = response.headers["Content-Security-Policy"]
                assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
        async with client.get(started.server.base + "/") as response:
            assert "shop.example" in response.headers["Content-Security-Policy"]


async def test_the_passwords_of_the_demonstration_are_refused_in_production(tmp_path: Path) -> None:
    async with running(tmp_path, desk=True, env="production") as server:
        body = {"login": "a1001", "password": "a1001-demo"}
        status, answer = await server.post("/desk/api/login", json=body, headers={"X-Desk": "1"})
    assert (status, answer["error"]["code"]) == (401, "wrong")


# --- a conversation ---------------------------------------------------------------------------------------------------


async def test_of_two_agents_who_claim_at_once_one_wins(open_desk: Desk) -> None:
    number = await open_desk.waiting()
    outcomes = await asyncio.gather(
        *(open_desk[login].post(f"handoffs/{number}/claim") for login in ("a1001", "a1002"))
    )
    assert sorted(status for status, _ in outcomes) == [200, 409]


async def test_the_agent_sees_all_that_was_said_with_numbers_masked(open_desk: Desk) -> None:
    number = await open_desk.waiting()
    await open_desk["a1001"].post(f"handoffs/{number}/claim")
    _, shown = await open_desk["a1001"].get(f"handoffs/{number}")
    said = [(entry["from"], entry["text"]) for entry in shown["transcript"]]
    assert said[:2] == [("customer", "我的手机138****8000被乱扣费"), ("bot", "收到:我的手机138****8000被乱扣费")]
    assert shown["card"]["verified"] is False and shown["card"]["balance"] is None


async def test_a_verified_customers_account_is_on_the_card(open_desk: Desk) -> None:
    context = {"phone_number": "13800138000", "verified": True}
    number = await open_desk.waiting("web-verified", context=context)
    await open_desk.services.verification.vouch("web-verified", "13800138000")
    _, shown = await open_desk["a1001"].get(f"handoffs/{number}")
    card = shown["card"]
    assert (card["name"], card["balance"], card["phone"]) == ("王建国", "86.40", "138****8000")


async def test_customer_and_agent_talk_and_the_assistant_hears_nothing_of_it(open_desk: Desk) -> None:
    async with browser(open_desk.server) as tab:
        await tab.open()
        name = open_desk.server.rasa.messages[0].sender_id
        number = await open_desk.waiting(name)
        heard = len(open_desk.server.rasa.messages)
        agent = open_desk["a1001"]
        await agent.connect()
        await agent.post(f"handoffs/{number}/claim")
        await tab.until(lambda: any(turn.get("agent") == "1001" for turn in tab.turns))
        await tab.say("/restart")
        entries = await agent.until("entries", lambda data: data["entries"][-1]["text"].endswith("restart"))
        assert entries["entries"][-1]["from"] == "customer"
        status, _ = await agent.post(f"handoffs/{number}/say", id=text_id(), text="对不起,我马上为您核实。")
        assert status == 200
        await tab.until(lambda: any(a["text"] == "对不起,我马上为您核实。" for t in tab.turns for a in t["answers"]))
        assert len(open_desk.server.rasa.messages) == heard
        await agent.post(f"handoffs/{number}/close", result="resolved", agreed="明天回电")
        for _ in range(100):
            if open_desk.server.rasa.intents[-1] == "handoff_ended":
                break
            await asyncio.sleep(0.05)
        assert open_desk.server.rasa.intents[-1] == "handoff_ended"
        await tab.say("查话费")
        assert open_desk.server.rasa.texts[-1] == "查话费"


async def test_a_password_typed_to_an_agent_never_reaches_the_desk(open_desk: Desk) -> None:
    async with browser(open_desk.server) as tab:
        await tab.open()
        name = open_desk.server.rasa.messages[0].sender_id
        number = await open_desk.waiting(name)
        await open_desk["a1001"].post(f"handoffs/{number}/claim")
        await tab.say("我的密码是246810")
        _, shown = await open_desk["a1001"].get(f"handoffs/{number}")
        assert "246810" not in str(shown)
        rows = await open_desk.services.database.read(lambda c: c.execute(select(schema.answers.c.answers)).all())
        assert "246810" not in str(rows)


async def test_a_taboo_phrase_is_held_back_marked_and_counted_and_a_prescribed_one_is_offered(open_desk: Desk) -> None:
    number = await open_desk.waiting("web-taboo")
    agent = open_desk["a1001"]
    await agent.post(f"handoffs/{number}/claim")
    text = "您好,您到底 想怎么样?"
    status, body = await agent.post(f"handoffs/{number}/say", id=text_id(), text=text)
    assert (status, body["error"]["code"]) == (422, "taboo")
    mark = body["held"][0]
    assert text[mark["start"] : mark["end"]] == "您到底 想怎么样"
    assert body["suggestions"][0]["clause"] == "1860-13"
    said = await open_desk.services.conversations.answers_since("web-taboo", 0)
    assert all("到底" not in answer["text"] for answer in said)
    assert (await open_desk.services.handoff.find(number)).held == 1


async def test_words_sent_twice_under_one_id_are_said_once(open_desk: Desk) -> None:
    number = await open_desk.waiting("web-twice")
    agent, message = open_desk["a1001"], text_id()
    await agent.post(f"handoffs/{number}/claim")
    for _ in range(2):
        assert (await agent.post(f"handoffs/{number}/say", id=message, text="请稍等。"))[0] == 200
    said = [answer["text"] for answer in await open_desk.services.conversations.answers_since("web-twice", 0)]
    assert said.count("请稍等。") == 1


async def test_a_stale_claim_and_a_closed_conversation_are_answered_with_what_is_so(open_desk: Desk) -> None:
    number = await open_desk.waiting()
    agent, other = open_desk["a1001"], open_desk["a1002"]
    await agent.post(f"handoffs/{number}/claim")
    assert (await other.post(f"handoffs/{number}/say", id=text_id(), text="您好"))[1]["error"]["state"] == "active"
    await agent.post(f"handoffs/{number}/close", result="resolved")
    status, body = await agent.post(f"handoffs/{number}/say", id=text_id(), text="您好")
    assert (status, body["error"]["state"]) == (409, "closed")
    assert (await agent.post("handoffs/999/claim"))[0] == 404


async def test_a_talk_goes_to_the_supervisor_with_the_note_and_back_to_the_assistant(open_desk: Desk) -> None:
    number = await open_desk.waiting()
    agent, boss = open_desk["a1001"], open_desk["s9001"]
    await agent.post(f"handoffs/{number}/claim")
    assert (await agent.post(f"handoffs/{number}/transfer", to="supervisor", note="客户很着急"))[0] == 200
    _, queue = await boss.get("queue")
    assert [one["id"] for one in queue["queue"]] == [number]
    assert (await boss.post(f"handoffs/{number}/claim"))[0] == 200
    _, shown = await boss.get(f"handoffs/{number}")
    assert shown["notes"][0]["text"] == "客户很着急"
    assert [entry["move"] for entry in shown["history"]] == ["request", "claim", "transfer", "claim"]
    assert (await boss.post(f"handoffs/{number}/close", result="returned"))[1]["handoff"]["state"] == "closed"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("note", {"text": "长" * 10_000}, "text"),
        ("say", {"id": "x", "text": "您好"}, "id"),
        ("say", {"id": "12345678", "text": "长" * 501}, "text"),
        ("say", {"id": "12345678", "text": " "}, "text"),
        ("close", {"result": "whatever"}, "result"),
        ("close", {"result": "resolved", "agreed": "不行就是不行"}, "agreed"),
        ("close", {"result": "resolved", "agreed": "{ticket}"}, "agreed"),
        ("transfer", {}, "to"),
        ("say", {"id": "12345678", "text": "好\ud800"}, "body"),
        ("note", {"text": "\udfff"}, "body"),
    ],
)
async def test_what_is_not_well_formed_is_named(open_desk: Desk, path: str, body: dict[str, str], field: str) -> None:
    number = await open_desk.waiting()
    await open_desk["a1001"].post(f"handoffs/{number}/claim")
    status, answer = await open_desk["a1001"].post(f"handoffs/{number}/{path}", **body)
    assert (status, answer["error"]["field"]) == (400, field)


async def test_an_agent_does_not_read_what_is_another_ones(open_desk: Desk) -> None:
    number = await open_desk.waiting()
    await open_desk["a1001"].post(f"handoffs/{number}/claim")
    assert (await open_desk["a1002"].get(f"handoffs/{number}"))[0] == 403
    assert (await open_desk["s9001"].get(f"handoffs/{number}"))[0] == 200


# --- live -------------------------------------------------------------------------------------------------------------


async def test_the_queue_comes_to_everybody_without_reload(open_desk: Desk) -> None:
    agent = open_desk["a1001"]
    await agent.connect()
    await asyncio.sleep(0.7)  # the log is followed from where it stands
    number = await open_desk.waiting()
    await agent.until("queue", lambda data: [one["id"] for one in data["queue"]] == [number])
    await agent.until("offer", lambda data: data["handoff"]["id"] == number)


async def test_a_waiting_customer_sees_his_place_and_can_leave_the_queue(open_desk: Desk) -> None:
    async with browser(open_desk.server) as tab:
        await tab.open()
        await asyncio.sleep(0.7)
        name = open_desk.server.rasa.messages[0].sender_id
        number = await open_desk.waiting(name)
        await tab.until(lambda: ("queue", {"position": 0, "wait": None}) in tab.heard)
        assert await tab.call("leave_queue") == {"ok": True}
        await tab.until(lambda: ("queue", {"position": -1, "wait": None}) in tab.heard)
        assert (await open_desk.services.handoff.find(number)).state == "cancelled"


async def test_an_agent_sees_that_his_customer_types(open_desk: Desk) -> None:
    async with browser(open_desk.server) as tab:
        await tab.open()
        number = await open_desk.waiting(open_desk.server.rasa.messages[0].sender_id)
        agent = open_desk["a1001"]
        await agent.connect()
        await agent.post(f"handoffs/{number}/claim")
        await tab.call("typing")
        assert await agent.until("typing") == {"handoff": number}


async def test_who_closed_the_window_while_waiting_is_shown_as_away_and_then_let_go_of(open_desk: Desk) -> None:
    agent, services = open_desk["a1001"], open_desk.services
    async with browser(open_desk.server) as tab:
        await tab.open()
        await asyncio.sleep(0.7)
        name = open_desk.server.rasa.messages[0].sender_id
        number = await open_desk.waiting(name)
        await until(lambda: seen(open_desk, number))
        assert (await agent.get("queue"))[1]["queue"][0]["here"] is True
    await services.database.write(lambda c: c.execute(update(schema.handoffs).values(seen=time.time() - 60)))
    assert (await agent.get("queue"))[1]["queue"][0]["here"] is False
    services.handoff._began -= 1000  # the server has been up for long
    await services.database.write(lambda c: c.execute(update(schema.handoffs).values(seen=time.time() - 1000)))
    await until(lambda: state_is(open_desk, number, "abandoned"))
    await until(lambda: was_told(open_desk, name, "已经为您取消排队"))


async def seen(desk: Desk, number: int) -> bool:
    return (await desk.services.handoff.find(number)).seen is not None


async def state_is(desk: Desk, number: int, state: str) -> bool:
    return (await desk.services.handoff.find(number)).state == state


async def was_told(desk: Desk, conversation: str, words: str) -> bool:
    said = await desk.services.conversations.answers_since(conversation, 0)
    return any(words in answer["text"] for answer in said)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 6) -> None:
    for _ in range(int(seconds / 0.05)):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


async def test_a_vanished_agents_customer_is_back_in_the_queue_and_told(open_desk: Desk) -> None:
    number = await open_desk.waiting("web-lost")
    agent, services = open_desk["a1001"], open_desk.services
    await agent.connect()
    await agent.post(f"handoffs/{number}/claim")
    await agent.socket.disconnect()
    services.handoff._began -= 1000
    await services.database.write(lambda c: c.execute(update(schema.staff_presence).values(seen=time.time() - 100)))
    await until(lambda: state_is(open_desk, number, "waiting"))
    await until(lambda: was_told(open_desk, "web-lost", "线路中断"))


async def test_who_wants_to_be_called_back_is_on_everybodys_list_until_he_was_reached(open_desk: Desk) -> None:
    agent, clerk = open_desk["a1001"], open_desk["c8001"]
    await agent.connect()
    await asyncio.sleep(0.7)
    await open_desk.services.secretary.request_callback("web-c", "13800138000", "下午三点", "k1")
    await agent.until("callbacks")
    _, found = await clerk.get("callbacks")
    assert [(one["phone"], one["wanted"]) for one in found["callbacks"]] == [("13800138000", "下午三点")]
    number = found["callbacks"][0]["id"]
    assert (await agent.post(f"callbacks/{number}/done", result="maybe"))[0] == 400
    assert (await agent.post(f"callbacks/{number}/done", result="reached"))[0] == 200
    assert (await agent.post(f"callbacks/{number}/done", result="reached"))[0] == 404
    assert (await clerk.get("callbacks"))[1] == {"callbacks": []}


async def test_a_picture_is_shown_to_who_may_see_the_conversation_and_to_nobody_else(open_desk: Desk) -> None:
    number = await open_desk.waiting("web-picture")
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    name = Images(open_desk.services.settings.var / "images").keep("web-picture", buffer.getvalue())
    await open_desk["a1001"].post(f"handoffs/{number}/claim")
    statuses = {}
    for login, wanted in (("a1001", name), ("a1002", name), ("s9001", name), ("a1001", "x" * 20)):
        url = f"{open_desk.server.base}/desk/api/handoffs/{number}/images/{wanted}"
        async with open_desk[login].http.get(url) as response:
            statuses[login, wanted == name] = response.status
    assert statuses == {("a1001", True): 200, ("a1002", True): 403, ("s9001", True): 200, ("a1001", False): 404}


async def test_a_customer_who_comes_back_learns_where_the_conversation_stands(open_desk: Desk) -> None:
    agent = open_desk["a1001"]
    await agent.connect()
    token = await open_desk.server.token()
    async with browser(open_desk.server, token) as tab:
        reply = await tab.open()
        assert (reply["queue"], reply["agent"]) == (None, None)
        number = await open_desk.waiting(open_desk.server.rasa.messages[0].sender_id)
    async with browser(open_desk.server, token) as tab:
        queue = (await tab.call("open", {"since": 0}))["queue"]
        assert queue["position"] == 0 and len(queue["wait"]) == 2
        assert (await agent.post(f"handoffs/{number}/claim"))[0] == 200
        reply = await tab.call("open", {"since": 0})
        assert (reply["queue"], reply["agent"]) == (None, {"state": "joined", "number": "1001"})


async def test_pictures_of_a_complaint_are_seen_with_the_talk_and_with_the_ticket(open_desk: Desk) -> None:
    server, agent, clerk = open_desk.server, open_desk["a1001"], open_desk["c8001"]
    server.rasa.says = [[{"text": "您好"}], [COMPLAINT]]
    token = await server.token()
    async with browser(server, token) as tab:
        await tab.open()
        await tab.say("我要投诉")
        _, sent = await send_picture(server, token, picture())
        await tab.answer_to("11111111-aaaa")
    name = server.rasa.messages[0].sender_id
    draft = TicketDraft("charge", 2, "13800138000", "多扣了钱", "web")
    ticket = (await open_desk.services.tickets.file(draft, "k", name)).number
    handoff = await open_desk.waiting(name)
    _, shown = await agent.get(f"handoffs/{handoff}")
    assert [entry["image"] for entry in shown["transcript"] if entry.get("image")] == [sent["image"]]
    assert (await clerk.get(f"tickets/{ticket}"))[1]["images"] == [sent["image"]]
    for person, path in ((agent, f"handoffs/{handoff}"), (clerk, f"tickets/{ticket}")):
        for image, expected in ((sent["image"], 200), ("x" * 24, 404), ("..%2f..%2fsession-secret", 404)):
            url = f"{server.base}/desk/api/{path}/images/{image}"
            async with person.http.get(url) as reply:
                assert reply.status == expected
                if expected == 200:
                    assert reply.content_type == "image/jpeg" and (await reply.read())[:2] == b"\xff\xd8"


async def test_an_urged_ticket_reaches_the_shift_leader_at_once(open_desk: Desk) -> None:
    boss, agent = open_desk["s9001"], open_desk["a1001"]
    await boss.connect()
    await asyncio.sleep(0.7)
    draft = TicketDraft("charge", 2, "13800138000", "多扣了钱", "web")
    number = (await open_desk.services.tickets.file(draft, "k", "c")).number
    assert (await agent.post(f"tickets/{number}/urge", text="客户又来催"))[0] == 200
    told = await boss.until("ticket", lambda data: data["kind"] == "urge")
    assert told["ticket"]["number"] == number and told["ticket"]["phone"] == "13800138000"


# --- tickets and board ------------------------------------------------------------------------------------------------


async def test_a_clerk_takes_a_ticket_to_the_archive_and_illegal_moves_are_refused(open_desk: Desk) -> None:
    clerk = open_desk["c8001"]
    body = {"category": "charge", "phone": "13800138000", "description": "多扣了钱", "id": text_id()}
    _, filed = await clerk.post("tickets", **body)
    assert (await clerk.post("tickets", **body))[1]["ticket"]["number"] == filed["ticket"]["number"]
    number = filed["ticket"]["number"]
    moves = [
        ("archive", {}),
        ("dispatch", {"department": "计费部"}),
        ("return", {"text": "已核实"}),
        ("answer", {"text": "已退"}),
    ]
    statuses = [(await clerk.post(f"tickets/{number}/{move}", **more))[0] for move, more in [*moves, ("archive", {})]]
    assert statuses == [409, 200, 200, 200, 200]
    _, shown = await clerk.get(f"tickets/{number}")
    assert [entry["move"] for entry in shown["history"]] == ["file", "dispatch", "return", "answer", "archive"]
    _, found = await clerk.get("tickets?state=archived,withdrawn")
    assert (found["total"], found["counts"]["archived"]) == (1, 1)


async def test_the_customer_is_told_by_sms_that_a_ticket_was_filed_and_how_it_was_answered(open_desk: Desk) -> None:
    draft = TicketDraft("charge", 2, "13800138000", "多扣了钱", "web")
    number = (await open_desk.services.tickets.file(draft, "k", "c")).number
    rows = []
    for _ in range(60):
        rows = await open_desk.services.database.read(lambda c: c.execute(select(schema.sms_outbox)).all())
        if rows:
            break
        await asyncio.sleep(0.05)
    assert [(row.phone, number in row.text) for row in rows] == [("13800138000", True)]


@pytest.mark.parametrize(
    ("query", "status"),
    [("offset=" + "9" * 30, 200), ("level=" + "9" * 30, 400), ("limit=x", 400), ("state=lost", 400), ("level=2", 200)],
)
async def test_no_search_for_tickets_is_a_fault(open_desk: Desk, query: str, status: int) -> None:
    assert (await open_desk["c8001"].get(f"tickets?{query}"))[0] == status


@pytest.mark.parametrize("number", ["9" * 10, "9" * 30, "-1", "0"])
async def test_a_number_that_nothing_has_is_unknown(open_desk: Desk, number: str) -> None:
    agent = open_desk["a1001"]
    assert (await agent.get(f"handoffs/{number}"))[0] == 404
    assert (await agent.post(f"handoffs/{number}/claim"))[0] == 404
    assert (await agent.post(f"callbacks/{number}/done", result="reached"))[0] == 404


@pytest.mark.parametrize("query", ["kind=begun&offset=", "kind=begun&hour=", "kind=rating&name="])
async def test_a_report_is_not_asked_for_more_than_can_be_counted(open_desk: Desk, query: str) -> None:
    for number in ("9" * 30, "9" * 5000, "-1"):
        assert (await open_desk["s9001"].get(f"reports/seen?{query}{number}"))[0] == 400


async def test_the_board_shows_people_queue_and_deadlines_to_the_supervisor(open_desk: Desk) -> None:
    await open_desk["a1001"].connect()
    await open_desk.waiting(target=SUPERVISOR)
    draft = TicketDraft("charge", 2, "13800138000", "多扣了钱", "web", escalated=True)
    await open_desk.services.tickets.file(draft, "k", "c")
    _, board = await open_desk["s9001"].get("board")
    status = {person["login"]: person["status"] for person in board["people"]}
    assert (status["a1001"], status["a1002"]) == ("available", "offline")
    assert len(board["queue"]) == 1 and len(board["tickets"]["escalated"]) == 1
    assert (board["today"]["handoffs"], board["today"]["claimed"]) == (1, 0)


async def test_how_often_words_were_held_back_is_for_supervisors_alone(open_desk: Desk) -> None:
    agent, boss = open_desk["a1001"], open_desk["s9001"]
    await boss.connect()
    await agent.connect()
    assert "held" not in (await agent.until("people"))["people"][0]
    assert "held" in (await boss.until("people"))["people"][0]
    assert "held" not in (await agent.get("colleagues"))[1]["colleagues"][0]


async def test_the_prescribed_phrases_come_by_clause_and_key(open_desk: Desk) -> None:
    _, body = await open_desk["a1001"].get("phrases")
    clauses = [phrase["clause"] for phrase in body["phrases"]]
    assert "1860-25" in clauses and body["phrases"][0]["key"] == "1"
    assert all("{" not in phrase["text"] for phrase in body["phrases"])
