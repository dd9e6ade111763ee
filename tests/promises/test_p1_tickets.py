"""A ticket number that was shown is never lost and never doubled, whenever the process is killed (promise P1)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotline.settings import ROOT
from tests.promises.effort import KILLS as ROUNDS
from tests.served import model_path

NUMBER = re.compile(r"[CS]\d{14}")


@pytest.fixture(scope="module")
def rounds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = Path(request.config.getoption("--model", None) or model_path())
    script = str(Path(__file__).with_name("kill_filing.py"))
    result = subprocess.run(
        [sys.executable, "-W", "ignore", script, str(path), str(tmp_path_factory.mktemp("kill")), str(ROUNDS), "1860"],
        cwd=ROOT,
        # A thread pool of the parent's would be missing in the forked children.
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120 + 10 * ROUNDS,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return found


def told(answers: list[str] | None) -> set[str]:
    return set(NUMBER.findall(" ".join(answers or [])))


def test_the_kills_came_before_and_after_the_commit(rounds: list[dict[str, Any]]) -> None:
    assert any(not one["after_kill"] for one in rounds), "no kill came before the commit: the test proves nothing"
    assert any(one["after_kill"] for one in rounds), "no kill came after the commit: the test proves nothing"


def test_no_ticket_is_lost(rounds: list[dict[str, Any]]) -> None:
    for one in rounds:
        assert told(one["again"]) == set(one["tickets"]), one


def test_no_ticket_is_doubled(rounds: list[dict[str, Any]]) -> None:
    assert [len(one["tickets"]) for one in rounds] == [1] * len(rounds)


def test_the_number_that_was_shown_first_is_the_one_that_is_shown_again(rounds: list[dict[str, Any]]) -> None:
    for one in rounds:
        if told(one["first"]):
            assert told(one["first"]) == told(one["again"])
