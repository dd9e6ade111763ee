"""Conversations, and answers that are given again word for word when a message is sent again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from hotline.clock import FixedClock
from hotline.errors import GatewayDataError
from hotline.gateways.at_hand import ConversationsAtHand
from hotline.gateways.conversations import SqlConversationStore
from hotline.gateways.database import Database
from hotline.gateways.schema import conversations
from hotline.ports import Conversation, ConversationStore, Mode


@pytest.fixture(params=[False, True], ids=["shared", "alone"])
def store(database: Database, clock: FixedClock, request: pytest.FixtureRequest) -> ConversationStore:
    kept = SqlConversationStore(database, clock)
    return ConversationsAtHand(kept, lambda: True, lambda: 0) if request.param else kept


async def test_a_new_conversation_is_none(store: ConversationStore) -> None:
    assert await store.load("c", "m") == (None, None)


async def test_a_conversation_comes_back_as_it_was_saved(store: ConversationStore) -> None:
    saved = Conversation("c", "web", Mode.CLOSED, {"asked": "月份", "buttons": ["/a", "/b"]})
    await store.save(saved, "m1", [{"text": "您好!"}])
    assert await store.load("c", "m2") == (saved, None)


async def test_whatever_characters_customers_send_are_kept(store: ConversationStore) -> None:
    saved = Conversation("c", "web", state={"text": "\x00 \ud800 𠮷 😀 \u202e"})
    numbered = await store.save(saved, "m1", [{"text": "\x00 \ud800"}])
    assert await store.load("c", "m1") == (saved, numbered)


async def test_a_conversation_began_when_its_first_message_was_kept(
    store: ConversationStore, clock: FixedClock
) -> None:
    first = clock.now()
    await store.save(Conversation("c", "web"), "m1", [])
    clock.advance(timedelta(hours=1))
    await store.save(Conversation("c", "web"), "m2", [])
    assert await store.began("c") == first
    assert await store.began("nobody") is None


async def test_a_stored_mode_that_is_none_of_ours_is_a_data_error(store: ConversationStore, database: Database) -> None:
    await store.save(Conversation("c", "web"), "m1", [])
    await database.write(lambda connection: connection.execute(update(conversations).values(mode="lost")))
    with pytest.raises(GatewayDataError):
        await store.load("c", "m1")


async def test_a_message_that_was_answered_comes_with_its_answers(store: ConversationStore) -> None:
    numbered = await store.save(Conversation("c", "web"), "m1", [{"text": "您好!"}, {"text": "请讲。"}])
    assert numbered == [{"text": "您好!", "sequence": 1}, {"text": "请讲。", "sequence": 2}]
    assert (await store.load("c", "m1"))[1] == numbered
    assert (await store.load("other", "m1"))[1] is None


async def test_a_message_that_needed_no_answer_counts_as_answered(store: ConversationStore) -> None:
    await store.save(Conversation("c", "web"), "m1", [])
    assert (await store.load("c", "m1"))[1] == []


async def test_the_later_state_replaces_the_earlier_one(store: ConversationStore) -> None:
    conversation = Conversation("c", "web", state={"step": 1})
    await store.save(conversation, "m1", [])
    conversation.mode, conversation.state = Mode.CLOSED, {"step": 2}
    await store.save(conversation, "m2", [])
    assert (await store.load("c", "m3"))[0] == conversation


async def test_saving_a_message_again_changes_nothing_and_returns_the_first_answers(
    store: ConversationStore,
) -> None:
    first = await store.save(Conversation("c", "web", state={"step": 1}), "m1", [{"text": "一"}])
    again = await store.save(Conversation("c", "web", state={"step": 9}), "m1", [{"text": "二"}])
    assert again == first
    loaded, _ = await store.load("c", "m2")
    assert loaded is not None and loaded.state == {"step": 1}


async def test_answers_are_numbered_through_the_conversation(store: ConversationStore) -> None:
    conversation = Conversation("c", "web")
    await store.save(conversation, "m1", [{"text": "一"}, {"text": "二"}])
    await store.save(conversation, "m2", [])
    await store.save(conversation, "m3", [{"text": "三"}])
    await store.save(Conversation("d", "web"), "m1", [{"text": "别人的"}])
    assert [answer["text"] for answer in await store.answers_since("c", 0)] == ["一", "二", "三"]
    assert await store.answers_since("c", 1) == [{"text": "二", "sequence": 2}, {"text": "三", "sequence": 3}]
    assert await store.answers_since("c", 3) == []
    assert await store.answers_since("nobody", 0) == []


async def test_messages_saved_at_the_same_moment_share_no_number(store: ConversationStore) -> None:
    saves = (store.save(Conversation("c", "web"), f"m{n}", [{"n": n}, {"n": n}]) for n in range(10))
    numbers = [answer["sequence"] for answers in await asyncio.gather(*saves) for answer in answers]
    assert sorted(numbers) == list(range(1, 21))


async def test_the_same_message_saved_at_the_same_moment_has_one_outcome(store: ConversationStore) -> None:
    outcomes = await asyncio.gather(*(store.save(Conversation("c", "web"), "m", [{"n": n}]) for n in range(10)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert len(await store.answers_since("c", 0)) == 1
