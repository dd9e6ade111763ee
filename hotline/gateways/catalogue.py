"""What the operator sells and where, from the hotline's own database (``Catalogue``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from sqlalchemy import select
from sqlalchemy.schema import Table

from hotline.gateways import schema
from hotline.gateways.database import Database
from hotline.ports import Clock, Hall, Outage, Pack, Plan, Service


class SqlCatalogue:
    """``Catalogue`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def plans(self) -> Sequence[Plan]:
        """See the port."""
        table = schema.plans
        return [Plan(*row) for row in await self._rows(select(table).order_by(table.c.fee, table.c.name))]

    async def packs(self) -> Sequence[Pack]:
        """See the port."""
        table = schema.packs
        return [Pack(*row) for row in await self._rows(select(table).order_by(table.c.fee, table.c.name))]

    async def services(self) -> Sequence[Service]:
        """See the port; dearest first."""
        table = schema.services
        return [Service(*row) for row in await self._rows(select(table).order_by(table.c.fee.desc(), table.c.name))]

    async def halls(self, city: Optional[str] = None, district: Optional[str] = None) -> Sequence[Hall]:
        """See the port."""
        table = schema.halls
        query = select(table).where(*_area(table, city, district)).order_by(table.c.city, table.c.district)
        return [Hall(*row) for row in await self._rows(query)]

    async def outages(self, city: Optional[str], district: Optional[str]) -> Sequence[Outage]:
        """See the port; the one that lasts longest first, times in the clock's zone."""
        table = schema.outages
        now = self._clock.now()
        query = select(table).where(*_area(table, city, district), table.c.since <= now, table.c.until > now)
        return [
            Outage(
                row.city,
                row.district,
                row.since.astimezone(now.tzinfo),
                row.until.astimezone(now.tzinfo),
                row.cause,
            )
            for row in await self._rows(query.order_by(table.c.until.desc()))
        ]

    async def _rows(self, query: Any) -> Sequence[Any]:
        return await self._database.read(lambda connection: list(connection.execute(query)))


def _area(table: Table, city: Optional[str], district: Optional[str]) -> list[Any]:
    return [table.c[name] == value for name, value in (("city", city), ("district", district)) if value]
