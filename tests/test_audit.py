"""An audit that could not be made fails; an advisory without an answer fails; an answered one passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.audit_answers import verdict

CLEAN = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2026-1"]}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("status", "found", "answers", "code"),
    [
        (0, [CLEAN], "", 0),
        (1, [CLEAN, BAD], "", 1),
        (1, [CLEAN, BAD], "| CVE-2026-1 | not used |", 0),
        (1, [CLEAN, SKIPPED], "", 2),
        (0, [], "", 2),
        (2, [CLEAN], "", 2),
        (1, None, "", 2),
    ],
)
def test_the_verdict_of_an_audit(
    tmp_path: Path, status: int, found: list[dict[str, Any]] | None, answers: str, code: int
) -> None:
    report = tmp_path / "report.json"
    if found is not None:
        report.write_text(json.dumps({"dependencies": found}))
    assert verdict(status, report, answers)[0] == code
