"""Writes test cases as files that ``loader`` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hotline.errors import HotlineError

Steps = Sequence[Mapping[str, Any]]


class FileExistsAlreadyError(HotlineError):
    """A test file is there already and is not written over."""


def write(path: Path, name: str, steps: Steps, **options: Any) -> None:
    """Write a file with one strict test case; ``options`` are further keys of the case (``channel``, ``at``).

    Raises ``FileExistsAlreadyError`` rather than write over anything.
    """
    if path.exists():
        raise FileExistsAlreadyError(f"{path} is there already")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(name, steps, **options), encoding="utf-8")


def text(name: str, steps: Steps, **options: Any) -> str:
    """The same as text."""
    case = {"test_case": name, **{key: value for key, value in options.items() if value}, "steps": list(steps)}
    return yaml.safe_dump({"strict": True, "test_cases": [case]}, allow_unicode=True, sort_keys=False, width=1000)
