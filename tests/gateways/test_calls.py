"""Records of telephone calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline.gateways.calls import SqlCallRecords
from hotline.gateways.database import Database
from hotline.gateways.ratings import SqlRatingStore
from hotline.ports import CallRecord, Rating
from tests.support import NOW

RECORD = CallRecord("c1", "138****8000", "10086", NOW, turns=3, topics=["billing", "complaint"])


@pytest.fixture
def records(database: Database) -> SqlCallRecords:
    return SqlCallRecords(database)


async def test_a_call_that_is_not_known_has_no_record(records: SqlCallRecords) -> None:
    assert await records.find("c1") is None


async def test_a_record_comes_back_as_it_was_kept(records: SqlCallRecords) -> None:
    await records.keep(RECORD)
    assert await records.find("c1") == RECORD


async def test_a_later_record_takes_the_place_of_the_earlier(records: SqlCallRecords) -> None:
    await records.keep(RECORD)
    ended = replace(
        RECORD, ended=NOW, ended_by="caller", outcome="completed", transfer="agent", transfer_result="busy", ticket="T1"
    )
    await records.keep(ended)
    assert await records.find("c1") == ended


async def test_a_record_is_read_with_the_rating_of_its_conversation(
    records: SqlCallRecords, database: Database
) -> None:
    await records.keep(RECORD)
    await SqlRatingStore(database).record(Rating("c1", "ivr", 4, "", NOW))
    found = await records.find("c1")
    assert found is not None
    assert found.rating == 4
