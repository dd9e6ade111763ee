"""Servers of one embedded database know of each other."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hotline.alone import Company, join
from hotline.settings import load_settings

Come = Callable[[], Company]
SERVER = """
import sys, time
from pathlib import Path
from hotline.alone import Company
company = Company(Path(sys.argv[1]))
print(flush=True)
time.sleep(99)
"""


@pytest.fixture
def come(tmp_path: Path) -> Iterator[Come]:
    """A server more of one database."""
    came: list[Company] = []

    def another() -> Company:
        came.append(Company(tmp_path / "hotline.db"))
        return came[-1]

    yield another
    for each in came:
        each.leave()


def test_the_first_is_alone_until_another_comes_and_then_neither_is(come: Come) -> None:
    first = come()
    assert first.alone()
    second = come()
    assert not first.alone() and not second.alone()
    second.leave()
    assert not first.alone(), "the other may still be at work on what it began"
    third = come()
    assert not third.alone()


def test_who_comes_after_all_have_left_is_alone(come: Come) -> None:
    for each in [come() for _ in range(3)]:
        each.leave()
    assert come().alone()


def test_a_killed_process_is_no_company(come: Come, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVER, str(tmp_path / "hotline.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline()
        beside = come()
        assert not beside.alone()
        beside.leave()
        other.kill()
    assert come().alone()


def test_who_comes_second_waits_for_the_turns_that_have_begun(come: Come, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    first = come()
    first.settle(8.0)
    assert not waited
    come().settle(8.0)
    assert 7 < waited[0] <= 8


@pytest.mark.parametrize(
    "given", [{"lock": "database"}, {"redis_url": "redis://x"}, {"database_url": "postgresql://x/y"}]
)
def test_where_several_are_meant_to_serve_nobody_counts(tmp_path: Path, given: dict[str, str]) -> None:
    assert join(load_settings(var=tmp_path, **given)) is None
