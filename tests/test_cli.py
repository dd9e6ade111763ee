"""The command line: what an operator is told."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from hotline import cli, retention
from hotline.channels import terminal
from hotline.ports import Forgotten
from hotline.settings import load_settings
from scripts.services import free_port


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTLINE_VAR", str(tmp_path))
    monkeypatch.setenv("HOTLINE_PORT", "0")
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    return tmp_path


def test_the_commands_are_listed_with_those_of_the_conversation_tests() -> None:
    shown = CliRunner().invoke(cli.cli, ["--help"]).output
    for name in ("serve", "shell", "db", "check", "staff", "test", "record", "chat"):
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


def staff(*arguments: str, password: str = "") -> tuple[int, str]:
    typed = ["--password-stdin"] if password else []
    result = CliRunner().invoke(cli.cli, ["staff", *arguments, *typed], input=f"{password}\n")
    return result.exit_code, result.output


def test_people_of_the_desk_are_added_listed_closed_and_given_new_passwords(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_PORT", str(free_port()))
    CliRunner().invoke(cli.cli, ["db", "upgrade"])
    assert staff("add", "s9002", "--name", "李四", "--role", "supervisor", password="a long password")[0] == 0
    assert "s9002      supervisor  李四" in staff("list")[1]
    assert staff("disable", "s9002")[0] == 0
    assert "s9002" not in staff("list")[1]
    assert staff("reset-password", "s9002", password="another long password")[0] == 0
    assert "s9002" in staff("list")[1]


def test_what_cannot_be_done_for_people_of_the_desk_is_said_plainly(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_PORT", str(free_port()))
    CliRunner().invoke(cli.cli, ["db", "upgrade"])
    for arguments, password, word in (
        (("add", "a1001", "--name", "x"), "a long password", "is there already"),
        (("add", "a1009", "--name", "x"), "short", "10 characters"),
        (("disable", "a7777"), "", "no open log-in a7777"),
    ):
        code, output = staff(*arguments, password=password)
        assert code == 1 and word in output


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


def test_it_is_not_served_without_a_model(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_PORT", str(free_port()))
    monkeypatch.setenv("HOTLINE_MODEL", str(var / "no-model.tar.gz"))
    result = CliRunner().invoke(cli.cli, ["serve"])
    assert result.exit_code == 1
    assert "there is no trained model" in result.output and "make train" in result.output


def test_a_variable_that_is_no_setting_is_named(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_PORT", str(free_port()))
    monkeypatch.setenv("HOTLINE_SITE_SECRT", "x")
    assert "HOTLINE_SITE_SECRT is no setting" in CliRunner().invoke(cli.cli, ["check"]).output


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


def test_a_customer_can_be_exported_and_forgotten_by_his_number(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_PORT", str(free_port()))
    runner = CliRunner()
    runner.invoke(cli.cli, ["db", "upgrade"])
    with sqlite3.connect(var / "hotline.db") as database:
        database.execute(
            "INSERT INTO sms_outbox (key, phone, text, created) VALUES ('k', '13800138000', '短信', '2026-01-01 00:00:00.000000')"
        )
    shown = runner.invoke(cli.cli, ["export", "13800138000"])
    assert shown.exit_code == 0 and '"短信"' in shown.output
    assert runner.invoke(cli.cli, ["forget", "13800138000"], input="n\n").exit_code == 1
    gone = runner.invoke(cli.cli, ["forget", "13800138000", "--yes"])
    assert gone.exit_code == 0 and "deleted: 1 sms_outbox, 0 pictures" in gone.output
    assert "nothing was kept" in runner.invoke(cli.cli, ["forget", "13800138000", "--yes"]).output
    assert "nothing is that old" in runner.invoke(cli.cli, ["purge"]).output


def test_what_must_stay_is_named_and_told_by_the_exit_code(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Forgotten({"ratings": 1}, [], ["C20261021000001"], ["web-1"])

    async def forget(*_: object) -> tuple[Forgotten, int]:
        return gone, 0

    monkeypatch.setenv("HOTLINE_PORT", str(free_port()))
    monkeypatch.setattr(retention, "forget", forget)
    result = CliRunner().invoke(cli.cli, ["forget", "13800138000", "--yes"])
    assert result.exit_code == 3 and "C20261021000001" in result.output and "1 conversations" in result.output


@pytest.mark.parametrize("command", ["export", "forget"])
def test_a_database_that_fails_is_said_and_a_number_that_is_none_refused(
    var: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("HOTLINE_PORT", str(free_port()))
    more = ["--yes"] if command == "forget" else []
    failed = CliRunner().invoke(cli.cli, [command, "13800138000", *more])  # no schema
    assert failed.exit_code == 1 and "nothing was changed" in failed.output
    assert "run `hotline db upgrade`" in failed.output
    assert CliRunner().invoke(cli.cli, [command, "123", *more]).exit_code == 2
