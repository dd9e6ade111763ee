"""A subscriber of the demonstration who is different in one test: what the operator's systems say of a number."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

COLUMNS = ("name", "gender", "status", "suspended_for")


def change(database: Path, wanted: Mapping[str, Any]) -> bool:
    """Change the subscriber with this ``phone``; False when there is none.

    ``services`` are all that are open, ``payments: none`` takes away all there were.
    """
    phone = wanted["phone"]
    with closing(sqlite3.connect(database)) as connection, connection:
        if not connection.execute("SELECT 1 FROM subscribers WHERE phone = ?", (phone,)).fetchone():
            return False
        for name in COLUMNS:
            if name in wanted:
                connection.execute(f"UPDATE subscribers SET {name} = ? WHERE phone = ?", (wanted[name], phone))
        if "services" in wanted:
            connection.execute("DELETE FROM subscriber_services WHERE phone = ?", (phone,))
            rows = [(phone, service, "2026-01-01") for service in wanted["services"]]
            connection.executemany("INSERT INTO subscriber_services (phone, service, since) VALUES (?, ?, ?)", rows)
        if "payments" in wanted:
            connection.execute("DELETE FROM payments WHERE phone = ?", (phone,))
    return True
