"""Answers in the measure of the ear: long ones in pieces of two sentences, each yes/no and each menu with its keys.

Source: 1860-14 (an answer too long to remember), docs/ivr-protocol.md. The words are domain.yml's; here they are cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hotline.answers import Answer, last_asked

MORE = "more"
MOST_SENTENCES = 2
# An answer is long when it has more than two sentences and takes more than some ten seconds to say.
LONG = 60
SHORT_SENTENCE = 8  # 您好!, 对不起! and the like do not count
LONG_SENTENCE = 80
MOST_KEYS = 9
# Only what stands before these is cut: yes to "go on" must never be taken for the yes to another question.
AFTER_TASKS = (None, "anything_else", "resume_task")
OFFER = "utter_billing_offer_sms"
TELLING = ("utter_billing_", "utter_service_")  # what action_send_sms can send

_SENTENCE = re.compile(r"[^。!?;!?;]+[。!?;!?;]*|[。!?;!?;]+")
_CLAUSE = re.compile(r"[^,,、]+[,,、]*|[,,、]+")

Response = Callable[[str], Answer]


@dataclass(frozen=True)
class _Unit:
    """A sentence of an answer that tells something, or a whole answer that asks or only leads in (weight 0)."""

    answer: Answer
    weight: int
    asks: bool = False


def arrange(answers: Sequence[Answer], state: dict[str, Any], response: Response) -> list[Answer]:
    """The answers of a turn as they can be taken in by ear.

    What was cut off is left in ``state["rest"]`` until the caller wants to hear it. ``response`` looks words up.
    """
    found = list(answers)
    if any(answer.metadata.get("asks") == MORE for answer in found):
        return found  # a repetition of a piece
    if any(answer.metadata.get("keeps_question") for answer in found) and last_asked(found) is None:
        return _with_keys(found)  # an aside: whether to go on is still asked, and the rest still there
    state.pop("rest", None)
    if not any(answer.metadata.get("transfer") or answer.metadata.get("ends") for answer in found):
        found = _first_piece(found, state, response)
    return _with_keys(found)


def sentences(text: str) -> list[str]:
    """The sentences of a text, list items among them; one that is too long for a breath falls apart at its commas."""
    found: list[str] = []
    for sentence in _SENTENCE.findall(text):
        found.extend([sentence] if len(sentence) <= LONG_SENTENCE else _clauses(sentence))
    return found


def _clauses(sentence: str) -> list[str]:
    found = [""]
    for clause in _CLAUSE.findall(sentence):
        if found[-1] and len(found[-1]) + len(clause) > LONG:
            found.append("")
        found[-1] += clause
    return found


def _first_piece(answers: list[Answer], state: dict[str, Any], response: Response) -> list[Answer]:
    asked = last_asked(answers)
    if (asked.metadata["asks"] if asked else None) not in AFTER_TASKS:
        return answers
    units = [unit for answer in answers for unit in _units(answer)]
    told = [unit for unit in units if not unit.asks]
    if sum(unit.weight for unit in told) <= MOST_SENTENCES or sum(len(unit.answer.text) for unit in told) <= LONG:
        return answers
    piece, rest = _split(units)
    if not any(not unit.asks for unit in rest):
        return answers
    goes_on = bool(answers[0].metadata.get("piece"))
    if not goes_on and all(unit.asks or unit.answer.name == OFFER for unit in rest):
        return [response("utter_billing_write_down"), *answers]  # to be asked whether to hear an offer is no help
    if not goes_on:
        rest = _offer_sms(rest, answers, response)
        piece = [_Unit(response("utter_billing_write_down"), 0), *piece]
    state["rest"] = [_marked(answer).as_dict() for answer in _joined(rest)]
    return [*_joined(piece), response("utter_courtesy_more")]


def _units(answer: Answer) -> list[_Unit]:
    # The apology for too low a voice (1860-7) is said before what is repeated, and makes that no longer.
    if answer.metadata.get("asks") or answer.metadata.get("louder") or not answer.text:
        return [_Unit(answer, 0, asks=True)]
    parts = sentences(answer.text)
    last = len(parts) - 1
    return [
        _Unit(replace(answer, text=part, buttons=answer.buttons if n == last else []), len(part) > SHORT_SENTENCE)
        for n, part in enumerate(parts)
    ]


def _split(units: list[_Unit]) -> tuple[list[_Unit], list[_Unit]]:
    weight = 0
    for number, unit in enumerate(units):
        weight += unit.weight
        if weight > MOST_SENTENCES:
            return units[:number], units[number:]
    return units, []


def _offer_sms(rest: list[_Unit], answers: list[Answer], response: Response) -> list[_Unit]:
    """The rest with the offer to send it all, before its question."""
    offered = any(unit.answer.name == OFFER for unit in rest)
    if offered or not any(answer.name.startswith(TELLING) for answer in answers):
        return rest
    place = next((number for number, unit in enumerate(rest) if unit.asks), len(rest))
    return [*rest[:place], _Unit(response(OFFER), 0), *rest[place:]]


def _joined(units: list[_Unit]) -> list[Answer]:
    """Answers again: sentences that came from the same one are one."""
    found: list[Answer] = []
    for unit in units:
        before = found[-1] if found else None
        if before is not None and not unit.asks and before.name == unit.answer.name and not before.metadata.get("asks"):
            found[-1] = replace(unit.answer, text=before.text + unit.answer.text)
        else:
            found.append(unit.answer)
    return found


def _marked(answer: Answer) -> Answer:
    """The answer as part of a rest: neither announced nor offered by SMS a second time."""
    return replace(answer, metadata={**answer.metadata, "piece": True})


def _with_keys(answers: list[Answer]) -> list[Answer]:
    """Each choice once, no more than there are keys."""
    seen: set[str] = set()
    for number, answer in enumerate(answers):
        buttons = []
        for button in answer.buttons:
            if button["payload"] not in seen and len(seen) < MOST_KEYS:
                seen.add(button["payload"])
                buttons.append(button)
        answers[number] = replace(answer, buttons=buttons)
    return answers
