"""A failed test as a reader wants it: what was said beside what was expected, why, and what was understood."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from hotline.testing.loader import ANY, SAID, Step
from hotline.testing.runner import Exchange, Outcome

WIDTH = 46
GAP = "   "


def failure(outcome: Outcome, stale: Sequence[str] = ()) -> str:
    """The report of a failed case: the talk so far, then the problems, the decisions and the understanding.

    ``stale`` are responses that the model has otherwise than domain.yml.
    """
    case, failed = outcome.case, outcome.failed
    assert failed is not None
    lines = [f"{case.file}:{failed.problems[0][0].line or failed.step.line}: {case.name}", ""]
    lines.append(_row("said", "expected"))
    lines.append(_row("─" * WIDTH, "─" * WIDTH))
    for exchange in outcome.exchanges:
        lines.extend(_exchange(exchange))
    lines.append("")
    for step, why in failed.problems:
        lines.append(f"line {step.line or failed.step.line}: {_wanted(step)}: {why}")
    lines.append("")
    lines.extend(f"decided: {decision}" for decision in failed.move.decisions)
    lines.extend(_understanding(failed))
    if stale:
        lines.append(f"NOTE: the model was trained before domain.yml changed ({', '.join(stale[:3])} …): `make train`")
    return "\n".join(lines)


def _exchange(exchange: Exchange) -> Iterator[str]:
    bad = {id(step) for step, _ in exchange.problems}
    yield from _rows(f"客户 {_moved(exchange.step)}", f"line {exchange.step.line}")
    answers = [f"助手 {answer.text}" for answer in exchange.move.answers]
    wanted = [("✗ " if id(step) in bad else "  ") + _wanted(step) for step in exchange.expected if step.kind in SAID]
    for number in range(max(len(answers), len(wanted))):
        left = answers[number] if number < len(answers) else ""
        right = wanted[number] if number < len(wanted) else ""
        yield from _rows(left, right)
    rules = [rule for decision in exchange.move.decisions for rule in decision.rules]
    if rules:
        yield from _rows(f"     ({'; '.join(dict.fromkeys(rules))})", "")


def _moved(step: Step) -> str:
    return str(step.value) if step.kind == "user" else f"[{step.kind}{' ' + str(step.value) if step.value else ''}]"


def _wanted(step: Step) -> str:
    return ANY if step.kind == ANY else f"{step.kind}: {step.value}"


def _understanding(exchange: Exchange) -> Iterator[str]:
    for one in exchange.move.understood:
        yield f"understood: {one.intent} {one.confidence:.2f}" + "".join(f", {k}={v}" for k, v in one.entities)
        if one.ranking:
            yield "   ranking: " + ", ".join(f"{name} {confidence:.2f}" for name, confidence in one.ranking)


def _rows(left: str, right: str) -> Iterator[str]:
    lefts, rights = list(wrapped(left)), list(wrapped(right))
    for number in range(max(len(lefts), len(rights))):
        yield _row(lefts[number] if number < len(lefts) else "", rights[number] if number < len(rights) else "")


def _row(left: str, right: str) -> str:
    return (left + " " * (WIDTH - width(left)) + GAP + right).rstrip()


def wrapped(text: str, limit: int = WIDTH) -> Iterator[str]:
    """A text in lines of at most ``limit`` columns."""
    line, used = "", 0
    for character in text:
        step = width(character)
        if used + step > limit:
            yield line
            line, used = "     ", 5
        line, used = line + character, used + step
    yield line


def width(text: str) -> int:
    """How many columns a terminal needs for a text: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
