"""What a conversation has come to, kept up to date event by event instead of replayed for every prediction.

Rasa replays all events of a conversation to find its *applied events* (those that were not taken back) and its *states*
(what each action was decided on), several times a turn. Both are folds over the events: here every event is folded in
once. Events that take others back are rare, but for one: a form that runs again replaces its previous run. That is
undone up to a mark that is set behind every action; for all others the fold is begun anew.

Source: ``DialogueStateTracker.applied_events`` and ``generate_all_prior_trackers``, and
``Domain.states_for_tracker_history`` of Rasa 3.6; ``tests/dialogue`` compares with them.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Optional

from rasa.shared.core.constants import USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

_REPLACED = (ActionExecuted, UserUttered, DefinePrevUserUtteredFeaturization)
_KEPT_OF_A_REPLAY = ("_paused", "followup_action", "latest_action", "latest_message", "latest_bot_utterance")


def clone(slot: Slot) -> Slot:
    """A copy of a slot; ``copy.copy`` takes five times as long."""
    new: Slot = object.__new__(type(slot))
    new.__dict__.update(slot.__dict__)
    return new


class _Replay(DialogueStateTracker):
    """The tracker that applied events are replayed into; knows only the slots that a state shows."""

    def _set_slot(self, key: str, value: Any) -> None:
        if key in self.slots:
            super()._set_slot(key, value)

    def snapshot(self) -> dict[str, Any]:
        """What ``restore`` needs to come back here."""
        kept = {name: getattr(self, name) for name in _KEPT_OF_A_REPLAY}
        slots = {name: clone(slot) for name, slot in self.slots.items()}
        return {**kept, "slots": slots, "active_loop": copy.copy(self.active_loop)}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Be as at that time; the snapshot can be used again."""
        self.__dict__.update(snapshot)
        self.slots = {name: clone(slot) for name, slot in snapshot["slots"].items()}
        self.active_loop = copy.copy(snapshot["active_loop"])


@dataclass
class _Mark:
    """Where an action stands among the applied events, and what was behind it when it was last cleared."""

    event: ActionExecuted
    end: int
    states: int
    snapshot: dict[str, Any]


class _Past:
    """A state, and the message in it: how that shows may still be changed by an event that comes later."""

    def __init__(self, state: State, message: Any) -> None:
        self._state, self._message, self._shown = state, message, _looks(message)

    def now(self, domain: Domain) -> State:
        """The state as Rasa would make it now."""
        state = {key: dict(value) for key, value in self._state.items()}
        if _looks(self._message) != self._shown:
            user = domain._get_user_sub_state(SimpleNamespace(latest_message=self._message))
            state = domain._clean_state({**state, USER: user})
        return state


def _looks(message: Any) -> Any:
    return message.use_text_for_featurization, len(message.entities)


class History:
    """Applied events and states of one conversation, which starts with slots in their initial values."""

    def __init__(self, slots: Mapping[str, Slot]) -> None:
        shown = [slot for slot in slots.values() if slot.has_features()]
        self._replay = _Replay("", shown)
        self._blank = self._replay.snapshot()
        self._begin()
        self._loops: set[str] = set()

    def _begin(self) -> None:
        self.applied: list[Event] = []
        self._states: list[_Past] = []
        self._marks: list[_Mark] = []
        self._executed: Counter[Optional[str]] = Counter()
        self._replay.restore(self._blank)

    def add(self, event: Event, domain: Domain) -> bool:
        """Fold an event in; False when the fold has to be begun anew, with ``fold`` over all events."""
        kind = type(event)  # isinstance asks Rasa's abstract base class, and most events are plain ones
        if kind is SlotSet or kind is BotUttered:
            self.applied.append(event)
            event.apply_to(self._replay)
            return True
        if isinstance(event, (Restarted, SessionStarted)):
            self._begin()
            return True
        if isinstance(event, (ActionReverted, UserUtteranceReverted)):
            return False
        if isinstance(event, ActiveLoop) and event.name and event.name not in self._loops:
            self._loops.add(event.name)
            if self._executed[event.name] > 1:
                return False  # what ran under this name before was no loop then; for Rasa it is one now
        if isinstance(event, ActionExecuted):
            self._executed[event.action_name] += 1
            if event.action_name in self._loops and self._replaces(event.action_name):
                return True
        self._apply(event, domain)
        return True

    def fold(self, events: Iterable[Event], domain: Domain) -> None:
        """Begin anew with all events, by Rasa's own function."""
        known = DialogueStateTracker("", self._replay.slots.values())
        known.events.extend(events)
        self._loops = {event.name for event in known.events if isinstance(event, ActiveLoop) and event.name}
        self._begin()
        self._executed.update(event.action_name for event in known.events if isinstance(event, ActionExecuted))
        for event in known.applied_events():
            self._apply(event, domain)

    def recent(self, domain: Domain, count: int) -> list[State]:
        """The last ``count`` states, that of now included; they are the caller's own."""
        past = self._states[-(count - 1) :] if count > 1 else []
        return [one.now(domain) for one in past] + [self._state(domain)]

    def all(self, domain: Domain) -> list[State]:
        """All states, that of now included."""
        return self.recent(domain, len(self._states) + 1)

    def _apply(self, event: Event, domain: Domain) -> None:
        if isinstance(event, ActionExecuted):
            self._states.append(_Past(self._state(domain), self._replay.latest_message))
        self.applied.append(event)
        event.apply_to(self._replay)
        if isinstance(event, ActionExecuted):
            mark = _Mark(event, len(self.applied), len(self._states), self._replay.snapshot())
            self._marks.append(mark)

    def _state(self, domain: Domain) -> State:
        return {key: dict(value) for key, value in domain.get_active_state(self._replay).items()}

    def _replaces(self, loop: str) -> bool:
        """Take the previous run of a loop's action for this one, if it is one; False when this is a new run."""
        last = next((n for n in reversed(range(len(self._marks))) if self._marks[n].event.action_name == loop), None)
        if last is None:
            return False
        mark = self._marks[last]
        # What lies between the mark's action and its end has been cleared of all that could answer this.
        since = [mark.event, *self.applied[mark.end :]]
        if self._replay._first_loop_execution_or_unhappy_path(loop, since):
            return False
        del self._marks[last + 1 :]
        del self._states[mark.states :]
        rest = [event for event in self.applied[mark.end :] if not isinstance(event, _REPLACED)]
        self.applied[mark.end :] = rest
        self._replay.restore(mark.snapshot)
        for event in rest:
            event.apply_to(self._replay)
        mark.end, mark.snapshot = len(self.applied), self._replay.snapshot()
        return True
