"""Rasa's rule and memoization policies with the same decisions, looked up instead of searched for.

They are trained by Rasa's own code, which checks rules for contradictions. ``tests/dialogue`` compares them with Rasa's
decision by decision.
"""

from __future__ import annotations

from typing import Any, Optional

from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import (
    DO_NOT_PREDICT_LOOP_ACTION,
    LOOP_WAS_INTERRUPTED,
    RulePolicy,
)
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker, get_active_loop_name

from hotline.dialogue.rulebook import RuleBook
from hotline.dialogue.tracker import HotlineTracker

RULES, UNHAPPY = "rules", "rules_for_loop_unhappy_path"

Found = tuple[Optional[str], Optional[str], bool]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class IndexedRulePolicy(RulePolicy):
    """``RulePolicy`` whose rules are looked up, with no more of the past than the longest of them has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See Rasa's."""
        super().__init__(*args, **kwargs)
        self._books: dict[int, tuple[dict[str, str], RuleBook]] = {}

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> Found:
        if not isinstance(tracker, HotlineTracker):
            return super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)  # type: ignore[no-any-return]
        if use_text_for_last_user_input and tracker.latest_action_name != ACTION_LISTEN_NAME:
            return None, None, False
        rules, unhappy = self._book(self.lookup[RULES]), self._book(self.lookup[UNHAPPY])
        if use_text_for_last_user_input and not (rules.takes_words or unhappy.takes_words):
            return None, None, False
        states = tracker.recent_states(domain, max(rules.depth, unhappy.depth) + 1)
        self.featurizer._choose_last_user_input([states], use_text_for_last_user_input)
        # With one state more than any rule has, the key of no rule at all is none that was learnt, as in Rasa's policy.
        best = max(rules.applicable(states), key=len, default="")
        action = self.lookup[RULES].get(best)
        returning = False
        if tracker.active_loop_name:
            conditions = {self.lookup[UNHAPPY][key] for key in unhappy.applicable(states)}
            if action == ACTION_LISTEN_NAME and not get_active_loop_name(self._rule_key_to_state(best)[-1]):
                if DO_NOT_PREDICT_LOOP_ACTION not in conditions:
                    return tracker.active_loop_name, best, False
                action = None
            returning = LOOP_WAS_INTERRUPTED in conditions
        return action, best or self._create_feature_key(states), returning

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        return set(self._book(lookup).applicable(states))

    def _book(self, lookup: dict[str, str]) -> RuleBook:
        known = self._books.get(id(lookup))
        if known is None or known[0] is not lookup:
            known = self._books[id(lookup)] = lookup, RuleBook(lookup)
        return known[1]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class IndexedMemoizationPolicy(MemoizationPolicy):
    """``MemoizationPolicy`` that does not look at the conversation when it has nothing to remember."""

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: Optional[dict[str, Any]] = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """See Rasa's."""
        if not self.lookup:
            return self._prediction(self._default_predictions(domain))
        return super().predict_action_probabilities(tracker, domain, rule_only_data, **kwargs)
