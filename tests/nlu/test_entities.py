"""Entities: the annotated file row by row, and what its rows cannot say."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from benchmarks.understanding import entities, load, pairs
from hotline.nlu.entities import HotlineEntityExtractor
from hotline.nlu.gazetteer import Gazetteer
from hotline.nlu.numbers import money, number, plain
from hotline.nlu.values import find_values
from hotline.text import normalise

ROWS = load("tests/nlu/entities.yml")

# Found by the file and not mended yet. A row that begins to pass must leave this list (xfail is strict).
OPEN_FINDINGS: set[str] = set()


@pytest.mark.parametrize(
    "row",
    [pytest.param(r, id=r["text"], marks=[pytest.mark.xfail] if r["text"] in OPEN_FINDINGS else []) for r in ROWS],
)
def test_exactly_the_annotated_values_are_found(row: dict[str, Any], names: Gazetteer) -> None:
    found = find_values(normalise(row["text"]), names, row.get("asked"))
    assert Counter((v.entity, v.value) for v in found) == Counter(pairs(row.get("entities") or {}))


def test_every_entity_type_is_annotated_and_the_file_as_a_whole_reaches_the_goal() -> None:
    figures = entities()
    assert set(figures) == {
        *("all", "phone_number", "month", "amount", "plan", "pack", "service"),
        *("surname", "title", "city", "district", "time", "rating"),
    }
    assert figures["all"]["f1"] >= 0.95  # 0.968 with the open findings above


def test_a_value_stands_where_its_words_stand(names: Gazetteer) -> None:
    text = "帮我看上个月的账单"
    (month,) = find_values(text, names)
    assert text[month.start : month.end] == "上个月"


def test_values_do_not_overlap(names: Gazetteer) -> None:
    for row in ROWS:
        found = find_values(normalise(row["text"]), names, row.get("asked"))
        assert all(a.end <= b.start for a, b in pairwise(found)), row["text"]


def test_without_a_catalogue_numbers_and_dates_are_still_found() -> None:
    found = find_values("我姓王,13800138000上个月二十块的套餐", Gazetteer({}, {}))
    assert {v.entity for v in found} == {"phone_number", "month", "amount"}


def test_a_number_is_an_answer_only_where_one_was_asked_for(names: Gazetteer) -> None:
    assert [v.value for v in find_values("62345678", names, "phone_number")] == ["62345678"]
    assert find_values("62345678", names) == []
    assert [v.entity for v in find_values("五", names, "rating")] == ["rating"]
    assert find_values("五", names) == []


def test_a_fee_that_two_families_share_needs_the_family(names: Gazetteer) -> None:
    shared = Gazetteer({"plan": ["飞享套餐18元", "畅享套餐18元"]}, {})
    assert find_values("十八的", shared, "choose") == []
    assert [v.value for v in find_values("十八的畅享套餐", shared)] == ["畅享套餐18元"]


@pytest.mark.parametrize(("text", "value"), [("一百二十八", "128"), ("3.50", "3.5"), ("两百", "200"), ("十", "10")])
def test_numerals_have_their_value(text: str, value: str) -> None:
    found = number(text)
    assert found is not None and plain(found) == value


def test_what_is_no_numeral_has_no_value() -> None:
    assert number("话费") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("十二块六毛五", "12.65"), ("五毛", "0.5"), ("八毛五", "0.85"), ("三十多块", "30"), ("9元钱", "9")],
)
def test_amounts_are_in_yuan(text: str, value: str) -> None:
    assert [plain(amount) for _, _, amount in money(text)] == [value]


def test_the_component_takes_its_names_from_the_training_data_and_keeps_them(tmp_path: Path) -> None:
    storage, resource = LocalModelStorage(tmp_path), Resource("names")
    context = ExecutionContext(GraphSchema({}))
    data = TrainingData(
        entity_synonyms={"國漫": "国际漫游"}, lookup_tables=[{"name": "service", "elements": ["国际漫游", "彩铃"]}]
    )
    HotlineEntityExtractor.create({}, storage, resource, context).train(data)
    loaded = HotlineEntityExtractor.load({}, storage, resource, context)

    (message,) = loaded.process([Message(data={"text": "开国漫,上个月"})])

    assert [(e["entity"], e["value"], e["start"], e["end"]) for e in message.get("entities")] == [
        ("service", "国际漫游", 1, 3),
        ("month", "-1", 4, 7),
    ]
    (empty,) = loaded.process([Message(data={})])
    assert empty.get("entities") == []
