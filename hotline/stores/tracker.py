"""Our tracker store: appends what is new, keeps open conversations at hand, and never loses a turn without a word.

Rasa's own stores read and parse a whole conversation every turn, and behind ``FailSafeTrackerStore`` a database that
fails sends turns to memory. Here a failed write is an error that the door turns into an honest sentence; the tracker at
hand is dropped with it, so that the next turn starts from what is really kept.

What customers and assistant said is masked before it is kept (promise P5). Slots are kept as they are: a number that
was
masked would be asked for again after a restart.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Optional

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from hotline.dialogue.events import events_from
from hotline.dialogue.tracker import HotlineTracker
from hotline.masking import mask_all
from hotline.ports import EventLog

# Conversations kept at hand; one that is dropped is read anew when it goes on. An ordinary tracker takes 0.1 MB, that
# of a long talk about one.
AT_HAND = 500

_SPOKEN = {"user", "bot"}


class HotlineTrackerStore(TrackerStore):
    """Trackers over an ``EventLog``."""

    def __init__(self, log: EventLog, domain: Optional[Domain] = None) -> None:
        super().__init__(domain)
        self._log = log
        self._at_hand: OrderedDict[str, HotlineTracker] = OrderedDict()

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The tracker of a conversation, None when there is none.

        It is lent: who changes it saves it, or it is read anew at the next turn.
        """
        length = await self._log.length(sender_id)
        tracker = self._at_hand.pop(sender_id, None)
        if tracker is None or tracker.kept != length:  # another worker took the turns in between
            if not length:
                return None
            tracker = self._rebuilt(sender_id, await self._log.read(sender_id))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append what is new since the tracker was lent; raises the log's errors."""
        assert isinstance(tracker, HotlineTracker)
        new = [_masked(event) for event in tracker.event_dicts(tracker.kept)]
        if new:
            await self._log.append(tracker.sender_id, tracker.kept, new)
            tracker.kept += len(new)
        self._at_hand[tracker.sender_id] = tracker
        while len(self._at_hand) > AT_HAND:
            self._at_hand.popitem(last=False)

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """A new tracker; it is kept when its first turn is saved."""
        return self.init_tracker(sender_id)

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        return await self._log.conversations()

    def init_tracker(self, sender_id: str) -> HotlineTracker:
        """An empty tracker of ours."""
        return HotlineTracker(sender_id, self.domain.slots).for_domain(self.domain)

    def _rebuilt(self, sender_id: str, events: Sequence[dict[str, Any]]) -> HotlineTracker:
        tracker = self.init_tracker(sender_id)
        for event in events_from(events):
            tracker.update(event)
        tracker.kept = len(events)
        return tracker


def _masked(event: dict[str, Any]) -> dict[str, Any]:
    """The event with what was said masked; a message's id is no personal number, however many digits it has."""
    if event.get("event") not in _SPOKEN:
        return event
    masked: dict[str, Any] = mask_all(event)
    if "message_id" in event:
        masked["message_id"] = event["message_id"]
    return masked
