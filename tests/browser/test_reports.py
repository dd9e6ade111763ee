"""The supervisors' reports in a real browser: what is shown, what stands behind it, and what goes out (docs/reports.md)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect

from hotline.door import Inbound
from hotline.ports import Fact, Rating
from hotline.services.handoff import Reason
from tests.browser.conftest import PHONE, Site
from tests.reports.made import happened

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
WIDE = {"width": 1440, "height": 900}
DAY = date(2026, 10, 21)  # the server's clock stands in it
ADDRESS = "/desk/reports?from=2026-10-19&to=2026-10-21&by=day&channel="
PHRASE = "我要那个啥<b>套餐</b>"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    started = Site(tmp_path, desk=True)
    started.start()
    started.run(_fill(started))
    yield started
    started.stop()


async def _fill(site: Site) -> None:
    services = site.server.services
    for number in range(8):
        topic = Fact("topic", "billing" if number < 6 else "fault")
        await happened(services, f"web-{number}", DAY, 9 + number % 3, Fact("begun"), Fact("understood"), topic)
    for number in range(4):
        await happened(services, f"ivr-{number}", date(2026, 10, 17), 9, Fact("begun"), channel="ivr")
    await happened(services, "web-0", DAY, 9, Fact("not_understood", PHRASE), Fact("said", "1860-13"))
    await happened(services, "web-1", DAY, 9, Fact("taboo", "你说什么"), Fact("waited", "answered", 75))
    await site.server.chat._door.receive(Inbound("web-talk", "web", "m1", "我的号码是13800138000"))
    await services.handoff.request("web-talk", "web", Reason.REQUESTED)
    await services.surveys.record("web-2", "web", 4)
    rating = Rating("web-3", "web", 2, "等得太久", services.clock.now())
    await services.surveys._ratings.record(rating)


@pytest.fixture
def reports(page: Page, site: Site) -> Page:
    """The page in front of a supervisor."""
    page.set_default_timeout(8000)
    page.set_viewport_size(WIDE)
    page.goto(site.server.base + ADDRESS)
    sign_in(page, "s9001")
    page.locator("[data-table=staffing] svg").wait_for()
    return page


def sign_in(page: Page, login: str, password: str | None = None) -> None:
    page.get_by_label("工号").fill(login)
    page.get_by_label("密码").fill(password or f"{login}-demo")
    page.get_by_role("button", name="登录").click()


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"[data-figure={name}]")


def test_a_wrong_password_is_refused_and_an_agent_is_told_whom_the_page_is_for(page: Page, site: Site) -> None:
    page.goto(site.server.base + ADDRESS)
    sign_in(page, "s9001", "wrong")
    page.get_by_role("alert").filter(has_text="不正确").wait_for()
    sign_in(page, "a1001")
    page.get_by_role("alert").filter(has_text="仅供主管").wait_for()


def test_the_figures_are_those_of_the_server_beside_those_of_the_period_before(reports: Page) -> None:
    expect(figure(reports, "conversations")).to_contain_text("9")
    expect(figure(reports, "conversations")).to_contain_text("上期 4 +125%")
    expect(figure(reports, "contained")).to_contain_text("88.9%")
    expect(figure(reports, "unanswered")).to_contain_text("100.0%")
    expect(figure(reports, "satisfaction")).to_contain_text("3.00")
    expect(figure(reports, "not_understood")).to_contain_text("10.0%")
    expect(figure(reports, "taboo")).to_contain_text("1")


def test_every_figure_and_panel_says_what_it_means(reports: Page) -> None:
    known = reports.evaluate("fetch('/desk/api/reports/definitions').then((answer) => answer.json())")
    for name, about in known["headline"].items():
        expect(figure(reports, name).locator(".means")).to_have_attribute("data-means", about["means"])
    for name, about in known["tables"].items():
        expect(reports.locator(f"[data-table={name}] h2 .means")).to_have_attribute("data-means", about["means"])
    card = figure(reports, "contained").locator(".means")
    shown = "(element) => getComputedStyle(element, '::after').display"
    assert card.evaluate(shown) == "none"
    card.hover()
    assert card.evaluate(shown) == "block"


def test_nothing_comes_from_elsewhere_and_no_policy_is_broken(page: Page, site: Site) -> None:
    hosts, errors = set(), []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(site.server.base + ADDRESS)
    page.get_by_label("工号").wait_for()
    assert errors and all("401" in error for error in errors)  # nobody was signed in
    errors.clear()
    sign_in(page, "s9001")
    page.locator("[data-table=staffing] svg").wait_for()
    page.locator("[data-table=traffic] .chart").hover()
    assert hosts == {site.server.base.split("/")[2]} and errors == []


def test_from_a_figure_to_a_conversation_and_its_words(reports: Page) -> None:
    figure(reports, "handoffs").get_by_role("button").click()
    drawer = reports.get_by_role("dialog")
    drawer.get_by_text("客户要求").click()
    expect(drawer.locator(".talk .customer")).to_contain_text("138****8000")
    drawer.get_by_text("返回列表").click()
    expect(drawer.locator(".seen li")).to_have_count(1)
    reports.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_a_bar_leads_to_its_conversations(reports: Page) -> None:
    chart = reports.locator("[data-table=topics] .chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    reports.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + 18)
    expect(reports.get_by_role("dialog").locator(".seen li")).to_have_count(6)
    expect(reports.get_by_role("dialog")).to_contain_text("账务")


def test_the_conversations_behind_a_chart_are_reached_by_keyboard(reports: Page) -> None:
    panel = reports.locator("[data-table=topics]")
    panel.get_by_text("数据表").focus()
    reports.keyboard.press("Enter")
    panel.get_by_role("button", name="账务").focus()
    reports.keyboard.press("Enter")
    expect(reports.get_by_role("dialog").locator(".seen li")).to_have_count(6)


def test_a_month_leads_to_its_conversations(page: Page, site: Site) -> None:
    page.goto(site.server.base + ADDRESS.replace("by=day", "by=month"))
    sign_in(page, "s9001")
    panel = page.locator("[data-table=traffic]")
    panel.get_by_text("数据表").click()
    panel.get_by_role("button", name="2026-10").click()
    expect(page.get_by_role("dialog").locator(".seen li")).to_have_count(9)  # of the period, not of all the month


def test_a_customer_who_waited_too_long_is_found_behind_the_figure(reports: Page) -> None:
    figure(reports, "unanswered").get_by_role("button").click()
    expect(reports.get_by_role("dialog").locator(".seen li")).to_have_count(1)


def test_a_year_that_is_being_typed_asks_for_nothing(reports: Page) -> None:
    asked: list[str] = []
    reports.on("request", lambda request: asked.append(request.url))
    field = reports.get_by_label("开始")
    field.focus()
    for key in ("ArrowRight", "ArrowRight", "2", "0"):  # of 2026: the year 20 so far
        reports.keyboard.press(key)
    expect(figure(reports, "conversations").locator(".value")).to_have_text("9")
    assert asked == [] and reports.get_by_role("alert").count() == 0


def test_a_first_day_behind_the_last_one_takes_it_along(reports: Page) -> None:
    reports.get_by_label("开始").fill("2026-10-25")
    expect(reports.locator(".span")).to_contain_text("2026-10-25 至 2026-10-25")


def test_a_slow_answer_to_an_earlier_question_is_not_shown(reports: Page) -> None:
    held = []
    reports.route("**/desk/api/reports?*channel=ivr", lambda route: held.append(route))
    reports.locator("header select").last.select_option("ivr")
    expect(reports.get_by_role("status")).to_contain_text("正在统计")
    reports.locator("header select").last.select_option("web")
    expect(reports.get_by_role("status")).to_have_text("")
    with reports.expect_response("**/desk/api/reports?*channel=ivr"):
        held[0].continue_()
    expect(figure(reports, "conversations").locator(".value")).to_have_text("9")


def test_another_period_and_channel_change_the_figures_and_the_address(reports: Page) -> None:
    reports.locator("header select").last.select_option("ivr")
    expect(figure(reports, "conversations").locator(".value")).to_have_text("0")
    expect(figure(reports, "conversations")).to_contain_text("上期 4")
    reports.get_by_label("开始").fill("2026-10-17")
    expect(figure(reports, "conversations").locator(".value")).to_have_text("4")
    assert "from=2026-10-17" in reports.url and "channel=ivr" in reports.url


def test_a_phrase_is_labelled_and_the_patch_is_there_to_be_taken(reports: Page) -> None:
    row = reports.locator(".phrases li", has_text=PHRASE)
    row.get_by_role("combobox").select_option("query_plan_catalog")
    with reports.expect_download() as taken:
        reports.get_by_text("下载训练数据补丁(已标注 1 条)").click()
    patch = Path(taken.value.path()).read_text(encoding="utf-8")
    assert "+    - 我要那个啥<b>套餐</b>" in patch
    reports.reload()
    expect(reports.locator(".phrases li", has_text=PHRASE).get_by_role("combobox")).to_have_value("query_plan_catalog")


def test_what_customers_say_is_text(reports: Page) -> None:
    reports.locator(".phrases li", has_text=PHRASE).wait_for()
    assert reports.locator(".phrases b").count() == 0


def test_the_workbook_and_a_table_are_downloaded(reports: Page) -> None:
    with reports.expect_download() as taken:
        reports.get_by_text("导出 Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(taken.value.path()).read_bytes()))
    assert book["指标"]["B3"].value == 9
    with reports.expect_download() as taken:
        reports.get_by_label("主题 CSV").click()
    rows = Path(taken.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert rows[:3] == ["topic,conversations", "billing,6", "fault,2"]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_wider_than_the_screen(reports: Page, size: dict[str, int]) -> None:
    reports.set_viewport_size(size)
    reports.wait_for_function("innerWidth === " + str(size["width"]))
    assert reports.evaluate("document.documentElement.scrollWidth") <= size["width"]
    for card in reports.locator(".means").all():
        card.focus()
        assert reports.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_print_is_a_few_pages_without_controls(reports: Page) -> None:
    pdf = reports.pdf(format="A4", print_background=True)
    pages = pdf.count(b"/Type /Page\n") or pdf.count(b"/Type /Page ")
    assert 1 <= pages <= 5
    reports.emulate_media(media="print")
    reports.evaluate("dispatchEvent(new Event('beforeprint'))")
    drawn = "(svg) => [svg.getBoundingClientRect().right, svg.closest('.panel').getBoundingClientRect().right]"
    for chart in reports.locator(".half .chart svg").all():
        right, edge = chart.evaluate(drawn)
        assert right <= edge
    for control in (".fields", ".ranges", ".csv", ".phrases select"):
        assert reports.locator(control).first.is_hidden()


def test_a_server_that_does_not_answer_is_said(reports: Page) -> None:
    reports.route("**/desk/api/reports?*", lambda route: route.fulfill(status=503, body="{}"))
    reports.get_by_role("button", name="近7天").click()
    reports.get_by_role("alert").filter(has_text="暂时取不到数据").wait_for()


def test_axe_finds_nothing(reports: Page) -> None:
    # Outside of the page's policy, which forbids foreign scripts: evaluated, not inserted.
    reports.evaluate(AXE.read_text(encoding="utf-8"))
    found = reports.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found["violations"]] == []
