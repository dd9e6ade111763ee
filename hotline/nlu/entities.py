"""The values a customer names: numbers, months, amounts, plans, packs, services, names, places, times, a rating.

Rules and lookup tables, no statistics: what is found can be explained, and an operator changes the catalogue in
``data/nlu/shared`` without touching code. Lookup tables give the canonical names, synonyms the other names of each;
names of three syllables and more are also found by their sound (speech recognition writes 来电限时).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from hotline.nlu.context import asked_last
from hotline.nlu.gazetteer import Gazetteer
from hotline.nlu.values import Found, find_values
from hotline.text import normalise


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class HotlineEntityExtractor(GraphComponent, EntityExtractorMixin):
    """Adds ``entities``: phone_number month amount plan pack service surname title city district time rating."""

    def __init__(self, storage: ModelStorage, resource: Resource, gazetteer: Optional[Gazetteer] = None) -> None:
        """An extractor that is ready if it is given a gazetteer."""
        self._storage, self._resource = storage, resource
        self._gazetteer = gazetteer or Gazetteer({}, {})

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> HotlineEntityExtractor:
        """A new extractor that knows no names yet."""
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Take the lookup tables and synonyms out of the training data."""
        tables = {str(t["name"]): [normalise(str(e)) for e in t["elements"]] for t in training_data.lookup_tables}
        synonyms = {normalise(alias): name for alias, name in training_data.entity_synonyms.items()}
        self._gazetteer = Gazetteer(tables, synonyms)
        with self._storage.write_to(self._resource) as directory:
            stored = json.dumps({"tables": tables, "synonyms": synonyms}, ensure_ascii=False)
            (Path(directory) / "names.json").write_text(stored, encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> HotlineEntityExtractor:
        """The extractor with the names of the training data."""
        with model_storage.read_from(resource) as directory:
            stored = json.loads((Path(directory) / "names.json").read_text(encoding="utf-8"))
        return cls(model_storage, resource, Gazetteer(stored["tables"], stored["synonyms"]))

    def process(self, messages: list[Message]) -> list[Message]:
        """Add what is found to each message, in order of position."""
        for message in messages:
            found = find_values(normalise(message.get(TEXT) or ""), self._gazetteer, asked_last(message))
            message.set(ENTITIES, message.get(ENTITIES, []) + [_entity(f) for f in found], add_to_output=True)
        return messages


def _entity(found: Found) -> dict[str, Any]:
    return {
        "entity": found.entity,
        "start": found.start,
        "end": found.end,
        "value": found.value,
        "extractor": HotlineEntityExtractor.__name__,
    }
