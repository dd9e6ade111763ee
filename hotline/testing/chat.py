"""A talk in the terminal on a stage of its own (demo database, chosen day), to save as a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from hotline.testing.stage import Move, Stage, Troupe, loop

CONVERSATION = "c1"


def chat(model: Path, now: datetime, lines: Iterator[str], show: Callable[[str], None]) -> list[dict[str, Any]]:
    """Talk until the lines end; returns the steps of the test: moves, and the very words of the answers.

    A number chooses a button; an empty line is silence.
    """
    stage = Stage(Troupe(model), now)
    steps: list[dict[str, Any]] = []

    def after(step: dict[str, Any], move: Move) -> list[dict[str, str]]:
        steps.append(step)
        steps.extend({"bot": answer.text} for answer in move.answers)
        buttons = [button for answer in move.answers for button in answer.buttons]
        for answer in move.answers:
            show(answer.text)
        for number, button in enumerate(buttons, start=1):
            show(f"  {number} {button['title']}")
        return buttons

    def run(**what: Any) -> Move:
        return loop().run_until_complete(stage.web(CONVERSATION, **what))

    try:
        buttons = after({"open": None}, run(event="session_opened"))
        step: dict[str, Any]
        for line in lines:
            chosen = _chosen(line.strip(), buttons)
            if chosen:
                step, what = {"button": chosen["title"]}, {"text": chosen["title"], "payload": chosen["payload"]}
            elif line.strip():
                step, what = {"user": line.strip()}, {"text": line.strip()}
            else:
                step, what = {"silence": None}, {"event": "silence"}
            buttons = after(step, run(**what))
    finally:
        loop().run_until_complete(stage.close())
    return steps


def _chosen(line: str, buttons: list[dict[str, str]]) -> Optional[dict[str, str]]:
    return buttons[int(line) - 1] if line.isdigit() and 1 <= int(line) <= len(buttons) else None
