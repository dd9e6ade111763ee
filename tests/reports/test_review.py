"""From what was not understood to a patch of data/nlu, with a person in between."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from hotline.ports import Fact, Span
from hotline.reports.review import Doubt, ReviewError, doubts, intents, labelled, labels, patch, training_row
from tests.reports.made import happened, services_at

DAY = date(2026, 10, 21)
NLU = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - 你好
    - 在吗
- intent: greet
  metadata: {asked: told}
  examples: |
    - 喂
- intent: thank
  examples: |
    - 谢谢
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data" / "nlu").mkdir(parents=True)
    (tmp_path / "data" / "nlu" / "courtesy.yml").write_text(NLU, encoding="utf-8")
    return tmp_path


def said(text: str, *ranking: tuple[str, float], asked: str = "start") -> dict[str, Any]:
    ranked = [{"name": name, "confidence": confidence} for name, confidence in ranking]
    parsed = {"intent": ranked[0], "intent_ranking": ranked}
    return {"event": "user", "text": text, "parse_data": parsed, "metadata": {"context": {"asked": asked}}}


def told(response: str) -> dict[str, Any]:
    return {"event": "bot", "text": "", "metadata": {"utter_action": response}}


async def test_refused_and_doubtful_turns_are_listed_masked_with_the_likeliest_intent(tmp_path: Path) -> None:
    events = [
        said("我的13800138000咋回事", ("nlu_fallback", 0.8), ("query_bill", 0.2)),
        said("那个啥", ("query_plan", 0.4)),
        said("查话费", ("query_balance", 0.98)),
        said("", ("nlu_fallback", 1.0)),
        told("utter_courtesy_menu"),
        said("我那个手机", ("inform", 0.9), asked="told"),
        {"event": "action", "name": "action_inform"},
        told("utter_courtesy_menu"),
        said("十八的", ("inform", 0.9), asked="choose"),
        told("utter_service_confirm_plan"),
    ]
    async with services_at(tmp_path) as services:
        await happened(services, "web-1", DAY, 9, Fact("begun"))
        await services.events.append("web-1", 0, events)
        found = await doubts(services.reports, services.events, Span(DAY, DAY), 0.5, 10)
    assert found == [
        Doubt("我的138****8000咋回事", "query_bill", 0.2, True, "start"),
        Doubt("那个啥", "query_plan", 0.4, False, "start"),
        Doubt("我那个手机", "inform", 0.9, True, "told"),
    ]


def test_the_list_is_grouped_names_the_intents_and_waits_for_a_person(root: Path) -> None:
    text = labels(
        [Doubt("嗯我要办", "x", 0.2, True, "told"), Doubt("我要办", "x", 0.2, True), Doubt("喂", "greet", 0.41, False)],
        root,
    )
    assert "#   greet thank\n" in text
    assert yaml.safe_load(text) == [
        {"phrase": "嗯我要办", "messages": 2, "after": "told", "understood": "no", "guess": "x 0.20", "intent": ""},
        {"phrase": "喂", "messages": 1, "after": "", "understood": "unsure", "guess": "greet 0.41", "intent": ""},
    ]


def test_only_what_was_labelled_counts(root: Path) -> None:
    text = "- {phrase: 哈喽, messages: 1, intent: greet}\n- {phrase: 啥, messages: 1, intent: }\n"
    assert labelled(text, root) == {"哈喽": "greet"}


@pytest.mark.parametrize("text", ["- {intent: greet}", "- x", "a: [", "- {phrase: 哈喽, intent: hello}"])
def test_a_list_that_cannot_be_meant_is_refused(root: Path, text: str) -> None:
    with pytest.raises(ReviewError):
        labelled(text, root)


def test_a_patch_adds_each_phrase_once_behind_the_first_rows_of_its_intent_and_applies(root: Path) -> None:
    found = patch({"哈喽": "greet", "多谢啦": "thank", "在吗": "greet"}, root)
    applied = subprocess.run(["git", "apply", "-"], cwd=root, input=found, text=True, capture_output=True, check=False)
    assert applied.returncode == 0, applied.stderr
    after = (root / "data" / "nlu" / "courtesy.yml").read_text(encoding="utf-8")
    assert after == NLU.replace("    - 在吗\n", "    - 在吗\n    - 哈喽\n") + "    - 多谢啦\n"
    assert patch({"哈喽": "greet", "多谢啦": "thank"}, root) == ""  # it is there now


def test_the_head_of_comments_does_not_disturb_a_patch(root: Path) -> None:
    found = "# 变化\n#\n# --- nothing\n" + patch({"哈喽": "greet"}, root)
    done = subprocess.run(["git", "apply", "--check", "-"], cwd=root, input=found, text=True, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("phrase", "row"),
    [
        ("138****8000这个号", "13800138000这个号"),
        ("密码是******", None),
        ("[查](x)话费{}", "查x话费"),
        ("()", None),
    ],
)
def test_a_training_row_has_invented_numbers_and_no_markup(phrase: str, row: str | None) -> None:
    assert training_row(phrase) == row


def test_the_intents_are_those_that_have_rows(root: Path) -> None:
    assert intents(root) == ["greet", "thank"]
    assert {"query_balance", "out_of_scope"} <= set(intents())
