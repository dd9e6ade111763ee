"""A tireless customer: walks the dialogue at random but reproducibly, and checks what must always hold.

A walk is a list of moves drawn from a seed: sensible answers to what was asked, other wishes, corrections, cancels,
digressions, silence, nonsense, retries, calls that connect anew and transfers that come to nothing. When something
does not hold, the walk is shrunk to the moves that are needed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import yaml

from hotline.ports import Mode
from hotline.testing import evidence
from hotline.testing.replay import utterances
from hotline.testing.stage import Move, Stage, Troupe
from hotline.wording import has_placeholder

CONVERSATION = "c1"
LENGTH = 10
FAULT = "utter_courtesy_fault"
HUMAN = "转人工"
NONSENSE = ("嗯", "啊?", "……", "asdf", "123", "??", "那个那个", "🙂", "/restart", "喂喂喂", "的")
SAYINGS: Mapping[str, Sequence[str]] = {
    "phone_number": (
        "13800138000",
        "13900139000",
        "13700137000",
        "13600136000",
        "1380013",
        "18912345678",
        "幺三八零零幺三八零零零",
    ),
    "password": ("246810", "135791", "112358", "808080", "000000", "我忘了", "12"),
    "month": ("上个月", "本月", "九月", "三月", "前三个月", "去年十二月", "十三月"),
    "confirm": ("是的", "对", "不是", "不用了", "换一个", "算了"),
    "anything_else": ("不用了", "没有了", "有", "再查一下流量"),
    "surname": ("免贵姓王", "我姓李", "不告诉你"),
    "rating": ("5分", "三分", "不评了"),
    "address": ("海淀区中关村大街27号", "朝阳区"),
    "time": ("明天上午", "后天下午三点", "随便"),
    "problem": ("上不了网", "没信号", "多扣了我二十块钱"),
}
ANSWERED = "answered"
ENDS = (ANSWERED, "busy", "no_answer", "failed")  # of a call that is put through
ANYWHERE = ("算了", "不对,我说错了", "你等一下", "再说一遍", "谢谢", "你是机器人吗", "怎么交话费", "再见")


@dataclass(frozen=True)
class Act:
    """One move of a walk: its kind as in test files (``user``, ``button``, ``silence``, ``again``) and its value."""

    kind: str
    value: str = ""


@dataclass
class Breach:
    """Something that must always hold and did not: which rule, after which moves, and the answers then."""

    rule: str
    acts: list[Act]
    detail: str = ""

    def steps(self) -> list[dict[str, Any]]:
        """The moves as steps of a test file; what is expected is left to whoever mends it."""
        steps: list[dict[str, Any]] = []
        for act in self.acts:
            steps += [{act.kind: act.value or None}, "..."]  # type: ignore[list-item]
        return steps


@dataclass
class Watch:
    """What is remembered of a walk to judge the next move."""

    taboo: Sequence[str]
    last: list[tuple[str, ...]] = field(default_factory=list)
    changes: int = 0

    def breach(self, act: Act, move: Move, stage: Stage, asked: str) -> tuple[str, str]:
        """The rule that this move broke, and details; empty when it broke none."""
        said = [answer.text for answer in move.answers]
        words = "".join([*said, *(button["title"] for answer in move.answers for button in answer.buttons)])
        if not any(said):
            return "an answer to every message", ""
        if has_placeholder(words):
            return "no raw placeholder", words
        if any(answer.name == FAULT for answer in move.answers):
            return "no fault of the engine", words
        bad = next((phrase for phrase in self.taboo if phrase in words), "")
        if bad:
            return "no taboo phrase", bad
        return self._change(move, stage, asked) or self._loop(act, move, said)

    def _change(self, move: Move, stage: Stage, asked: str) -> Optional[tuple[str, str]]:
        changes = evidence.count(stage.database, "order")
        grown, self.changes = changes > self.changes, changes
        agreed = asked == "confirm" and any(one.intent == "affirm" for one in move.understood)
        return ("no change without a yes", f"{changes} orders") if grown and not agreed else None

    def _loop(self, act: Act, move: Move, said: Sequence[str]) -> tuple[str, str]:
        if act.kind in ("again", "open") or any(one.intent == "ask_repeat" for one in move.understood):
            return "", ""
        if any(answer.metadata.get("asks") == "anything_else" for answer in move.answers):
            self.last = []  # a wish was served: who has it again is served again
            return "", ""
        self.last = [*self.last[-2:], tuple(said)]
        if len(self.last) == 3 and len(set(self.last)) == 1:
            return "no loop of the same sentence more than twice", " ".join(said)
        return "", ""


class Walker:
    """Walks with one troupe; ``sayings`` are sentences by intent, as customers say them."""

    def __init__(self, troupe: Troupe, sayings: Mapping[str, Sequence[str]], taboo: Sequence[str] = ()) -> None:
        self._troupe = troupe
        self._sayings = sayings
        self._taboo = taboo

    async def walk(self, seed: int, channel: str = "web", length: int = LENGTH) -> Optional[Breach]:
        """One walk; None when all that must hold held, else the shrunk breach."""
        chance = random.Random(seed)
        acts: list[Act] = []
        found = await self._run(acts, channel, chance, length)
        return await self._shrunk(found, channel) if found else None

    async def replay(self, acts: Sequence[Act], channel: str = "web") -> Optional[Breach]:
        """The same moves again."""
        return await self._run(list(acts), channel)

    async def _run(
        self, acts: list[Act], channel: str, chance: Optional[random.Random] = None, length: int = 0
    ) -> Optional[Breach]:
        stage = Stage(self._troupe)
        watch = Watch(self._taboo)
        done: list[Act] = []
        planned = iter(acts)
        ended = False  # a talk that is over is not asked whether anybody is there
        transferred = False  # a call that is put through: nothing is heard of it but what became of that
        try:
            await self._do(stage, Act("open"), channel)
            while True:
                state = await stage.state(CONVERSATION)
                act = next(planned, None)
                if chance and len(done) < length:
                    act = self._draw(chance, state, channel)
                    act = Act("transfer", chance.choice(ENDS)) if transferred else act
                if act is None:
                    break
                if transferred is not (act.kind == "transfer") or (ended and act.kind == "silence"):
                    continue  # a move that is not possible any more, now that moves before it are gone
                move = await self._do(stage, act, channel)
                if move is None:
                    continue  # a button that is not on offer any more, for the same reason
                ended = move.mode is Mode.CLOSED
                transferred = channel == "ivr" and any(answer.metadata.get("transfer") for answer in move.answers)
                done.append(act)
                over = act.value == ANSWERED  # a human has the call: the assistant is silent
                rule, detail = ("", "") if over else watch.breach(act, move, stage, str(state.get("asks")))
                if rule:
                    return Breach(rule, done, detail)
                if channel == "ivr" and move.mode in (Mode.CLOSED, Mode.HUMAN):
                    return None  # the call is over, or a human has it
            return None if transferred else await self._reach_human(stage, channel, done)
        finally:
            await stage.close()

    async def _reach_human(self, stage: Stage, channel: str, done: list[Act]) -> Optional[Breach]:
        act = Act("user", HUMAN)
        move = await self._do(stage, act, channel)
        assert move is not None
        if any(one.intent == "request_human" for one in move.understood) and any(
            answer.text for answer in move.answers
        ):
            return None
        said = " ".join(answer.text for answer in move.answers)
        return Breach("every talk can reach a human", [*done, act], said)

    async def _do(self, stage: Stage, act: Act, channel: str) -> Optional[Move]:
        if act.kind == "button":
            buttons = (await stage.state(CONVERSATION)).get("buttons", [])
            button = next((one for one in buttons if one["title"] == act.value), None)
            if button is None:
                return None
            if channel == "web":
                return await stage.web(CONVERSATION, text=button["title"], payload=button["payload"])
            return await stage.call(CONVERSATION, "dtmf", digits=str(buttons.index(button) + 1))
        if act.kind == "again":
            return await stage.again(CONVERSATION)
        if act.kind == "transfer":
            return await stage.call(CONVERSATION, "transfer_result", result=act.value)
        if channel == "ivr":
            kinds = {"user": "speech", "silence": "silence", "open": "start"}
            what = {"text": act.value} if act.kind == "user" else {}
            return await stage.call(CONVERSATION, kinds[act.kind], **what)
        events = {"silence": "silence", "open": "session_opened"}
        what = {"text": act.value} if act.kind == "user" else {"event": events[act.kind]}
        return await stage.web(CONVERSATION, **what)

    def _draw(self, chance: random.Random, state: Mapping[str, Any], channel: str) -> Act:
        buttons = [button["title"] for button in state.get("buttons", [])]
        fitting = SAYINGS.get(str(state.get("asks")), ())
        drawn = chance.random()
        if fitting and drawn < 0.5:
            return Act("user", chance.choice(fitting))
        if buttons and drawn < 0.65:
            return Act("button", chance.choice(buttons))
        if drawn < 0.70:
            return Act("silence")
        if drawn < 0.72:
            return Act("again")
        if drawn < 0.73:  # the platform connects anew; a browser that does hears nothing new
            return Act("open") if channel == "ivr" else Act("again")
        if drawn < 0.80:
            return Act("user", chance.choice(NONSENSE))
        if drawn < 0.87:
            return Act("user", chance.choice(ANYWHERE))
        intent = chance.choice(sorted(self._sayings))
        return Act("user", chance.choice(self._sayings[intent]))

    async def _shrunk(self, breach: Breach, channel: str) -> Breach:
        """The same breach with as few moves as possible: each is left out in turn, as long as one can be."""
        number = len(breach.acts) - 1
        while number >= 0:
            fewer = [act for position, act in enumerate(breach.acts) if position != number]
            found = await self.replay(fewer, channel)
            if found and found.rule == breach.rule:
                breach = found
            number = min(number, len(breach.acts)) - 1
        return breach


def sayings_in(files: Sequence[Path]) -> dict[str, list[str]]:
    """Sentences by intent from files of Rasa's NLU format; marks of entities are taken out."""
    found: dict[str, list[str]] = {}
    for path in files:
        for intent, text in utterances(path):
            found.setdefault(intent, []).append(re.sub(r"\[([^\]]+)\](\([^)]*\)|\{[^}]*\})", r"\1", text))
    return found


def taboo_phrases(scenarios: Path) -> list[str]:
    """The phrases that the manual forbids, from its scenarios' rule ``taboo``."""
    if not scenarios.exists():
        return []
    data = yaml.safe_load(scenarios.read_text(encoding="utf-8"))
    rule = next((one["rule"] for one in data.get("rules", []) if one.get("id") == "taboo"), "")
    _, _, phrases = rule.partition("At least:")
    return [phrase.strip() for phrase in phrases.split(" / ") if phrase.strip()]
