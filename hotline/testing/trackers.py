"""Trackers of tests: kept as they are, not written down and parsed again with every turn."""

from __future__ import annotations

import copy
from typing import Iterable, Optional

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker


class Trackers(TrackerStore):
    """A store in memory. What it hands out is a copy: a turn that breaks off leaves no trace, as in any other store."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self._kept: dict[str, DialogueStateTracker] = {}

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep a tracker as it is now."""
        self._kept[tracker.sender_id] = _copied(tracker)

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """A tracker as it was kept; None when there is none."""
        kept = self._kept.get(sender_id)
        return _copied(kept) if kept else None

    async def keys(self) -> Iterable[str]:
        """The conversations there are."""
        return list(self._kept)

    async def delete(self, sender_id: str) -> None:
        """Rasa's name for ``forget``."""
        self.forget(sender_id)

    def forget(self, sender_id: str) -> None:
        """Throw a tracker away."""
        self._kept.pop(sender_id, None)


def _copied(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """Copies what a turn changes; events themselves never change."""
    twin = copy.copy(tracker)
    twin.events = copy.copy(tracker.events)
    twin.slots = {name: copy.copy(slot) for name, slot in tracker.slots.items()}
    twin.active_loop = copy.copy(tracker.active_loop)
    return twin
