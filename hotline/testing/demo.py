"""The embedded database of the demonstration for tests: built once a process and day, copied for every test."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from argon2 import PasswordHasher

from hotline.clock import ZONE
from hotline.gateways.database import open_engine
from hotline.gateways.demo import seed
from hotline.gateways.migrations import upgrade

# A Wednesday in office hours: no weekend, no holiday, no first or last day of a month.
NOW = datetime(2026, 10, 21, 10, 0, tzinfo=ZONE)

# The cheapest parameters Argon2 takes: a check costs less than a millisecond.
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def demo_database_url(directory: Path, now: datetime = NOW) -> str:
    """URL of a fresh copy of the demo database in ``directory``, dated relative to ``now``."""
    path = directory / "hotline.db"
    shutil.copyfile(_template(now), path)
    return f"sqlite:///{path}"


@cache
def _template(now: datetime) -> Path:
    path = Path(_templates().name) / f"{now.timestamp()}.db"
    url = f"sqlite:///{path}"
    upgrade(url)
    engine = open_engine(url)
    seed(engine, now, CHEAP_HASHER)
    engine.dispose()
    return path


@lru_cache(maxsize=1)
def _templates() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="hotline-tests-")
