"""The training data: not what is measured with, and no intent that owns 帮我."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from statistics import mean
from typing import Optional

import pytest

from benchmarks.understanding import held_out, training_rows
from hotline.nlu.features import bare
from hotline.text import collapse

ROWS = training_rows()
UTTERANCES, FAR, CALLS = held_out()

LONG = 12  # characters; two people write the same shorter sentence by chance (让你们主管接电话)
NEAR = 0.8  # of the pairs of characters in either are in both

FRAME = re.compile("帮我|我想|麻烦|请问|能不能")
# What people ask for: politeness must say nothing about which of these it is, nor that it is none.
TASKS = sorted(
    {i for _, i, *_ in ROWS if i.startswith(("query_", "report_", "open_", "cancel_", "change_", "buy_", "reset_"))}
    | {
        "resume_service",
        "request_human",
        "request_callback",
        "send_sms",
        "leave_message",
        "unlock_phone",
        "out_of_scope",
    }
)


def pairs(text: str) -> frozenset[str]:
    core = bare(collapse(text))
    return frozenset(core[i : i + 2] for i in range(len(core) - 1))


@pytest.fixture(scope="module")
def trained() -> tuple[dict[frozenset[str], str], dict[str, set[frozenset[str]]]]:
    rows = {pairs(text): text for text, *_ in ROWS}
    having: dict[str, set[frozenset[str]]] = defaultdict(set)
    for row in rows:
        for pair in row:
            having[pair].add(row)
    return rows, having


@pytest.mark.parametrize(
    ("texts", "share"),
    [
        pytest.param([row.text for row in UTTERANCES], 0.02, id="utterances"),
        pytest.param(FAR, 0.0, id="far out of scope"),
        pytest.param([row.text for row in CALLS], 0.01, id="calls"),
    ],
)
def test_what_is_measured_with_is_not_what_was_learnt(
    texts: list[str],
    share: float,
    trained: tuple[dict[frozenset[str], str], dict[str, set[frozenset[str]]]],
) -> None:
    rows, having = trained
    long = [text for text in texts if len(bare(collapse(text))) >= LONG]
    near = []
    for text in long:
        own = pairs(text)
        shared = Counter(row for pair in own for row in having.get(pair, ()))
        near += [(text, rows[row]) for row, n in shared.most_common(20) if n / len(own | row) >= NEAR][:1]
    assert len(near) <= share * len(long), near


def test_polite_frames_are_about_as_common_in_every_task() -> None:
    total = Counter(intent for _, intent, *_ in ROWS)
    framed = Counter(intent for text, intent, *_ in ROWS if FRAME.search(text))
    rates = {intent: framed[intent] / total[intent] for intent in TASKS}
    usual = mean(rates.values())  # 0.11
    assert {i: round(r, 2) for i, r in rates.items() if not usual / 2 <= r <= usual * 2} == {}


def test_every_intent_has_enough_examples() -> None:
    counts = Counter(intent for _, intent, *_ in ROWS)
    assert {intent: n for intent, n in counts.items() if n < 200} == {}


def test_few_examples_only_repeat_another() -> None:
    """Fillers, stutters and punctuation make no new example; mostly these are backchannels that differ in nothing else."""
    distinct = {(bare(collapse(text)), *rest) for text, *rest in ROWS}
    assert len(distinct) >= 0.95 * len(ROWS)  # 0.98


def test_the_same_words_mean_one_thing_in_one_context() -> None:
    meanings: dict[tuple[str, Optional[str], Optional[str]], set[str]] = defaultdict(set)
    for text, intent, asked, topic in ROWS:
        meanings[bare(text), asked, topic].add(intent)
    # 嗯, 哦 and bare numbers may be anything.
    assert {words: intents for words, intents in meanings.items() if len(intents) > 1 and len(words[0]) > 1} == {}
