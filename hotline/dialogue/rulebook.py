"""Rules, found by what they can match instead of one after the other.

A rule is a row of states; it applies when each of its states is part of the conversation's state at the same distance
from now. Most differ in the latest state: in the action before and the intent. Those two are looked up, the rest is
compared.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from rasa.shared.core.constants import ACTION_LISTEN_NAME, PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import State
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

Place = tuple[Optional[str], Optional[str]]


@dataclass(frozen=True)
class _Pattern:
    """A rule's state, taken apart once; ``begins`` is the beginning of a conversation, which matches that and no other.

    Source: ``RulePolicy._does_rule_match_state`` of Rasa 3.6.
    """

    begins: bool
    wanted: Sequence[tuple[str, str, Any]]
    unset: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, state: State) -> _Pattern:
        """The pattern of a state as it stands in a rule's key, where JSON has made lists of tuples."""
        entries = [(part, key, value) for part, inner in state.items() for key, value in inner.items()]
        return cls(
            begins=not state.get(PREVIOUS_ACTION),
            wanted=[
                (part, key, tuple(value) if isinstance(value, list) else value)
                for part, key, value in entries
                if value and value != SHOULD_NOT_BE_SET
            ],
            unset=[(part, key) for part, key, value in entries if value == SHOULD_NOT_BE_SET],
        )

    def fits(self, state: State) -> bool:
        """Whether it applies to a conversation's state."""
        begins = not state.get(PREVIOUS_ACTION)
        if begins or self.begins:
            return begins and self.begins
        for part, key, value in self.wanted:
            if state.get(part, _NOTHING).get(key) != value:
                return False
        for part, key in self.unset:
            value = state.get(part, _NOTHING).get(key)
            if value and value != SHOULD_NOT_BE_SET:
                return False
        return True


_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class _Rule:
    key: str
    latest_first: Sequence[_Pattern]


class RuleBook:
    """The rules of one lookup of ``RulePolicy``: keys are rows of states as JSON."""

    def __init__(self, lookup: Mapping[str, str]) -> None:
        self._places: dict[Place, list[_Rule]] = defaultdict(list)
        for key in lookup:
            states = json.loads(key)[::-1]
            self._places[_place(states[0])].append(_Rule(key, [_Pattern.of(state) for state in states]))
        rules = [rule for place in self._places.values() for rule in place]
        self.depth = max((len(rule.latest_first) for rule in rules), default=0)
        # Whether a rule can apply to words as such, whose intent is not looked at.
        self.takes_words = any(
            action in (None, ACTION_LISTEN_NAME) and intent is None for action, intent in self._places
        )

    def applicable(self, states: Sequence[State]) -> Iterator[str]:
        """The keys of all rules that apply to a conversation's states, latest last; ``depth`` of them are enough."""
        action, intent = _place(states[-1])
        latest_first = states[::-1]
        for place in {(action, intent), (action, None), (None, intent), (None, None)}:
            for rule in self._places.get(place, ()):
                if all(pattern.fits(state) for pattern, state in zip(rule.latest_first, latest_first, strict=False)):
                    yield rule.key


def _place(state: State) -> Place:
    if not state.get(PREVIOUS_ACTION):
        return None, None  # a beginning matches a beginning, whatever else is in it
    return _named(state, PREVIOUS_ACTION, ACTION_NAME), _named(state, USER, INTENT)


def _named(state: State, part: str, name: str) -> Optional[str]:
    value: Any = state.get(part, {}).get(name)
    return value if value and value != SHOULD_NOT_BE_SET else None
