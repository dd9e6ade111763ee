"""The widget on the whole product: the real server in a process of its own, with the trained model and the demo database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import APIRequestContext, Page, Playwright, expect

from tests.browser.conftest import Window
from tests.channels.test_web import site_token
from tests.channels.web_server import SITE_SECRET
from tests.served import Product

WANG = "13800138000"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    made = Product(tmp_path_factory.mktemp("product"), site_secret=SITE_SECRET)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def window(page: Page, product: Product) -> Window:
    page.set_default_timeout(20_000)
    page.goto(product.base + "/")
    return Window(page).open()


def desk(playwright: Playwright, product: Product, login: str) -> APIRequestContext:
    """Somebody logged in at the desk and there for customers."""
    person = playwright.request.new_context(base_url=f"{product.base}/desk/api/", extra_http_headers={"X-Desk": "1"})
    assert person.post("login", data={"login": login, "password": f"{login}-demo"}).ok
    assert person.post("status", data={"status": "available"}).ok
    return person


def test_a_filed_complaint_has_a_card_with_its_state_and_its_pictures_are_at_the_desk(
    window: Window, product: Product, playwright: Playwright, tmp_path: Path
) -> None:
    Image.new("RGB", (60, 40), "navy").save(tmp_path / "bill.png")
    window.say("你们的人给我办错套餐了")
    window.theirs("请问您贵姓").wait_for()
    window.frame.locator("input[type=file]").set_input_files(tmp_path / "bill.png")
    window.frame.locator("img.picture").wait_for()
    window.say("我姓王")
    window.theirs("联系电话是多少").wait_for()
    window.say(WANG)
    window.press("对")
    card = window.frame.locator(".card", has_text="工单")
    expect(card.locator(".steps [aria-current]")).to_have_text("已受理")
    expect(card).to_contain_text("最晚答复")
    number = card.locator(".number").inner_text()
    window.theirs(f"编号是{number}").wait_for()
    clerk = desk(playwright, product, "c8001")
    images = clerk.get(f"tickets/{number}").json()["images"]
    assert len(images) == 1
    shown = clerk.get(f"tickets/{number}/images/{images[0]}")
    assert shown.ok and shown.headers["content-type"] == "image/jpeg"
    clerk.dispose()


def test_who_signs_in_on_the_page_instead_of_typing_the_password_is_answered_at_once(window: Window) -> None:
    window.say("查话费")
    window.theirs("手机号码").wait_for()
    window.say(WANG)
    window.theirs("服务密码").wait_for()
    window.page.evaluate("token => hotline.signIn(token)", site_token(WANG))
    window.theirs("您已登录138****8000").wait_for()
    expect(window.frame.locator(".card .figure")).to_contain_text("86.40")
    expect(window.frame.locator("input[type=password]")).to_have_count(0)


def test_from_the_assistant_to_a_human_and_back_to_a_rating(
    window: Window, product: Product, playwright: Playwright
) -> None:
    agent = desk(playwright, product, "a1001")
    window.press("转人工")
    window.frame.locator(".queue").wait_for()
    name = window.frame.locator(".queue").inner_text()
    assert "下一位就是您" in name or "您前面还有" in name
    waiting = agent.get("queue").json()["queue"][-1]["id"]
    assert agent.post(f"handoffs/{waiting}/claim").ok
    window.theirs("1001号客户代表为您服务").wait_for()
    assert agent.post(f"handoffs/{waiting}/say", data={"id": "1" * 12, "text": "您好,请讲。"}).ok
    window.theirs("您好,请讲。").wait_for()
    assert agent.post(f"handoffs/{waiting}/close", data={"result": "resolved", "agreed": "今天回电"}).ok
    window.theirs("今天回电").wait_for()
    window.frame.locator(".rating button").nth(4).click()
    window.press("提交评价")
    window.theirs("谢谢您的评价").wait_for()
    agent.dispose()


def test_a_server_that_is_killed_in_the_middle_of_a_talk_loses_not_a_word(window: Window, product: Product) -> None:
    window.say("怎么缴费")
    expect(window.mine("怎么缴费")).to_have_attribute("data-status", "done")
    product.kill()
    window.frame.locator(".banner").wait_for()
    window.say("怎么开发票")
    expect(window.mine("怎么开发票")).to_contain_text("等待网络")
    product.start()
    expect(window.mine("怎么开发票")).to_have_attribute("data-status", "done", timeout=30_000)
    expect(window.frame.locator(".banner")).to_have_count(0)
    expect(window.mine("怎么开发票")).to_have_count(1)
    bubbles = window.frame.locator(".Bubble")
    said = bubbles.all_inner_texts()
    window.page.reload()
    expect(bubbles).to_have_text(said)
