"""The supervisors' reports over HTTP: who may see them, what they hold, what they refuse, and the review of phrases."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import openpyxl
import pytest
import pytest_asyncio

from hotline.ports import Fact
from tests.desk.desk_server import Desk, desk
from tests.reports.made import happened

DAY = date(2026, 10, 21)
TODAY = "from=2026-10-21&to=2026-10-21"


@pytest_asyncio.fixture
async def open_desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as started:
        facts = [Fact("begun"), Fact("understood"), Fact("topic", "billing"), Fact("not_understood", "=1+1 阿巴阿巴")]
        await happened(started.services, "web-1", DAY, 9, *facts)
        await happened(started.services, "ivr-1", DAY, 15, Fact("begun"), Fact("understood"), channel="ivr")
        yield started


async def raw(person: Any, path: str) -> tuple[aiohttp.ClientResponse, bytes]:
    async with person.http.get(f"{person.base}/desk/api/{path}") as response:
        return response, await response.read()


@pytest.mark.parametrize("login", ["a1001", "c8001"])
async def test_only_supervisors_see_reports(open_desk: Desk, login: str) -> None:
    for path in ("reports", "reports/definitions", "reports/seen?kind=begun", "reports/csv/topics", "review"):
        status, body = await open_desk[login].get(path)
        assert (status, body["error"]["code"]) == (403, "role"), path


async def test_the_page_is_served(open_desk: Desk) -> None:
    async with open_desk["s9001"].http.get(f"{open_desk.server.base}/desk/reports") as response:
        assert response.status == 200 and "/static/reports.js" in await response.text()


async def test_the_figures_of_a_day(open_desk: Desk) -> None:
    status, found = await open_desk["s9001"].get(f"reports?{TODAY}")
    assert status == 200
    assert found["headline"]["conversations"] == {"value": 2, "before": 0}
    assert found["headline"]["not_understood"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["by"] == "hour" and found["tables"]["traffic"]["rows"][9] == ["2026-10-21 09", 1, 0, 1.0]
    assert found["staffing"]["monday"] == "2026-10-26" and len(found["staffing"]["rows"]) == 168


async def test_one_channel_alone(open_desk: Desk) -> None:
    _, found = await open_desk["s9001"].get(f"reports?{TODAY}&channel=ivr")
    assert found["headline"]["conversations"]["value"] == 1
    assert found["tables"]["channels"]["rows"] == [["ivr", 1, 1.0]]


async def test_every_figure_and_table_has_a_definition(open_desk: Desk) -> None:
    _, found = await open_desk["s9001"].get(f"reports?{TODAY}")
    _, known = await open_desk["s9001"].get("reports/definitions")
    assert set(found["headline"]) == set(known["headline"])
    assert {*found["tables"], "staffing"} == set(known["tables"])
    assert {column for table in found["tables"].values() for column in table["columns"]} <= set(known["columns"])
    assert set(known["staffing"]) <= set(found["staffing"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(("from=x", "from"), ("from=0002-10-21&by=year", "from"), ("from=2026-10-22&to=2026-10-21", "to")),
        *(("by=minute", "by"), ("channel=fax", "channel")),
    ],
)
async def test_a_period_that_makes_no_sense_is_refused(open_desk: Desk, query: str, field: str) -> None:
    status, body = await open_desk["s9001"].get(f"reports?{query}")
    assert (status, body["error"]["field"]) == (400, field)


async def test_from_a_figure_to_the_conversation_behind_it(open_desk: Desk) -> None:
    supervisor = open_desk["s9001"]
    number = await open_desk.waiting()
    conversation = (await open_desk.services.handoff.find(number)).conversation
    _, seen = await supervisor.get(f"reports/seen?{TODAY}&kind=handoff&name=requested")
    assert [one["conversation"] for one in seen["conversations"]] == [conversation] and not seen["more"]
    _, talk = await supervisor.get(f"reports/conversations/{conversation}")
    assert talk["transcript"][0]["text"] == "我的手机138****8000被乱扣费"
    assert (await supervisor.get("reports/conversations/none"))[0] == 404


@pytest.mark.parametrize("query", ["kind=users", "kind=begun&hour=x", "kind=rating&name=x", "kind=begun&offset=-1"])
async def test_a_question_that_makes_no_sense_is_refused(open_desk: Desk, query: str) -> None:
    assert (await open_desk["s9001"].get(f"reports/seen?{TODAY}&{query}"))[0] == 400


async def test_a_table_as_csv_in_which_nothing_is_a_formula(open_desk: Desk) -> None:
    response, content = await raw(open_desk["s9001"], f"reports/csv/phrases?{TODAY}")
    assert response.headers["Content-Disposition"].endswith('2026-10-21_phrases.csv"')
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows == [["phrase", "messages"], ["'=1+1 阿巴阿巴", "1"]]
    for table in ("headline", "staffing", "traffic"):
        assert (await raw(open_desk["s9001"], f"reports/csv/{table}?{TODAY}"))[0].status == 200
    assert (await raw(open_desk["s9001"], f"reports/csv/none?{TODAY}"))[0].status == 404


async def test_a_number_in_a_comment_is_masked(open_desk: Desk) -> None:
    await open_desk.services.surveys.record("web-1", "web", 1, "我13800138000被多扣了钱")
    _, found = await open_desk["s9001"].get(f"reports?{TODAY}")
    assert [row[3] for row in found["tables"]["comments"]["rows"]] == ["我138****8000被多扣了钱"]


async def test_all_tables_as_a_workbook(open_desk: Desk) -> None:
    _, content = await raw(open_desk["s9001"], f"reports/xlsx?{TODAY}")
    book = openpyxl.load_workbook(io.BytesIO(content))
    _, known = await open_desk["s9001"].get("reports/definitions")
    assert set(book.sheetnames) == {"指标", *(about["title"] for about in known["tables"].values())}
    assert [cell.value for cell in book["指标"][3]][:3] == ["对话量", 2, 0]
    formats = {row[0].value: row[1].number_format for row in book["指标"].iter_rows(min_row=3)}
    assert (formats["自助解决率"], formats["对话量"]) == ("0.0%", "General")
    phrase = book["未听懂的话"]["A3"]
    assert (phrase.value, phrase.data_type) == ("=1+1 阿巴阿巴", "s")


async def test_a_phrase_is_given_an_intent_and_becomes_a_patch(open_desk: Desk) -> None:
    supervisor = open_desk["s9001"]
    phrase = "=1+1 阿巴阿巴"
    assert (await raw(supervisor, "review/patch"))[1].decode() == "# data/nlu holds all that was decided already.\n"
    assert (await supervisor.post("review", phrase=phrase, intent="out_of_scope"))[0] == 200
    _, review = await supervisor.get("review")
    assert review["decisions"] == {phrase: "out_of_scope"}
    assert "query_balance" in review["intents"]
    _, patch = await raw(supervisor, "review/patch")
    assert "+    - =1+1 阿巴阿巴" in patch.decode() and "+++ b/data/nlu/" in patch.decode()


async def test_an_intent_that_does_not_exist_is_refused(open_desk: Desk) -> None:
    status, body = await open_desk["s9001"].post("review", phrase="x", intent="nothing_of_ours")
    assert (status, body["error"]["field"]) == (400, "intent")


async def test_held_back_phrases_are_counted_by_phrase(open_desk: Desk) -> None:
    number = await open_desk.waiting()
    await open_desk["a1001"].post(f"handoffs/{number}/claim")
    held = await open_desk["a1001"].post(f"handoffs/{number}/say", id="taboo-0001", text="你说什么")
    assert held[0] == 422
    _, found = await open_desk["s9001"].get(f"reports?{TODAY}")
    assert found["tables"]["taboo"]["rows"] == [["你说什么", 1]]
