"""Changes of a subscriber's account in the hotline's own database (``AccountGateway``).

Each change, its receipt and its entry in the audit log are one transaction (ch2: 不得擅自更改客户资料). The reasons for
a refusal are listed in ``hotline/gateways/__init__.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Optional

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.schema import Table

from hotline.clock import month_of
from hotline.errors import NoSuchItemError, OrderRefusedError, UnknownSubscriberError
from hotline.gateways import schema
from hotline.gateways.billing import plan_in_force
from hotline.gateways.codes import take_password
from hotline.gateways.database import Database, upsert
from hotline.masking import mask
from hotline.ports import Clock, Order


class SqlAccountGateway:
    """``AccountGateway`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def execute(self, phone: str, kind: str, item: str, key: str, conversation: str) -> Order:
        """See the port. Raises ``ValueError`` for a kind that is none."""
        change = _change(kind)
        now = self._clock.now()

        def work(connection: Connection) -> Order:
            row = _lock(connection, phone)
            done = _receipt(connection, key)
            if done:
                return done
            effect = change(_Request(connection, row, item, key, now, conversation))
            what = {"key": key, "phone": phone, "kind": kind, "item": item}
            order = insert(schema.orders).values(**what, day=now.date(), effective=effect.effective)
            order_id = connection.execute(order).inserted_primary_key[0]
            entry = {"at": now, "conversation": conversation, "before": effect.before, "after": effect.after}
            connection.execute(insert(schema.audit_log).values(**what, **entry, order_id=order_id))
            return Order(_number(now.date(), order_id), effect.effective)

        return await self._database.write(work)

    async def preview(self, phone: str, kind: str, item: str) -> date:
        """See the port: the change is made and taken back. Raises ``ValueError`` for a kind that is none."""
        change = _change(kind)
        now = self._clock.now()

        def work(connection: Connection) -> date:
            trial = connection.begin_nested()
            try:
                return change(_Request(connection, _lock(connection, phone), item, "", now, "")).effective
            finally:
                trial.rollback()

        return await self._database.write(work)

    async def find(self, key: str) -> Optional[Order]:
        """See the port."""
        return await self._database.read(lambda connection: _receipt(connection, key))


@dataclass(frozen=True)
class _Effect:
    """What a change has done: from when it holds, and the values before and after, as JSON."""

    effective: date
    before: Mapping[str, Optional[str]]
    after: Mapping[str, Optional[str]]


@dataclass(frozen=True)
class _Request:
    """A change that is wanted of one subscriber, whose row is locked until it is done."""

    connection: Connection
    row: Any
    item: str
    key: str
    now: datetime
    conversation: str

    @property
    def today(self) -> date:
        """The day in the clock's zone."""
        return self.now.date()

    def find(self, table: Table) -> Any:
        """The item in a table of the catalogue, or None."""
        return self.connection.execute(select(table).where(table.c.name == self.item)).one_or_none()

    def require(self, table: Table) -> Any:
        """The same; ``NoSuchItemError`` when it is not there."""
        found = self.find(table)
        if found is None:
            raise NoSuchItemError(self.item)
        return found

    def set(self, effective: date, **values: Any) -> _Effect:
        """Change columns of the subscriber's row."""
        table = schema.subscribers
        self.connection.execute(update(table).where(table.c.phone == self.row.phone).values(**values))
        before = {name: getattr(self.row, name) for name in values}
        return _Effect(effective, _plain(before), _plain(values))


def _change_plan(request: _Request) -> _Effect:
    row, today = request.row, request.today
    wanted = request.require(schema.plans)
    if row.status == "suspended":
        raise OrderRefusedError("suspended", suspended_for=row.suspended_for)
    present, since = plan_in_force(row, today)
    if wanted.name == (row.next_plan or present):
        raise OrderRefusedError("already")
    effective = month_of(today, 1)
    fees = schema.plans.c
    fee = request.connection.execute(select(fees.fee).where(fees.name == present)).scalar_one()
    if row.contract_until and row.contract_until >= effective and wanted.fee < fee:
        raise OrderRefusedError("contract", until=row.contract_until)
    return request.set(effective, plan=present, plan_since=since, next_plan=wanted.name, next_plan_since=effective)


def _buy_data_pack(request: _Request) -> _Effect:
    row, today = request.row, request.today
    pack = request.require(schema.packs)
    if row.balance < pack.fee:
        raise OrderRefusedError("balance", balance=row.balance, fee=pack.fee)
    held = {"pack": pack.name, "used": 0, "total": pack.data, "expires": today + timedelta(days=pack.days)}
    request.connection.execute(insert(schema.held_packs).values(phone=row.phone, key=request.key, **held))
    item = {"month": month_of(today), "name": pack.name, "amount": pack.fee}
    request.connection.execute(insert(schema.bill_items).values(phone=row.phone, **item))
    return request.set(today, balance=row.balance - pack.fee)


def _open_service(request: _Request) -> _Effect:
    service = request.require(schema.services)
    if _holds_service(request):
        raise OrderRefusedError("already")
    table = schema.subscriber_services
    request.connection.execute(insert(table).values(phone=request.row.phone, service=service.name, since=request.today))
    return _Effect(request.today, {"service": None}, {"service": service.name})


def _cancel_service(request: _Request) -> _Effect:
    if _holds_service(request):
        table = schema.subscriber_services
        request.connection.execute(
            delete(table).where(table.c.phone == request.row.phone, table.c.service == request.item)
        )
        return _Effect(request.today, {"service": request.item}, {"service": None})
    expires = _pack_expires(request)
    if expires:
        raise OrderRefusedError("pack_running", until=expires)
    present, _ = plan_in_force(request.row, request.today)
    if request.item in (present, request.row.next_plan):
        raise OrderRefusedError("plan_required")
    if any(request.find(table) for table in (schema.services, schema.packs, schema.plans)):
        raise OrderRefusedError("not_open")
    raise NoSuchItemError(request.item)


def _report_lost(request: _Request) -> _Effect:
    if request.row.suspended_for == "lost":
        raise OrderRefusedError("already")
    return request.set(request.today, status="suspended", suspended_for="lost")


def _resume_service(request: _Request) -> _Effect:
    row = request.row
    if row.status != "suspended":
        raise OrderRefusedError("already")
    if row.balance < 0:
        raise OrderRefusedError("arrears", amount=-row.balance)
    if row.suspended_for == "realname":
        raise OrderRefusedError("realname")
    if row.suspended_for == "contract":
        raise OrderRefusedError("contract", until=row.contract_until)
    return request.set(request.today, status="active", suspended_for=None)


def _reset_password(request: _Request) -> _Effect:
    password = take_password(request.connection, request.conversation, request.row.phone, request.now)
    if password is None:
        raise OrderRefusedError("code_required")
    table = schema.service_passwords
    upsert(request.connection, table, {"phone": request.row.phone}, {"hash": password})
    return _Effect(request.today, {}, {})  # neither the old nor the new one is anybody's business


_CHANGES = {
    "change_plan": _change_plan,
    "buy_data_pack": _buy_data_pack,
    "open_service": _open_service,
    "cancel_service": _cancel_service,
    "report_lost": _report_lost,
    "resume_service": _resume_service,
    "reset_password": _reset_password,
}


def _change(kind: str) -> Callable[[_Request], _Effect]:
    if kind not in _CHANGES:
        raise ValueError(f"no such change: {kind}")
    return _CHANGES[kind]


def _lock(connection: Connection, phone: str) -> Any:
    """The subscriber's row, kept from other changes until this transaction ends; a closed number is nobody's."""
    table = schema.subscribers
    query = select(table).where(table.c.phone == phone, table.c.status != "closed").with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownSubscriberError(mask(phone))
    return row


def _receipt(connection: Connection, key: str) -> Optional[Order]:
    table = schema.orders
    row = connection.execute(select(table).where(table.c.key == key)).one_or_none()
    return Order(_number(row.day, row.id), row.effective) if row else None


def _number(day: date, order_id: int) -> str:
    """An order number that can be read out: the day and a running number, fourteen digits."""
    return f"{day:%Y%m%d}{order_id:06d}"


def _holds_service(request: _Request) -> bool:
    table = schema.subscriber_services
    query = select(table.c.service).where(table.c.phone == request.row.phone, table.c.service == request.item)
    return request.connection.execute(query).first() is not None


def _pack_expires(request: _Request) -> Optional[date]:
    table = schema.held_packs
    query = select(table.c.expires).where(
        table.c.phone == request.row.phone, table.c.pack == request.item, table.c.expires >= request.today
    )
    expires: Optional[date] = request.connection.execute(query.order_by(table.c.expires.desc())).scalars().first()
    return expires


def _plain(values: Mapping[str, Any]) -> dict[str, Optional[str]]:
    """Values as JSON strings: dates in ISO form, amounts in yuan."""
    return {name: None if value is None else str(value) for name, value in values.items()}
