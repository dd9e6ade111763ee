"""A new service password by SMS code: who cannot read the phone's messages gets nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hotline.clock import FixedClock
from hotline.errors import OrderRefusedError
from hotline.gateways.account import SqlAccountGateway
from hotline.gateways.codes import SqlResetStore
from hotline.gateways.database import Database
from hotline.gateways.passwords import SqlPasswordStore
from hotline.gateways.sms import SqlSmsGateway
from hotline.services.verification_reset import CodeResult, NewPassword, PasswordResetService, is_weak
from tests.support import CHEAP_HASHER, NOW, demo_database

WANG, LI = "13800138000", "13900139000"
CODE, PASSWORD = "804915", "573926"


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
def sms(database: Database, clock: FixedClock) -> SqlSmsGateway:
    return SqlSmsGateway(database, clock)


@pytest.fixture
async def reset(database: Database, sms: SqlSmsGateway, clock: FixedClock) -> AsyncIterator[PasswordResetService]:
    resets = SqlResetStore(database, CHEAP_HASHER)
    yield PasswordResetService(resets, sms, SqlAccountGateway(database, clock), clock, lambda: CODE)
    resets.close()


async def send(reset: PasswordResetService, conversation: str = "a", key: str = "k") -> bool:
    return await reset.send_code(conversation, WANG, lambda code: f"code {code}", key)


async def test_the_code_goes_to_the_phone_and_the_new_password_is_in_force_after_the_yes(
    reset: PasswordResetService, sms: SqlSmsGateway, passwords: SqlPasswordStore
) -> None:
    assert await send(reset)
    assert [(message.phone, message.text) for message in await sms.latest()] == [(WANG, f"code {CODE}")]
    assert await reset.check_code("a", WANG, CODE) is CodeResult.ACCEPTED
    assert await reset.check_new_password("a", WANG, PASSWORD) is NewPassword.ACCEPTED
    assert not await passwords.check(WANG, PASSWORD)
    await reset.change("a", WANG, "yes")
    assert await passwords.check(WANG, PASSWORD)


async def test_asking_again_sends_no_second_message_while_the_code_can_be_entered(
    reset: PasswordResetService, sms: SqlSmsGateway, clock: FixedClock
) -> None:
    await send(reset, key="k1")
    assert await send(reset, key="k2")
    assert len(await sms.latest()) == 1
    clock.advance(timedelta(minutes=10))
    assert await send(reset, key="k3")
    assert len(await sms.latest()) == 2


async def test_the_third_wrong_code_ends_it(reset: PasswordResetService) -> None:
    await send(reset)
    answers = [await reset.check_code("a", WANG, "000000") for _ in range(3)]
    assert answers == [CodeResult.WRONG, CodeResult.WRONG, CodeResult.FAILED]
    assert await reset.check_code("a", WANG, CODE) is CodeResult.FAILED


async def test_a_code_is_good_for_ten_minutes(reset: PasswordResetService, clock: FixedClock) -> None:
    await send(reset)
    clock.advance(timedelta(minutes=10))
    assert await reset.check_code("a", WANG, CODE) is CodeResult.FAILED


@pytest.mark.parametrize(("conversation", "phone"), [("b", WANG), ("a", LI)])
async def test_a_code_is_worth_nothing_elsewhere(reset: PasswordResetService, conversation: str, phone: str) -> None:
    await send(reset)
    assert await reset.check_code(conversation, phone, CODE) is CodeResult.FAILED
    assert not await reset.passed(conversation, phone)


async def test_a_number_gets_five_codes_a_day_from_all_conversations_together(
    reset: PasswordResetService, clock: FixedClock
) -> None:
    sent = [await send(reset, conversation=str(i), key=str(i)) for i in range(6)]
    assert sent == [True] * 5 + [False]
    clock.advance(timedelta(days=1))
    assert await send(reset, conversation="7", key="7")


async def test_no_new_password_without_the_code(reset: PasswordResetService) -> None:
    await send(reset)
    assert await reset.check_new_password("a", WANG, PASSWORD) is NewPassword.FAILED
    with pytest.raises(OrderRefusedError):
        await reset.change("a", WANG, "yes")


async def test_a_weak_password_is_not_kept(reset: PasswordResetService) -> None:
    await send(reset)
    await reset.check_code("a", WANG, CODE)
    assert await reset.check_new_password("a", WANG, "111111") is NewPassword.WEAK
    with pytest.raises(OrderRefusedError):
        await reset.change("a", WANG, "yes")


@pytest.mark.parametrize(
    "password",
    [
        "12345",
        "1234567",
        "12345a",
        "五七三九二六",
        "777777",
        "123456",
        "890123",
        "654321",
        "210987",
        "138001",
        "013800",
    ],
)
def test_weak(password: str) -> None:
    assert is_weak(password, WANG)


@pytest.mark.parametrize("password", ["573926", "112358", "246810", "808080"])
def test_not_weak(password: str) -> None:
    assert not is_weak(password, WANG)


def test_codes_differ_and_have_six_digits(database: Database, sms: SqlSmsGateway, clock: FixedClock) -> None:
    resets = SqlResetStore(database, CHEAP_HASHER)
    service = PasswordResetService(resets, sms, SqlAccountGateway(database, clock), clock)
    codes = {service._make_code() for _ in range(50)}
    resets.close()
    assert len(codes) > 40
    assert all(len(code) == 6 and code.isdigit() for code in codes)
