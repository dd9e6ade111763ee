"""The command line: what an operator is told."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from hotline import cli
from hotline.channels import terminal
from hotline.settings import load_settings


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTLINE_VAR", str(tmp_path))
    monkeypatch.setenv("HOTLINE_PORT", "0")
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    return tmp_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_commands_are_listed_with_those_of_the_conversation_tests() -> None:
    shown = CliRunner().invoke(cli.cli, ["--help"]).output
    for name in ("serve", "shell", "db", "check", "test", "record", "chat"):
        assert f"  {name} " in shown


def test_a_bad_setting_is_named_and_nothing_is_started(var: Path) -> None:
    result = CliRunner().invoke(cli.cli, ["check"])
    assert result.exit_code == 1
    assert "HOTLINE_PORT" in result.output


def test_the_database_is_made_with_the_demo_subscribers(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_PORT", str(free_port()))
    assert CliRunner().invoke(cli.cli, ["db", "upgrade"]).exit_code == 0
    with sqlite3.connect(var / "hotline.db") as database:
        assert database.execute("SELECT count(*) FROM subscribers").fetchone() == (5,)


def test_a_taken_port_and_a_missing_model_are_said_plainly(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("HOTLINE_PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("HOTLINE_MODEL", str(var / "no-model.tar.gz"))
        result = CliRunner().invoke(cli.cli, ["check"])
    assert result.exit_code == 1
    assert "cannot listen on" in result.output
    assert "make train" in result.output


def test_the_addresses_and_sentences_to_try_are_told(var: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli._announce(load_settings(var=var, port=5005))
    shown = capsys.readouterr().out
    assert "http://127.0.0.1:5005/webhooks/ivr/webhook" in shown
    assert all(sentence in shown for sentence in cli.SENTENCES)


@pytest.mark.parametrize(
    ("line", "meant"),
    [("查话费\n", ("查话费", None, None)), ("1\n", ("查账单", "/query_bill", None)), ("\n", ("", None, "silence"))],
)
def test_a_line_of_the_terminal_is_words_a_button_or_silence(
    monkeypatch: pytest.MonkeyPatch, line: str, meant: tuple[str, str | None, str | None]
) -> None:
    monkeypatch.setattr(terminal, "_piped", lambda secret: line.strip())
    buttons = [{"title": "查账单", "payload": "/query_bill"}]
    inbound = terminal._read("shell-1", 1, buttons, secret=False)
    assert (inbound.text, inbound.payload, inbound.event) == meant
