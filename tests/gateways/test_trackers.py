"""What a process that serves alone remembers of the event log, and that it is told when it is not alone."""

from __future__ import annotations

from typing import Any

import pytest

from hotline.clock import FixedClock
from hotline.errors import GatewayDataError
from hotline.gateways import trackers as module
from hotline.gateways.database import Database
from hotline.gateways.trackers import SqlEventLog
from tests.support import NOW


def turn(number: int) -> list[dict[str, Any]]:
    return [{"event": "user", "text": str(number)}, {"event": "bot", "text": str(number)}]


@pytest.fixture
def alone(database: Database) -> SqlEventLog:
    return SqlEventLog(database, FixedClock(NOW), alone=lambda: True)


async def test_what_is_remembered_is_what_the_log_has(alone: SqlEventLog, database: Database) -> None:
    shared = SqlEventLog(database, FixedClock(NOW))
    assert await alone.length("c") == 0
    for number in range(8):
        await alone.append("c", 2 * number, turn(number))
        assert await alone.length("c") == await shared.length("c") == 2 * number + 2
        assert await alone.recent("c", 5) == await shared.recent("c", 5)
        assert await alone.recent("c", 1) == turn(number)


async def test_it_asks_the_database_once(alone: SqlEventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    await alone.append("c", 0, turn(0))
    assert await alone.length("c") == 2

    async def refuse(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(alone._database, "read", refuse)
    assert await alone.length("c") == 2
    assert await alone.recent("c", 5) == turn(0)


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


async def test_the_conversation_heard_of_longest_ago_is_forgotten_first(
    alone: SqlEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONVERSATIONS", 2)
    for name in ("a", "b", "c"):
        assert await alone.length(name) == 0
    assert list(alone._known) == ["b", "c"]
