"""What a process that serves alone remembers of the event log, and that it is told when it is not alone."""

from __future__ import annotations

from typing import Any

import pytest

from hotline.clock import FixedClock
from hotline.errors import GatewayDataError
from hotline.gateways import trackers as module
from hotline.gateways.conversations import SqlConversationStore
from hotline.gateways.database import Database
from hotline.gateways.trackers import SqlEventLog
from hotline.ports import Conversation
from tests.support import NOW


def turn(number: int) -> list[dict[str, Any]]:
    return [{"event": "user", "text": str(number)}, {"event": "bot", "text": str(number)}]


@pytest.fixture
def alone(database: Database) -> SqlEventLog:
    return SqlEventLog(database, FixedClock(NOW), alone=lambda: True)


async def test_what_is_remembered_is_what_the_log_has(alone: SqlEventLog, database: Database) -> None:
    shared = SqlEventLog(database, FixedClock(NOW))
    assert await alone.length("c") == 0
    for number in range(3):
        await alone.append("c", 2 * number, turn(number))
        assert await alone.length("c") == await shared.length("c") == 2 * number + 2


async def test_it_asks_the_database_once(alone: SqlEventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    await alone.append("c", 0, turn(0))
    assert await alone.length("c") == 2

    async def refuse(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(alone._database, "read", refuse)
    assert await alone.length("c") == 2


async def test_another_process_is_noticed_at_the_next_turn_and_nothing_is_lost(
    alone: SqlEventLog, database: Database
) -> None:
    await alone.append("c", 0, turn(0))
    assert await alone.length("c") == 2
    await SqlEventLog(database, FixedClock(NOW)).append("c", 2, turn(1))
    with pytest.raises(GatewayDataError):
        await alone.append("c", 2, turn(2))
    assert await alone.length("c") == 4
    assert await alone.read("c") == [*turn(0), *turn(1)]


async def test_a_turn_holds_its_events_and_is_counted_until_it_is_kept_with_its_answers(
    alone: SqlEventLog, database: Database
) -> None:
    shared = SqlEventLog(database, FixedClock(NOW))
    with alone.turn("c") as events:
        await alone.append("c", 0, turn(0))
        await alone.append("c", 2, turn(1))
        assert (await alone.length("c"), await shared.length("c")) == (4, 0)
        await SqlConversationStore(database, FixedClock(NOW)).save(Conversation("c", "web"), "m", [], events)
    assert (await alone.length("c"), await shared.length("c")) == (4, 4)
    assert await shared.read("c") == [*turn(0), *turn(1)]


async def test_a_turn_that_was_told_how_many_events_there_are_does_not_ask(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = SqlEventLog(database, FixedClock(NOW))
    store = SqlConversationStore(database, FixedClock(NOW))
    with shared.turn("c") as events:
        await shared.append("c", 0, turn(0))
        await store.save(Conversation("c", "web"), "m", [], events)
    known, _ = await store.load("c", "m2")
    assert known is not None
    assert known.length == 2
    await SqlEventLog(database, FixedClock(NOW)).append("c", 2, turn(1))  # from here on the database says four
    with shared.turn("c", known.length):
        assert await shared.length("c") == 2
    assert await shared.length("c") == 4


async def test_of_a_turn_that_could_not_be_kept_the_log_knows_nothing(alone: SqlEventLog, database: Database) -> None:
    store = SqlConversationStore(database, FixedClock(NOW))
    await alone.append("c", 0, turn(0))
    with pytest.raises(GatewayDataError), alone.turn("c") as events:
        await alone.append("c", 2, turn(1))
        await SqlEventLog(database, FixedClock(NOW)).append("c", 2, turn(7))  # another process was first
        await store.save(Conversation("c", "web"), "m", [{"text": "您好!"}], events)
    assert await alone.length("c") == 4
    assert await alone.read("c") == [*turn(0), *turn(7)]
    assert await store.load("c", "m") == (None, None), "answers were kept without their turn"


async def test_the_conversation_heard_of_longest_ago_is_forgotten_first(
    alone: SqlEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONVERSATIONS", 2)
    for name in ("a", "b", "c"):
        assert await alone.length(name) == 0
    assert list(alone._lengths) == ["b", "c"]
