"""Fault reports and wishes to be called back: committed before their number is told, and each once."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from hotline.clock import FixedClock
from hotline.gateways import schema
from hotline.gateways.database import Database
from hotline.gateways.reports import SqlCallbackRequests, SqlFaultReports
from hotline.ports import FaultReport

WANG = "13800138000"
REPORT = FaultReport("broadband", WANG, "宽带又断了", "北京朝阳", {"restart": False}, "建国路88号", "明天下午")


async def test_a_report_is_kept_with_all_that_was_said(database: Database, clock: FixedClock) -> None:
    number = await SqlFaultReports(database, clock).file(REPORT, "k1", "c1")
    assert number == "F20261021000001"
    row = (await database.read(lambda connection: connection.execute(select(schema.fault_reports)).all()))[0]
    assert (row.kind, row.phone, row.description, row.area) == ("broadband", WANG, "宽带又断了", "北京朝阳")
    assert (row.findings, row.address, row.visit_time) == ({"restart": False}, "建国路88号", "明天下午")
    assert (row.at, row.conversation) == (clock.now(), "c1")


async def test_a_report_has_one_number_however_often_its_key_is_sent(database: Database, clock: FixedClock) -> None:
    reports = SqlFaultReports(database, clock)
    assert len(set(await asyncio.gather(*(reports.file(REPORT, "k1", "c1") for _ in range(6))))) == 1
    assert await reports.file(REPORT, "k2", "c1") != await reports.file(REPORT, "k1", "c1")


async def test_a_wish_to_be_called_back_is_kept_once(database: Database, clock: FixedClock) -> None:
    callbacks = SqlCallbackRequests(database, clock)
    for _ in range(2):
        await callbacks.file(WANG, "下午三点", "k1", "c1")
    rows = await database.read(lambda connection: connection.execute(select(schema.callback_requests)).all())
    assert [(row.phone, row.wanted, row.conversation) for row in rows] == [(WANG, "下午三点", "c1")]
