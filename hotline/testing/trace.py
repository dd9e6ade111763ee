"""Why the assistant did what it did: the rule that decided each action, and what the words were understood as.

Rasa's rule policy knows a rule only by the state that it matches. Which rule that was is found the way the policy was
trained: every rule of the training data is featurised again, and the states it makes are its marks.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.rule_policy import DEFAULT_RULES, LOOP_RULES, RulePolicy
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.generator import TrainingDataGenerator
from rasa.shared.importers.importer import TrainingDataImporter

logger = logging.getLogger(__name__)

LISTEN = "action_listen"


@dataclass(frozen=True)
class Decision:
    """An action and who decided on it: ``policy``, and the names of the rules or stories that say so."""

    action: str
    policy: str
    rules: tuple[str, ...] = ()

    def __str__(self) -> str:
        reason = " | ".join(self.rules) or self.policy
        return f"{self.action} ← {reason}"


@dataclass(frozen=True)
class Understood:
    """What one message was understood as, likeliest first."""

    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    entities: tuple[tuple[str, str], ...]


@dataclass
class RuleBook:
    """The names of rules and stories by the states that are theirs. Built once a session, when first asked."""

    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rules: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    stories: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def of(self, source: Optional[str]) -> tuple[str, ...]:
        """The rules or stories that a policy's source stands for; empty when it is none."""
        return tuple(sorted(self.names.get(source or "", ())))

    def reached(self, sources: Iterable[str]) -> set[str]:
        """The rules and stories of which at least one state of their own decided something."""
        found: set[str] = set()
        for source in sources:
            owners = self.names.get(source, set())
            found |= owners if len(owners) == 1 else set()
        lone = {name for name, marks in {**self.rules, **self.stories}.items() if not self._own(name, marks)}
        for source in sources:
            found |= self.names.get(source, set()) & lone
        return found

    def _own(self, name: str, marks: set[str]) -> bool:
        return any(self.names[mark] == {name} for mark in marks)


def read_rules(data: Path, config: Path, agent: Any) -> RuleBook:
    """The rules and stories of the training data, as the agent's policies see them."""
    importer = TrainingDataImporter.load_from_config(str(config), training_data_paths=[str(data)])
    generator = TrainingDataGenerator(
        importer.get_stories(), agent.domain, augmentation_factor=0, use_story_concatenation=False
    )
    book = RuleBook()
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):  # progress bars
        for tracker in generator.generate():
            known = book.rules if tracker.is_rule_tracker else book.stories
            for mark in _marks(tracker, agent):
                book.names[mark].add(tracker.sender_id)
                known[tracker.sender_id].add(mark)
    return book


def _marks(tracker: Any, agent: Any) -> Iterator[str]:
    """The states of a rule or story, as the policy that learnt it writes them."""
    kind = RulePolicy if tracker.is_rule_tracker else MemoizationPolicy
    options = {"omit_unset_slots": True} if tracker.is_rule_tracker else {}
    for policy in _policies(agent):
        if isinstance(policy, RulePolicy) is (kind is RulePolicy):
            states, _ = policy.featurizer.training_states_and_labels([tracker], agent.domain, **options)
            yield from filter(None, map(policy._create_feature_key, states))


class Tracer:
    """Listens to an agent's policies; ``sources`` are all that decided anything since they were cleared."""

    def __init__(self, agent: Any) -> None:
        self._agent = agent
        self._pending: list[tuple[str, str]] = []
        self.sources: set[str] = set()
        for policy in _policies(agent):
            if isinstance(policy, RulePolicy):
                self._listen_to_rules(policy)
            elif isinstance(policy, MemoizationPolicy):
                self._listen_to_stories(policy)

    def take(self) -> list[tuple[str, str]]:
        """Action and source of all predictions since the last call, in order."""
        taken, self._pending = self._pending, []
        return taken

    def _listen_to_rules(self, policy: Any) -> None:
        predict = policy._predict

        def listening(tracker: Any, domain: Any) -> Any:
            prediction, source = predict(tracker, domain)
            if prediction.max_confidence > 0:
                self._note(domain.action_names_or_texts[prediction.max_confidence_index], source)
            return prediction, source

        policy._predict = listening

    def _listen_to_stories(self, policy: Any) -> None:
        recall = policy.recall

        def listening(states: Any, *args: Any, **kwargs: Any) -> Any:
            action = recall(states, *args, **kwargs)
            if action is not None:
                self._note(action, policy._create_feature_key(states))
            return action

        policy.recall = listening

    def _note(self, action: str, source: Optional[str]) -> None:
        self._pending.append((action, source or ""))
        self.sources.add(source or "")


def _policies(agent: Any) -> list[Any]:
    components = [node._component for node in agent.processor.graph_runner._instantiated_nodes.values()]
    return [component for component in components if isinstance(component, (RulePolicy, MemoizationPolicy))]


def decisions(events: Iterable[Any], noted: list[tuple[str, str]], book: Optional[RuleBook]) -> list[Decision]:
    """The actions among a turn's events, each with who decided on it."""
    found = []
    noted = list(noted)
    for event in events:
        if not isinstance(event, ActionExecuted) or event.action_name == LISTEN:
            continue
        policy = event.policy or ""
        rules: tuple[str, ...] = ()
        if policy:
            source = next((source for action, source in noted if action == event.action_name), "")
            rules = book.of(source) if book else ()
            policy = _reason(source) or policy.rsplit("_", 1)[-1]
            noted = [note for note in noted if note != (event.action_name, source)]
        found.append(Decision(str(event.action_name), policy or "asked for by the action before it", rules))
    return found


def _reason(source: str) -> str:
    if source.startswith(LOOP_RULES):
        return "the form in hand"
    if source.startswith(DEFAULT_RULES):
        return "Rasa's own default"
    return ""


def understood(events: Iterable[Any], most: int = 5) -> list[Understood]:
    """How the messages among a turn's events were understood."""
    found = []
    for event in events:
        if isinstance(event, UserUttered):
            data = event.parse_data or {}
            ranking = tuple((str(row["name"]), float(row["confidence"])) for row in data.get("intent_ranking") or [])
            entities = tuple((str(row["entity"]), str(row["value"])) for row in data.get("entities") or [])
            intent = data.get("intent") or {}
            confidence = float(intent.get("confidence") or 0)
            found.append(Understood(str(intent.get("name")), confidence, ranking[:most], entities))
    return found
