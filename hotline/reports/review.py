"""The review loop: what was not understood → a person says what it means → a patch of data/nlu for a maintainer.

Nothing is learnt by itself: a decision changes nothing until somebody has committed the patch (docs/reviewing.md).
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import yaml

from hotline.errors import HotlineError
from hotline.masking import mask
from hotline.ports import EventLog, ReportStore, Span
from hotline.services.facts import BEGUN
from hotline.settings import ROOT
from hotline.text import collapse, normalise

DATA = Path("data") / "nlu"
INVENTED = "13800138000"  # in place of a masked number: rows must look like what customers say

FALLBACK = "nlu_fallback"
HEAD = """\
# Give a phrase its intent; leave it empty where nobody can tell. out_of_scope is for what is none of our business,
# "after" is what the assistant had asked. Then:
#   hotline review patch FILE --out review.patch
# The intents:
{intents}
"""
NOTHING_MADE = "utter_courtesy_menu"  # the answer to a value (inform) with which nothing could be begun

_INTENT = re.compile(r"- intent: (\w+)")
_ROW = re.compile(r" +- ")
_MASKED_PHONE = re.compile(r"1\d\d\*{4}\d{4}")
_MARKUP = re.compile(r"[\[\](){}]")  # would be read as an entity
_BLOTTED = re.compile(r"\*")


class ReviewError(HotlineError):
    """A file of labels is not well-formed; the text says why."""


@dataclass(frozen=True)
class Doubt:
    """A turn of the store that somebody should look at: what was said (masked), the likeliest intent and its
    confidence, whether it was refused as not understood or answered with no more than the menu, and what the assistant
    had asked (``hotline.nlu.context.ASKED``).
    """

    phrase: str
    guess: str
    confidence: float
    refused: bool
    after: str = ""


async def doubts(store: ReportStore, log: EventLog, span: Span, below: float, most: int) -> list[Doubt]:
    """Turns of the span's latest conversations (``most`` of them) that were refused, led to nothing but the menu, or
    were understood with less confidence than ``below``.
    """
    found: list[Doubt] = []
    for one in await store.seen(span, BEGUN, None, None, most, 0):
        events = await log.read(one.conversation)
        found += (doubt for n, event in enumerate(events) if (doubt := _doubt(event, events[n + 1 :], below)))
    return found


def _doubt(event: Mapping[str, Any], following: Sequence[Mapping[str, Any]], below: float) -> Optional[Doubt]:
    text = mask(str(event.get("text") or ""))
    if event["event"] != "user" or not collapse(text):
        return None
    parsed = event.get("parse_data") or {}
    ranking = [parsed.get("intent") or {}, *(parsed.get("intent_ranking") or [])]
    refused = ranking[0].get("name") == FALLBACK or (
        ranking[0].get("name") == "inform" and _first_answer(following) == NOTHING_MADE
    )
    best: Mapping[str, Any] = next((one for one in ranking if one.get("name") not in (None, FALLBACK)), {})
    name, confidence = str(best.get("name", "")), float(best.get("confidence", 0.0))
    asked = str(((event.get("metadata") or {}).get("context") or {}).get("asked") or "")
    return Doubt(text, name, confidence, refused, asked) if refused or confidence < below else None


def _first_answer(following: Sequence[Mapping[str, Any]]) -> str:
    """The response that a turn began with, from the events after the customer's words; empty when there was none."""
    told = next((event for event in following if event["event"] in ("bot", "user")), {})
    return str((told.get("metadata") or {}).get("utter_action") or "") if told.get("event") == "bot" else ""


def labels(found: Sequence[Doubt], root: Path = ROOT) -> str:
    """A YAML file to fill in, the most frequent phrases first: how often each was said, and the likeliest intent."""
    groups: dict[str, list[Doubt]] = {}
    for doubt in found:
        groups.setdefault(collapse(doubt.phrase), []).append(doubt)
    rows = [
        {
            "phrase": Counter(doubt.phrase for doubt in group).most_common(1)[0][0],
            "messages": len(group),
            "after": group[0].after,
            "understood": "no" if group[0].refused else "unsure",
            "guess": f"{group[0].guess} {group[0].confidence:.2f}",
            "intent": "",
        }
        for group in groups.values()
    ]
    rows.sort(key=lambda row: (-int(str(row["messages"])), str(row["phrase"])))
    names = textwrap.fill(" ".join(intents(root)), 116, initial_indent="#   ", subsequent_indent="#   ")
    return HEAD.format(intents=names) + yaml.safe_dump(rows, allow_unicode=True, sort_keys=False, width=1000)


def labelled(text: str, root: Path = ROOT) -> dict[str, str]:
    """The phrases that were given an intent in such a file. Raises ``ReviewError`` for what cannot be read or is no
    intent.
    """
    try:
        rows = yaml.safe_load(text) or []
        given = {str(row["phrase"]): str(row.get("intent") or "") for row in rows}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ReviewError(f"not a file of labels: {error}") from None
    unknown = sorted({intent for intent in given.values() if intent} - set(intents(root)))
    if unknown:
        raise ReviewError(f"no such intents: {' '.join(unknown)}")
    return {phrase: intent for phrase, intent in given.items() if intent}


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
