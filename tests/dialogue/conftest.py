"""Rasa's own dialogue beside ours: every prediction is made by both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rasa.core.policies.ensemble import DefaultPolicyPredictionEnsemble
from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.core.trackers import DialogueStateTracker

from hotline.dialogue.tracker import HotlineTracker
from hotline.testing.plugin import troupe as load_troupe
from hotline.testing.stage import Troupe


class Beside:
    """Stock policies with the rules that ours were taught, asked whenever ours are."""

    def __init__(self, agent: Any) -> None:
        self._domain = agent.domain
        self._runner = agent.processor.graph_runner
        self._run = self._runner.run
        self._target = agent.processor.model_metadata.core_target
        self._policies = [_stock(node._component) for node in self._runner._instantiated_nodes.values()]
        self._policies = [policy for policy in self._policies if policy]
        self.differences: list[str] = []
        self.decisions = 0

    def watch(self) -> None:
        """Listen to the agent's predictions from now on."""

        def run(inputs: Any = None, targets: Any = None) -> Any:
            if targets != [self._target]:
                return self._run(inputs, targets)
            tracker = inputs["__tracker__"]
            stock = self._stock_decision(tracker)
            ours = self._run(inputs, targets)
            self._compare(stock, _shown(ours[self._target]), tracker)
            return ours

        self._runner.run = run

    def leave(self) -> None:
        """Listen no more."""
        self._runner.run = self._run

    def _stock_decision(self, ours: HotlineTracker) -> dict[str, Any]:
        tracker = DialogueStateTracker.from_events(ours.sender_id, list(ours.events), self._domain.slots)
        if tracker.applied_events() != ours.applied_events():
            self.differences.append(f"applied events of {ours.sender_id}")
        if tracker.past_states(self._domain) != ours.past_states(self._domain):
            self.differences.append(f"states of {ours.sender_id}")
        predictions = [policy.predict_action_probabilities(tracker, self._domain) for policy in self._policies]
        return _shown(DefaultPolicyPredictionEnsemble().combine_predictions(predictions, tracker, self._domain))

    def _compare(self, stock: dict[str, Any], ours: dict[str, Any], tracker: HotlineTracker) -> None:
        self.decisions += 1
        if stock != ours:
            self.differences.append(f"after {len(tracker.events)} events of {tracker.sender_id}: {stock} and {ours}")


def _stock(component: Any) -> Any:
    if not isinstance(component, MemoizationPolicy):
        return None
    kind = RulePolicy if isinstance(component, RulePolicy) else MemoizationPolicy
    nothing: Any = None
    context = ExecutionContext(GraphSchema({}))
    return kind(dict(component.config), nothing, Resource(""), context, component.featurizer, component.lookup)


def _shown(prediction: Any) -> dict[str, Any]:
    kept = {name: getattr(prediction, name) for name in ("probabilities", "policy_priority", "hide_rule_turn")}
    events = [event.as_dict() | {"timestamp": 0} for event in prediction.events]
    policy = prediction.policy_name.removeprefix("Indexed")
    user = prediction.is_no_user_prediction, prediction.is_end_to_end_prediction
    return {**kept, "policy": policy, "events": events, "user": user}


@pytest.fixture(scope="module")
def troupe(request: pytest.FixtureRequest) -> Troupe:
    return load_troupe(request.config)


@pytest.fixture
def beside(troupe: Troupe) -> Iterator[Beside]:
    stock = Beside(troupe.agent)
    stock.watch()
    yield stock
    stock.leave()
