"""Transactions in threads: bounded in time, committed or without a trace, and the right error for what goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import StatementError

from hotline.clock import ZONE
from hotline.errors import (
    GatewayDataError,
    GatewayError,
    GatewayTimeoutError,
    GatewayUnavailableError,
    UnknownSubscriberError,
)
from hotline.gateways import schema
from hotline.gateways.database import Database, open_engine, threads_for
from hotline.gateways.migrations import upgrade
from hotline.testing.demo import DatabaseServer
from scripts.services import Postgres
from tests.support import demo_database, demo_database_url

COUNT = select(func.count()).select_from(schema.demo_seed)


def add_row(connection: Connection) -> None:
    connection.execute(insert(schema.demo_seed).values(month=datetime(2030, 1, 1)))


async def rows(database: Database) -> int:
    count: int = await database.read(lambda connection: connection.execute(COUNT).scalar())
    return count


@pytest.fixture
def impatient(database_url: str) -> Iterator[Database]:
    """A database with a time limit of a quarter of a second."""
    database = Database(database_url, time_limit=0.25)
    yield database
    database.close()


async def test_a_write_is_committed_when_it_returns(database: Database) -> None:
    await database.write(add_row)
    assert await rows(database) == 2


async def test_an_error_in_a_transaction_rolls_it_back_and_comes_out_as_it_is(database: Database) -> None:
    def work(connection: Connection) -> None:
        add_row(connection)
        raise UnknownSubscriberError

    with pytest.raises(UnknownSubscriberError):
        await database.write(work)
    assert await rows(database) == 1


async def test_a_slow_transaction_is_a_timeout_and_is_not_committed_later(impatient: Database) -> None:
    finished = threading.Event()

    def work(connection: Connection) -> None:
        add_row(connection)
        time.sleep(0.6)
        finished.set()

    with pytest.raises(GatewayTimeoutError):
        await impatient.write(work)
    assert await asyncio.to_thread(finished.wait, 2)
    await asyncio.sleep(0.05)
    assert await rows(impatient) == 1


async def test_a_commit_that_has_begun_is_waited_for(impatient: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = impatient.engine.dialect.do_commit

    def slow_commit(connection: Any) -> None:
        time.sleep(0.35)
        commit(connection)

    monkeypatch.setattr(impatient.engine.dialect, "do_commit", slow_commit)
    await impatient.write(add_row)
    assert await rows(impatient) == 2


async def test_a_commit_that_hangs_is_a_timeout_after_all(impatient: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(impatient.engine.dialect, "do_commit", lambda connection: hanging.wait(2))
    with pytest.raises(GatewayTimeoutError):
        await impatient.write(add_row)
    hanging.set()


async def test_transactions_wait_for_a_thread_no_longer_than_the_limit_and_are_then_never_begun(
    impatient: Database,
) -> None:
    begun: list[int] = []

    def work(number: int) -> Callable[[Connection], None]:
        def sleep(_: Connection) -> None:
            begun.append(number)
            time.sleep(0.6)

        return sleep

    outcomes = await asyncio.gather(*(impatient.read(work(n)) for n in range(10)), return_exceptions=True)
    assert all(isinstance(outcome, GatewayTimeoutError) for outcome in outcomes)
    await asyncio.sleep(0.7)
    assert sorted(begun) == list(range(threads_for(str(impatient.engine.url))))


async def test_the_event_loop_runs_on_while_a_transaction_takes_its_time(database: Database) -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - started)

    watcher = asyncio.create_task(watch())
    await database.read(lambda _: time.sleep(0.5))
    watcher.cancel()
    assert longest < 0.25


async def test_the_error_of_a_statement_shows_no_values(database: Database) -> None:
    phone = "1" * 11
    with pytest.raises(GatewayError) as failed:
        await database.read(lambda connection: connection.execute(text("SELECT :phone FROM none"), {"phone": phone}))
    assert phone not in "".join(traceback.format_exception(failed.value))


async def test_a_row_that_breaks_a_rule_of_the_schema_is_a_data_error(database: Database) -> None:
    def twice(connection: Connection) -> None:
        add_row(connection)
        add_row(connection)

    with pytest.raises(GatewayDataError):
        await database.write(twice)


async def test_a_character_that_cannot_be_stored_is_a_data_error(database: Database) -> None:
    query = select(schema.subscribers).where(schema.subscribers.c.phone == "\ud800")
    with pytest.raises(GatewayDataError):
        await database.read(lambda connection: connection.execute(query).all())


async def test_foreign_keys_are_enforced(database: Database) -> None:
    payment = {"phone": "nobody", "day": datetime(2026, 1, 1), "amount": Decimal(1), "method": "x"}
    with pytest.raises(GatewayDataError):
        await database.write(lambda connection: connection.execute(insert(schema.payments).values(payment)))


async def test_a_migrated_database_answers_a_ping(database: Database) -> None:
    await database.ping()


# --- SQLite ---


async def test_a_database_without_tables_does_not_answer_a_ping(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'hotline.db'}")
    (tmp_path / "new" / "hotline.db").touch()
    with pytest.raises(GatewayUnavailableError):
        await database.ping()
    database.close()


async def test_a_removed_file_does_not_answer_a_ping(tmp_path: Path) -> None:
    database = demo_database(tmp_path)
    await database.ping()
    (tmp_path / "hotline.db").unlink()
    with pytest.raises(GatewayUnavailableError):
        await database.ping()
    database.close()


async def test_a_file_that_is_no_database_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "hotline.db").write_bytes(b"no database" * 1000)
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    with pytest.raises(GatewayDataError):
        await database.ping()
    database.close()


async def test_a_database_in_memory_can_be_pinged() -> None:
    database = Database("sqlite://")
    with pytest.raises(GatewayUnavailableError):  # for want of tables, not of a file
        await database.ping()
    database.close()


async def test_a_locked_database_is_unavailable_within_the_limit_and_can_be_read(tmp_path: Path) -> None:
    database = demo_database(tmp_path)
    other = sqlite3.connect(tmp_path / "hotline.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.perf_counter()
    with pytest.raises(GatewayUnavailableError):
        await database.write(add_row)
    assert time.perf_counter() - started < 3
    assert await rows(database) == 1
    other.execute("COMMIT")
    await database.write(add_row)
    other.close()
    database.close()


async def test_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    """As far as SQLite promises: write-ahead log, synchronous FULL (2)."""
    database = demo_database(tmp_path)
    pragmas = await database.read(
        lambda connection: [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        ]
    )
    assert pragmas == ["wal", 2]
    database.close()


def test_opening_makes_the_directory_and_no_file(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path / 'a' / 'b' / 'hotline.db'}").dispose()
    assert list((tmp_path / "a" / "b").iterdir()) == []


async def test_a_pool_without_free_connection_is_a_timeout(tmp_path: Path) -> None:
    database = Database(demo_database_url(tmp_path))
    taken = [database.engine.connect() for _ in range(threads_for(demo_database_url(tmp_path)))]
    with pytest.raises(GatewayTimeoutError):
        await database.read(lambda connection: None)
    for connection in taken:
        connection.close()
    database.close()


# --- types ---


def test_a_fraction_of_a_fen_cannot_be_stored(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'x.db'}")
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection, pytest.raises(StatementError, match="fen"):
        connection.execute(insert(schema.services).values(name="x", fee=Decimal("0.001")))
    engine.dispose()


def test_nothing_stays_nothing() -> None:
    assert schema.Yuan().process_bind_param(None, None) is None
    assert schema.Yuan().process_result_value(None, None) is None
    assert schema.Moment().process_bind_param(None, None) is None
    assert schema.Moment().process_result_value(None, None) is None


def test_a_moment_is_kept_in_utc() -> None:
    moment = datetime(2026, 10, 21, 7, 0, tzinfo=ZONE)
    stored = schema.Moment().process_bind_param(moment, None)
    assert stored == datetime(2026, 10, 20, 23, 0)
    assert schema.Moment().process_result_value(stored, None) == moment.astimezone(timezone.utc)


# --- PostgreSQL ---


@pytest.mark.services
async def test_a_server_that_is_down_is_unavailable() -> None:
    database = Database("postgresql://hotline@127.0.0.1:1/hotline")
    with pytest.raises(GatewayUnavailableError):
        await database.ping()
    database.close()


@pytest.mark.services
async def test_a_lock_that_is_not_released_ends_within_the_limit(postgres: Any) -> None:
    database = Database(postgres.demo())
    holder = open_engine(str(database.engine.url))
    with holder.begin() as connection:
        connection.execute(text("LOCK TABLE demo_seed IN ACCESS EXCLUSIVE MODE"))
        started = time.perf_counter()
        with pytest.raises(GatewayUnavailableError):
            await database.write(add_row)
        assert time.perf_counter() - started < 3
    holder.dispose()
    database.close()


@pytest.mark.services
async def test_after_the_server_was_started_anew_the_next_turns_are_served() -> None:
    with Postgres(durable=False) as server:
        server.start()
        database = Database(DatabaseServer(server.url).demo())
        await asyncio.gather(*(database.ping() for _ in range(8)))
        server.stop()
        with pytest.raises(GatewayUnavailableError):
            await database.ping()
        server.start()
        await asyncio.gather(*(database.ping() for _ in range(8)))
        await asyncio.gather(
            *(database.read(lambda connection: connection.execute(text("SELECT 1"))) for _ in range(8))
        )
        server.kill()
        server.start()
        await asyncio.gather(*(database.ping() for _ in range(8)))
        database.close()


@pytest.mark.services
async def test_a_server_that_hangs_is_a_timeout_and_serves_again_afterwards() -> None:
    with Postgres(durable=False) as server:
        server.start()
        database = Database(DatabaseServer(server.url).demo(), time_limit=0.5)
        await database.ping()
        server.pause()
        started = time.perf_counter()
        with pytest.raises(GatewayTimeoutError):
            await database.ping()
        assert time.perf_counter() - started < 2
        server.resume()
        while True:
            with suppress(GatewayTimeoutError):
                await database.ping()
                break
        database.close()
