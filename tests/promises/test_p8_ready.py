"""It never says "ready" when it is not (promise P8): the running product loses a store and gets it back."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.served import Product

WITHIN = 5.0


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    made = Product(tmp_path_factory.mktemp("ready"), lock="database")
    made.start()
    yield made
    made.stop()


def until(product: Product, status: int) -> float:
    """Seconds until /ready has this status."""
    started = time.monotonic()
    while product.status("/ready", timeout=WITHIN) != status:
        assert time.monotonic() - started < 3 * WITHIN, f"/ready never became {status}"
        time.sleep(0.05)
    return time.monotonic() - started


def test_a_database_that_is_gone_is_seen_and_seen_again(own: Product, tmp_path: Path) -> None:
    moved = own.database.with_name("moved.db")
    own.database.rename(moved)
    assert until(own, 503) < WITHIN
    assert own.status("/live") == 200, "alive and not ready are two things"
    moved.rename(own.database)
    assert until(own, 200) < WITHIN


def test_a_database_that_somebody_holds_is_no_ready_database(own: Product) -> None:
    holder = sqlite3.connect(own.database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert until(own, 503) < WITHIN
        started = time.monotonic()
        assert own.status("/live") == 200 and time.monotonic() - started < 1
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert until(own, 200) < WITHIN


def test_a_full_disk_is_seen(own: Product) -> None:
    """No file of the process may grow any more."""
    usual = resource.prlimit(own.pid, resource.RLIMIT_FSIZE)
    log = own.database.with_name("hotline.db-wal")
    resource.prlimit(own.pid, resource.RLIMIT_FSIZE, (log.stat().st_size if log.exists() else 0, usual[1]))
    try:
        assert until(own, 503) < WITHIN
    finally:
        resource.prlimit(own.pid, resource.RLIMIT_FSIZE, usual)
    assert until(own, 200) < WITHIN


def test_a_lock_store_that_fails_is_seen(own: Product) -> None:
    with sqlite3.connect(own.database, timeout=10) as connection:
        connection.execute("ALTER TABLE conversation_locks RENAME TO lost_locks")
    assert until(own, 503) < WITHIN
    with sqlite3.connect(own.database, timeout=10) as connection:
        connection.execute("ALTER TABLE lost_locks RENAME TO conversation_locks")
    assert until(own, 200) < WITHIN


def test_news_that_nobody_delivers_are_seen(own: Product) -> None:
    """The tables that deliveries need are locked away while news grow old: nobody is delivering."""
    insert = (
        "INSERT INTO outbox (at, target, kind, payload, tries, due) "
        "VALUES (datetime('now', '-1 hour'), 'sms', 'ticket.filed', '{\"number\": \"?\"}', 1, ?)"
    )
    late = time.time() - 3600
    deadline = time.monotonic() + 3 * WITHIN
    seen = 200
    while seen != 503 and time.monotonic() < deadline:
        with sqlite3.connect(own.database, timeout=10) as connection:
            # The dispatcher takes it within a second and puts it off; put back, it is overdue at each look.
            connection.execute("DELETE FROM outbox")
            connection.execute(insert, (late,))
        seen = own.status("/ready")
    assert seen == 503
    with sqlite3.connect(own.database, timeout=10) as connection:
        connection.execute("DELETE FROM outbox")
    assert until(own, 200) < WITHIN


def test_the_figures_name_what_happened_and_no_customer(own: Product) -> None:
    text = own.text("/metrics")
    for name in ("hotline_turn_seconds", "hotline_stage_seconds", "hotline_tickets", "hotline_outbox_oldest_seconds"):
        assert name in text
    assert "hotline_database_up 1.0" in text


def test_while_it_starts_it_does_not_say_that_it_is_ready(own: Product) -> None:
    own.kill()
    assert own.status("/ready") == 0 and own.status("/live") == 0
    own.begin()
    said = set()
    while not said or said <= {0, 503}:
        said.add(own.status("/ready"))
        assert own.running, own.log.read_text(errors="replace")[-3000:]
        time.sleep(0.05)
    assert said - {0, 503} == {200}
