"""Servers of one embedded database know of each other."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from hotline.alone import Company, join
from hotline.settings import load_settings


def test_the_first_is_alone_until_another_comes_and_then_neither_is(tmp_path: Path) -> None:
    first = Company(tmp_path / "hotline.db")
    assert first.alone()
    second = Company(tmp_path / "hotline.db")
    assert not first.alone() and not second.alone()
    second.leave()
    assert not first.alone(), "the other may still be at work on what it began"
    third = Company(tmp_path / "hotline.db")
    assert not third.alone()


def test_who_comes_after_all_have_left_is_alone(tmp_path: Path) -> None:
    for each in [Company(tmp_path / "hotline.db") for _ in range(3)]:
        each.leave()
    assert Company(tmp_path / "hotline.db").alone()


def test_a_killed_process_is_no_company(tmp_path: Path) -> None:
    code = f"import time; from pathlib import Path; from hotline.alone import Company; it = Company(Path({str(tmp_path / 'hotline.db')!r})); print(); time.sleep(99)"
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert other.stdout is not None and other.stdout.readline()
    assert not Company(tmp_path / "hotline.db").alone()
    other.kill()
    other.wait()
    assert Company(tmp_path / "hotline.db").alone()


def test_who_comes_second_waits_for_the_turns_that_have_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    first = Company(tmp_path / "hotline.db")
    first.settle(8.0)
    assert not waited
    Company(tmp_path / "hotline.db").settle(8.0)
    assert 7 < waited[0] <= 8


@pytest.mark.parametrize(
    "given", [{"lock": "database"}, {"redis_url": "redis://x"}, {"database_url": "postgresql://x/y"}]
)
def test_where_several_are_meant_to_serve_nobody_counts(tmp_path: Path, given: dict[str, str]) -> None:
    assert join(load_settings(var=tmp_path, **given)) is None
