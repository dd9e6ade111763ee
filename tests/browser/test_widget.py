"""What a customer does with the widget, in a real browser (docs/widget.md)."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from hotline.cards import balance, bill, plans, ticket, usage
from hotline.channels.sessions import LEEWAY, LIFETIME
from hotline.ports import Bill, BillItem, DataPackage, Plan, Usage
from tests.browser.conftest import Site, Window
from tests.channels.test_web import site_token
from tests.channels.web_server import FRIEND

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = {"text": "请输入服务密码。", "metadata": {"asks": "password", "secret": "service_password"}}
COMPLAINT = {"text": "请您说明情况。", "utter_action": "utter_complaint_ask_details", "metadata": {"asks": "details"}}
RATING = {
    "text": "请您为本次服务打分。",
    "metadata": {"asks": "rating"},
    "buttons": [{"title": f"{n}分", "payload": f"/inform?rating={n}"} for n in range(5, 0, -1)],
}


def test_one_line_puts_a_launcher_on_the_page_and_nothing_else_is_loaded_until_it_is_opened(
    page: Page, site: Site
) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url.removeprefix(site.server.base)))
    page.goto(site.server.base + "/", wait_until="networkidle")
    assert [url for url in loaded if url.endswith(".js")] == ["/static/hotline-widget.js"]
    assert page.get_by_role("row").count() == 6  # the five demo subscribers and their heading
    Window(page).open()


def test_a_browser_asks_whether_a_script_is_still_the_same_and_is_not_sent_it_again(page: Page, site: Site) -> None:
    script = page.request.get(site.server.base + "/static/window.js")
    assert script.headers["cache-control"] == "no-cache"
    again = {"If-Modified-Since": script.headers["last-modified"]}
    assert page.request.get(script.url, headers=again).status == 304


def test_while_the_window_is_on_its_way_the_button_says_so_and_nothing_covers_the_page(page: Page, site: Site) -> None:
    held: list[Route] = []
    page.route("**/static/window.js", lambda route: held.append(route))
    page.goto(site.server.base + "/")
    button = page.locator("hotline-widget button")
    button.click()
    expect(button).to_contain_text("正在打开…")
    expect(page.locator("hotline-widget iframe")).to_be_hidden()
    while not held:  # the button says so before the window has asked for its script
        page.wait_for_timeout(20)
    held[0].continue_()
    Window(page).frame.locator(".row.theirs").first.wait_for()
    expect(button).to_be_hidden()


def test_nothing_comes_from_elsewhere_and_no_policy_is_broken(page: Page, site: Site) -> None:
    hosts, errors = set(), []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(site.server.base + "/")
    window = Window(page).open()
    site.says({"text": "账单", "custom": ticket("TS1", "accepted")})
    window.say("查账单")
    window.theirs("账单").wait_for()
    assert hosts == {site.server.base.split("/")[2]}
    assert errors == []


def test_what_is_said_is_answered_and_shown_as_answered(window: Window) -> None:
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    expect(window.mine("查话费")).to_have_attribute("data-status", "done")


def test_a_slow_answer_shows_that_somebody_is_typing(window: Window, site: Site) -> None:
    async def slow(_message: object) -> None:
        await asyncio.sleep(1.5)

    site.server.rasa.does = slow
    window.say("查话费")
    window.frame.locator("[data-typing]").wait_for()
    expect(window.mine("查话费")).to_contain_text("已发送")
    window.theirs("收到:查话费").wait_for()
    expect(window.frame.locator("[data-typing]")).to_have_count(0)


def test_an_answer_that_takes_too_long_becomes_an_honest_sentence(window: Window, site: Site) -> None:
    async def hang(_message: object) -> None:
        await asyncio.sleep(60)

    site.server.rasa.does = hang
    window.say("查话费")
    window.frame.locator("[data-typing]").wait_for()
    sentence = site.server.chat._door.words("utter_courtesy_too_late", "web")
    window.theirs(sentence).wait_for(timeout=15_000)  # a turn has 8 s
    expect(window.mine("查话费")).to_have_attribute("data-status", "done")
    site.server.rasa.does = None
    window.say("你好")
    window.theirs("收到:你好").wait_for()


def test_text_is_text(window: Window, site: Site) -> None:
    site.says({"text": "<img src=x onerror=alert(1)> **粗**"})
    window.say("<b>你好</b>")
    window.theirs("<img src=x onerror=alert(1)> **粗**").wait_for()
    assert window.frame.locator(".log b, .log img").count() == 0


def test_a_button_sends_its_payload_and_is_gone_afterwards(window: Window, site: Site) -> None:
    site.says({"text": "哪个月?", "buttons": [{"title": "上个月", "payload": "/inform?month=-1"}]})
    window.say("查账单")
    window.press("上个月")
    window.theirs("收到:上个月").wait_for()
    assert site.server.rasa.intents[-1] == "inform"
    expect(window.frame.locator(".choices")).to_have_count(0)


def test_the_chips_follow_the_topic_and_a_human_is_always_in_reach(window: Window, site: Site) -> None:
    chips = window.frame.locator(".quick button")
    expect(chips.first).to_contain_text("转人工")
    assert "查话费" in chips.all_inner_texts()
    site.says({"text": "请提供手机号码。", "metadata": {"asks": "phone_number"}})
    window.press("查话费")
    window.theirs("请提供手机号码").wait_for()
    assert [text.strip() for text in chips.all_inner_texts()] == ["转人工", "不办了"]


def test_after_a_card_the_chips_say_what_customers_ask_next(window: Window, site: Site) -> None:
    site.says({"text": "余额", "custom": balance(Decimal("86.40"))}, {"text": "还有吗?", "metadata": {"asks": "more"}})
    window.say("查话费")
    window.theirs("余额").wait_for()
    chips = window.frame.locator(".quick button")
    assert [text.strip() for text in chips.all_inner_texts()] == ["转人工", "不办了"]  # a task is in hand
    site.says({"text": "余额", "custom": balance(Decimal("86.40"))})
    window.press("不办了")
    expect(chips.nth(1)).to_have_text("怎么缴费")


def test_what_was_offered_is_gone_when_something_else_was_said_meanwhile(window: Window, site: Site) -> None:
    site.says({"text": "正在转接。", "buttons": [{"title": "取消等待", "payload": "/stop"}]})
    window.say("转人工")
    window.frame.get_by_role("button", name="取消等待").wait_for()
    answer = {"text": "已经取消。", "buttons": [], "card": None, "asks": None, "secret": False, "ends": False}
    site.tell("turn", {"first": 0, "last": 0, "at": None, "said": [], "answers": [answer], "agent": None})
    window.theirs("已经取消").wait_for()
    expect(window.frame.locator(".choices")).to_have_count(0)


def test_five_hundred_characters_and_not_one_more_with_a_counter(window: Window) -> None:
    window.field.fill("话" * 600)
    expect(window.field).to_have_value("话" * 500)
    expect(window.frame.locator("#count")).to_have_text("500/500")


def test_a_secret_is_typed_behind_dots_and_stays_nowhere_in_the_browser(window: Window, site: Site) -> None:
    site.says(PASSWORD)
    window.say("查话费")
    field = window.frame.locator("input[type=password]")
    field.fill("246810")
    assert field.get_attribute("inputmode") == "numeric"
    field.press("Enter")
    window.theirs("收到").wait_for()
    frame = window.page.frames[1]
    assert "246810" not in frame.content()
    assert "246810" not in frame.evaluate("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})")
    window.page.reload()
    window.mine("••••••").wait_for()


def test_something_else_can_be_said_instead_of_a_secret(window: Window, site: Site) -> None:
    site.says(PASSWORD)
    window.say("查话费")
    window.press("改用文字回复")
    window.say("忘记密码了")
    window.theirs("收到:忘记密码了").wait_for()


def test_what_is_half_written_outlives_a_question_for_a_secret(window: Window, site: Site) -> None:
    async def slow(_message: object) -> None:
        await asyncio.sleep(1)

    site.server.rasa.does = slow
    site.says(PASSWORD)
    window.say("查话费")
    window.field.fill("还想问一下")
    window.frame.locator("input[type=password]").wait_for()
    window.press("改用文字回复")
    expect(window.field).to_have_value("还想问一下")


def test_a_reload_brings_the_talk_back_with_its_window(window: Window) -> None:
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    window.page.reload()
    window.theirs("收到:查话费").wait_for()
    window.mine("查话费").wait_for()
    expect(window.frame.locator(".row.theirs")).to_have_count(2)


def test_another_tab_goes_on_with_the_same_talk_and_both_see_it(window: Window, site: Site) -> None:
    tab = window.page.context.new_page()
    tab.goto(site.server.base + "/")
    other = Window(tab).open()
    other.say("查流量")
    window.theirs("收到:查流量").wait_for()
    window.mine("查流量").wait_for()


def test_what_is_said_offline_waits_is_sent_once_and_nothing_missed_is_lost(window: Window, site: Site) -> None:
    context = window.page.context
    context.set_offline(True)
    window.frame.locator(".banner").wait_for(timeout=60_000)
    window.say("断网时说的话")
    expect(window.mine("断网时说的话")).to_contain_text("等待网络")
    context.set_offline(False)
    window.theirs("收到:断网时说的话").wait_for(timeout=30_000)
    expect(window.frame.locator(".banner")).to_have_count(0)
    assert site.server.rasa.texts.count("断网时说的话") == 1
    expect(window.mine("断网时说的话")).to_have_count(1)


def test_what_was_not_sent_yet_survives_a_reload(window: Window, site: Site) -> None:
    window.page.context.set_offline(True)
    window.frame.locator(".banner").wait_for(timeout=60_000)
    window.say("重新加载之前")
    kept = window.page.frames[1].evaluate("sessionStorage.getItem('hotline-outbox')")
    assert "重新加载之前" in json.loads(kept)[0]["text"]
    window.page.context.set_offline(False)
    window.page.reload()
    window.theirs("收到:重新加载之前").wait_for(timeout=30_000)
    assert site.server.rasa.texts.count("重新加载之前") == 1


def test_what_still_waits_stands_below_what_was_said_before(window: Window) -> None:
    window.say("第一句")
    window.theirs("收到:第一句").wait_for()
    window.page.context.set_offline(True)
    window.frame.locator(".banner").wait_for(timeout=60_000)
    window.say("第二句")
    window.press("更多")
    window.press("繁體字")  # the whole talk is fetched again
    window.page.context.set_offline(False)
    window.theirs("收到:第二句").wait_for(timeout=30_000)
    rows = window.frame.locator(".log .row")
    expect(rows.nth(1)).to_contain_text("第一句")
    expect(rows.nth(3)).to_contain_text("第二句")
    expect(rows).to_have_count(5)


def test_a_message_that_fails_says_so_and_can_be_sent_again(window: Window, site: Site, monkeypatch: Any) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(site.server.chat._door, "receive", fail)
        window.say("查话费")
        expect(window.mine("查话费")).to_contain_text("未送达")
    window.press("重试")
    window.theirs("收到:查话费").wait_for()
    expect(window.mine("查话费")).to_have_count(1)


def test_who_sends_too_fast_is_told_so(window: Window) -> None:
    for number in range(24):
        window.say(f"第{number}句")
    expect(window.frame.locator(".said-note").first).to_have_text("您发送得太快了,请稍候。")


def test_an_expired_or_forged_token_starts_a_new_talk_and_says_so(window: Window) -> None:
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    window.page.frames[1].evaluate("localStorage.setItem('hotline-token', 'forged')")
    window.page.reload()
    window.theirs("收到").first.wait_for()
    expect(window.mine("查话费")).to_have_count(0)


def test_who_knows_another_conversations_id_and_has_a_token_of_his_own_sees_nothing_of_it(
    window: Window, site: Site, browser: Browser
) -> None:
    window.say("我的话费")
    window.theirs("收到:我的话费").wait_for()
    victim = site.server.rasa.messages[-1].sender_id
    thief = Window(browser.new_page())
    thief.page.goto(site.server.base + "/")
    thief.open()
    thief.page.frames[1].evaluate(
        """conversation => {
            const [head, claims, signature] = localStorage.getItem('hotline-token').split('.');
            const forged = {...JSON.parse(atob(claims.replace(/-/g, '+').replace(/_/g, '/'))), sub: conversation};
            const encoded = btoa(JSON.stringify(forged)).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '');
            localStorage.setItem('hotline-token', [head, encoded, signature].join('.'));
        }""",
        victim,
    )
    thief.page.reload()
    thief.theirs("收到").first.wait_for()
    thief.say("查我的")
    thief.theirs("收到:查我的").wait_for()
    expect(thief.mine("我的话费")).to_have_count(0)
    expect(window.mine("查我的")).to_have_count(0)
    assert site.server.rasa.messages[-1].sender_id != victim
    thief.page.close()


def test_a_token_refused_in_the_middle_of_a_talk_keeps_what_is_on_the_screen(window: Window, site: Site) -> None:
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    site.server.chat._sessions._secret = "another-secret-another-secret-00"
    window.page.context.set_offline(True)
    window.frame.locator(".banner").wait_for(timeout=60_000)

    def fresh(route: Route) -> None:
        route.continue_()

    window.page.route("**/chat/session", fresh)
    window.page.context.set_offline(False)
    window.frame.get_by_text("上一次会话已过期").first.wait_for(timeout=30_000)
    window.mine("查话费").wait_for()


def sleep(window: Window, site: Site, hours: float = 9) -> None:
    """The phone sleeps: its line is gone and its token expired when it wakes up."""
    window.page.context.set_offline(True)
    window.frame.locator(".banner").wait_for(timeout=60_000)
    sessions = site.server.chat._sessions
    issued = datetime.now(timezone.utc) - LIFETIME - LEEWAY - timedelta(hours=hours)
    stale = sessions.issue(issued, site.server.rasa.messages[-1].sender_id).token
    window.page.frames[1].evaluate("token => localStorage.setItem('hotline-token', token)", stale)


@pytest.mark.parametrize("reloaded", [False, True], ids=["asleep", "discarded"])
def test_after_a_night_the_talk_goes_on_with_what_was_said_meanwhile(
    window: Window, site: Site, reloaded: bool
) -> None:
    window.say("我的工单怎么样了")
    window.theirs("收到:我的工单怎么样了").wait_for()
    talk = site.server.rasa.messages[-1].sender_id
    sleep(window, site)
    for number in (1, 2):
        site.says({"text": f"第{number}条消息"})
        site.happen(talk, f"news:{number}", "handoff_ended")
    site.until(lambda: len(site.server.rasa.messages) == 4)
    window.page.context.set_offline(False)
    if reloaded:
        window.page.reload()
    window.theirs("第2条消息").wait_for(timeout=30_000)
    rows = window.frame.locator(".row")
    expect(rows).to_have_text(
        [re.compile("收到"), re.compile("工单"), re.compile("收到"), re.compile("第1"), re.compile("第2")]
    )
    expect(window.frame.get_by_text("上一次会话已过期")).to_have_count(0)
    window.say("谢谢")
    window.theirs("收到:谢谢").wait_for()
    assert {message.sender_id for message in site.server.rasa.messages} == {talk}


@pytest.mark.parametrize("reloaded", [False, True], ids=["asleep", "discarded"])
def test_of_a_talk_that_ended_meanwhile_the_end_is_shown_and_a_new_one_begins_below(
    window: Window, site: Site, reloaded: bool
) -> None:
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    talk = site.server.rasa.messages[-1].sender_id
    sleep(window, site)
    site.says({"text": "再见!", "metadata": {"ends": True}})
    site.happen(talk, "web:silence:2", "silence")
    site.until(lambda: len(site.server.rasa.messages) == 3)
    window.page.context.set_offline(False)
    if reloaded:
        window.page.reload()
    window.frame.get_by_text("上一次会话已过期").wait_for(timeout=30_000)
    window.theirs("再见!").wait_for()
    window.mine("查话费").wait_for()
    expect(window.frame.locator(".row.theirs")).to_have_count(4)  # greeting, answer, farewell, the next greeting
    window.say("查流量")
    window.theirs("收到:查流量").wait_for()
    assert site.server.rasa.messages[-1].sender_id != talk


def test_a_phone_that_wakes_up_asks_at_once_what_was_said(page: Page, site: Site) -> None:
    page.goto(site.server.base + "/")
    with page.expect_websocket() as found:
        window = Window(page).open()
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    with found.value.expect_event("framesent", lambda frame: '["open",{"since":2}]' in str(frame)):
        page.frames[1].evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_where_storage_is_blocked_the_talk_works_and_its_limit_is_said(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        "Object.defineProperty(window, name, {get() { throw new DOMException('blocked', 'SecurityError'); }});"
    )
    page.goto(site.server.base + "/")
    window = Window(page).open()
    window.frame.get_by_text("浏览器不允许保存数据").wait_for()
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    page.close()


def test_where_no_websocket_comes_through_the_talk_goes_by_polling(page: Page, site: Site) -> None:
    page.route_web_socket("**/socket.io/**", lambda socket: socket.close(code=1008, reason="not here"))
    page.goto(site.server.base + "/")
    window = Window(page).open()
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()


def test_a_wrong_clock_in_the_browser_does_no_harm(page: Page, site: Site) -> None:
    page.clock.install(time="2019-01-01T00:00:00Z")
    page.goto(site.server.base + "/")
    page.clock.resume()
    window = Window(page).open()
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    expect(window.frame.locator("time")).to_have_text(["今天 10:00"])  # the server's time, and no pause of years


def host_page(site: Site) -> str:
    """A page of somebody else's with the one line in it."""
    source = f"{site.server.base}/static/hotline-widget.js"
    return f'<!doctype html><html><body><script src="{source}"></script></body></html>'


def test_a_page_of_a_foreign_origin_cannot_show_the_window_and_an_allowed_one_can(page: Page, site: Site) -> None:
    def host(route: Route) -> None:
        route.fulfill(body=host_page(site), content_type="text/html")

    page.route("https://evil.example/", host)
    page.route(f"{FRIEND}/", host)
    page.goto("https://evil.example/")
    page.locator("hotline-widget button").click()
    button = page.locator("hotline-widget button")
    expect(button).to_contain_text("客服暂时无法打开,请稍后再试")  # and no empty window covers the page
    expect(button).to_be_focused()
    assert page.locator("hotline-widget iframe").count() == 0
    page.goto(f"{FRIEND}/")
    page.locator("hotline-widget button").click()
    page.frame_locator("hotline-widget iframe").locator("header").wait_for()


def test_the_page_around_the_window_cannot_read_the_talk(page: Page, site: Site) -> None:
    page.route(
        f"{FRIEND}/",
        lambda route: route.fulfill(
            body=host_page(site),
            content_type="text/html",
        ),
    )
    page.goto(f"{FRIEND}/")
    window = Window(page)
    page.locator("hotline-widget button").click()
    window.frame.locator("header").wait_for()
    reach = "document.querySelector('hotline-widget').shadowRoot.querySelector('iframe').contentDocument"
    assert page.evaluate(reach) is None


def test_who_is_signed_in_on_the_page_arrives_verified_and_signing_out_clears_the_window(
    page: Page, site: Site
) -> None:
    page.goto(site.server.base + "/")
    page.evaluate("token => hotline.signIn(token)", site_token())
    window = Window(page).open()
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    opened = site.server.rasa.messages[0]
    assert opened.parse_data["entities"][0]["value"] == "13800138000"
    page.evaluate("hotline.signOut()")
    expect(window.mine("查话费")).to_have_count(0)
    window.frame.locator(".row.theirs").first.wait_for()
    assert site.server.rasa.messages[-1].sender_id != opened.sender_id


def test_signing_out_in_one_tab_clears_the_others(window: Window) -> None:
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    tab = window.page.context.new_page()
    tab.goto(window.page.url)
    Window(tab).open().theirs("收到:查话费").wait_for()
    tab.evaluate("hotline.signOut()")
    window.frame.get_by_text("您已退出登录").wait_for()
    expect(window.mine("查话费")).to_have_count(0)


def test_on_a_shared_computer_the_talk_is_ended_and_cleared_by_two_presses(window: Window, site: Site) -> None:
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    before = window.page.frames[1].evaluate("localStorage.getItem('hotline-token')")
    window.press("更多")
    window.press("结束会话并清除")
    window.mine("查话费").wait_for()
    window.press("确定清除?")
    window.frame.get_by_text("聊天记录已从此设备清除").wait_for()
    expect(window.mine("查话费")).to_have_count(0)
    window.frame.locator(".row.theirs").first.wait_for()
    window.page.frames[1].evaluate("token => localStorage.setItem('hotline-token', token)", before)
    window.page.reload()  # with a token that somebody has kept
    window.frame.locator(".row.theirs").first.wait_for()
    expect(window.mine("查话费")).to_have_count(0)


def test_unread_answers_are_counted_on_the_launcher(window: Window, site: Site) -> None:
    async def slow(_message: object) -> None:
        await asyncio.sleep(1)

    site.server.rasa.does = slow
    window.say("查话费")
    window.press("收起")
    expect(window.page.locator("hotline-widget button")).to_be_focused()
    badge = window.page.locator("hotline-widget .badge")
    expect(badge).to_have_text("1")
    window.open()
    expect(badge).to_be_hidden()


def test_a_picture_can_be_sent_in_a_complaint_and_only_there(window: Window, site: Site, tmp_path: Path) -> None:
    picker = window.frame.locator("input[type=file]")
    expect(picker).to_have_count(0)
    site.says(COMPLAINT)
    window.say("我要投诉")
    picker.wait_for(state="attached")
    Image.new("RGB", (60, 40), "navy").save(tmp_path / "bill.png")
    picker.set_input_files(tmp_path / "bill.png")
    window.frame.locator("img.picture").wait_for()
    expect(window.frame.locator(".row.mine").last).to_have_attribute("data-status", "done")
    (tmp_path / "note.txt").write_text("x")
    picker.set_input_files(tmp_path / "note.txt")
    expect(window.frame.locator(".problem")).to_contain_text("只能发送")
    window.page.reload()
    window.frame.locator("img.picture").wait_for()


def test_a_picture_that_does_not_arrive_can_be_sent_again_and_one_that_is_none_is_refused(
    window: Window, site: Site, tmp_path: Path
) -> None:
    site.says(COMPLAINT)
    window.say("我要投诉")
    picker = window.frame.locator("input[type=file]")
    picker.wait_for(state="attached")
    Image.new("RGB", (60, 40), "navy").save(tmp_path / "bill.png")
    window.page.route("**/chat/image", lambda route: route.abort(), times=1)
    picker.set_input_files(tmp_path / "bill.png")
    picture = window.frame.locator(".row.mine").last
    expect(picture).to_contain_text("未送达")
    window.press("重试")
    expect(picture).to_have_attribute("data-status", "done")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    picker.set_input_files(tmp_path / "broken.png")
    expect(window.frame.locator(".row.mine").last).to_contain_text("图片未能接收")
    expect(window.frame.get_by_role("button", name="重试")).to_have_count(0)


def test_a_rating_has_five_stars_each_with_its_word(window: Window, site: Site) -> None:
    site.says({"text": "再见!", "metadata": {"ends": True}}, RATING)
    window.say("再见")
    window.frame.get_by_text("本次会话已结束").wait_for()
    stars = window.frame.locator(".rating button")
    expect(stars).to_have_count(5)
    stars.nth(4).click()
    stars.nth(3).hover()
    expect(window.frame.locator(".rating-word")).to_have_text("满意")
    stars.nth(3).click()
    window.press("提交评价")
    window.mine("4分").wait_for()
    expect(stars.first).to_be_disabled()
    assert site.server.rasa.messages[-1].parse_data["entities"] == [{"entity": "rating", "value": "4"}]


def test_a_word_can_go_with_the_rating(window: Window, site: Site) -> None:
    site.says({"text": "再见!", "metadata": {"ends": True}}, RATING)
    window.say("再见")
    window.frame.locator(".rating button").nth(2).click()
    expect(window.frame.get_by_role("button", name="提交评价")).to_be_in_viewport()
    window.frame.get_by_label("说说您的感受").fill("等得有点久")
    window.press("提交评价")
    window.mine("3分,等得有点久").wait_for()
    window.theirs("收到:3分,等得有点久").wait_for()
    assert site.server.rasa.intents[-1] == "inform"


def test_cards_draw_the_figures_of_an_answer(window: Window, site: Site) -> None:
    month = date(2026, 9, 1)
    items = (BillItem("套餐月费", Decimal(58)), BillItem("套外流量", Decimal("25.20")))
    packages = (DataPackage("畅享套餐58元", "国内", 7321, 10240, date(2026, 10, 31)),)
    cards = [
        balance(Decimal("86.40")),
        bill(Bill(month, items), Decimal("19.20")),
        usage(Usage(packages, 141, 200)),
        plans([Plan("畅享套餐58元", Decimal(58), 10240, 200)], current="畅享套餐58元"),
        ticket("TS20261021000001", "accepted"),
    ]
    for card in cards:
        site.says({"text": card["type"], "custom": card})
        window.say("看卡片")
        window.theirs(card["type"]).locator(".card").wait_for()
    text = window.frame.locator(".log").inner_text()
    for figure in ("86.40", "83.20", "比上月多 19.20", "剩余 2.85GB", "畅享套餐58元", "TS20261021000001"):
        assert figure in text


def test_older_turns_come_when_the_customer_scrolls_up(window: Window, site: Site) -> None:
    for number in range(24):
        if number % 12 == 0:
            site.server.chat._talks.clear()
        window.say(f"第{number}句")
        window.theirs(f"收到:第{number}句").wait_for()
    window.page.reload()
    window.theirs("收到:第23句").wait_for()
    expect(window.mine("第0句")).to_have_count(0)
    window.frame.locator(".log").evaluate("box => { box.scrollTop = 0; }")
    window.mine("第0句").wait_for(state="attached")
    assert window.frame.locator(".log").evaluate("box => box.scrollTop") > 100  # the place is kept


def test_who_reads_further_up_sees_that_something_was_said_below(window: Window, site: Site) -> None:
    site.says({"text": "很长的回答。\n" * 60})
    window.say("查话费")
    newest = window.frame.locator(".newest")
    newest.wait_for()
    expect(newest).to_have_attribute("aria-label", "回到最新消息")
    expect(window.mine("查话费")).to_be_in_viewport()  # a long answer is read from its beginning
    site.says({"text": "您还在吗?"})
    site.happen(site.server.rasa.messages[-1].sender_id, "news:1", "silence")
    expect(newest).to_have_attribute("aria-label", "有新消息")
    newest.click()
    expect(window.theirs("您还在吗?")).to_be_in_viewport()
    expect(newest).to_have_count(0)
    site.says({"text": "那我先挂线了。"})
    site.happen(site.server.rasa.messages[-1].sender_id, "news:2", "silence")
    expect(window.theirs("那我先挂线了。")).to_be_in_viewport()  # who is at the end stays there


def test_the_talk_can_be_saved_as_a_file_without_secrets(window: Window, site: Site) -> None:
    site.says(PASSWORD)
    window.say("查话费")
    window.frame.locator("input[type=password]").fill("246810")
    window.frame.locator("input[type=password]").press("Enter")
    window.theirs("收到").wait_for()
    window.press("更多")
    with window.page.expect_download() as download:
        window.press("保存聊天记录")
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert re.search(r"您:查话费\s+\[.*\] 客服助手:请输入服务密码。", text)
    assert "246810" not in text


def test_elder_mode_makes_the_whole_window_larger_and_is_remembered(window: Window) -> None:
    bubble, chip = window.frame.locator(".Bubble").first, window.frame.locator(".chip").first
    size = "node => [parseFloat(getComputedStyle(node).fontSize), node.getBoundingClientRect().height]"
    before = [bubble.evaluate(size), chip.evaluate(size)]
    window.press("更多")
    window.frame.get_by_role("switch", name="大字版").click()
    expect(window.frame.locator("html")).to_have_attribute("data-elder", "")
    after = [bubble.evaluate(size), chip.evaluate(size)]
    for small, large in zip(before, after, strict=True):
        assert large[0] >= 1.25 * small[0] and large[1] >= 1.25 * small[1]
    window.page.reload()
    expect(window.frame.locator("html")).to_have_attribute("data-elder", "")


def test_traditional_characters_for_the_window_and_the_assistant(window: Window, site: Site) -> None:
    site.says({"text": "余额"})
    window.say("查")
    window.theirs("余额").wait_for()
    window.press("更多")
    window.press("繁體字")
    window.theirs("餘額").wait_for()
    expect(window.frame.locator("h1")).to_have_text("線上客服")
    expect(window.frame.locator("html")).to_have_attribute("lang", "zh-Hant")


def test_the_window_follows_the_dark_mode_of_the_system(browser: Browser, site: Site) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(site.server.base + "/")
    window = Window(page).open()
    colour = window.frame.locator("body").evaluate("node => getComputedStyle(node).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", colour)[:3])) < 150
    page.close()


# Chromium has no keyboard on the screen to open: it says here what a phone's says, at the place where a phone says it.
KEYBOARD = """([height, top, scale]) => {
    for (const [name, value] of Object.entries({height, offsetTop: top, scale}))
        Object.defineProperty(visualViewport, name, {value, configurable: true});
    visualViewport.dispatchEvent(new Event('resize'));
}"""


def test_with_the_keyboard_open_field_and_last_answer_stay_in_sight_and_the_page_does_not_scroll(
    window: Window,
) -> None:
    for number in range(12):
        window.say(f"第{number}句")
        window.theirs(f"收到:第{number}句").wait_for()
    frame = window.page.locator("hotline-widget iframe")
    window.page.evaluate(KEYBOARD, [470, 60, 1])  # the page has been pushed up by 60
    window.page.wait_for_function(
        "() => document.querySelector('hotline-widget').shadowRoot.querySelector('iframe').clientHeight === 470"
    )
    assert frame.bounding_box() == {"x": 0, "y": 60, "width": 390, "height": 470}
    for seen in (window.field, window.theirs("收到:第11句")):
        box = seen.bounding_box()
        assert box is not None and box["y"] >= 60 and box["y"] + box["height"] <= 530
    page = window.page.locator("html")
    expect(page).to_have_css("overflow", "hidden")
    window.page.evaluate(KEYBOARD, [844, 0, 1])
    window.page.wait_for_function(
        "() => document.querySelector('hotline-widget').shadowRoot.querySelector('iframe').clientHeight === 844"
    )
    window.press("收起")
    expect(page).to_have_css("overflow", "visible")


def test_who_magnifies_the_page_is_not_taken_for_a_keyboard(window: Window) -> None:
    window.page.evaluate(KEYBOARD, [400, 100, 2.1])
    assert window.page.locator("hotline-widget").get_attribute("data-keyboard") is None


def test_by_itself_in_an_app_the_window_makes_room_for_the_keyboard(page: Page, site: Site) -> None:
    page.goto(site.server.base + "/static/window.html")
    page.locator(".row.theirs").first.wait_for()
    page.evaluate(KEYBOARD, [470, 60, 1])
    page.wait_for_function("() => document.querySelector('#app').getBoundingClientRect().bottom === 530")
    expect(page.locator(".composer textarea")).to_be_in_viewport(ratio=1)
    box = page.locator(".composer").bounding_box()
    assert box is not None and box["y"] + box["height"] == 530


def test_on_a_phone_the_window_fills_the_screen_and_nothing_overflows(window: Window) -> None:
    box = window.page.locator("hotline-widget iframe").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    wide = window.frame.locator("html").evaluate("node => node.scrollWidth > node.clientWidth")
    assert not wide


@pytest.mark.parametrize("size", [{"width": 844, "height": 390}, {"width": 320, "height": 568}], ids=["lying", "small"])
def test_on_a_phone_that_lies_on_its_side_and_on_a_small_one_there_is_room_for_the_talk(
    window: Window, site: Site, size: ViewportSize
) -> None:
    window.page.set_viewport_size(size)
    site.says(RATING)
    window.say("再见")
    window.theirs("请您为本次服务打分").wait_for()
    assert window.page.locator("hotline-widget iframe").bounding_box() == {"x": 0, "y": 0, **size}
    stars = window.frame.locator(".stars button")
    expect(stars.first).to_be_in_viewport()
    assert len(set(stars.evaluate_all("nodes => nodes.map(n => n.offsetTop)"))) == 1
    expect(window.field).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("elder", [False, True], ids=["", "elder"])
@pytest.mark.parametrize(
    "answers", [[{"text": "好", "buttons": [{"title": "是", "payload": "/x"}]}], [RATING], [PASSWORD]]
)
def test_a_finger_finds_every_button_and_no_field_makes_a_phone_zoom_in(
    window: Window, site: Site, answers: list[dict[str, Any]], elder: bool
) -> None:
    site.says(*answers)
    window.press("更多")
    window.frame.get_by_role("switch", name="大字版").set_checked(elder)
    window.press("更多")
    window.say("你好")
    window.theirs(answers[0]["text"]).wait_for()
    site.tell("queue", {"position": 2, "wait": [1, 3]})
    window.frame.locator(".queue").wait_for()
    window.press("更多")
    small = window.frame.locator("button:visible").evaluate_all(
        "nodes => nodes.filter(n => { const {width, height} = n.getBoundingClientRect(); return Math.min(width, height) < 44; })"
        ".map(n => n.outerHTML)"
    )
    assert small == []
    sizes = window.frame.locator("textarea, input:not([type=file])").evaluate_all(
        "nodes => nodes.map(n => parseFloat(getComputedStyle(n).fontSize))"
    )
    assert sizes and min(sizes) >= 16  # iOS zooms into what is smaller
    stars = window.frame.locator(".stars button").evaluate_all("nodes => nodes.map(n => n.offsetTop)")
    assert len(set(stars)) <= 1  # side by side


def test_the_keyboard_alone_is_enough(page: Page, site: Site) -> None:
    page.goto(site.server.base + "/")
    page.locator("hotline-widget button").focus()
    page.keyboard.press("Enter")
    window = Window(page)
    window.frame.locator(".row.theirs").first.wait_for()
    expect(window.field).to_be_focused()
    page.keyboard.type("查话费")
    page.keyboard.press("Enter")
    window.theirs("收到:查话费").wait_for()
    # An input method takes Escape for itself while it composes.
    window.field.dispatch_event("keydown", {"key": "Escape", "isComposing": True, "bubbles": True})
    expect(window.field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("hotline-widget iframe")).to_be_hidden()
    expect(page.locator("hotline-widget button")).to_be_focused()


def test_the_menu_keeps_the_focus_and_escape_closes_it_alone(window: Window) -> None:
    window.press("更多")
    window.frame.get_by_role("switch", name="大字版").click()
    expect(window.frame.get_by_role("switch", name="大字版")).to_be_focused()
    window.page.keyboard.press("Escape")
    expect(window.frame.locator(".sheet")).to_have_count(0)
    expect(window.frame.get_by_role("button", name="更多")).to_be_focused()


def test_new_answers_are_read_out_politely_by_one_log(window: Window) -> None:
    log = window.frame.get_by_role("log")
    expect(log).to_have_count(1)
    expect(log).to_have_attribute("aria-live", "polite")
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    assert window.frame.locator("[role=alert], [aria-live=assertive]").count() == 0


SHOWN: list[list[dict[str, Any]]] = [
    [{"text": "账单", "custom": ticket("TS1", "accepted"), "buttons": [{"title": "好", "payload": "/x"}]}],
    [
        {"text": "余额", "custom": balance(Decimal("86.40"))},
        {"text": "欠费", "custom": balance(Decimal(37), owed=True)},
    ],
    [{"text": "九月", "custom": bill(Bill(date(2026, 9, 1), (BillItem("月费", Decimal(58)),)), Decimal("19.20"))}],
    [{"text": "用量", "custom": usage(Usage((DataPackage("包", "国内", 960, 1024, date(2026, 10, 31)),), 141, 200))}],
    [{"text": "套餐", "custom": plans([Plan("甲", Decimal(58), 10240, 200)], current="甲", fitting="甲")}],
    [{"text": "再见!"}, RATING],
    [PASSWORD],
]


def serious(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds on the page and in its frames that would keep somebody out."""
    page.wait_for_timeout(400)  # what comes in fades in
    found = []
    for frame in page.frames:
        frame.add_script_tag(path=AXE)
        found += frame.evaluate("axe.run().then(result => result.violations)")
    return [
        (violation["id"], [node["html"][:120] for node in violation["nodes"]])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("elder", [False, True], ids=["", "elder"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, site: Site, dark: bool, elder: bool) -> None:
    page = browser.new_page(color_scheme="dark" if dark else "light", bypass_csp=True)
    page.goto(site.server.base + "/")
    assert serious(page) == []
    window = Window(page).open()
    window.press("更多")
    if elder:
        window.frame.get_by_role("switch", name="大字版").click()
    assert serious(page) == []
    for number, answers in enumerate(SHOWN):
        site.says(*answers)
        window.say(f"第{number}张")
        window.theirs(answers[-1]["text"]).wait_for()
        assert serious(page) == [], answers
    site.tell("queue", {"position": 2, "wait": [1, 3]})
    window.frame.locator(".queue").wait_for()
    assert serious(page) == []
    site.tell("agent", {"state": "joined", "number": "1001"})
    window.frame.get_by_text("已为您接入").wait_for()
    assert serious(page) == []
    page.close()


def test_who_asks_for_less_motion_gets_none(browser: Browser, site: Site) -> None:
    page = browser.new_page(reduced_motion="reduce")
    page.goto(site.server.base + "/")
    window = Window(page).open()
    assert window.frame.locator(".row").first.evaluate("node => getComputedStyle(node).animationName") == "none"
    page.close()
