"""People at the desk: log-ins are added, closed and opened again; passwords are kept as hashes alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from hotline.clock import FixedClock
from hotline.errors import MessageRejectedError, NoSuchItemError
from hotline.gateways import schema
from hotline.gateways.database import Database
from hotline.gateways.staff import SqlStaffStore
from hotline.ports import Staff
from hotline.services import people
from tests.support import CHEAP_HASHER

ZHANG = Staff("a1003", "张三", "agent")
PASSWORD = "correct horse battery"


@pytest.fixture
def store(database: Database, clock: FixedClock) -> Iterator[SqlStaffStore]:
    store = SqlStaffStore(database, clock, CHEAP_HASHER)
    yield store
    store.close()


async def test_who_was_added_may_log_in_and_the_password_is_not_kept(database: Database, store: SqlStaffStore) -> None:
    await people.add(store, ZHANG, PASSWORD)
    assert await store.check("a1003", PASSWORD)
    assert not await store.check("a1003", "something else")
    assert await store.find("a1003") == ZHANG
    rows = await database.read(lambda connection: connection.execute(select(schema.staff)).all())
    assert PASSWORD not in str(rows)


async def test_a_closed_login_is_let_in_no_more_and_its_sessions_end(store: SqlStaffStore) -> None:
    await people.add(store, ZHANG, PASSWORD)
    await people.disable(store, "a1003")
    assert not await store.check("a1003", PASSWORD)
    assert await store.find("a1003") is None
    assert "a1003" not in [one.login for one in await store.everybody()]
    with pytest.raises(NoSuchItemError):
        await people.disable(store, "a1003")


async def test_a_new_password_ends_all_sessions_and_opens_a_closed_login(store: SqlStaffStore) -> None:
    await people.add(store, ZHANG, PASSWORD)
    await people.disable(store, "a1003")
    await people.reset(store, "a1003", "another long one")
    found = await store.find("a1003")
    assert found is not None and found.epoch == 2
    assert await store.check("a1003", "another long one") and not await store.check("a1003", PASSWORD)
    with pytest.raises(NoSuchItemError):
        await people.reset(store, "a9999", "another long one")


@pytest.mark.parametrize(
    ("staff", "password", "field"),
    [
        (Staff("Zhang San", "张三", "agent"), PASSWORD, "login"),
        (Staff("a1001", "张三", "agent"), PASSWORD, "login"),
        (Staff("a1003", "张三", "boss"), PASSWORD, "role"),
        (ZHANG, "short", "password"),
        (ZHANG, "a1003a1003", "password"),
        (ZHANG, "a1003-demo", "password"),
    ],
)
async def test_what_cannot_be_a_login_is_refused_by_name(
    store: SqlStaffStore, staff: Staff, password: str, field: str
) -> None:
    with pytest.raises(MessageRejectedError) as caught:
        await people.add(store, staff, password)
    assert caught.value.field == field
