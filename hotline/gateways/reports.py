"""What customers report and ask for, in the hotline's own tables (``FaultReports``, ``CallbackRequests``)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import callback_requests, fault_reports
from hotline.ports import Clock, FaultReport


class SqlFaultReports:
    """``FaultReports`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def file(self, report: FaultReport, key: str, conversation: str) -> str:
        """See the port. The number is F, the day and a running number: F20261021000001."""
        now = self._clock.now()
        values = {**vars(report), "findings": dict(report.findings), "at": now, "conversation": conversation}
        table = fault_reports

        def work(connection: Connection) -> str:
            upsert(connection, table, {"key": key}, values, {})
            row = connection.execute(select(table.c.id, table.c.at).where(table.c.key == key)).one()
            return f"F{row.at.astimezone(now.tzinfo):%Y%m%d}{row.id:06d}"

        return await self._database.write(work)


class SqlCallbackRequests:
    """``CallbackRequests`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def file(self, phone: str, wanted: str, key: str, conversation: str) -> None:
        """See the port."""
        values = {"phone": phone, "wanted": wanted, "at": self._clock.now(), "conversation": conversation}
        await self._database.write(lambda connection: upsert(connection, callback_requests, {"key": key}, values, {}))
