from __future__ import annotations

from pathlib import Path

import pytest

from hotline.testing import chat
from hotline.testing.demo import NOW
from hotline.testing.loader import load
from hotline.testing.runner import play
from hotline.testing.stage import Troupe, loop
from hotline.testing.writer import write


def test_a_talk_in_the_terminal_is_a_test_that_passes(
    troupe: Troupe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "Troupe", lambda model: troupe)
    shown: list[str] = []
    steps = chat.chat(tmp_path, NOW, iter(["1", "13800138000", "246810", ""]), shown.append)
    assert "您的号码13800138000当前话费余额为86.40元。" in shown
    assert "  1 查话费" in shown
    write(tmp_path / "talk.yml", "talk", steps)
    (case,) = load(tmp_path / "talk.yml")
    moves = [(step.kind, step.value) for step in case.steps if step.kind != "bot"]
    assert moves == [
        ("open", None),
        ("button", "查话费"),
        ("user", "13800138000"),
        ("user", "246810"),
        ("silence", None),
    ]
    assert loop().run_until_complete(play(case, troupe)).failed is None
