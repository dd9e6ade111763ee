"""Codes by SMS and new passwords that wait for a yes (``ResetStore``), hashed like the passwords themselves."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Optional

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from hotline.errors import GatewayDataError
from hotline.gateways.database import Database
from hotline.gateways.passwords import HASHER
from hotline.gateways.schema import password_resets

_TABLE = password_resets


class SqlResetStore:
    """``ResetStore`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, hasher: PasswordHasher = HASHER) -> None:
        self._database = database
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="codes")  # hashing takes a core

    async def issue(self, conversation: str, phone: str, code: str, now: datetime, until: datetime) -> None:
        """See the port."""
        row = {"conversation": conversation, "phone": phone, "created": now, "until": until, "tries": 0}
        hashed = await self._in_thread(self._hasher.hash, code)
        query = insert(_TABLE).values(**row, code=hashed, passed=False)
        await self._database.write(lambda connection: connection.execute(query))

    async def issued(self, phone: str, since: datetime) -> int:
        """See the port."""
        query = select(func.count()).where(_TABLE.c.phone == phone, _TABLE.c.created >= since)
        count: int = await self._database.read(lambda connection: connection.execute(query).scalar_one())
        return count

    async def pending(self, conversation: str, phone: str, now: datetime, most_tries: int) -> bool:
        """See the port."""
        row = await self._database.read(lambda connection: _in_force(connection, conversation, phone, now))
        return row is not None and not row.passed and row.tries < most_tries

    async def attempt(
        self, conversation: str, phone: str, code: str, now: datetime, most_tries: int, until: datetime
    ) -> bool:
        """See the port; a hash that is none raises ``GatewayDataError``."""

        def count(connection: Connection) -> Any:
            row = _in_force(connection, conversation, phone, now)
            if row is None:
                return None
            one_more = update(_TABLE).where(_TABLE.c.id == row.id, _TABLE.c.tries < most_tries, ~_TABLE.c.passed)
            counted = connection.execute(one_more.values(tries=_TABLE.c.tries + 1)).rowcount
            return row if counted else None

        row = await self._database.write(count)
        if row is None or not await self._in_thread(self._matches, row.code, code):
            return False
        passed = update(_TABLE).where(_TABLE.c.id == row.id).values(passed=True, until=until)
        await self._database.write(lambda connection: connection.execute(passed))
        return True

    async def passed(self, conversation: str, phone: str, now: datetime) -> bool:
        """See the port."""
        row = await self._database.read(lambda connection: _in_force(connection, conversation, phone, now))
        return row is not None and bool(row.passed)

    async def park(self, conversation: str, phone: str, password: str, now: datetime) -> bool:
        """See the port."""
        hashed = await self._in_thread(self._hasher.hash, password)

        def work(connection: Connection) -> bool:
            row = _in_force(connection, conversation, phone, now)
            if row is None or not row.passed:
                return False
            connection.execute(update(_TABLE).where(_TABLE.c.id == row.id).values(password=hashed))
            return True

        return await self._database.write(work)

    def close(self) -> None:
        """Let go of the thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Any, *values: str) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)

    def _matches(self, hashed: str, code: str) -> bool:
        try:
            return self._hasher.verify(hashed, code)
        except VerificationError:
            return False
        except InvalidHashError as error:
            raise GatewayDataError("the hash of a code is damaged") from error


def take_password(connection: Connection, conversation: str, phone: str, now: datetime) -> Optional[str]:
    """The hash of the password that waits for its yes, used up by this; None when there is none or its time is over."""
    row = _in_force(connection, conversation, phone, now)
    if row is None or not row.passed or row.password is None:
        return None
    connection.execute(update(_TABLE).where(_TABLE.c.id == row.id).values(passed=False, until=now, password=None))
    hashed: str = row.password
    return hashed


def _in_force(connection: Connection, conversation: str, phone: str, now: datetime) -> Any:
    """The latest code of a conversation and number, None when its time is over."""
    query = select(_TABLE).where(_TABLE.c.conversation == conversation, _TABLE.c.phone == phone)
    row = connection.execute(query.order_by(_TABLE.c.id.desc()).limit(1)).one_or_none()
    return row if row is not None and row.until > now else None
