"""The intent of a turn: a linear model over n-grams of characters and pinyin, with calibrated confidence.

Serves every scenario of the manual; turns below the threshold become ``nlu_fallback`` (clause 1860-13).
"""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from hotline.nlu.context import asked_last, context_in_training, topic_last
from hotline.nlu.model import IntentModel, Row
from hotline.nlu.requests import beside_values, several
from hotline.nlu.values import gives_rating
from hotline.text import normalise

UNASKED = (None, "start", "told", "anything_else", "choose", "hold")  # no question of a form: a value answers none


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class HotlineIntentClassifier(GraphComponent, IntentClassifier):
    """Sets ``intent`` and ``intent_ranking``, and ``requests`` when a turn makes several.

    What was asked last, and which task was served last, it reads from ``asked`` and ``topic`` of
    ``metadata["context"]``; without them a turn is understood by its words alone.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Ranking length."""
        return {"ranking": 10}

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: Optional[IntentModel] = None
    ) -> None:
        """A classifier that is trained if it is given a model."""
        self._config, self._storage, self._resource, self._model = config, storage, resource, model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> HotlineIntentClassifier:
        """A new, untrained classifier."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples; those that carry ``asked`` and ``topic`` as metadata teach context too."""
        rows = [
            Row(normalise(m.get(TEXT)), m.get(INTENT), *context_in_training(m)) for m in training_data.intent_examples
        ]
        self._model = IntentModel.train(rows)
        with self._storage.write_to(self._resource) as directory:
            self._model.save(directory / "model.npz")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> HotlineIntentClassifier:
        """The classifier as it was trained."""
        with model_storage.read_from(resource) as directory:
            return cls(config, model_storage, resource, IntentModel.load(directory / "model.npz"))

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking of each message."""
        assert self._model is not None
        for message in messages:
            text = normalise(message.get(TEXT) or "")
            probability = self._model.probabilities(text, asked_last(message), topic_last(message))
            order = np.argsort(-probability)[: self._config["ranking"]]
            ranking = [{"name": self._model.intents[i], "confidence": float(probability[i])} for i in order]
            requests = several(text, self._best)
            if requests:
                ranking = _led_by(requests[0]["name"], ranking)
                message.set("requests", requests, add_to_output=True)
            elif asked_last(message) == "rating" and gives_rating(text, ranking[0]["name"]):
                ranking = _led_by("inform", ranking)
            elif ranking[0]["name"] in ("inform", "blame_slow") and asked_last(message) in UNASKED:
                name = beside_values(text, self._best)
                ranking = _led_by(name, ranking) if name else ranking
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _best(self, text: str) -> tuple[str, float]:
        assert self._model is not None
        probability = self._model.probabilities(text)
        best = int(probability.argmax())
        return self._model.intents[best], float(probability[best])


def _led_by(name: str, ranking: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ranking with another intent before all, as sure as the best was."""
    first = {"name": name, "confidence": ranking[0]["confidence"]}
    return [first, *(row for row in ranking if row["name"] != name)]
