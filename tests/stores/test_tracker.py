"""Our tracker store over the real event log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
from rasa.shared.core.slots import TextSlot

from hotline.bootstrap import Services
from hotline.errors import GatewayDataError, GatewayError
from hotline.stores import tracker as module
from hotline.stores.tracker import HotlineTrackerStore
from tests.support import demo_services


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    built = demo_services(tmp_path)
    yield built
    built.close()


def domain() -> Domain:
    slot = TextSlot("phone_number", mappings=[{"type": "custom"}], influence_conversation=False)
    return Domain([], [], [slot], {}, [], {}, {})


@pytest.fixture
def store(services: Services) -> HotlineTrackerStore:
    return HotlineTrackerStore(services.events, domain())


async def turn(store: HotlineTrackerStore, text: str) -> None:
    tracker = await store.get_or_create_tracker("c", append_action_listen=False)
    tracker.update(UserUttered(text))
    tracker.update(SlotSet("phone_number", "13800138000"))
    tracker.update(BotUttered("您的号码13800138000"))
    await store.save(tracker)


async def test_a_conversation_that_is_new_has_no_tracker(store: HotlineTrackerStore) -> None:
    assert await store.retrieve("c") is None


async def test_another_process_goes_on_where_this_one_stopped(services: Services, store: HotlineTrackerStore) -> None:
    await turn(store, "一")
    other = HotlineTrackerStore(services.events, domain())
    await turn(other, "二")
    await turn(store, "三")
    tracker = await HotlineTrackerStore(services.events, domain()).retrieve("c")
    assert tracker is not None
    assert [e.text for e in tracker.events if isinstance(e, UserUttered)] == ["一", "二", "三"]
    assert tracker.get_slot("phone_number") == "13800138000"
    assert list(await store.keys()) == ["c"]


async def test_what_was_said_is_kept_masked_and_slots_as_they_are(
    services: Services, store: HotlineTrackerStore
) -> None:
    await turn(store, "我的号码13800138000密码246810")
    user, slot, bot = await services.events.read("c")
    assert user["text"] == "我的号码138****8000密码******"
    assert bot["text"] == "您的号码138****8000"
    assert slot["value"] == "13800138000"


async def test_only_what_is_new_is_appended(services: Services, store: HotlineTrackerStore) -> None:
    await turn(store, "一")
    tracker = await store.retrieve("c")
    assert tracker is not None
    await store.save(tracker)
    assert await services.events.length("c") == 3


async def test_of_two_processes_that_answer_at_once_one_is_told_so(
    services: Services, store: HotlineTrackerStore
) -> None:
    await turn(store, "一")
    other = HotlineTrackerStore(services.events, domain())
    mine, theirs = await store.retrieve("c"), await other.retrieve("c")
    assert mine is not None and theirs is not None
    mine.update(ActionExecuted("a"))
    theirs.update(ActionExecuted("b"))
    await store.save(mine)
    with pytest.raises(GatewayDataError):
        await other.save(theirs)


async def test_a_write_that_fails_is_an_error_and_the_turn_is_forgotten(
    services: Services, store: HotlineTrackerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await turn(store, "一")

    async def fail(*_: object) -> None:
        raise GatewayError("down")

    with monkeypatch.context() as patch:
        patch.setattr(services.events, "append", fail)
        with pytest.raises(GatewayError):
            await turn(store, "二")
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert [e.text for e in tracker.events if isinstance(e, UserUttered)] == ["一"]


async def test_only_so_many_conversations_stay_at_hand(
    store: HotlineTrackerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_HAND", 2)
    for number in range(4):
        tracker = await store.create_tracker(f"c{number}")
        tracker.update(ActionExecuted("action_listen"))
        await store.save(tracker)
    assert list(store._at_hand) == ["c2", "c3"]
