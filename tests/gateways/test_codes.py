"""Codes by SMS: bound to conversation and number, few tries, a short time; the new password waits, hashed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from hotline.clock import FixedClock
from hotline.errors import GatewayDataError, OrderRefusedError
from hotline.gateways import schema
from hotline.gateways.account import SqlAccountGateway
from hotline.gateways.codes import SqlResetStore
from hotline.gateways.database import Database
from hotline.gateways.passwords import SqlPasswordStore
from tests.support import CHEAP_HASHER, NOW

WANG, LI = "13800138000", "13900139000"
CODE, PASSWORD = "804915", "573926"
UNTIL = NOW + timedelta(minutes=10)


@pytest.fixture
def resets(database: Database) -> Iterator[SqlResetStore]:
    resets = SqlResetStore(database, CHEAP_HASHER)
    yield resets
    resets.close()


async def enter(
    resets: SqlResetStore, code: str, conversation: str = "a", phone: str = WANG, now: datetime = NOW
) -> bool:
    return await resets.attempt(conversation, phone, code, now, 3, UNTIL)


async def passed(resets: SqlResetStore) -> None:
    await resets.issue("a", WANG, CODE, NOW, UNTIL)
    assert await enter(resets, CODE)


async def test_the_right_code_passes_in_its_conversation_and_for_its_number_alone(resets: SqlResetStore) -> None:
    await resets.issue("a", WANG, CODE, NOW, UNTIL)
    assert not await enter(resets, CODE, conversation="b")
    assert not await enter(resets, CODE, phone=LI)
    assert await enter(resets, CODE)
    assert await resets.passed("a", WANG, NOW)
    assert not await resets.passed("b", WANG, NOW)
    assert not await resets.passed("a", LI, NOW)


async def test_a_code_can_be_tried_three_times_even_all_at_once(resets: SqlResetStore) -> None:
    await resets.issue("a", WANG, CODE, NOW, UNTIL)
    assert await resets.pending("a", WANG, NOW, 3)
    assert not any(await asyncio.gather(*(enter(resets, "000000") for _ in range(5))))
    assert not await resets.pending("a", WANG, NOW, 3)
    assert not await enter(resets, CODE)


async def test_a_code_that_was_passed_cannot_be_tried_again(resets: SqlResetStore) -> None:
    await passed(resets)
    assert not await enter(resets, CODE)
    assert not await resets.pending("a", WANG, NOW, 3)


async def test_a_code_and_what_it_opened_end_with_their_time(resets: SqlResetStore) -> None:
    await resets.issue("a", WANG, CODE, NOW, UNTIL)
    assert not await enter(resets, CODE, now=UNTIL)
    await passed(resets)
    assert not await resets.passed("a", WANG, UNTIL)
    assert not await resets.park("a", WANG, PASSWORD, UNTIL)


async def test_a_new_code_takes_the_place_of_the_old_one(resets: SqlResetStore) -> None:
    await resets.issue("a", WANG, CODE, NOW, UNTIL)
    await resets.issue("a", WANG, "112233", NOW, UNTIL)
    assert not await enter(resets, CODE)
    assert await enter(resets, "112233")


async def test_codes_are_counted_for_the_number_in_all_conversations(resets: SqlResetStore) -> None:
    for conversation, phone in (("a", WANG), ("b", WANG), ("c", LI)):
        await resets.issue(conversation, phone, CODE, NOW, UNTIL)
    assert await resets.issued(WANG, NOW - timedelta(hours=1)) == 2
    assert await resets.issued(WANG, NOW + timedelta(hours=1)) == 0


async def test_neither_code_nor_password_is_kept_in_clear(resets: SqlResetStore, database: Database) -> None:
    await passed(resets)
    assert await resets.park("a", WANG, PASSWORD, NOW)
    rows = await database.read(lambda connection: connection.execute(select(schema.password_resets)).all())
    assert CODE not in str(rows)
    assert PASSWORD not in str(rows)


async def test_a_damaged_hash_is_an_error_and_no_wrong_code(resets: SqlResetStore, database: Database) -> None:
    await resets.issue("a", WANG, CODE, NOW, UNTIL)
    await database.write(lambda connection: connection.execute(update(schema.password_resets).values(code="?")))
    with pytest.raises(GatewayDataError):
        await enter(resets, CODE)


async def test_a_new_password_is_in_force_only_after_the_change_was_ordered(
    resets: SqlResetStore, database: Database, clock: FixedClock
) -> None:
    account, passwords = SqlAccountGateway(database, clock), SqlPasswordStore(database, CHEAP_HASHER)
    await passed(resets)
    assert await resets.park("a", WANG, PASSWORD, NOW)
    assert not await passwords.check(WANG, PASSWORD)
    receipt = await account.execute(WANG, "reset_password", "", "k", "a")
    assert await passwords.check(WANG, PASSWORD)
    assert await account.execute(WANG, "reset_password", "", "k", "a") == receipt
    passwords.close()


@pytest.mark.parametrize("conversation", ["a", "b"])
async def test_a_password_is_changed_neither_without_a_new_one_nor_from_another_conversation(
    resets: SqlResetStore, database: Database, clock: FixedClock, conversation: str
) -> None:
    account = SqlAccountGateway(database, clock)
    await passed(resets)
    if conversation != "a":
        await resets.park("a", WANG, PASSWORD, NOW)
    with pytest.raises(OrderRefusedError) as refused:
        await account.execute(WANG, "reset_password", "", "k", conversation)
    assert refused.value.reason == "code_required"


async def test_a_new_password_is_used_once(resets: SqlResetStore, database: Database, clock: FixedClock) -> None:
    account = SqlAccountGateway(database, clock)
    await passed(resets)
    await resets.park("a", WANG, PASSWORD, NOW)
    await account.execute(WANG, "reset_password", "", "k", "a")
    with pytest.raises(OrderRefusedError):
        await account.execute(WANG, "reset_password", "", "another key", "a")
    assert not await resets.passed("a", WANG, NOW)
