"""What must have happened outside the talk: rows of the test's own database."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

# Under which names tests speak of tables; a topic that adds a table adds its name here.
TABLES = {
    "sms": "sms_outbox",
    "order": "orders",
    "audit": "audit_log",
    "ticket": "tickets",
    "desk": "handoffs",
    "rating": "ratings",
}


def missing(database: str, kind: str, wanted: Any) -> str:
    """What is not as wanted, in a sentence with the rows there are; empty when all is well.

    ``wanted`` is ``none``, one mapping of columns to values, or a list of such; a value between slashes is a regular
    expression.
    """
    rows = _rows(database, TABLES[kind])
    if wanted == "none":
        return f"{kind}: none was expected, there is {_shown(rows)}" if rows else ""
    left = list(rows)
    for one in [wanted] if isinstance(wanted, Mapping) else wanted:
        unknown = [name for name in one if rows and name not in rows[0]]
        if unknown:
            return f"{kind}: there is no column {unknown[0]}; there are: {', '.join(rows[0])}"
        match = next((row for row in left if _fits(row, one)), None)
        if match is None:
            return f"{kind}: no row with {dict(one)}; there is {_shown(rows)}"
        left.remove(match)
    return ""


def count(database: str, kind: str) -> int:
    """How many rows there are."""
    return len(_rows(database, TABLES[kind]))


def reasons(database: str) -> set[str]:
    """Why humans were wanted."""
    return {str(row["reason"]) for row in _rows(database, TABLES["desk"])}


def ticket_moves(database: str) -> set[tuple[str, str, str]]:
    """The moves that tickets made: state before, move, state after."""
    return {(row["before"], row["move"], row["after"]) for row in _rows(database, "ticket_history")}


def last_code(database: str) -> str:
    """The six digits in the last short message; empty when there are none."""
    texts = [str(row["text"]) for row in _rows(database, TABLES["sms"])]
    codes = re.findall(r"(?<!\d)\d{6}(?!\d)", texts[-1]) if texts else []
    return codes[-1] if codes else ""


def _fits(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(_equal(row[name], value) for name, value in wanted.items())


def _equal(found: Any, wanted: Any) -> bool:
    plain = str(wanted)
    if len(plain) > 1 and plain[0] == plain[-1] == "/":
        return bool(re.search(plain[1:-1], str(found)))
    return found == wanted or str(found) == plain


def _rows(database: str, table: str) -> list[dict[str, Any]]:
    engine = create_engine(database, future=True, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = connection.execute(text(f'SELECT * FROM "{table}" ORDER BY 1'))  # a name of TABLES
            return [{name: _plain(value) for name, value in row.items()} for row in found.mappings()]
    except (OperationalError, ProgrammingError):
        return []  # a table that this version does not have yet is empty


def _plain(value: Any) -> Any:
    """The value as SQLite has it, where PostgreSQL's driver has read JSON already."""
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def _shown(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "none"
    return "; ".join(", ".join(f"{name}={value}" for name, value in row.items() if value is not None) for row in rows)
