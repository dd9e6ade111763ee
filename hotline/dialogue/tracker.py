"""Rasa's tracker without its replays: a copy is a copy, and what each turn needs of the past is kept at hand."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, Optional, Union

from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted, Event, Restarted
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from hotline.dialogue.history import History, clone

# How many events an action is shown, about forty turns: ours look back to the last message, form or request.
SHOWN = 500


class Events(Sequence[Event]):
    """The events of a tracker's copy: those that the tracker has by now, and what the copy adds.

    A tracker only ever appends, so that its first events can be shared; thousands need not be copied for every action.
    """

    def __init__(self, events: Union[deque[Event], Events]) -> None:
        """The copy of a tracker's events, or of a copy's."""
        self._shared: deque[Event]
        self._length: int
        self._own: list[Event]
        if isinstance(events, Events):
            self._shared, self._length, self._own = events._shared, events._length, [*events._own]
        else:
            self._shared, self._length, self._own = events, len(events), []

    def append(self, event: Event) -> None:
        """Add one."""
        self._own.append(event)

    def __len__(self) -> int:
        return self._length + len(self._own)

    def __getitem__(self, index: Any) -> Any:
        place = range(len(self))[index]
        return self._shared[place] if place < self._length else self._own[place - self._length]

    def __iter__(self) -> Iterator[Event]:
        return chain(islice(self._shared, self._length), self._own)

    def __reversed__(self) -> Iterator[Event]:
        shared = islice(reversed(self._shared), len(self._shared) - self._length, None)
        return chain(reversed(self._own), shared)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Events, deque)) and list(self) == list(other)


class HotlineTracker(DialogueStateTracker):
    """A tracker that answers as Rasa's does, at a cost that does not grow with the conversation."""

    slots: dict[str, Slot]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Rasa's; ``for_domain`` comes next."""
        super().__init__(*args, **kwargs)
        self.kept = 0  # how many of its events are in the log
        self._domain: Optional[Domain] = None
        self._history: Optional[History] = None
        self._folded = 0
        self._dicts: list[dict[str, Any]] = []
        self._written = 0  # how many of ``_dicts`` are ours; a copy shares them with the tracker it was made of
        self._is_copy = False
        self._restarted = 0

    def for_domain(self, domain: Domain) -> HotlineTracker:
        """This tracker, whose states are those that the domain shows."""
        self._domain, self._history = domain, None
        return self

    def last_events(self, start: int) -> list[Event]:
        """The events from a position on, found from the end."""
        return list(islice(reversed(self.events), len(self.events) - start))[::-1]

    def update(self, event: Event, domain: Optional[Domain] = None) -> None:
        """See Rasa's."""
        super().update(event, domain)
        if type(event) is Restarted:
            self._restarted = len(self.events)

    def idx_after_latest_restart(self) -> int:
        """See Rasa's, which looks through all events."""
        return self._restarted

    def event_dicts(self, start: int = 0) -> list[dict[str, Any]]:
        """The events from a position on as JSON objects, each made once; they are shared: do not change them."""
        new = [event.as_dict() for event in self.last_events(self._written)]
        if self._is_copy:
            return self._dicts[start : self._written] + new[max(0, start - self._written) :]
        self._dicts += new
        self._written = len(self.events)
        return self._dicts[start:]

    def recent_states(self, domain: Domain, count: int) -> list[State]:
        """The last ``count`` of ``past_states``."""
        return self._up_to_date(domain).recent(domain, count)

    def past_states(
        self,
        domain: Domain,
        omit_unset_slots: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: Optional[dict[str, Any]] = None,
    ) -> list[State]:
        """See Rasa's."""
        if omit_unset_slots or ignore_rule_only_turns:
            states: list[State] = super().past_states(domain, omit_unset_slots, ignore_rule_only_turns, rule_only_data)
            return states
        return self._up_to_date(domain).all(domain)

    def applied_events(self) -> list[Event]:
        """See Rasa's."""
        assert self._domain is not None
        return list(self._up_to_date(self._domain).applied)

    def has_begun(self) -> bool:
        """Whether there are applied events."""
        assert self._domain is not None
        return bool(self._up_to_date(self._domain).applied)

    def current_state(self, event_verbosity: EventVerbosity = EventVerbosity.NONE) -> dict[str, Any]:
        """See Rasa's; of all events the last ``SHOWN``, which are shared and not to be changed."""
        if event_verbosity is not EventVerbosity.ALL:
            state: dict[str, Any] = super().current_state(event_verbosity)
            return state
        return {
            "sender_id": self.sender_id,
            "slots": self.current_slot_values(),
            "latest_message": self._latest_message_data(),
            "latest_event_time": self.events[-1].timestamp if self.events else None,
            "followup_action": self.followup_action,
            "paused": self.is_paused(),
            "events": self.event_dicts(max(0, len(self.events) - SHOWN)),
            "latest_input_channel": self.get_latest_input_channel(),
            "active_loop": dict(vars(self.active_loop)) if self.active_loop else {},
            "latest_action": self.latest_action,
            "latest_action_name": self.latest_action_name,
        }

    def init_copy(self) -> HotlineTracker:
        """See Rasa's."""
        new = HotlineTracker(self.sender_id, None, self._max_event_history, is_rule_tracker=self.is_rule_tracker)
        new.slots = dict(self.slots)
        new._reset_slots()
        new._domain = self._domain
        return new

    def copy(self) -> HotlineTracker:
        """See Rasa's; it is not replayed."""
        new = HotlineTracker.__new__(HotlineTracker)
        new.__dict__.update(self.__dict__)
        new.events = Events(self.events)
        new.slots = dict(self.slots)
        new.active_loop = copy.copy(self.active_loop)
        new.model_id = new.assistant_id = None
        new._history, new._folded = None, 0
        new._is_copy = True
        return new

    def actions_since_listening(self, quiet: tuple[str, ...]) -> int:
        """How many actions were executed since the last of these."""
        names = (event.action_name for event in reversed(self.events) if type(event) is ActionExecuted)
        return sum(1 for _ in _until(names, quiet))

    def _set_slot(self, key: str, value: Any) -> None:
        """See Rasa's; slots are shared with copies, and so replaced instead of changed."""
        if key in self.slots:
            self.slots[key] = clone(self.slots[key])
        super()._set_slot(key, value)

    def _reset_slots(self) -> None:
        self.slots = {name: clone(slot) for name, slot in self.slots.items()}
        super()._reset_slots()

    def _up_to_date(self, domain: Domain) -> History:
        if self._history is None:
            self._history, self._folded = History(self.slots), 0
        for event in self.last_events(self._folded):
            if not self._history.add(event, domain):
                self._history.fold(self.events, domain)
                break
        self._folded = len(self.events)
        return self._history


def _until(names: Iterator[Optional[str]], last: tuple[str, ...]) -> Iterator[Optional[str]]:
    for name in names:
        if name in last:
            return
        yield name
