"""Invented subscribers for development: ``hotline/demo/subscribers.yml`` brought into the database.

The file counts months from today (0 is this month). The first start loads everything. A later start in the same month
changes nothing. A start in another month gives the demo subscribers bills, usage, payments and packs for that
month again, and leaves everything else as customers have changed it: plan, services, balance, status, passwords,
orders. Outages, which the file dates in hours, are renewed at every start. Never used when HOTLINE_ENV=production.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from argon2 import PasswordHasher
from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection, Engine

from hotline.clock import month_of
from hotline.gateways import schema
from hotline.gateways.billing import month_end
from hotline.gateways.passwords import HASHER
from hotline.services.people import demo_password

FILE = Path(__file__).resolve().parent.parent / "demo" / "subscribers.yml"


def seed(engine: Engine, now: datetime, hasher: PasswordHasher = HASHER) -> None:
    """Load the demo data, or renew what belongs to a month that is over; one transaction.

    ``now`` is the clock's moment with zone. The tables must exist (``migrations.upgrade``).
    """
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    today = now.date()
    with engine.begin() as connection:
        seeded = connection.execute(select(schema.demo_seed.c.month)).scalar()
        if seeded is None:
            _load_catalogue(connection, data)
            _load_subscribers(connection, data["subscribers"], today, hasher)
        if seeded != month_of(today):
            _load_month(connection, data["subscribers"], today)
        _load_outages(connection, data["outages"], now)
        if connection.execute(select(schema.staff.c.login)).first() is None:
            _load_staff(connection, data["agents"], hasher)


def _load_catalogue(connection: Connection, data: Mapping[str, Any]) -> None:
    catalogue = data["catalog"]
    _insert(connection, schema.plans, ({**plan, "fee": _yuan(plan["fee"])} for plan in catalogue["plans"]))
    _insert(connection, schema.packs, ({**pack, "fee": _yuan(pack["fee"])} for pack in catalogue["packs"]))
    _insert(connection, schema.services, ({**one, "fee": _yuan(one["fee"])} for one in catalogue["services"]))
    _insert(connection, schema.halls, data["halls"])


def _load_subscribers(
    connection: Connection, subscribers: Iterable[Mapping[str, Any]], today: date, hasher: PasswordHasher
) -> None:
    for one in subscribers:
        until = one.get("contract_until")
        row = {name: one.get(name) for name in ("phone", "name", "gender", "status", "suspended_for", "plan")}
        row.update(
            plan_since=month_of(today, one["plan_since"]),
            contract_until=None if until is None else month_end(month_of(today, until)),
            balance=_yuan(one["balance"]),
            points=one["points"],
            puk=one["puk"],
        )
        phone = {"phone": one["phone"]}
        _insert(connection, schema.subscribers, [row])
        services = ({**phone, "service": name, "since": row["plan_since"]} for name in one["services"])
        _insert(connection, schema.subscriber_services, services)
        _insert(connection, schema.service_passwords, [{**phone, "hash": hasher.hash(one["password"])}])


def _load_staff(connection: Connection, people: Iterable[Mapping[str, Any]], hasher: PasswordHasher) -> None:
    """Who may log in at the desk; the password is the log-in and ``-demo``."""
    rows = (
        {
            "login": one["login"],
            "name": one["name"],
            "role": one["role"],
            "skills": one["skills"],
            "hash": hasher.hash(demo_password(one["login"])),
            "epoch": 0,
        }
        for one in people
    )
    _insert(connection, schema.staff, rows)


def _load_month(connection: Connection, subscribers: Iterable[Mapping[str, Any]], today: date) -> None:
    """Everything that is dated from today; what an earlier start has loaded goes first."""
    connection.execute(delete(schema.demo_seed))
    _insert(connection, schema.demo_seed, [{"month": month_of(today)}])
    for one in subscribers:
        phone = {"phone": one["phone"]}
        for table in (schema.bill_items, schema.usage, schema.payments):
            connection.execute(delete(table).where(table.c.phone == one["phone"]))
        packs = schema.held_packs
        connection.execute(delete(packs).where(packs.c.phone == one["phone"], packs.c.key.is_(None)))
        _insert(connection, schema.bill_items, ({**phone, **item} for item in _bill_items(one["bills"], today)))
        _insert(connection, schema.usage, [{**phone, "month": month_of(today), **one["usage"]}])
        _insert(connection, schema.payments, ({**phone, **_payment(paid, today)} for paid in one["payments"]))
        _insert(connection, packs, ({**phone, **_pack(pack, today)} for pack in one.get("packs", ())))


def _bill_items(bills: Mapping[int, Mapping[str, Any]], today: date) -> Iterable[Mapping[str, Any]]:
    for offset, items in bills.items():
        for name, amount in items.items():
            yield {"month": month_of(today, offset), "name": name, "amount": _yuan(amount)}


def _payment(paid: Mapping[str, Any], today: date) -> Mapping[str, Any]:
    day = month_of(today, paid["month"]) + timedelta(days=paid["day"] - 1)
    # On the first of a month a payment of "the second" has not come yet: it came today.
    return {"day": min(day, today), "amount": _yuan(paid["amount"]), "method": paid["by"]}


def _pack(pack: Mapping[str, Any], today: date) -> Mapping[str, Any]:
    used = pack["total"] - pack["left"]
    return {"pack": pack["name"], "used": used, "total": pack["total"], "expires": month_end(today)}


def _load_outages(connection: Connection, outages: Iterable[Mapping[str, Any]], now: datetime) -> None:
    connection.execute(delete(schema.outages))
    rows = (
        {
            "city": one["city"],
            "district": one["district"],
            "since": now - timedelta(hours=one["since_hours"]),
            "until": now + timedelta(hours=one["until_hours"]),
            "cause": one["cause"],
        }
        for one in outages
    )
    _insert(connection, schema.outages, rows)


def _insert(connection: Connection, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    rows = list(rows)
    if rows:
        connection.execute(insert(table), rows)


def _yuan(amount: Any) -> Decimal:
    return Decimal(str(amount))
