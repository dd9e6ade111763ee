"""What must have happened outside the talk: rows of the test's own database."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Under which names tests speak of tables; a topic that adds a table adds its name here.
TABLES = {
    "sms": "sms_outbox",
    "order": "orders",
    "audit": "audit_log",
    "ticket": "tickets",
    "desk": "handoffs",
    "rating": "ratings",
}


def missing(database: Path, kind: str, wanted: Any) -> str:
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


def count(database: Path, kind: str) -> int:
    """How many rows there are."""
    return len(_rows(database, TABLES[kind]))


def reasons(database: Path) -> set[str]:
    """Why humans were wanted."""
    return {str(row["reason"]) for row in _rows(database, TABLES["desk"])}


def ticket_moves(database: Path) -> set[tuple[str, str, str]]:
    """The moves that tickets made: state before, move, state after."""
    return {(row["before"], row["move"], row["after"]) for row in _rows(database, "ticket_history")}


def last_code(database: Path) -> str:
    """The six digits in the last short message; empty when there are none."""
    texts = [str(row["text"]) for row in _rows(database, TABLES["sms"])]
    codes = re.findall(r"(?<!\d)\d{6}(?!\d)", texts[-1]) if texts else []
    return codes[-1] if codes else ""


def _fits(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(_equal(row[name], value) for name, value in wanted.items())


def _equal(found: Any, wanted: Any) -> bool:
    text = str(wanted)
    if len(text) > 1 and text[0] == text[-1] == "/":
        return bool(re.search(text[1:-1], str(found)))
    return found == wanted or str(found) == text


def _rows(database: Path, table: str) -> list[dict[str, Any]]:
    connection = sqlite3.connect(database)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]  # a name of TABLES
    except sqlite3.OperationalError:
        return []  # a table that this version does not have yet is empty
    finally:
        connection.close()


def _shown(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "none"
    return "; ".join(", ".join(f"{name}={value}" for name, value in row.items() if value is not None) for row in rows)
