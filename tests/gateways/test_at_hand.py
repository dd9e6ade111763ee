"""A process that serves alone remembers its conversations, and never knows better than the database."""

from __future__ import annotations

from typing import Any

import pytest

from hotline.clock import FixedClock
from hotline.errors import GatewayDataError
from hotline.gateways.at_hand import ConversationsAtHand
from hotline.gateways.conversations import SqlConversationStore
from hotline.gateways.database import Database
from hotline.ports import Batch, Conversation


class Counting(SqlConversationStore):
    """Counts how often it was asked."""

    asked = 0

    async def load(self, conversation: str, message: str) -> Any:
        self.asked += 1
        return await super().load(conversation, message)


@pytest.fixture
def kept(database: Database, clock: FixedClock) -> Counting:
    return Counting(database, clock)


@pytest.fixture
def company() -> list[str]:
    return []


@pytest.fixture
def handoffs() -> list[str]:
    return []


@pytest.fixture
def store(kept: Counting, company: list[str], handoffs: list[str]) -> ConversationsAtHand:
    return ConversationsAtHand(kept, lambda: not company, lambda: len(handoffs))


async def turn(store: Any, message: str, step: int) -> None:
    known, _ = await store.load("c", message)
    conversation = known or Conversation("c", "web")
    conversation.state["step"] = step
    await store.save(conversation, message, [{"text": message}])


async def test_a_conversation_that_began_here_is_asked_for_once(store: ConversationsAtHand, kept: Counting) -> None:
    for step in range(5):
        await turn(store, f"m{step}", step)
    known, answers = await store.load("c", "m5")
    assert known is not None and (known.state, answers, kept.asked) == ({"step": 4}, None, 1)
    assert (await kept.load("c", "m5"))[0] == known


async def test_the_length_of_a_tracker_is_known_for_the_turn_that_read_it_alone(
    store: ConversationsAtHand, handoffs: list[str]
) -> None:
    await turn(store, "m1", 1)
    handoffs.append("begun")
    known, _ = await store.load("c", "m2")
    assert known is not None and known.length == 0
    await store.save(known, "m2", [])
    later, _ = await store.load("c", "m3")
    assert later is known and later.length is None


async def test_a_message_that_comes_again_has_its_answers(store: ConversationsAtHand) -> None:
    for step in range(3):
        await turn(store, f"m{step}", step)
    _, answers = await store.load("c", "m1")
    assert answers == [{"text": "m1", "sequence": 2}]


async def test_what_an_agent_has_said_is_one_of_its_messages(store: ConversationsAtHand) -> None:
    await turn(store, "m", 1)
    await store.append("c", "agent-1", [{"text": "您好"}])
    assert (await store.load("c", "agent-1"))[1] == [{"text": "您好", "sequence": 2}]


async def test_a_conversation_that_began_elsewhere_is_asked_for_every_time(
    store: ConversationsAtHand, kept: Counting
) -> None:
    await turn(kept, "m0", 0)
    for step in range(1, 4):
        await turn(store, f"m{step}", step)
    assert kept.asked == 4


async def test_who_borrows_and_does_not_save_has_changed_nothing(store: ConversationsAtHand) -> None:
    await turn(store, "m1", 1)
    borrowed, _ = await store.load("c", "m2")
    assert borrowed is not None
    borrowed.state["step"] = 9
    known, _ = await store.load("c", "m2")
    assert known is not None and known.state == {"step": 1}


async def test_a_turn_that_was_not_kept_is_not_remembered(store: ConversationsAtHand) -> None:
    await turn(store, "m1", 1)
    known, _ = await store.load("c", "m2")
    assert known is not None
    known.state["step"] = 2
    events = [Batch(0, [{"event": "user"}])]
    await store.save(Conversation("d", "web"), "m1", [], events)
    with pytest.raises(GatewayDataError):  # somebody else's events are there already
        await store.save(known, "m2", [], [Batch(0, [{"event": "a"}]), Batch(0, [{"event": "b"}])])
    known, answers = await store.load("c", "m2")
    assert known is not None and (known.state, answers) == ({"step": 1}, None)


async def test_two_that_work_on_one_conversation_leave_what_the_last_has_kept(
    store: ConversationsAtHand, kept: Counting
) -> None:
    await turn(store, "m1", 1)
    first, _ = await store.load("c", "m2")
    second, _ = await store.load("c", "m3")
    assert first is not None and second is not None
    second.state["step"] = 3
    await store.save(second, "m3", [])
    first.state["step"] = 2
    await store.save(first, "m2", [])
    assert (await store.load("c", "m4"))[0] == (await kept.load("c", "m4"))[0] == first


async def test_who_has_a_conversation_is_asked_anew_after_any_change(
    store: ConversationsAtHand, kept: Counting, handoffs: list[str]
) -> None:
    await turn(store, "m1", 1)
    handoffs.append("one more")
    await turn(store, "m2", 2)
    await turn(store, "m3", 3)
    assert kept.asked == 2
    known, _ = await store.load("c", "m4")
    handoffs.append("one more")
    assert known is not None
    await store.save(known, "m4", [])
    await store.load("c", "m5")
    assert kept.asked == 3


async def test_with_company_nothing_is_remembered(
    store: ConversationsAtHand, kept: Counting, company: list[str]
) -> None:
    await turn(store, "m1", 1)
    company.append("another process")
    await turn(kept, "m2", 2)
    known, _ = await store.load("c", "m3")
    assert known is not None and known.state == {"step": 2}
