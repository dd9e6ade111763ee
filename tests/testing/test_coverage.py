from __future__ import annotations

from pathlib import Path

import pytest

from hotline.testing.coverage import Coverage, ThresholdError, Witness, console, survey, texts, thresholds
from hotline.testing.coverage_page import page

DOMAIN = """
intents: [greet, {goodbye: {use_entities: []}}]
forms: {order_form: {required_slots: [size]}}
responses:
  utter_hello: [{text: hi, metadata: {clause: 1860-1}}, {text: hallo, channel: ivr, metadata: {clause: 1860-1}}]
  utter_bye: [{text: bye, metadata: {clause: house}}]
  utter_part: [{text: part}]
"""
ACTIONS = """
class ActionPart:
    def perform(self, call):
        call.say("utter_bye" if call else "utter_hello", words.phrase("utter_part"))
"""


@pytest.fixture
def coverage(tmp_path: Path) -> Coverage:
    (tmp_path / "domain.yml").write_text(DOMAIN)
    (tmp_path / "part.py").write_text(ACTIONS)
    return survey(tmp_path / "domain.yml", tmp_path, ["rule 1"], [])


def test_everything_that_exists_is_known(coverage: Coverage) -> None:
    assert "supervisor" in coverage.existing.pop("reasons")
    assert "accepted –dispatch→ dispatched" in coverage.existing.pop("transitions")
    assert coverage.existing == {
        "intents": {"greet", "goodbye"},
        "rules": {"rule 1"},
        "stories": set(),
        "questions": {"order_form: size"},
        "responses": {"utter_hello", "utter_hello (ivr)", "utter_bye", "utter_part"},
        "clauses": {"1860-1"},
        "outcomes": {"action_part → utter_bye", "action_part → utter_hello"},
        "scenarios": set(),
    }
    assert coverage.percent("rules") == 0
    assert coverage.percent("stories") == 100


def test_a_variant_for_a_channel_is_reached_by_itself(coverage: Coverage, tmp_path: Path) -> None:
    witness = Witness(coverage, tmp_path / "domain.yml")
    witness.said("utter_hello", "web")
    assert coverage.missing("responses") == ["utter_bye", "utter_hello (ivr)", "utter_part"]
    assert coverage.missing("clauses") == []
    witness.said("utter_hello", "ivr")
    assert coverage.missing("responses") == ["utter_bye", "utter_part"]


def test_processes_are_added_up(coverage: Coverage, tmp_path: Path) -> None:
    total = Coverage()
    for rules in (["rule 1"], []):
        part = Coverage.loads(coverage.dumps())
        Witness(part, tmp_path / "domain.yml").decided(rules)
        total.add(Coverage.loads(part.dumps()))
    assert total.percent("rules") == 100
    assert total.percent("intents") == 0


def test_what_is_short_of_its_threshold_is_named(coverage: Coverage) -> None:
    assert coverage.short_of({"rules": 100, "stories": 100}) == ["rules: 0.0 % reached, 100 % wanted"]
    assert coverage.short_of({"rules": 0}) == []
    assert Coverage().short_of({"rules": 100}) == ["no talk was played"]
    assert Coverage().short_of({}) == []


@pytest.mark.parametrize("word", ["rules", "rules=all", "sentences=100"])
def test_a_threshold_that_makes_no_sense_is_refused(word: str) -> None:
    with pytest.raises(ThresholdError, match=word):
        thresholds([word])


def test_reports_name_what_is_missing(coverage: Coverage, tmp_path: Path) -> None:
    assert "no test reaches these rules: rule 1" in list(console(coverage))
    assert '<li class="no"><code>rule 1</code>' in page(coverage)
    assert "<code>utter_hello (ivr)</code> <span>hallo</span>" in page(coverage, texts(tmp_path / "domain.yml"))


def test_why_a_human_was_wanted_and_how_tickets_moved_is_reached(coverage: Coverage, tmp_path: Path) -> None:
    before = {kind: len(coverage.missing(kind)) for kind in ("reasons", "transitions")}
    Witness(coverage, tmp_path / "domain.yml").happened(["abuse"], ["accepted –dispatch→ dispatched"])
    assert {kind: len(coverage.missing(kind)) + 1 for kind in before} == before


def test_what_no_talk_can_reach_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "domain.yml").write_text(DOMAIN)
    assert survey(tmp_path / "domain.yml", None, [], [], ["utter_bye"]).missing("responses") == [
        "utter_hello",
        "utter_hello (ivr)",
        "utter_part",
    ]
