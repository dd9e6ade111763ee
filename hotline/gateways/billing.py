"""Subscribers and their money from the hotline's own database (``BillingGateway``): the embedded demonstration."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Optional, TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from hotline.clock import month_of
from hotline.errors import UnknownSubscriberError
from hotline.gateways.database import Database
from hotline.gateways.schema import bill_items, held_packs, packs, payments, plans, subscriber_services, subscribers
from hotline.gateways.schema import usage as usages
from hotline.masking import mask
from hotline.ports import Bill, BillItem, Clock, DataPackage, Payment, Subscriber, Usage

T = TypeVar("T")

# Asked before every answer and therefore put together once: that takes longer than the asking.
_NUMBER, _MONTH, _TODAY, _PLAN = map(bindparam, ("number", "of_month", "today", "of_plan"))
_SUBSCRIBER = select(subscribers).where(subscribers.c.phone == _NUMBER)
_SERVICES = (
    select(subscriber_services.c.service)
    .where(subscriber_services.c.phone == _NUMBER)
    .order_by(subscriber_services.c.id)
)
_BILL = (
    select(bill_items.c.name, bill_items.c.amount)
    .where(bill_items.c.phone == _NUMBER, bill_items.c.month == _MONTH)
    .order_by(bill_items.c.id)
)
_ALLOWANCE = select(plans.c.data, plans.c.voice).where(plans.c.name == _PLAN)
_USED = select(usages).where(usages.c.phone == _NUMBER, usages.c.month == _MONTH)
_PACKS = (
    select(held_packs.c.pack, packs.c.scope, held_packs.c.used, held_packs.c.total, held_packs.c.expires)
    .join(packs)
    .where(held_packs.c.phone == _NUMBER, held_packs.c.expires >= _TODAY)
    .order_by(held_packs.c.expires, held_packs.c.id)
)

# A plan's own allowance may be used in the whole country.
PLAN_SCOPE = "国内"


def month_end(day: date) -> date:
    """The last day of that day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def plan_in_force(row: Any, today: date) -> tuple[str, date]:
    """Plan and its first day: the ordered one once its day has come, else the present one."""
    if row.next_plan and row.next_plan_since <= today:
        return row.next_plan, row.next_plan_since
    return row.plan, row.plan_since


class SqlBillingGateway:
    """``BillingGateway`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def subscriber(self, phone: str) -> Subscriber:
        """See the port; services in the order in which they were opened."""
        return await self._of(phone, lambda connection, row: _subscriber(connection, row, self._today()))

    async def balance(self, phone: str) -> Decimal:
        """See the port."""
        return await self._of(phone, lambda _, row: Decimal(row.balance))

    async def bill(self, phone: str, month: date) -> Optional[Bill]:
        """See the port; items in the order in which they arose."""
        return await self._of(phone, lambda connection, _: _bill(connection, phone, month_of(month)))

    async def usage(self, phone: str) -> Usage:
        """See the port; the plan's own allowance first, then packs, the first to expire first."""
        return await self._of(phone, lambda connection, row: _usage(connection, row, self._today()))

    async def payments(self, phone: str, limit: int = 5) -> Sequence[Payment]:
        """See the port."""
        return await self._of(phone, lambda connection, _: _payments(connection, phone, limit))

    async def points(self, phone: str) -> int:
        """See the port."""
        return await self._of(phone, lambda _, row: int(row.points))

    async def puk(self, phone: str) -> str:
        """See the port."""
        return await self._of(phone, lambda _, row: str(row.puk))

    def _today(self) -> date:
        return self._clock.now().date()

    async def _of(self, phone: str, question: Callable[[Connection, Any], T]) -> T:
        def work(connection: Connection) -> T:
            row = connection.execute(_SUBSCRIBER, {"number": phone}).one_or_none()
            if row is None:
                raise UnknownSubscriberError(mask(phone))
            return question(connection, row)

        return await self._database.read(work)


def _subscriber(connection: Connection, row: Any, today: date) -> Subscriber:
    plan, since = plan_in_force(row, today)
    to_come = row.next_plan is not None and row.next_plan_since > today
    return Subscriber(
        phone=row.phone,
        name=row.name,
        gender=row.gender,
        status=row.status,
        suspended_for=row.suspended_for,
        plan=plan,
        plan_since=since,
        contract_until=row.contract_until,
        services=tuple(connection.execute(_SERVICES, {"number": row.phone}).scalars()),
        next_plan=row.next_plan if to_come else None,
        next_plan_since=row.next_plan_since if to_come else None,
    )


def _bill(connection: Connection, phone: str, month: date) -> Optional[Bill]:
    rows = connection.execute(_BILL, {"number": phone, "of_month": month}).all()
    return Bill(month, tuple(BillItem(row.name, row.amount) for row in rows)) if rows else None


def _usage(connection: Connection, row: Any, today: date) -> Usage:
    plan, _ = plan_in_force(row, today)
    allowance = connection.execute(_ALLOWANCE, {"of_plan": plan}).one()
    used = connection.execute(_USED, {"number": row.phone, "of_month": month_of(today)}).one_or_none()
    running = connection.execute(_PACKS, {"number": row.phone, "today": today})
    own = DataPackage(plan, PLAN_SCOPE, used.data_used if used else 0, allowance.data, month_end(today))
    return Usage(
        packages=(own, *(DataPackage(*pack) for pack in running)),
        voice_used=used.voice_used if used else 0,
        voice_total=allowance.voice,
    )


def _payments(connection: Connection, phone: str, limit: int) -> Sequence[Payment]:
    rows = connection.execute(
        select(payments.c.day, payments.c.amount, payments.c.method)
        .where(payments.c.phone == phone)
        .order_by(payments.c.day.desc(), payments.c.id.desc())
        .limit(limit)
    )
    return tuple(Payment(*row) for row in rows)
