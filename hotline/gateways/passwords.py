"""Service passwords, hashed, and how often a number was given a wrong one (``PasswordStore``)."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from hotline.errors import GatewayDataError
from hotline.gateways.database import Database, upsert
from hotline.gateways.schema import password_attempts, service_passwords

# Six digits can be tried out by whoever has the table, however slow the hash; what guards them is the lock after five.
# 24 MiB and three rounds take about 35 ms of one core: dear for a thief, unnoticed in a turn.
HASHER = PasswordHasher(time_cost=3, memory_cost=24 * 1024, parallelism=1)

# Hashing takes a core each; more threads than this would starve the event loop without being faster.
THREADS = 2


class SqlPasswordStore:
    """``PasswordStore`` over the tables of ``schema.py``."""

    def __init__(self, database: Database, hasher: PasswordHasher = HASHER) -> None:
        self._database = database
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        # Well-formed, of the same cost, and the hash of nothing: what an unknown number's password is held against.
        self._nobodys = (
            f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
            "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        )

    async def check(self, phone: str, password: str) -> bool:
        """See the port; a hash that is none raises ``GatewayDataError``."""
        query = select(service_passwords.c.hash).where(service_passwords.c.phone == phone)
        hashed = await self._database.read(lambda connection: connection.execute(query).scalar())
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._matches, hashed or self._nobodys, password)

    async def change(self, phone: str, password: str) -> None:
        """See the port."""
        loop = asyncio.get_running_loop()
        hashed = await loop.run_in_executor(self._threads, self._hasher.hash, password)
        await self._database.write(
            lambda connection: upsert(connection, service_passwords, {"phone": phone}, {"hash": hashed})
        )

    async def wrong_attempts(self, phone: str, day: date) -> int:
        """See the port."""
        return await self._database.read(lambda connection: _count(connection, phone, day))

    async def record_wrong(self, phone: str, day: date) -> int:
        """See the port."""

        def work(connection: Connection) -> int:
            one_more = {"count": password_attempts.c.count + 1}
            upsert(connection, password_attempts, {"phone": phone, "day": day}, {"count": 1}, one_more)
            return _count(connection, phone, day)

        return await self._database.write(work)

    async def forgive_wrong(self, phone: str, day: date) -> None:
        """See the port."""
        table = password_attempts
        query = update(table).where(table.c.phone == phone, table.c.day == day, table.c.count > 0)
        await self._database.write(lambda connection: connection.execute(query.values(count=table.c.count - 1)))

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerificationError:
            return False
        except InvalidHashError as error:
            raise GatewayDataError("a stored password hash is damaged") from error


def _count(connection: Connection, phone: str, day: date) -> int:
    table = password_attempts
    query = select(table.c.count).where(table.c.phone == phone, table.c.day == day)
    return connection.execute(query).scalar() or 0
