"""``hotline report`` and ``hotline review`` on the command line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import yaml
from click.testing import CliRunner, Result

from hotline import bootstrap
from hotline.cli import cli
from hotline.ports import Fact
from hotline.settings import load_settings
from tests.reports.made import happened
from tests.support import demo_services

Run = Callable[..., Result]
SPAN = ("--from", "2026-10-20", "--to", "2026-10-21")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    services = demo_services(tmp_path)
    facts = (Fact("begun"), Fact("topic", "billing"), Fact("not_understood", "阿巴啦阿巴唷"))
    asyncio.run(happened(services, "web-1", date(2026, 10, 21), 9, *facts))
    asyncio.run(services.reports.decide("阿巴啦阿巴唷", "out_of_scope", "s9001", services.clock.now()))
    services.close()

    def invoke(*words: str) -> Result:
        bootstrap.use(bootstrap.build(services.settings, clock=services.clock))  # each command closes its own
        return CliRunner().invoke(cli, list(words))

    yield invoke
    bootstrap.use(None)


def test_all_tables_are_printed_with_what_they_mean(run: Run) -> None:
    found = run("report", *SPAN)
    assert found.exit_code == 0, found.output
    assert "topics: Conversations in which the assistant spoke about a topic" in found.output
    assert "conversations   1        0" in found.output


def test_json_has_the_named_tables_alone(run: Run) -> None:
    found = json.loads(run("report", "topics", "headline", "--as", "json", *SPAN).output)
    assert found["topics"] == [{"topic": "billing", "conversations": 1}]
    assert {"figure": "contained", "value": 1.0, "before": None} in found["headline"]


def test_csv_is_one_table(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "traffic.csv"
    assert run("report", "traffic", "--as", "csv", "--out", str(target), *SPAN).exit_code == 0
    rows = list(csv.reader(io.StringIO(target.read_text(encoding="utf-8-sig"))))
    assert rows[2] == ["2026-10-21", "1", "0", "1.0"]
    assert "CSV is one table" in run("report", "--as", "csv", *SPAN).output


def test_a_workbook_needs_a_file(run: Run, tmp_path: Path) -> None:
    assert run("report", "--as", "xlsx", *SPAN).exit_code == 2
    target = tmp_path / "all.xlsx"
    assert run("report", "--as", "xlsx", "--out", str(target), *SPAN).exit_code == 0
    assert len(openpyxl.load_workbook(target).sheetnames) == 14


def test_what_makes_no_sense_is_said(run: Run) -> None:
    assert "no table is called none; there are: headline traffic" in run("report", "none", *SPAN).output
    assert "from: must be a day" in run("report", "--from", "x").output
    assert "from: must be a day" in run("review", "list", "--from", "x").output
    assert "channel: must be one of web ivr" in run("report", "--channel", "fax").output


@pytest.mark.parametrize("command", [("report", "topics"), ("review", "list"), ("review", "patch")])
def test_a_file_that_cannot_be_written_is_said(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    found = run(*command, "--out", str(tmp_path / "none" / "file"))
    assert found.exit_code == 1 and "none/file': No such file or directory" in found.output


def test_the_list_to_review_is_written_to_be_filled_in(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "labels.yml"
    services = bootstrap.build(load_settings(var=tmp_path, database_url=f"sqlite:///{tmp_path / 'hotline.db'}"))
    event = {
        "event": "user",
        "text": "阿巴啦阿巴唷",
        "parse_data": {"intent": {"name": "nlu_fallback", "confidence": 0.9}},
    }
    asyncio.run(services.events.append("web-1", 0, [event]))
    services.close()
    assert run("review", "list", "--out", str(target), *SPAN).exit_code == 0
    assert [row["phrase"] for row in yaml.safe_load(target.read_text(encoding="utf-8"))] == ["阿巴啦阿巴唷"]


def test_the_patch_of_what_was_decided_on_the_page(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "review.patch"
    assert run("review", "patch", "--out", str(target)).exit_code == 0
    assert "+    - 阿巴啦阿巴唷" in target.read_text(encoding="utf-8")


def test_the_patch_of_a_filled_in_list(run: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.yml"
    labels.write_text("- {phrase: 喵喵喵喵, intent: greet}", encoding="utf-8")
    assert "+    - 喵喵喵喵" in run("review", "patch", str(labels)).output
    labels.write_text("- {phrase: 你好, intent: greet}", encoding="utf-8")
    assert "nothing to add" in run("review", "patch", str(labels)).output
    labels.write_text("- {phrase: 你好, intent: hello}", encoding="utf-8")
    assert "no such intents: hello" in run("review", "patch", str(labels)).output


def test_the_effect_stands_at_the_head_of_the_patch(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.testing.commands.effect_of", lambda patch: "## 变化\n\n没有")  # training takes minutes
    assert run("review", "patch", "--effect").output.startswith("# ## 变化\n#\n# 没有\n--- a/data/nlu/")
