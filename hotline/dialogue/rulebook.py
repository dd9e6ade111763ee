"""Rules, found by what they can match instead of one after the other.

A rule is a row of states; it applies when each of its states is part of the conversation's state at the same distance
from now. Most differ in the latest state: in the action before and the intent. Those two are looked up, the rest is
compared.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import State
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

Place = tuple[Optional[str], Optional[str]]


@dataclass(frozen=True)
class _Rule:
    key: str
    latest_first: Sequence[State]


class RuleBook:
    """The rules of one lookup of ``RulePolicy``: keys are rows of states as JSON; ``matches`` compares two states."""

    def __init__(self, lookup: Mapping[str, str], matches: Callable[[State, State], bool]) -> None:
        self._matches = matches
        self._places: dict[Place, list[_Rule]] = defaultdict(list)
        for key in lookup:
            rule = _Rule(key, json.loads(key)[::-1])
            self._places[_place(rule.latest_first[0])].append(rule)
        rules = [rule for place in self._places.values() for rule in place]
        self.depth = max((len(rule.latest_first) for rule in rules), default=0)

    def applicable(self, states: Sequence[State]) -> Iterator[str]:
        """The keys of all rules that apply to a conversation's states, latest last; ``depth`` of them are enough."""
        action, intent = _place(states[-1])
        for place in {(action, intent), (action, None), (None, intent), (None, None)}:
            for rule in self._places.get(place, ()):
                if all(map(self._fits, rule.latest_first, reversed(states))):
                    yield rule.key

    def _fits(self, rule: State, state: State) -> bool:
        """Whether a rule's state applies; the beginning of a rule is the beginning of a conversation, and only that."""
        if rule.get(PREVIOUS_ACTION) and state.get(PREVIOUS_ACTION):
            return self._matches(rule, state)
        return not rule.get(PREVIOUS_ACTION) and not state.get(PREVIOUS_ACTION)


def _place(state: State) -> Place:
    if not state.get(PREVIOUS_ACTION):
        return None, None  # a beginning matches a beginning, whatever else is in it
    return _named(state, PREVIOUS_ACTION, ACTION_NAME), _named(state, USER, INTENT)


def _named(state: State, part: str, name: str) -> Optional[str]:
    value: Any = state.get(part, {}).get(name)
    return value if value and value != SHOULD_NOT_BE_SET else None
