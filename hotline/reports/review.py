"""The review loop: what was not understood → a person says what it means → a patch of data/nlu for a maintainer.

Nothing is learnt by itself: a decision changes nothing until somebody has committed the patch (docs/reviewing.md).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Optional

from hotline.ports import ReportStore, Span
from hotline.reports.figures import MOST_PHRASES, grouped
from hotline.services.facts import NOT_UNDERSTOOD
from hotline.settings import ROOT
from hotline.text import normalise

DATA = Path("data") / "nlu"
INVENTED = "13800138000"  # in place of a masked number: rows must look like what customers say

_INTENT = re.compile(r"- intent: (\w+)")
_ROW = re.compile(r" +- ")
_MASKED_PHONE = re.compile(r"1\d\d\*{4}\d{4}")
_MARKUP = re.compile(r"[\[\](){}]")  # would be read as an entity
_BLOTTED = re.compile(r"\*")


async def phrases(store: ReportStore, span: Span) -> list[tuple[str, int]]:
    """What was not understood, the most frequent first, grouped as on the page."""
    rows = await store.count(span, NOT_UNDERSTOOD, ("name",), MOST_PHRASES)
    return [(phrase, number) for phrase, number in grouped(rows)]


def intents(root: Path = ROOT) -> list[str]:
    """Every intent that has training rows, by name."""
    return sorted({match[1] for path in _files(root) for match in map(_INTENT.match, _lines(path)) if match})


def patch(decisions: Mapping[str, str], root: Path = ROOT) -> str:
    """The decisions as a change of data/nlu, a unified diff; empty when there is nothing to add.

    A phrase goes behind the last row of the first block of its intent. What is there already is left out, and so is
    what was blotted out; a masked number becomes an invented one.
    """
    wanted: dict[str, list[str]] = {}
    for phrase, intent in decisions.items():
        row = training_row(phrase)
        if row:
            wanted.setdefault(intent, []).append(row)
    known = {line.partition("- ")[2].strip() for path in _files(root) for line in _lines(path) if _ROW.match(line)}
    found: list[str] = []
    for path in _files(root):
        before = _lines(path)
        after = list(_with_rows(before, wanted, known))
        name = path.relative_to(root).as_posix()
        found += difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
    return "".join(found)


def training_row(phrase: str) -> Optional[str]:
    """A phrase as a training row; None when it holds something that was blotted out."""
    row = _MARKUP.sub("", _MASKED_PHONE.sub(INVENTED, normalise(phrase))).strip()
    return None if not row or _BLOTTED.search(row) else row


def _with_rows(lines: list[str], wanted: dict[str, list[str]], known: set[str]) -> Iterable[str]:
    """The lines of a file with what is wanted of its intents; each wish is met once, in the first block there is."""
    intent, in_rows = "", False
    for number, line in enumerate(lines):
        match = _INTENT.match(line)
        if match:
            intent, in_rows = match[1], False
        yield line
        in_rows = in_rows or bool(_ROW.match(line))
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if in_rows and intent in wanted and not _ROW.match(following):
            yield from (f"    - {row}\n" for row in dict.fromkeys(wanted.pop(intent)) if row not in known)


def _files(root: Path) -> list[Path]:
    return sorted((root / DATA).glob("*.yml"))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines(keepends=True)
