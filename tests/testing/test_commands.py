"""``hotline test``, ``record`` and ``chat`` from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from hotline import bootstrap
from hotline.settings import ROOT
from hotline.testing import chat as chat_module
from hotline.testing import commands, revision
from hotline.testing.loader import load
from hotline.testing.stage import Stage, Troupe, loop

ALL = str(ROOT / "tests" / "conversations")
NOTHING: Any = {"talks": [], "utterances": []}


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    calls: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        calls.append(command)
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(commands.subprocess, "run", run)
    return calls


@pytest.fixture
def replays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision, "record", lambda model, files: NOTHING)
    monkeypatch.setattr(revision, "record_of_revision", lambda revision, files: NOTHING)


def test_tests_are_all_talks_unless_some_are_named(called: list[list[str]]) -> None:
    result = CliRunner().invoke(commands.test, ["-k", "停机", "--junit", "talk.xml", "--model", "m"])
    assert result.exit_code == 3
    assert called[0][1:] == [
        *("-m", "pytest", "-p", "hotline.testing.plugin", "--junitxml=talk.xml", "--model=m"),
        *(ALL, "-k", "停机"),
    ]


@pytest.mark.parametrize("named", [f"{__file__}::x", "no_such_talk.yml", str(Path(__file__).parent)])
def test_talks_that_are_named_are_the_only_ones(called: list[list[str]], named: str) -> None:
    CliRunner().invoke(commands.test, ["-n", "2", named])
    assert called[0][-1] == named and ALL not in called[0]


def test_a_report_that_is_there_from_last_time_is_no_test(called: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "cov.json").touch()
    CliRunner().invoke(commands.test, ["--talk-cov-json", str(tmp_path / "cov.json"), "--walk-save", str(tmp_path)])
    assert ALL in called[0]


def test_the_difference_is_reported_beside_the_tests(called: list[list[str]], replays: None, tmp_path: Path) -> None:
    result = CliRunner().invoke(commands.test, ["--against", "main"])
    assert "## What customers would notice, against `main`" in result.output
    assert result.exit_code == 3
    report = tmp_path / "notice.md"
    CliRunner().invoke(commands.test, ["--against", "main", "--report", str(report), "--model", "m"])
    assert "**Nothing.**" in report.read_text(encoding="utf-8")


def test_a_revision_that_cannot_be_asked_is_an_error(
    called: list[list[str]], replays: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise revision.RevisionError("git archive nowhere: not a revision")

    monkeypatch.setattr(revision, "record_of_revision", fail)
    result = CliRunner().invoke(commands.test, ["--against", "nowhere"])
    assert result.exit_code == 1
    assert "Error: git archive nowhere: not a revision" in result.output


@pytest.fixture
def stored(troupe: Troupe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage with a stored conversation ``real-1``, whose services the command takes for its own."""
    stage = Stage(troupe)
    loop().run_until_complete(stage.web("real-1", text="你好"))
    monkeypatch.setattr(bootstrap, "services", lambda: stage.services)
    yield stage
    loop().run_until_complete(stage.close())


def test_a_conversation_is_recorded_to_the_terminal_or_a_new_file(stored: Stage, tmp_path: Path) -> None:
    target = tmp_path / "found.yml"
    result = CliRunner().invoke(commands.record, ["real-1", "--name", "问候", "--to", str(target)])
    assert result.exit_code == 0, result.output
    assert load(target)[0].name == "问候"


def test_a_conversation_is_shown_without_a_file(stored: Stage) -> None:
    assert "- user: 你好" in CliRunner().invoke(commands.record, ["real-1"]).output


def test_an_unknown_conversation_is_an_error(stored: Stage) -> None:
    result = CliRunner().invoke(commands.record, ["nobody"])
    assert result.exit_code == 1
    assert "Error: no conversation nobody is stored" in result.output


def test_a_talk_is_saved_when_it_ends(troupe: Troupe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_module, "Troupe", lambda model: troupe)
    target = tmp_path / "talk.yml"
    options = ["--save", str(target), "--name", "问候", "--at", "2026-10-24", "--model", "m"]
    result = CliRunner().invoke(commands.chat, options, input="你好\n")
    assert result.exit_code == 0, result.output
    (case,) = load(target)
    assert (case.name, [step.value for step in case.steps if step.kind == "user"]) == ("问候", ["你好"])
    again = CliRunner().invoke(commands.chat, options)
    assert "is there already" in again.output


def test_a_talk_on_a_day_that_is_none_is_refused_in_a_sentence() -> None:
    result = CliRunner().invoke(commands.chat, ["--at", "tomorrow"])
    assert result.exit_code == 2
    assert "tomorrow is not a moment such as 2026-10-03" in result.output


def test_the_effect_of_a_patch_is_a_difference_report(replays: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision, "record_of_patch", lambda patch, files: NOTHING)
    assert commands.effect_of("").startswith("#")


def test_invented_traffic_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IVR_SECRET", "SESSION_SECRET"):
        monkeypatch.setenv(f"HOTLINE_{name}", "x" * 32)
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "sqlite:///nowhere.db")
    monkeypatch.setenv("HOTLINE_ENV", "production")
    found = CliRunner().invoke(commands.demo_traffic)
    assert found.exit_code == 1 and "refused when HOTLINE_ENV=production" in found.output


def test_invented_traffic_fills_the_deployments_own_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOTLINE_VAR", str(tmp_path))
    played: list[int] = []

    class Quiet:
        def __init__(self, settings: Any, now: Any, seed: int) -> None:
            assert settings.var == tmp_path and (tmp_path / "hotline.db").exists()

        async def play(self, cases: Any, talks: int, days: int, progress: Any) -> None:
            played.extend((talks, days, len(cases)))
            progress(talks)

        async def close(self) -> None:
            pass

    monkeypatch.setattr("hotline.testing.traffic.Traffic", Quiet)
    found = CliRunner().invoke(commands.demo_traffic, ["--talks", "7"])
    assert found.exit_code == 0, found.output
    assert played[:2] == [7, 30] and played[2] > 100
