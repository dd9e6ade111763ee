"""What the desk says to a customer: an agent's words, and sentences of domain.yml when something happens to a handoff.

All of it goes on the conversation's own record, in order with what the assistant said, and is told to the customer's
browsers by every process that serves one (``hotline/desk/live.py``).
"""

from __future__ import annotations

from typing import Any

from hotline.answers import Answer
from hotline.channels.transcript import customer_side
from hotline.ports import Clock, ConversationLock, ConversationStore, News, Outbox
from hotline.wording import Words

PATIENCE = 8.0  # seconds until a turn of the assistant that is under way has ended


class Voice:
    """Speaks in a conversation."""

    def __init__(
        self, conversations: ConversationStore, lock: ConversationLock, outbox: Outbox, words: Words, clock: Clock
    ) -> None:
        self._conversations = conversations
        self._lock = lock
        self._outbox = outbox
        self._words = words
        self._clock = clock

    async def agent(self, conversation: str, message_id: str, text: str, number: str) -> list[dict[str, Any]]:
        """An agent's words, once a message id; what is on record."""
        answer = Answer(text=text, metadata={"agent": number}, dressed=self._dress())
        kept = await self._conversations.append(conversation, message_id, [answer.as_dict()])
        await self._tell(conversation, kept)
        return [dict(one) for one in kept]

    async def say(self, conversation: str, message_id: str, response: str, agent: str = "", /, **values: Any) -> None:
        """A response of domain.yml, once a message id; its buttons and its question count from then on.

        ``agent`` is the number of the human who says it, empty where nobody does.
        """
        async with self._lock.hold(conversation, PATIENCE):
            known, said = await self._conversations.load(conversation, message_id)
            if known is None or said is not None:
                return
            answer = self._words.answer(response, known.channel, **values)
            answer.metadata["agent" if agent else "system"] = agent or True
            answer.dressed = self._dress()
            if answer.buttons or answer.metadata.get("asks"):
                known.state.update(asks=answer.metadata.get("asks"), buttons=answer.buttons, last=[answer.as_dict()])
            kept = await self._conversations.save(known, message_id, [answer.as_dict()])
        await self._tell(conversation, kept)

    def _dress(self) -> dict[str, Any]:
        return customer_side([], self._clock.now())

    async def _tell(self, conversation: str, kept: Any) -> None:
        numbers = [one["sequence"] for one in kept]
        news = News("desk", "said", {"conversation": conversation, "first": numbers[0], "last": numbers[-1]})
        await self._outbox.post([news], self._clock.now())
