"""Migrations bring every database to the shape of schema.py, and are quick when there is nothing to do."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from hotline.gateways import migrations
from hotline.gateways.database import open_engine
from hotline.gateways.migrations import HEAD, upgrade
from hotline.gateways.schema import metadata


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables, on each kind of server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / '100%' / 'hotline.db'}"
    url: str = request.getfixturevalue("postgres").empty()
    return url


def test_the_head_that_is_named_is_the_last_step() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_migrations_and_schema_agree(empty_url: str) -> None:
    upgrade(empty_url)
    engine = open_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_second_upgrade_does_nothing_and_is_quick(empty_url: str) -> None:
    upgrade(empty_url)
    started = time.perf_counter()
    upgrade(empty_url)
    assert time.perf_counter() - started < 0.5


def test_processes_that_start_together_migrate_one_after_the_other(empty_url: str) -> None:
    with ThreadPoolExecutor(2) as threads:
        for outcome in [threads.submit(upgrade, empty_url) for _ in range(2)]:
            outcome.result(timeout=20)


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("alembic.op.create_index", broken)
    with pytest.raises(RuntimeError):
        upgrade(empty_url)
    engine = open_engine(empty_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
