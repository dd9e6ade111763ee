"""The real embedded database for tests, quick enough that no fake is needed: built once, copied for every test."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from argon2 import PasswordHasher

from hotline.bootstrap import Services, build
from hotline.clock import ZONE, FixedClock
from hotline.gateways.database import Database, open_engine
from hotline.gateways.demo import seed
from hotline.gateways.migrations import upgrade
from hotline.settings import load_settings

# A Wednesday in office hours: no weekend, no holiday, no first or last day of a month.
NOW = datetime(2026, 10, 21, 10, 0, tzinfo=ZONE)

# The cheapest parameters Argon2 takes: a check costs less than a millisecond.
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def demo_database_url(directory: Path, now: datetime = NOW) -> str:
    """URL of a fresh copy of the demo database in ``directory``, dated relative to ``now``."""
    path = directory / "hotline.db"
    shutil.copyfile(_template(now), path)
    return f"sqlite:///{path}"


def demo_database(directory: Path, now: datetime = NOW) -> Database:
    """The same, opened; close it after use."""
    return Database(demo_database_url(directory, now))


@cache
def _template(now: datetime) -> Path:
    path = Path(_session_directory().name) / f"{now.timestamp()}.db"
    url = f"sqlite:///{path}"
    upgrade(url)
    engine = open_engine(url)
    seed(engine, now, CHEAP_HASHER)
    engine.dispose()
    return path


@lru_cache(maxsize=1)
def _session_directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="hotline-tests-")


def demo_services(directory: Path, now: datetime = NOW) -> Services:
    """The services of a deployment on a fresh demo database, with a clock that stands at ``now``; close them after
    use.
    """
    settings = load_settings(database_url=demo_database_url(directory, now), var=directory)
    return build(settings, clock=FixedClock(now))
