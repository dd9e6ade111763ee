"""Brings a database to the shape of ``hotline/gateways/schema.py``, step by step, with Alembic.

A new step: change ``schema.py``, write ``versions/NNNN_what.py``, raise ``HEAD``; tests compare all three.
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from hotline.gateways.database import open_engine

# Named here so that a start with nothing to do need not import Alembic and its steps (0.4 s).
HEAD = "0009"

# Any fixed number: processes that start together migrate one after the other.
_LOCK = 1860


def upgrade(url: str) -> None:
    """Bring the database to the newest shape, in one transaction; does nothing when it is there already.

    Raises SQLAlchemy's errors as they are: without its database a process cannot start.
    """
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if _version(connection) != HEAD:
                _migrate(connection)
    finally:
        engine.dispose()


def _version(connection: Connection) -> Optional[str]:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: Optional[str] = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
