"""Plays a test case step by step and compares what is said with what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Optional

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet

from hotline.answers import Answer
from hotline.errors import HotlineError
from hotline.testing import evidence, subscribers
from hotline.testing.demo import NOW
from hotline.testing.faults import NoSuchBackendError
from hotline.testing.loader import ANY, EVIDENCE, FACTS, MOVES, SAID, Case, Step
from hotline.testing.people import DeskError
from hotline.testing.stage import Move, Stage, Troupe

FIRST = "c1"
# Stands for the six digits in the last short message.
CODE = "<sms>"


@dataclass
class Exchange:
    """A move of the customer with what was expected of it and what came."""

    step: Step
    move: Move
    expected: tuple[Step, ...] = ()
    problems: list[tuple[Step, str]] = field(default_factory=list)


@dataclass
class Outcome:
    """A case that was played: its exchanges up to the first that failed, if one did; and what came of it outside the
    talk: reasons for a human, moves of tickets.
    """

    case: Case
    exchanges: list[Exchange] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)
    ticket_moves: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def failed(self) -> Optional[Exchange]:
        """The exchange that was not as expected."""
        return next((exchange for exchange in self.exchanges if exchange.problems), None)


class StepError(HotlineError):
    """A step cannot be played: no such button, no such backend; the text begins with ``file:line:``."""


async def play(case: Case, troupe: Troupe) -> Outcome:
    """Play a case on a stage of its own, to its end or the first exchange that is not as expected."""
    refuse_unknown(case, troupe.agent.domain)
    outcome = Outcome(case)
    stage = Stage(troupe, case.at or NOW, case.settings, case.metadata)
    try:
        await _play(case, stage, outcome)
        outcome.reasons = evidence.reasons(stage.database)
        outcome.ticket_moves = evidence.ticket_moves(stage.database)
    finally:
        await stage.close()
    return outcome


def refuse_unknown(case: Case, domain: Domain) -> None:
    """Raise ``StepError`` for an expected name that the domain lacks: a slot that is misspelt is never set."""
    slots = {slot.name for slot in domain.slots}
    known = {"utter": set(domain.responses), "intent": set(domain.intents)}
    known |= {"slot_was_set": slots, "slot_was_not_set": slots}
    for step in case.steps:
        for item in [step.value] if step.kind in ("utter", "intent") else step.value if step.kind in known else ():
            name = item if isinstance(item, str) else next(iter(item))
            if name not in known[step.kind]:
                near = get_close_matches(name, known[step.kind], 1)
                meant = f"; did you mean {near[0]}?" if near else ""
                raise StepError(f"{case.file}:{step.line}: {step.kind}: {name} is not in domain.yml{meant}")


async def _play(case: Case, stage: Stage, outcome: Outcome) -> None:
    actor = Customer(stage, case)
    await stage.set_slots(FIRST, case.slots)
    for before, move, expected in scenes(case.steps):
        for step in before:
            await arrange(step, stage, actor)
        if move is None:
            continue
        exchange = Exchange(move, await actor.do(move), expected)
        outcome.exchanges.append(exchange)
        exchange.problems = compare(expected, exchange.move, stage, case.strict)
        if exchange.problems:
            return


def scenes(steps: Sequence[Step]) -> Iterator[tuple[list[Step], Optional[Step], tuple[Step, ...]]]:
    """The steps as scenes: what is arranged, the customer's move, and what is expected of it."""
    before: list[Step] = []
    move: Optional[Step] = None
    expected: list[Step] = []
    for step in steps:
        if step.kind in SAID + FACTS + EVIDENCE:
            expected.append(step)
            continue
        if move is not None:
            yield before, move, tuple(expected)
            before, move, expected = [], None, []
        if step.kind in MOVES:
            move = step
        else:
            before.append(step)
    yield before, move, tuple(expected)


async def arrange(step: Step, stage: Stage, actor: Customer) -> None:
    """Change the stage as a step says that is no move: the time, a backend, who talks."""
    if step.kind == "at":
        stage.clock.set(step.value)
    elif step.kind == "conversation":
        actor.conversation = step.value
        actor.channel = step.options.get("channel", actor.channel)
    elif step.kind == "subscriber":
        if not subscribers.change(stage.database, step.value):
            raise StepError(f"{actor.case.file}:{step.line}: no subscriber has the number {step.value['phone']}")
    else:
        try:
            if step.kind == "up":
                stage.faults.up(step.value)
            elif isinstance(step.value, str):
                stage.faults.down(step.value)
            else:
                for name, kind in step.value.items():
                    stage.faults.down(name, kind)
        except NoSuchBackendError as error:
            raise StepError(f"{actor.case.file}:{step.line}: {error}") from None


class Customer:
    """Who talks: one conversation at a time, on one channel."""

    def __init__(self, stage: Stage, case: Case) -> None:
        self._stage = stage
        self.case = case
        self.channel = case.channel
        self.conversation = FIRST

    async def do(self, step: Step) -> Move:
        """Make a move."""
        self._stage.step_metadata = step.options.get("metadata", {})
        stage, conversation, ivr = self._stage, self.conversation, self.channel == "ivr"
        if isinstance(step.value, str) and CODE in step.value:
            step = replace(step, value=step.value.replace(CODE, evidence.last_code(stage.database)))
        if step.kind == "again":
            return await stage.again(conversation)
        if step.kind == "hangup":
            return await stage.leave(conversation, self.channel)
        if step.kind == "agent":
            return await self._at_the_desk(step)
        if step.kind == "wait":
            return await stage.wait(conversation, self.channel, step.value)
        if step.kind == "sign_in" and not ivr:
            return await stage.sign_in(conversation, step.value)
        if step.kind == "transfer" and ivr:
            return await stage.call(conversation, "transfer_result", result=step.value)
        if step.kind == "event":
            return await stage.raise_event(conversation, self.channel, step.value)
        if step.kind == "button":
            return await self._press(step)
        if step.kind == "user" and ivr:
            confidence = step.options.get("confidence", 1.0)
            return await stage.call(conversation, "speech", text=step.value, confidence=confidence)
        if step.kind == "user":
            return await stage.web(conversation, text=step.value)
        if step.kind == "key" and ivr:
            return await stage.call(conversation, "dtmf", digits=step.value)
        if step.kind == "silence":
            return await (stage.call(conversation, "silence") if ivr else stage.web(conversation, event="silence"))
        if step.kind == "open" and ivr:
            return await stage.call(conversation, "start", caller=step.value or "")
        if step.kind == "open":
            return await stage.web(conversation, event="session_opened")
        raise StepError(f"{self.case.file}:{step.line}: {step.kind} is not possible on the channel {self.channel}")

    async def _at_the_desk(self, step: Step) -> Move:
        doing = {step.value: None} if isinstance(step.value, str) else step.value
        try:
            return await self._stage.agent(self.conversation, self.channel, doing)
        except DeskError as error:
            raise StepError(f"{self.case.file}:{step.line}: agent: {error}") from None

    async def _press(self, step: Step) -> Move:
        buttons = (await self._stage.state(self.conversation)).get("buttons", [])
        for number, button in enumerate(buttons, start=1):
            if button["title"] == step.value:
                if self.channel == "ivr":
                    return await self._stage.call(self.conversation, "dtmf", digits=str(number))
                return await self._stage.web(self.conversation, text=button["title"], payload=button["payload"])
        offered = "、".join(button["title"] for button in buttons) or "none"
        raise StepError(f"{self.case.file}:{step.line}: no button “{step.value}” is on offer; on offer: {offered}")


# --- comparing --------------------------------------------------------------------------------------------------------


def compare(expected: Sequence[Step], move: Move, stage: Stage, strict: bool) -> list[tuple[Step, str]]:
    """Every expectation that is not met, with why.

    Answers must come in the order of the ``bot`` and ``utter`` steps. Strict: nothing else may come, except where
    ``...`` stands. Otherwise other answers may come before, between and after them.
    """
    said = [step for step in expected if step.kind in SAID]
    problems = _compare_said(said, move.answers, strict, expected)
    for step in expected:
        why = _fact(step, move) if step.kind in FACTS else ""
        if step.kind in EVIDENCE:
            why = evidence.missing(stage.database, step.kind, step.value)
        if why:
            problems.append((step, why))
    return problems


def _compare_said(
    said: Sequence[Step], answers: Sequence[Answer], strict: bool, expected: Sequence[Step]
) -> list[tuple[Step, str]]:
    position, free = 0, not strict
    for step in said:
        if step.kind == ANY:
            free = True
            continue
        found = next((n for n in range(position, len(answers)) if not difference(step, answers[n])), None)
        if found is None or (found > position and not free):
            here = answers[position] if position < len(answers) else None
            return [(step, difference(step, here) if here else "nothing more was said")]
        position, free = found + 1, not strict
    if strict and not free and position < len(answers):
        last = expected[-1] if expected else Step(ANY, None, 0)
        return [(last, f"more was said than expected: {answers[position].text}")]
    return []


def difference(step: Step, answer: Answer) -> str:
    """How an answer differs from a ``bot`` or ``utter`` step; empty when it does not."""
    if step.kind == "bot" and answer.text != step.value:
        return "other words"
    if step.kind == "utter" and answer.name != step.value:
        return f"the response was {answer.name}"
    titles = [button["title"] for button in answer.buttons]
    if "buttons" in step.options and titles != step.options["buttons"]:
        return f"the buttons were {titles}"
    return ""


def _fact(step: Step, move: Move) -> str:
    if step.kind == "intent":
        found = [one.intent for one in move.understood]
        return "" if step.value in found else f"it was understood as {', '.join(found) or 'nothing'}"
    if step.kind == "mode":
        mode = move.mode.value if move.mode else "unknown"
        return "" if mode == step.value else f"the conversation is {mode}"
    set_now = [(event.key, event.value) for event in move.events if isinstance(event, SlotSet)]
    for item in step.value:
        name, value = (item, None) if isinstance(item, str) else next(iter(item.items()))
        any_value = isinstance(item, str)
        was = any(key == name and (now is not None if any_value else _same(now, value)) for key, now in set_now)
        if was != (step.kind == "slot_was_set"):
            shown = [now for key, now in set_now if key == name]
            return f"{name} was set to {shown}" if shown else f"{name} was not set"
    return ""


def _same(found: Any, wanted: Any) -> bool:
    return bool(found == wanted) or (wanted is not None and str(found) == str(wanted))
