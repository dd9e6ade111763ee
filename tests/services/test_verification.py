"""Identity by service password: bound to a conversation, for a while; five wrong ones lock a number for the day."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from hotline.clock import ZONE, FixedClock
from hotline.errors import GatewayTimeoutError, GatewayUnavailableError, NotVerifiedError
from hotline.gateways.database import Database
from hotline.gateways.grants import SqlGrantStore
from hotline.gateways.passwords import SqlPasswordStore
from hotline.services.verification import PasswordResult, VerificationService, means_oneself, means_somebody_else
from tests.support import CHEAP_HASHER, NOW, demo_database

WANG, LI, NOBODY = "13800138000", "13900139000", "13312345678"
RIGHT, WRONG = "246810", "000000"
VERIFIED, WRONG_ONE, LOCKED = PasswordResult.VERIFIED, PasswordResult.WRONG, PasswordResult.LOCKED


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = demo_database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def passwords(database: Database) -> Iterator[SqlPasswordStore]:
    passwords = SqlPasswordStore(database, CHEAP_HASHER)
    yield passwords
    passwords.close()


@pytest.fixture
def verification(database: Database, passwords: SqlPasswordStore, clock: FixedClock) -> VerificationService:
    return VerificationService(passwords, SqlGrantStore(database), clock)


async def test_the_right_password_verifies_the_number_in_its_conversation(verification: VerificationService) -> None:
    assert await verification.check_password("a", WANG, RIGHT) is VERIFIED
    await verification.require("a", WANG)
    assert await verification.verified("a", WANG)


async def test_a_verification_holds_neither_elsewhere_nor_for_another_number(verification: VerificationService) -> None:
    await verification.check_password("a", WANG, RIGHT)
    for conversation, phone in (("b", WANG), ("a", LI)):
        assert not await verification.verified(conversation, phone)
        with pytest.raises(NotVerifiedError) as refused:
            await verification.require(conversation, phone)
        assert phone not in str(refused.value)


async def test_a_wrong_password_verifies_nothing(verification: VerificationService) -> None:
    assert await verification.check_password("a", WANG, WRONG) is WRONG_ONE
    assert not await verification.verified("a", WANG)


async def test_an_unknown_number_is_answered_like_a_known_one(verification: VerificationService) -> None:
    results = [await verification.check_password("a", NOBODY, WRONG) for _ in range(6)]
    assert results == [WRONG_ONE] * 4 + [LOCKED] * 2


async def test_a_verification_ends_after_half_an_hour(verification: VerificationService, clock: FixedClock) -> None:
    await verification.check_password("a", WANG, RIGHT)
    clock.advance(timedelta(minutes=29, seconds=59))
    assert await verification.verified("a", WANG)
    clock.advance(timedelta(seconds=1))
    assert not await verification.verified("a", WANG)


async def test_how_long_it_holds_can_be_chosen(
    database: Database, passwords: SqlPasswordStore, clock: FixedClock
) -> None:
    verification = VerificationService(passwords, SqlGrantStore(database), clock, valid_minutes=1)
    await verification.check_password("a", WANG, RIGHT)
    clock.advance(timedelta(minutes=1))
    assert not await verification.verified("a", WANG)


async def test_a_conversation_can_be_forgotten(verification: VerificationService) -> None:
    await verification.check_password("a", WANG, RIGHT)
    await verification.forget("a")
    assert not await verification.verified("a", WANG)


async def test_the_fifth_wrong_password_of_a_day_locks_the_number_in_every_conversation(
    verification: VerificationService,
) -> None:
    results = [await verification.check_password(f"c{n}", WANG, WRONG) for n in range(5)]
    assert results == [WRONG_ONE] * 4 + [LOCKED]
    assert await verification.locked(WANG)
    assert await verification.check_password("new", WANG, RIGHT) is LOCKED
    assert not await verification.verified("new", WANG)


async def test_a_lock_is_that_numbers_alone(verification: VerificationService) -> None:
    for _ in range(5):
        await verification.check_password("a", WANG, WRONG)
    assert not await verification.locked(LI)
    assert await verification.check_password("a", LI, "135791") is VERIFIED


async def test_a_lock_ends_at_midnight_in_china(verification: VerificationService, clock: FixedClock) -> None:
    clock.set(datetime(2026, 10, 21, 23, 59, 59, tzinfo=ZONE))
    for _ in range(5):
        await verification.check_password("a", WANG, WRONG)
    assert await verification.check_password("a", WANG, RIGHT) is LOCKED
    clock.advance(timedelta(seconds=1))
    assert not await verification.locked(WANG)
    assert await verification.check_password("a", WANG, RIGHT) is VERIFIED


async def test_right_passwords_never_lock(verification: VerificationService) -> None:
    assert {await verification.check_password("a", WANG, RIGHT) for _ in range(12)} == {VERIFIED}
    assert not await verification.locked(WANG)


async def test_a_right_password_does_not_wipe_out_the_wrong_ones_before_it(verification: VerificationService) -> None:
    for _ in range(4):
        await verification.check_password("a", WANG, WRONG)
    assert await verification.check_password("a", WANG, RIGHT) is VERIFIED
    assert await verification.check_password("a", WANG, WRONG) is LOCKED


async def test_guesses_at_the_same_moment_are_no_more_than_five(
    verification: VerificationService, passwords: SqlPasswordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = 0
    check = passwords.check

    async def counting(phone: str, password: str) -> bool:
        nonlocal checked
        checked += 1
        return await check(phone, password)

    monkeypatch.setattr(passwords, "check", counting)
    guesses = (verification.check_password(f"c{n}", WANG, f"{n:06d}") for n in range(40))
    results = Counter(await asyncio.gather(*guesses))
    assert checked == 5
    assert results == {WRONG_ONE: 4, LOCKED: 36}
    assert await passwords.wrong_attempts(WANG, date(2026, 10, 21)) == 5


@pytest.mark.parametrize("error", [GatewayTimeoutError, GatewayUnavailableError])
async def test_a_password_that_could_not_be_checked_does_not_count(
    verification: VerificationService,
    passwords: SqlPasswordStore,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    async def broken(phone: str, password: str) -> bool:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "check", broken)
        for _ in range(6):
            with pytest.raises(error):
                await verification.check_password("a", WANG, RIGHT)
    assert await verification.check_password("a", WANG, RIGHT) is VERIFIED


@pytest.mark.parametrize(
    ("text", "somebody", "oneself"),
    [
        ("我妈的流量还有多少", True, False),
        ("帮我老公查一下话费", True, False),
        ("她的套餐是什么", True, False),
        ("我爱人那个号还剩多少钱", True, False),
        ("那我自己的呢", False, True),
        ("查一下我的话费", False, True),
        ("查话费", False, False),
        ("其他套餐有哪些", False, False),
        ("我老公说我打电话打多了", False, False),
        ("他们说我欠费了", False, False),
    ],
)
def test_whose_number_is_meant(text: str, somebody: bool, oneself: bool) -> None:
    assert means_somebody_else(text) is somebody
    assert means_oneself(text) is oneself
