"""Words are as prescribed (promise P9): whatever is said comes from domain.yml, and none of it is taboo.

That every clause stands in domain.yml verbatim is held by ``tests/conventions/test_words.py``; here the engine talks.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from hotline.script import to_traditional
from hotline.settings import ROOT
from tests.conventions import house
from tests.promises.effort import UTTERANCES
from tests.promises.test_p4_trust import Engine
from tests.promises.test_p4_trust import engine as engine


@cache
def templates() -> dict[str, list[re.Pattern[str]]]:
    """Each response's variants as patterns: a placeholder stands for anything."""
    found: dict[str, list[re.Pattern[str]]] = {}
    for name, variant in house.variants():
        for text in {variant.get("text", ""), to_traditional(variant.get("text", ""))}:
            pattern = "(.*?)".join(re.escape(part) for part in re.split(r"\{\w+\}", text))
            found.setdefault(name, []).append(re.compile(pattern, re.DOTALL))
    return found


def utterances() -> list[str]:
    """What customers say, in eight registers; the same choice each time."""
    kept = yaml.load((ROOT / "tests" / "nlu" / "utterances.yml").read_text("utf-8"), Loader=yaml.CSafeLoader)
    rows = list(_texts(kept))
    return random.Random(1860).sample(rows, min(UTTERANCES, len(rows)))


def _texts(kept: object) -> Iterator[str]:
    if isinstance(kept, str):
        if house.CHINESE.search(kept):
            yield kept
    elif isinstance(kept, dict):
        for value in kept.values():
            yield from _texts(value)
    elif isinstance(kept, list):
        for value in kept:
            yield from _texts(value)


def test_nothing_is_said_that_is_not_in_the_domain(engine: Engine) -> None:
    said = 0
    for number, text in enumerate(utterances()):
        name = f"web-p9-{number // 5}"  # five in a conversation: what is said depends on what was said before
        for answer in engine.say(name, text[:400]).answers:
            if answer.metadata.get("agent") or not answer.text:
                continue
            said += 1
            assert answer.name in templates(), f"{text!r} was answered by nothing of the domain: {answer.text!r}"
            assert any(p.fullmatch(answer.text) for p in templates()[answer.name]), (
                f"{text!r}: {answer.name} was not said as it is written: {answer.text!r}"
            )
            assert answer.metadata.get("clause"), f"{answer.name} cites no clause"
            for taboo in house.taboo():
                assert taboo not in answer.text, f"{answer.name}: {taboo}"
    assert said >= UTTERANCES, "there was not much talk"


def test_the_prescribed_sentences_are_all_in_the_domain() -> None:
    written = {variant.get("text", "") for _, variant in house.variants()}
    missing = [
        (scenario, clause, sentence)
        for scenario, clause, sentence in house.prescribed()
        if not any(house.same_words(sentence, text) for text in written)
    ]
    corrected = {slip for _, slip, _ in house.errata() if slip}
    assert not [row for row in missing if not any(slip in row[2] for slip in corrected)]


@pytest.mark.parametrize("path", ["hotline", "actions"])
def test_no_code_has_a_sentence_of_its_own(path: str) -> None:
    """A Chinese sentence in code is one that no list and no clause holds."""
    for file in Path(ROOT / path).rglob("*.py"):
        for line in file.read_text("utf-8").splitlines():
            assert not re.search(r"(utter_message|say)\(\s*(text=)?f?[\"'][^\"']*[\u4e00-\u9fff]{6,}", line), (
                f"{file}: {line}"
            )
