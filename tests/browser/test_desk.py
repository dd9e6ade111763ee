"""What people at the desk do with its page, in real browsers (docs/desk.md)."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from hotline.door import Inbound
from hotline.ports import TicketDraft
from hotline.services.handoff import SUPERVISOR, Reason
from tests.browser.conftest import PHONE, Site
from tests.browser.test_widget import AXE
from tests.served import Product
from tests.support import NOW

DESK = {"width": 1440, "height": 900}
EVIL = "<img src=x onerror=alert(1)>我的账单错了"
PICTURES = os.environ.get("PICTURES")  # a folder, when the picture of the README is to be taken anew


class Clerk:
    """Somebody who has logged in at the desk, in a browser of his own."""

    def __init__(self, browser: Browser, base: str, login: str, viewport: Any = DESK, **how: Any) -> None:
        self.page: Page = browser.new_context(locale="zh-CN", viewport=viewport, **how).new_page()
        self.page.set_default_timeout(10_000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(base + "/desk")
        self.log_in(login, f"{login}-demo")
        expect(self.page.locator(".line")).to_have_attribute("data-line", "online")

    def log_in(self, login: str, password: str) -> None:
        self.page.get_by_label("工号").fill(login)
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录").click()

    @property
    def field(self) -> Locator:
        return self.page.locator(".write textarea")

    def say(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def said(self, text: str, by: str) -> Locator:
        return self.page.locator(f".said[data-from={by}]", has_text=text)

    def row(self, text: str) -> Locator:
        return self.page.locator(".lists .row", has_text=text)

    def claim(self, text: str) -> None:
        self.row(text).get_by_role("button", name="接入").click()
        self.field.wait_for()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def go(self, page: str) -> None:
        self.page.get_by_role("navigation").get_by_role("link", name=page).click()


Open = Callable[..., Clerk]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    started = Site(tmp_path, desk=True)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def open_desk(browser: Browser, site: Site) -> Iterator[Open]:
    opened: list[Clerk] = []

    def open_one(login: str, **how: Any) -> Clerk:
        opened.append(Clerk(browser, site.server.base, login, **how))
        return opened[-1]

    yield open_one
    assert [error for one in opened for error in one.errors] == []
    for one in opened:
        one.page.context.close()


def waiting(site: Site, said: str = "我的账单错了", surname: str = "王", **how: Any) -> tuple[str, int]:
    """A customer who said something and waits; the conversation and the handoff."""
    name = f"web-{uuid.uuid4().hex[:12]}"

    async def wait() -> int:
        await site.server.chat._door.receive(Inbound(name, "web", uuid.uuid4().hex, said))
        context = {"slots": {"complaint_surname": surname, "complaint_title": "先生", "complaint_text": said}}
        placed = await site.server.services.handoff.request(name, "web", Reason.COMPLAINT, context=context, **how)
        return placed.handoff.id

    return name, site.run(wait())


def cut_line(site: Site, login: str) -> None:
    """The server lets go of an agent's sockets."""
    sio = site.server.chat._sio

    async def cut() -> None:
        for sid, _ in list(sio.manager.get_participants("/desk", f"login:{login}")):
            await sio.disconnect(sid, namespace="/desk")

    site.run(cut())


def customer_says(site: Site, conversation: str, text: str) -> None:
    site.run(site.server.chat._door.receive(Inbound(conversation, "web", uuid.uuid4().hex, text)))


def no_harm(page: Page) -> list[str]:
    """What the accessibility rules call serious."""
    page.add_script_tag(path=AXE) if not page.evaluate("'axe' in window") else None
    found = page.evaluate("axe.run().then(result => result.violations)")
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in serious]


# --- the whole of it, with the real assistant -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    # A busy machine is no fault here.
    made = Product(tmp_path_factory.mktemp("desk"), now=NOW.isoformat(), turn_deadline="60")
    made.start()
    yield made
    made.stop()


def test_a_complaint_goes_to_an_agent_to_the_supervisor_and_back_to_the_assistant(
    browser: Browser, product: Product
) -> None:
    customer = browser.new_context(locale="zh-CN", viewport=PHONE).new_page()
    customer.set_default_timeout(60_000)
    customer.goto(product.base + "/static/window.html")
    field = customer.locator(".composer textarea")
    theirs = customer.locator(".row.theirs")
    theirs.first.wait_for()

    def tell(text: str) -> None:
        field.fill(text)
        field.press("Enter")
        customer.locator(".row.mine[data-status=done]", has_text=text).last.wait_for()

    for text in ("你们的营业员把我的套餐办错了", "我姓王", "13800138000", "对"):
        tell(text)
    filed = theirs.filter(has_text=re.compile(r"C\d{14}")).last
    filed.wait_for()
    number = re.search(r"C\d{14}", filed.inner_text())[0]  # type: ignore[index]

    # The agent takes him, and knows what it is about.
    agent = Clerk(browser, product.base, "a1001")
    expect(agent.row("王")).to_contain_text("投诉")
    agent.claim("王")
    customer.get_by_text("1001号客户代表为您服务").wait_for()
    card = agent.page.locator(".customer")
    expect(card).to_contain_text("办错了")
    expect(card.locator(".mini")).to_contain_text(number)
    agent.said("138****8000", "customer").wait_for()
    tell("你们打算怎么处理")
    agent.said("你们打算怎么处理", "customer").wait_for()

    # What nobody may say is held back, and the prescribed sentence said instead.
    agent.say("王先生您好,您到底想怎么样?")
    expect(agent.page.locator(".held mark")).to_have_text("您到底想怎么样")
    if PICTURES:
        agent.page.screenshot(path=Path(PICTURES) / "desk.png")
    agent.page.locator(".suggestion", has_text="1860-13").click()
    agent.field.press("Enter")
    customer.get_by_text("麻烦您将刚才反映的问题再重复一遍").wait_for()
    expect(agent.page.locator(".held")).to_have_count(0)
    assert "到底" not in customer.locator(".log").inner_text()

    # The supervisor takes over, with the note.
    supervisor = Clerk(browser, product.base, "s9001")
    agent.press("转接")
    agent.page.get_by_label("给接手人的备注").fill("客户要求主管答复")
    agent.page.get_by_role("dialog").get_by_role("button", name="转接", exact=True).click()
    supervisor.claim("王")
    expect(supervisor.page.locator(".notes")).to_contain_text("客户要求主管答复")
    expect(agent.row("王")).to_have_count(0)
    tell("好的,请尽快")
    supervisor.said("好的,请尽快", "customer").wait_for()

    # Back to the assistant, which knows what was agreed and asks how it was.
    supervisor.press("结束")
    supervisor.page.get_by_label("与客户的约定").fill("明天上午十点前回电")
    supervisor.press("结束会话")
    customer.get_by_text("明天上午十点前回电").wait_for()
    customer.locator(".rating .stars button").last.click()
    customer.locator(".rating button[type=submit]").click()
    customer.get_by_text("谢谢您的评价").wait_for()

    # And the ticket is on the clerk's board, with its deadline.
    clerk = Clerk(browser, product.base, "c8001")
    line = clerk.page.locator(".table tbody tr", has_text=number)
    expect(line).to_contain_text("王")
    expect(line.locator(".deadline")).to_contain_text(re.compile(r"10/2\d 10:00"))
    line.click()
    clerk.press("派单")
    clerk.page.get_by_label("部门").fill("营业厅")
    clerk.press("确定派单")
    expect(clerk.page.locator(".history")).to_contain_text("派单")
    expect(line).to_contain_text("派单")
    for one in (agent, supervisor, clerk):
        assert one.errors == []
        one.page.context.close()
    customer.context.close()


# --- logging in -------------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_said_and_throttled(browser: Browser, site: Site) -> None:
    page = browser.new_page(viewport=DESK)
    page.goto(site.server.base + "/desk")
    for _ in range(5):
        page.get_by_label("工号").fill("a1002")
        page.get_by_label("密码").fill("wrong")
        with page.expect_response("**/login"):
            page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("alert").first).to_contain_text("不正确")
    page.get_by_label("密码").fill("a1002-demo")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("请五分钟后再试")).to_be_visible()
    page.close()


def test_everything_comes_from_here_and_no_policy_is_broken(browser: Browser, site: Site) -> None:
    page = browser.new_page(viewport=DESK)
    hosts, errors = set(), []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("console", lambda message: errors.append(message.text) if "Policy" in message.text else None)
    page.goto(site.server.base + "/desk")
    page.get_by_label("工号").fill("s9001")
    page.get_by_label("密码").fill("s9001-demo")
    page.get_by_role("button", name="登录").click()
    page.get_by_role("link", name="现场").click()
    page.locator(".tiles").wait_for()
    assert hosts == {site.server.base.split("/")[2]}
    assert errors == []
    page.close()


def test_a_session_that_ended_elsewhere_shows_the_log_in(open_desk: Open, site: Site) -> None:
    agent = open_desk("a1001")
    site.run(site.server.services.staff.end_sessions("a1001"))
    agent.go("工单")
    expect(agent.page.get_by_text("登录已失效")).to_be_visible()


# --- talks ------------------------------------------------------------------------------------------------------------


def test_what_a_customer_typed_is_shown_as_text(open_desk: Open, site: Site) -> None:
    waiting(site, EVIL, surname="<b>王</b>")
    agent = open_desk("a1001")
    agent.claim("<b>王</b>先生")
    agent.said("<img src=x onerror=alert(1)>", "customer").wait_for()
    agent.page.get_by_label("内部备注").fill("<script>alert(1)</script>")
    agent.press("添加备注")
    expect(agent.page.locator(".notes")).to_contain_text("<script>alert(1)</script>")
    assert agent.page.locator(".desk img, .desk script, .desk h1 b").count() == 0


def test_a_customer_appears_without_reload_and_is_offered(open_desk: Open, site: Site) -> None:
    agent = open_desk("a1001")
    expect(agent.page.locator(".lists")).to_contain_text("没有人排队")
    waiting(site, surname="赵")
    agent.row("赵先生").wait_for()
    agent.page.locator(".offer").get_by_role("button", name="接入").click()
    agent.field.wait_for()
    expect(agent.page.locator(".offer")).to_have_count(0)


def test_a_tone_tells_of_an_offer_and_of_a_word_that_is_not_looked_at_until_it_is_turned_off(
    open_desk: Open, site: Site
) -> None:
    agent = open_desk("a1001")
    # Counted in the page, which has nothing to listen with.
    agent.page.evaluate("""() => {
        const start = OscillatorNode.prototype.start, html = document.documentElement;
        OscillatorNode.prototype.start = function (at) {
            html.dataset.tones = Number(html.dataset.tones ?? 0) + 1;
            start.call(this, at);
        };
    }""")

    def tones(number: int) -> None:
        expect(agent.page.locator("html")).to_have_attribute("data-tones", str(number))

    name, _ = waiting(site, surname="王")
    agent.page.locator(".offer").wait_for()
    tones(2)
    agent.claim("王先生")
    customer_says(site, name, "在吗")  # this one is looked at
    agent.said("在吗", "customer").wait_for()
    tones(2)
    agent.page.get_by_role("link", name="工单").click()
    customer_says(site, name, "还在吗")
    tones(3)
    agent.page.get_by_role("button", name="提示音").click()
    customer_says(site, name, "喂")
    expect(agent.page).to_have_title(re.compile(r"^\(2\)"))
    tones(3)


def test_both_tabs_of_an_agent_show_the_same(open_desk: Open, site: Site) -> None:
    name, _ = waiting(site)
    agent = open_desk("a1001")
    agent.claim("王先生")
    other = agent.page.context.new_page()
    other.goto(agent.page.url)
    other.locator(".write textarea").fill("您好,我是1001号。")
    other.locator(".write textarea").press("Enter")
    agent.said("您好,我是1001号。", "agent").wait_for()
    customer_says(site, name, "你好")
    for page in (agent.page, other):
        page.locator(".said[data-from=customer]", has_text="你好").wait_for()
    assert agent.said("您好,我是1001号。", "agent").count() == 1


def test_several_talks_at_once_keep_their_drafts_and_show_what_is_new(open_desk: Open, site: Site) -> None:
    first, _ = waiting(site, surname="王")
    waiting(site, surname="李")
    agent = open_desk("a1001")
    agent.claim("王先生")
    agent.field.fill("还没有写完")
    agent.claim("李先生")
    expect(agent.field).to_have_value("")
    customer_says(site, first, "还在吗")
    expect(agent.row("王先生").locator(".count")).to_have_text("1")
    agent.page.keyboard.press("Alt+ArrowUp")
    expect(agent.page.locator(".talk h1")).to_have_text("王先生")
    expect(agent.field).to_have_value("还没有写完")
    expect(agent.row("王先生").locator(".count")).to_have_count(0)


def test_a_stale_claim_is_told_and_shows_who_was_first(open_desk: Open, site: Site) -> None:
    _, number = waiting(site)
    agent = open_desk("a1001")
    services = site.server.services

    def somebody_is_first(route: Route) -> None:
        async def claim() -> None:
            await services.handoff.claim(number, (await services.staff.find("a1002")))

        site.run(claim())
        route.continue_()

    agent.page.route("**/claim", somebody_is_first)
    agent.row("王先生").get_by_role("button", name="接入").click()
    expect(agent.page.locator(".toast")).to_contain_text("情况已经变化")
    expect(agent.row("王先生")).to_have_count(0)


def test_words_to_a_closed_conversation_are_not_lost_and_it_is_said_that_it_is_closed(
    open_desk: Open, site: Site
) -> None:
    _, number = waiting(site)
    agent = open_desk("a1001")
    agent.claim("王先生")
    expect(agent.page.locator(".customer")).to_be_visible()

    def closed_first(route: Route) -> None:
        site.run(site.server.services.handoff.close(number, "a1001", "resolved"))
        route.continue_()

    agent.page.route("**/say", closed_first)
    agent.say("还有一件事")
    expect(agent.page.locator(".toast")).to_contain_text("已结束")
    expect(agent.page.locator(".foot")).to_contain_text("会话已结束")


def test_words_that_did_not_arrive_can_be_sent_again_and_arrive_once(open_desk: Open, site: Site) -> None:
    waiting(site)
    agent = open_desk("a1001")
    agent.claim("王先生")
    agent.page.route("**/say", lambda route: route.abort())
    agent.say("请稍候。")
    failed = agent.page.locator(".said[data-status=failed]")
    expect(failed).to_contain_text("没有发出")
    agent.page.unroute("**/say")
    failed.get_by_role("button", name="重发").click()
    expect(failed).to_have_count(0)
    assert agent.said("请稍候。", "agent").count() == 1


def test_a_note_of_ten_thousand_characters_is_refused_before_it_is_sent_and_not_lost(
    open_desk: Open, site: Site
) -> None:
    waiting(site)
    agent = open_desk("a1001")
    agent.claim("王先生")
    note = agent.page.get_by_label("内部备注")
    note.fill("长" * 10_000)
    expect(agent.page.locator(".customer .length")).to_contain_text("最多 2000 字")
    expect(agent.page.get_by_role("button", name="添加备注")).to_be_disabled()
    note.fill("长" * 2_000)
    agent.press("添加备注")
    expect(agent.page.locator(".notes li")).to_have_count(1)


def test_the_keyboard_claims_finds_a_sentence_and_sends_it(open_desk: Open, site: Site) -> None:
    waiting(site)
    agent = open_desk("a1001")
    agent.row("王先生").wait_for()
    keyboard = agent.page.keyboard
    keyboard.press("Alt+q")
    expect(agent.field).to_be_focused()
    keyboard.press("Alt+4")
    expect(agent.field).to_have_value("对不起!让您久等了,我将尽快帮您处理。")
    keyboard.press("Enter")
    agent.said("让您久等了", "agent").wait_for()
    expect(agent.field).to_have_value("")
    keyboard.type("/")
    keyboard.type("联系电话是多少")
    keyboard.press("Enter")
    expect(agent.field).to_have_value("请问您的联系电话是多少?")
    expect(agent.field).to_be_focused()


def test_the_customers_typing_and_a_line_that_broke_and_came_back(open_desk: Open, site: Site) -> None:
    name, _ = waiting(site)
    agent = open_desk("a1001")
    agent.claim("王先生")
    site.run(site.server.chat.typed(name))
    agent.page.locator(".log .Typing").wait_for()
    cut_line(site, "a1001")
    expect(agent.page.locator(".line")).to_have_attribute("data-line", "offline")
    customer_says(site, name, "你还在吗")
    expect(agent.page.locator(".line")).to_have_attribute("data-line", "online")
    agent.said("你还在吗", "customer").wait_for()


def test_words_that_did_not_arrive_are_sent_by_themselves_when_the_line_is_back(open_desk: Open, site: Site) -> None:
    waiting(site)
    agent = open_desk("a1001")
    agent.claim("王先生")
    agent.page.route("**/say", lambda route: route.abort())
    agent.say("请稍候。")
    expect(agent.page.locator(".said[data-status=failed]")).to_have_count(1)
    agent.page.unroute("**/say")
    cut_line(site, "a1001")
    expect(agent.page.locator(".said[data-status]")).to_have_count(0)
    agent.said("请稍候。", "agent").wait_for()


# --- boards -----------------------------------------------------------------------------------------------------------


def test_the_supervisor_sees_who_waits_what_was_held_back_and_listens(open_desk: Open, site: Site) -> None:
    name, _ = waiting(site, surname="王")
    waiting(site, surname="李", target=SUPERVISOR)
    agent, supervisor = open_desk("a1001"), open_desk("s9001")
    agent.claim("王先生")
    agent.say("你到底想怎么样")
    agent.page.locator(".held").wait_for()
    supervisor.go("现场")
    talk = supervisor.page.locator(".lines li", has_text="王先生")
    expect(talk).to_contain_text("忌语 1")
    expect(supervisor.page.locator(".lines li", has_text="李先生")).to_be_visible()
    talk.get_by_role("button", name="旁听").click()
    expect(supervisor.page.locator(".foot")).to_contain_text("a1001")
    customer_says(site, name, "我等着")
    supervisor.said("我等着", "customer").wait_for()
    assert supervisor.field.count() == 0


def test_an_escalated_ticket_alarms_the_supervisor_at_once(open_desk: Open, site: Site) -> None:
    supervisor, clerk = open_desk("s9001"), open_desk("c8001")
    tickets = site.server.services.tickets
    draft = TicketDraft("charge", 2, "13800138000", "多扣了钱", "web", surname="王", title="先生")
    number = site.run(tickets.file(draft, "k", "c")).number
    clerk.page.locator(".table tbody tr", has_text=number).click()
    clerk.press("升级")
    clerk.page.get_by_label("说明").fill("客户不接受")
    clerk.press("确定升级")
    alarm = supervisor.page.locator(".alarms li", has_text=number)
    expect(alarm).to_contain_text("工单升级")
    alarm.get_by_role("button", name="查看").click()
    expect(supervisor.page.locator(".ticket")).to_contain_text("客户不接受")


def test_a_clerk_takes_a_ticket_from_filing_to_the_archive(open_desk: Open, site: Site) -> None:
    clerk = open_desk("c8001")
    clerk.press("登记工单")
    dialog = clerk.page.get_by_role("dialog")
    dialog.get_by_label("类别").select_option("charge")
    dialog.get_by_label("联系电话").fill("13900139000")
    dialog.get_by_label("投诉内容").fill("上个月多扣了二十元")
    dialog.get_by_role("button", name="登记工单").click()
    clerk.page.locator(".table tbody tr", has_text="13900139000").click()
    panel = clerk.page.locator(".ticket")
    for move, field, text in (
        ("派单", "部门", "计费部"),
        ("回单", "说明", "属实"),
        ("回复客户", "回复客户的内容", "已退二十元"),
        ("归档", "说明", "客户认可"),
    ):
        panel.get_by_role("button", name=move, exact=True).click()
        panel.get_by_label(field).fill(text)
        panel.get_by_role("button", name=f"确定{move}").click()
        expect(panel.locator(".history li", has_text=text if field != "部门" else move)).to_be_visible()
    expect(panel.locator("[aria-current=step]")).to_have_text("归档")
    clerk.page.get_by_role("tab", name="归档").click()
    expect(clerk.page.locator(".table tbody tr", has_text="13900139000")).to_be_visible()


def test_who_wants_a_call_is_on_the_list_until_he_was_called(open_desk: Open, site: Site) -> None:
    agent = open_desk("a1001")
    agent.go("回电")
    site.run(site.server.services.secretary.request_callback("c", "13800138000", "下午三点", "k1"))
    line = agent.page.locator(".lines li", has_text="13800138000")
    expect(line).to_contain_text("下午三点")
    line.get_by_role("button", name="打不通").click()
    expect(line).to_contain_text("1 次未接通")
    line.get_by_role("button", name="已回电").click()
    expect(agent.page.locator(".page")).to_contain_text("没有等待回电的客户")


# --- for everybody ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_is_accessible_and_fits_its_screen(
    open_desk: Open, site: Site, viewport: Any, browser: Browser
) -> None:
    site.run(site.server.services.tickets.file(TicketDraft("charge", 2, "13800138000", "多扣了钱", "web"), "k", "c"))
    site.run(site.server.services.secretary.request_callback("c", "13800138000", "下午三点", "k1"))
    waiting(site)
    front = browser.new_page(viewport=viewport, bypass_csp=True)
    front.goto(site.server.base + "/desk")
    front.get_by_label("工号").wait_for()
    assert no_harm(front) == []
    front.close()
    supervisor = open_desk("s9001", viewport=viewport, bypass_csp=True)
    page = supervisor.page
    supervisor.claim("王先生")
    for address in ("#/talks", page.url.partition("#")[2], "#/board", "#/tickets", "#/callbacks"):
        page.evaluate("hash => { location.hash = hash.replace('#', ''); }", address)
        page.locator("main > *:visible").first.wait_for()
        assert no_harm(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], address
