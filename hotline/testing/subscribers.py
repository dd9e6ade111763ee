"""A subscriber of the demonstration who is different in one test: what the operator's systems say of a number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import create_engine, delete, insert, select, update
from sqlalchemy.pool import NullPool

from hotline.gateways.schema import payments, subscriber_services, subscribers

COLUMNS = ("name", "gender", "status", "suspended_for")
SINCE = date(2026, 1, 1)


def change(database: str, wanted: Mapping[str, Any]) -> bool:
    """Change the subscriber with this ``phone`` in the database with this URL; False when there is none.

    ``services`` are all that are open, ``payments: none`` takes away all there were.
    """
    phone = wanted["phone"]
    values = {name: wanted[name] for name in COLUMNS if name in wanted}
    with create_engine(database, poolclass=NullPool).begin() as connection:
        if connection.execute(select(subscribers.c.phone).where(subscribers.c.phone == phone)).first() is None:
            return False
        if values:
            connection.execute(update(subscribers).where(subscribers.c.phone == phone).values(values))
        if "services" in wanted:
            connection.execute(delete(subscriber_services).where(subscriber_services.c.phone == phone))
            rows = [{"phone": phone, "service": service, "since": SINCE} for service in wanted["services"]]
            if rows:
                connection.execute(insert(subscriber_services), rows)
        if "payments" in wanted:
            connection.execute(delete(payments).where(payments.c.phone == phone))
    return True
