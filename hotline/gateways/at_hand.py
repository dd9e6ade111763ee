"""Conversations at hand in a process that serves alone: it need not ask for what it has just kept (docs/adr/0007)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from hotline.ports import Batch, Conversation, ConversationStore

Answers = Sequence[Mapping[str, Any]]

CONVERSATIONS = 500  # a conversation takes some 20 KB


@dataclass
class _Kept:
    """A conversation that began here: all of its messages, itself as it was saved last, and who borrowed it last."""

    messages: set[str] = field(default_factory=set)
    at_hand: Optional[Conversation] = None
    lent: Optional[Conversation] = None
    handoffs: int = 0

    def lend(self) -> Optional[Conversation]:
        self.lent, self.at_hand = self.at_hand, None
        return self.lent

    def expects(self, conversation: Conversation, message: str) -> bool:
        """Whether this is its first turn, or a new one of the last borrower."""
        return message not in self.messages and (self.lent is conversation or not self.messages)


class ConversationsAtHand:
    """A ``ConversationStore`` before another one, for conversations that began while this process was ``alone``.

    A message that was answered before is looked up in the other store, and so is everything after a turn that could not
    be kept, after two that were kept at once, and whenever ``handoffs`` counts one more change of who has a
    conversation, whichever it is: that is not decided here.
    """

    def __init__(self, store: ConversationStore, alone: Callable[[], bool], handoffs: Callable[[], int]) -> None:
        self._store = store
        self._alone = alone
        self._handoffs = handoffs
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def load(self, conversation: str, message: str) -> tuple[Optional[Conversation], Optional[Answers]]:
        """See the port. The conversation is lent: who changes it saves it."""
        if not self._alone():
            self._kept.clear()
        kept, handoffs = self._kept.get(conversation), self._handoffs()
        if kept and kept.at_hand and kept.handoffs == handoffs and message not in kept.messages:
            return kept.lend(), None
        known, answers = await self._store.load(conversation, message)
        if known is None and kept is None and self._alone():
            kept = self._kept[conversation] = _Kept()
            while len(self._kept) > CONVERSATIONS:
                self._kept.popitem(last=False)
        if kept:
            kept.lent, kept.at_hand, kept.handoffs = known, None, handoffs
        return known, answers

    async def save(
        self, conversation: Conversation, message: str, answers: Answers, events: Sequence[Batch] = ()
    ) -> Answers:
        """See the port."""
        kept = self._kept.get(conversation.id)
        if kept and not kept.expects(conversation, message):
            del self._kept[conversation.id]
        try:
            said = await self._store.save(conversation, message, answers, events)
        except BaseException:
            self._kept.pop(conversation.id, None)  # nobody knows whether it was kept
            raise
        known = self._kept.pop(conversation.id, None)
        if known and known is kept and known.expects(conversation, message):
            known.messages.add(message)
            conversation.length = None  # it has grown since
            known.lent, known.at_hand = None, conversation
            self._kept[conversation.id] = known
        return said

    async def append(self, conversation: str, message: str, answers: Answers) -> Answers:
        """See the port."""
        if kept := self._kept.get(conversation):
            kept.messages.add(message)
        return await self._store.append(conversation, message, answers)

    async def answers_since(self, conversation: str, sequence: int) -> Answers:
        """See the port."""
        return await self._store.answers_since(conversation, sequence)

    async def began(self, conversation: str) -> Optional[datetime]:
        """See the port."""
        return await self._store.began(conversation)
