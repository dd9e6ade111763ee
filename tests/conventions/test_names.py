"""Names (docs/architecture.md): what a thing is and which topic it belongs to can be seen from its name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import PurePath

import pytest

from tests.conventions import house

TOPIC = "|".join(house.TOPICS)

# Actions that rules may name and the domain need not.
RASAS_OWN_ACTIONS = {"action_listen", "action_restart", "action_back", "action_deactivate_loop"}

# Modules beside the topics: what the actions of all topics share.
SHARED_ACTIONS = {"__init__", "base", "forms", "outcomes", "turns"}


def test_the_intents_are_those_of_the_scenarios_and_of_the_channels() -> None:
    assert house.names("intents") == house.scenario_intents() | house.CHANNEL_INTENTS, (
        "docs/manual/scenarios.yml fixes the intents of domain.yml; those of channels: CHANNEL_INTENTS in house.py"
    )


def test_every_intent_that_can_be_said_has_examples() -> None:
    taught = {
        entry["intent"].split("/")[0]
        for path in house.files_under("data/nlu", suffix=".yml")
        for entry in (house.load(path) or {}).get("nlu") or []
        if "intent" in entry
    }
    sayable = house.scenario_intents() - {"nlu_fallback"}
    assert taught == sayable, (
        f"without examples: {sorted(sayable - taught)}; not in scenarios.yml: {sorted(taught - sayable)}"
    )


@pytest.mark.parametrize("form", sorted(house.names("forms")))
def test_a_form_is_verb_object_form_and_its_slots_exist(form: str) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+_form", form), f"{form}: name it <verb>_<object>_form"
    unknown = set(house.domain()["forms"][form].get("required_slots", [])) - house.names("slots")
    assert not unknown, f"{form} asks for {sorted(unknown)}, which are no slots"


@pytest.mark.parametrize("slot", sorted(house.names("slots")))
def test_a_slot_is_a_plain_lower_case_name(slot: str) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", slot)


@pytest.mark.parametrize("response", sorted(house.responses()))
def test_a_response_names_its_topic_or_what_it_asks_for(response: str) -> None:
    slots = house.names("slots")
    allowed = {f"utter_ask_{slot}" for slot in slots} | {f"utter_invalid_{slot}" for slot in slots}
    allowed |= {f"utter_ask_{form}_{slot}" for form in house.names("forms") for slot in slots}
    assert response in allowed or re.fullmatch(rf"utter_({TOPIC})_[a-z0-9_]+", response), (
        f"{response}? utter_<topic>_<outcome>, utter_ask_<form>_<slot>, utter_ask_<slot> or utter_invalid_<slot>; "
        "topic, form and slot exist"
    )


@pytest.mark.parametrize("action", sorted(house.names("actions")))
def test_an_action_is_action_verb_object_or_validates_a_form(action: str) -> None:
    forms = {f"validate_{form}" for form in house.names("forms")}
    assert action in forms or re.fullmatch(r"action_[a-z]+(_[a-z]+)*", action), (
        f"{action}: action_<verb>_<object> or validate_<form>"
    )


def test_rules_and_stories_have_names_of_their_own() -> None:
    twice = [name for name, count in Counter(name for _, name, _ in house.turns()).items() if count > 1]
    assert not twice, f"Rasa names rules in its errors; these names stand for several: {twice}"


def test_a_rule_says_topic_situation_and_outcome() -> None:
    for path, name, _ in house.turns():
        topic = PurePath(path).stem
        assert re.fullmatch(rf"{topic}:.+ → .+", name), f"{path}: “{name}” should be “{topic}:<situation> → <outcome>”"


def test_a_rule_speaks_of_things_that_exist() -> None:
    intents, forms, slots = house.names("intents"), house.names("forms"), house.names("slots") | {"requested_slot"}
    actions = house.names("actions") | forms | set(house.responses()) | RASAS_OWN_ACTIONS
    for _, name, turn in house.turns():
        for step in house.steps(turn):
            assert step.get("intent") in intents | {None}, f"{name}: no intent {step['intent']}"
            assert step.get("action") in actions | {None}, f"{name}: no action or response {step['action']}"
            assert step.get("active_loop") in forms | {None}, f"{name}: no form {step['active_loop']}"
            for entry in step.get("slot_was_set") or []:
                slot = next(iter(entry)) if isinstance(entry, dict) else entry
                assert slot in slots, f"{name}: no slot {slot}"


@pytest.mark.parametrize("folder", ["data/nlu", "data/rules", "data/stories", "tests/conversations"])
def test_files_are_named_by_topic(folder: str) -> None:
    stems = {PurePath(p).stem for p in house.files_under(folder, suffix=".yml") if "/shared/" not in p}
    assert stems <= set(house.TOPICS), (
        f"{folder}: {sorted(stems - set(house.TOPICS))} are no topics (TOPICS in house.py)"
    )


def test_action_modules_are_named_by_topic() -> None:
    stems = {PurePath(path).stem for path in house.files_under("actions", suffix=".py")}
    strange = stems - set(house.TOPICS) - SHARED_ACTIONS
    assert not strange, f"actions/{sorted(strange)}: neither topics nor on the list of shared modules (SHARED_ACTIONS)"


def test_every_topic_with_rules_has_conversations() -> None:
    ruled = {
        PurePath(path).stem for path in house.files_under("data/rules", suffix=".yml") if house.load(path).get("rules")
    }
    talked = {PurePath(path).stem for path in house.files_under("tests/conversations", suffix=".yml")}
    assert ruled <= talked, f"no tests/conversations/<topic>.yml for {sorted(ruled - talked)}"


def test_every_exception_ends_in_error() -> None:
    for path in house.files_under("actions", "hotline", suffix=".py"):
        for node in ast.walk(house.code(path)):
            if isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                if any(base.endswith(("Error", "Exception")) for base in bases):
                    assert node.name.endswith("Error"), f"{path}:{node.lineno}: {node.name} should end in Error"
