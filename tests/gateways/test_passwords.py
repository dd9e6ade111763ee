"""Service passwords are kept hashed; wrong ones are counted a number and day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import date
from statistics import median

import pytest
from sqlalchemy import select, update

from hotline.errors import GatewayDataError
from hotline.gateways.database import Database
from hotline.gateways.passwords import SqlPasswordStore
from hotline.gateways.schema import service_passwords
from tests.support import CHEAP_HASHER

WANG, NOBODY = "13800138000", "13312345678"
TODAY, TOMORROW = date(2026, 10, 21), date(2026, 10, 22)


@pytest.fixture
def passwords(database: Database) -> Iterator[SqlPasswordStore]:
    store = SqlPasswordStore(database, CHEAP_HASHER)
    yield store
    store.close()


async def test_the_right_password_is_right_and_another_is_not(passwords: SqlPasswordStore) -> None:
    assert await passwords.check(WANG, "246810")
    assert not await passwords.check(WANG, "246811")
    assert not await passwords.check(WANG, "")


async def test_an_unknown_number_has_no_password(passwords: SqlPasswordStore) -> None:
    assert not await passwords.check(NOBODY, "246810")


async def test_an_unknown_number_takes_as_long_as_a_known_one(database: Database) -> None:
    passwords = SqlPasswordStore(database)
    await passwords.change(WANG, "246810")

    async def seconds(phone: str) -> float:
        started = time.perf_counter()
        await passwords.check(phone, "000000")
        return time.perf_counter() - started

    known, unknown = [], []
    for _ in range(7):
        known.append(await seconds(WANG))
        unknown.append(await seconds(NOBODY))
    passwords.close()
    assert 0.5 < median(unknown) / median(known) < 2


async def test_a_changed_password_replaces_the_old_one(passwords: SqlPasswordStore) -> None:
    await passwords.change(WANG, "975310")
    assert await passwords.check(WANG, "975310")
    assert not await passwords.check(WANG, "246810")


async def test_a_number_without_password_gets_its_first_one(passwords: SqlPasswordStore) -> None:
    await passwords.change(NOBODY, "975310")
    assert await passwords.check(NOBODY, "975310")


async def test_a_password_is_nowhere_in_the_database(passwords: SqlPasswordStore, database: Database) -> None:
    hashes = await database.read(
        lambda connection: connection.execute(select(service_passwords.c.hash)).scalars().all()
    )
    assert len(hashes) == 5
    assert all(one.startswith("$argon2id$") and "246810" not in one for one in hashes)


async def test_a_damaged_hash_is_an_error_of_the_data_not_a_wrong_password(
    passwords: SqlPasswordStore, database: Database
) -> None:
    await database.write(lambda connection: connection.execute(update(service_passwords).values(hash="damaged")))
    with pytest.raises(GatewayDataError):
        await passwords.check(WANG, "246810")


async def test_wrong_attempts_are_counted_a_number_and_day(passwords: SqlPasswordStore) -> None:
    assert await passwords.wrong_attempts(WANG, TODAY) == 0
    assert [await passwords.record_wrong(WANG, TODAY) for _ in range(3)] == [1, 2, 3]
    assert await passwords.record_wrong(NOBODY, TODAY) == 1
    assert await passwords.wrong_attempts(WANG, TODAY) == 3
    assert await passwords.wrong_attempts(WANG, TOMORROW) == 0


async def test_attempts_at_the_same_moment_are_all_counted(passwords: SqlPasswordStore) -> None:
    counts = await asyncio.gather(*(passwords.record_wrong(WANG, TODAY) for _ in range(20)))
    assert sorted(counts) == list(range(1, 21))


async def test_a_forgiven_attempt_is_taken_off_the_count_which_never_falls_below_none(
    passwords: SqlPasswordStore,
) -> None:
    await passwords.forgive_wrong(WANG, TODAY)
    await passwords.record_wrong(WANG, TODAY)
    await passwords.forgive_wrong(WANG, TODAY)
    await passwords.forgive_wrong(WANG, TODAY)
    assert await passwords.wrong_attempts(WANG, TODAY) == 0
