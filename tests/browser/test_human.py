"""From the assistant to a human agent and back, as the customer's window shows it; the desk behind it is the real one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from hotline.gateways import schema
from hotline.services.handoff import Reason
from tests.browser.conftest import Site, Window
from tests.desk.desk_server import Person


class Agent:
    """Somebody at the desk, in the server's loop."""

    def __init__(self, site: Site, login: str) -> None:
        self._site = site
        self._person: Person = site.run(self._enter(site.server.base, login))

    async def _enter(self, base: str, login: str) -> Person:
        person = Person(base, login)
        assert (await person.log_in())[0] == 200
        await person.connect()
        return person

    def does(self, path: str, **body: Any) -> Any:
        status, answer = self._site.run(self._person.post(path, **body))
        assert status == 200, answer
        return answer

    def waiting(self) -> list[int]:
        return [one["id"] for one in self._site.run(self._person.get("queue"))[1]["queue"]]

    def say(self, handoff: int, text: str) -> None:
        self.does(f"handoffs/{handoff}/say", id=uuid.uuid4().hex, text=text)

    def leave(self) -> None:
        self._site.run(self._person.close())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    started = Site(tmp_path, desk=True)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def agent(site: Site) -> Iterator[Agent]:
    agent = Agent(site, "a1001")
    yield agent
    agent.leave()


def ask_for_a_human(window: Window, site: Site) -> int:
    """Press 转人工; the assistant, a stand-in here, queues as the real one does. Gives the handoff."""

    async def request(message: Any) -> None:
        await site.server.services.handoff.request(message.sender_id, "web", Reason.REQUESTED)

    site.server.rasa.does = request
    site.says({"text": "正在为您转接。", "metadata": {"queues": True}})
    window.press("转人工")
    banner(window).wait_for()
    site.server.rasa.does = None
    conversation = site.server.rasa.messages[-1].sender_id
    handoff = site.run(site.server.services.handoff.latest(conversation))
    return int(handoff.id)


def banner(window: Window) -> Locator:
    return window.frame.locator(".queue")


def state(site: Site, handoff: int) -> str:
    return str(site.run(site.server.services.handoff.find(handoff)).state)


def test_the_place_in_the_queue_moves_up_and_the_wait_can_be_ended(window: Window, site: Site, agent: Agent) -> None:
    services = site.server.services
    ahead = site.run(services.handoff.request("web-somebody-else", "web", Reason.REQUESTED)).handoff.id
    handoff = ask_for_a_human(window, site)
    expect(banner(window)).to_contain_text("您前面还有 1 位")
    expect(banner(window)).to_contain_text("预计等待")
    expect(window.frame.get_by_role("button", name="转人工")).to_have_count(0)  # it was pressed already
    agent.does(f"handoffs/{ahead}/claim")
    expect(banner(window)).to_contain_text("下一位就是您")
    window.press("取消排队")
    window.theirs("已经取消等待人工").wait_for()
    expect(banner(window)).to_have_count(0)
    window.frame.get_by_role("button", name="转人工").wait_for()
    assert state(site, handoff) == "cancelled"


def test_where_nobody_is_at_the_desk_no_wait_is_promised(window: Window, site: Site) -> None:
    ask_for_a_human(window, site)
    expect(banner(window)).to_contain_text("下一位就是您")
    expect(banner(window)).not_to_contain_text("预计等待")


def test_self_service_goes_on_while_the_customer_waits(window: Window, site: Site) -> None:
    ask_for_a_human(window, site)
    window.say("查话费")
    window.theirs("收到:查话费").wait_for()
    expect(banner(window)).to_be_visible()


def test_a_human_joins_types_speaks_hands_on_and_leaves(window: Window, site: Site, agent: Agent) -> None:
    handoff = ask_for_a_human(window, site)
    agent.does(f"handoffs/{handoff}/claim")
    window.frame.get_by_text("已为您接入 客户代表 1001").wait_for()
    window.theirs("1001号客户代表为您服务").wait_for()
    expect(window.frame.locator("header")).to_contain_text("客户代表 1001")
    expect(banner(window)).to_have_count(0)
    agent.does(f"handoffs/{handoff}/typing")
    window.frame.locator("[data-typing]").wait_for()
    agent.say(handoff, "您好,请讲。")
    window.theirs("您好,请讲。").wait_for()
    expect(window.frame.locator("[data-typing]")).to_have_count(0)
    heard = len(site.server.rasa.messages)
    window.say("流量扣错了")
    expect(window.mine("流量扣错了")).to_have_attribute("data-status", "done")
    assert len(site.server.rasa.messages) == heard  # the assistant is silent
    colleague = Agent(site, "a1002")
    agent.does(f"handoffs/{handoff}/transfer", to="a1002")
    window.frame.locator(".system", has_text="正在为您转接").wait_for()
    colleague.does(f"handoffs/{handoff}/claim")
    window.frame.get_by_text("已为您接入 客户代表 1002").wait_for()
    colleague.does(f"handoffs/{handoff}/close", result="resolved", agreed="")
    expect(window.frame.locator("header")).not_to_contain_text("客户代表")  # the assistant speaks again, and says so
    window.frame.get_by_role("button", name="转人工").wait_for()
    assert site.server.rasa.intents[-1] == "handoff_ended"
    colleague.leave()


def test_a_reload_shows_the_queue_and_the_agent_again(window: Window, site: Site, agent: Agent) -> None:
    handoff = ask_for_a_human(window, site)
    window.page.reload()
    banner(window).wait_for()
    agent.does(f"handoffs/{handoff}/claim")
    window.frame.get_by_text("已为您接入 客户代表 1001").wait_for()
    window.page.reload()
    expect(window.frame.locator("header")).to_contain_text("客户代表 1001")
    agent.say(handoff, "请问还在吗?")
    window.theirs("请问还在吗?").wait_for()


def test_who_closes_the_tab_while_waiting_leaves_the_queue_and_is_told_so_on_return(
    window: Window, site: Site, agent: Agent
) -> None:
    handoff = ask_for_a_human(window, site)
    page = window.page.context.new_page()
    until(lambda: site.server.chat.present() != [], page)
    window.page.close()
    until(lambda: site.server.chat.present() == [], page)
    long_ago(site, 1000)
    until(lambda: state(site, handoff) == "abandoned", page)
    assert agent.waiting() == []
    page.goto(site.server.base + "/")
    again = Window(page).open()
    again.theirs("已经为您取消排队").wait_for()
    expect(banner(again)).to_have_count(0)


def long_ago(site: Site, seconds: float) -> None:
    """Since then nobody has heard of the customer, and the server was up all the time."""
    services = site.server.services
    services.handoff._began -= seconds
    seen = update(schema.handoffs).values(seen=time.time() - seconds)
    site.run(services.database.write(lambda connection: connection.execute(seen)))


def until(condition: Any, page: Page, seconds: float = 10) -> None:
    for _ in range(int(seconds * 10)):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not happen")
