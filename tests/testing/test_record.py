"""A stored conversation becomes a test that passes, with nobody's data in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.testing.demo import NOW
from hotline.testing.loader import load
from hotline.testing.record import Invented, NoSuchConversationError, recorded
from hotline.testing.runner import play
from hotline.testing.stage import Stage, Troupe, loop
from hotline.testing.writer import FileExistsAlreadyError, write

TALK = ["查话费", "13900139000", "111111", "135791", "谢谢"]


def test_a_recorded_conversation_is_a_test_that_passes(troupe: Troupe, tmp_path: Path) -> None:
    async def talk() -> None:
        stage = Stage(troupe)
        try:
            await stage.web("real-1", event="session_opened")
            for text in TALK:
                await stage.web("real-1", text=text)
            await stage.web("real-1", event="silence")
            steps, options = await recorded("real-1", stage.services.events, stage.services.conversations)
            write(tmp_path / "recorded.yml", "recorded", steps, **options)
        finally:
            await stage.close()

    loop().run_until_complete(talk())
    text = (tmp_path / "recorded.yml").read_text(encoding="utf-8")
    assert "139****9000" not in text
    (case,) = load(tmp_path / "recorded.yml")
    assert case.at == NOW  # the service's clock, not the machine's
    said = [(step.kind, step.value) for step in case.steps if step.kind != "utter"]
    assert said == [
        ("open", None),
        ("user", "查话费"),
        ("user", "13900139000"),
        ("user", "000000"),
        ("user", "135791"),
        ("user", "谢谢"),
        ("silence", None),
    ]
    assert loop().run_until_complete(play(case, troupe)).failed is None


def test_an_unknown_conversation_is_named(troupe: Troupe) -> None:
    async def look() -> None:
        stage = Stage(troupe)
        try:
            await recorded("nobody", stage.services.events, stage.services.conversations)
        finally:
            await stage.close()

    with pytest.raises(NoSuchConversationError, match="nobody"):
        loop().run_until_complete(look())


def test_personal_data_is_replaced_the_same_by_the_same() -> None:
    invented = Invented()
    first = invented.text("我姓欧阳,号码15912345678", iter(["欧阳"]))
    again = invented.text("对,159****5678,身份证110101199003070000", iter([]))
    number = invented.number("159****5678")
    assert number in first
    assert number in again
    assert "欧阳" not in first
    assert "110101" not in again
    assert invented.number("15912340000") != number


def test_a_file_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("")
    with pytest.raises(FileExistsAlreadyError):
        write(tmp_path / "a.yml", "a", [{"user": "x"}])
