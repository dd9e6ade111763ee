"""The tireless customer: walks are reproducible, each rule can be broken, and a breach is shrunk."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Optional

import pytest

from hotline.answers import Answer
from hotline.testing import walk
from hotline.testing.stage import Move, Troupe, loop
from hotline.testing.trace import Understood
from hotline.testing.walk import Act, Breach, Walker, Watch, sayings_in, taboo_phrases

HELLO = {"greet": ["你好"], "thank": ["谢谢你"]}


def move(*texts: str, name: str = "utter_x", intent: str = "inform") -> Move:
    answers = [Answer(text=text, name=name) for text in texts]
    return Move("web", "c1", answers=answers, understood=[Understood(intent, 1.0, (), ())])


def broken(watch: Watch, one: Move, monkeypatch: pytest.MonkeyPatch, orders: int = 0, asked: str = "") -> str:
    monkeypatch.setattr(walk.evidence, "count", lambda database, kind: orders)
    stage: Any = SimpleNamespace(database=Path("none"))
    return watch.breach(Act("user", "x"), one, stage, asked)[0]


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (move(), "an answer to every message"),
        (move(""), "an answer to every message"),
        (move("您有{amount}元"), "no raw placeholder"),
        (move("系统出现故障", name="utter_courtesy_fault"), "no fault of the engine"),
        (move("你问我,我问谁"), "no taboo phrase"),
        (move("您好"), ""),
    ],
)
def test_what_must_hold_for_every_answer(one: Move, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert broken(Watch(["我问谁"]), one, monkeypatch) == rule


@pytest.mark.parametrize(
    ("asked", "intent", "rule"),
    [
        ("confirm", "affirm", ""),
        ("confirm", "deny", "no change without a yes"),
        ("", "affirm", "no change without a yes"),
    ],
)
def test_a_change_needs_a_yes_to_its_read_back(
    asked: str, intent: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert broken(Watch([]), move("好的", intent=intent), monkeypatch, orders=1, asked=asked) == rule


def test_the_same_words_three_times_are_a_loop_unless_they_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for intent, rule in (("inform", "no loop of the same sentence more than twice"), ("ask_repeat", "")):
        watch = Watch([])
        rules = [broken(watch, move("请讲", intent=intent), monkeypatch) for _ in range(3)]
        assert rules == ["", "", rule]


def test_the_same_seed_walks_the_same_way(troupe: Troupe, monkeypatch: pytest.MonkeyPatch) -> None:
    walker = Walker(troupe, HELLO)
    seen: list[list[Act]] = []

    def noted(self: Watch, act: Act, *_: Any) -> tuple[str, str]:
        seen[-1].append(act)
        return "", ""

    monkeypatch.setattr(Watch, "breach", noted)
    for seed in (7, 7, 8):
        seen.append([])
        loop().run_until_complete(walker.walk(seed, length=4))
    assert seen[0] == seen[1] != seen[2]
    assert len(seen[0]) == 4


def test_a_breach_is_shrunk_to_the_moves_that_are_needed(troupe: Troupe, monkeypatch: pytest.MonkeyPatch) -> None:
    walker = Walker(troupe, HELLO)

    def only_these_two(self: Watch, act: Act, one: Move, *_: Any) -> tuple[str, str]:
        self.last.append((act.value,))
        return ("a rule", "") if {("查话费",), ("谢谢",)} <= set(self.last) else ("", "")

    monkeypatch.setattr(Watch, "breach", only_these_two)
    acts = [Act("user", text) for text in ("你好", "查话费", "再说一遍", "13800138000", "谢谢")]

    async def shrunk() -> Optional[Breach]:
        found = await walker.replay(acts)
        return await walker._shrunk(found, "web") if found else None

    found = loop().run_until_complete(shrunk())
    assert found is not None
    assert [act.value for act in found.acts] == ["查话费", "谢谢"]
    assert found.steps() == [{"user": "查话费"}, "...", {"user": "谢谢"}, "..."]


def test_of_a_call_that_is_put_through_nothing_is_heard_but_what_became_of_it(
    troupe: Troupe, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Act] = []

    def noted(self: Watch, act: Act, *_: Any) -> tuple[str, str]:
        seen.append(act)
        return "", ""

    monkeypatch.setattr(Watch, "breach", noted)
    human, missed, silence = Act("user", "转人工"), Act("transfer", "no_answer"), Act("silence")
    walker = Walker(troupe, HELLO)
    loop().run_until_complete(walker.replay([missed, human, silence, missed, silence], "ivr"))
    assert seen == [human, missed, silence]
    seen.clear()
    loop().run_until_complete(walker.replay([human, Act("transfer", "answered"), silence], "ivr"))
    assert seen == [human]


def test_sentences_are_taken_from_training_data_without_marks(tmp_path: Path) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text(
        'nlu:\n- intent: a\n  examples: |\n    - 查[九月](month)的\n    - 换[飞享]{"entity": "plan"}\n- lookup: x\n'
    )
    assert sayings_in([path]) == {"a": ["查九月的", "换飞享"]}


def test_taboo_phrases_are_read_from_the_scenarios(tmp_path: Path) -> None:
    path = tmp_path / "scenarios.yml"
    path.write_text('rules:\n- {id: taboo, rule: "words. At least: 一 / 二"}\n')
    assert taboo_phrases(path) == ["一", "二"]
    assert taboo_phrases(tmp_path / "none.yml") == []
