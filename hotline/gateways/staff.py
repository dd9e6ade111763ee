"""People at the desk: log-ins, attempts, presence (``StaffStore``)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from hotline.gateways.database import Database, upsert
from hotline.gateways.outbox import post
from hotline.gateways.passwords import HASHER
from hotline.gateways.schema import staff, staff_attempts, staff_presence
from hotline.ports import Clock, News, Presence, Staff


class SqlStaffStore:
    """``StaffStore`` over the tables of ``schema.py``; passwords are checked beside the event loop."""

    def __init__(self, database: Database, clock: Clock, hasher: PasswordHasher = HASHER) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="staff")
        # Well-formed, of the same cost, and the hash of nothing: what an unknown log-in's password is held against.
        self._nobodys = (
            f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
            "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        )

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False)

    async def find(self, login: str) -> Optional[Staff]:
        """See the port."""
        row = await self._row(login)
        return None if row is None or row.disabled else _staff(row)

    async def everybody(self) -> Sequence[Staff]:
        """See the port."""
        query = select(staff).where(staff.c.disabled.is_(None)).order_by(staff.c.login)
        return await self._database.read(lambda connection: [_staff(row) for row in connection.execute(query)])

    async def check(self, login: str, password: str) -> bool:
        """See the port."""
        row = await self._row(login)
        loop = asyncio.get_running_loop()
        nobody = row is None or row.disabled is not None
        hashed = self._nobodys if nobody else row.hash
        right = await loop.run_in_executor(self._threads, self._verify, hashed, password)
        return right and not nobody

    async def add(self, one: Staff, password: str) -> bool:
        """See the port."""
        row = {"login": one.login, "name": one.name, "role": one.role, "skills": list(one.skills), "epoch": 0}

        def work(connection: Connection) -> bool:
            if connection.execute(select(staff.c.login).where(staff.c.login == one.login)).first():
                return False
            connection.execute(insert(staff).values(**row, hash=self._hasher.hash(password)))
            return True

        return await self._database.write(work)

    async def set_password(self, login: str, password: str) -> bool:
        """See the port."""
        values = {"hash": self._hasher.hash(password), "epoch": staff.c.epoch + 1, "disabled": None}
        change = update(staff).where(staff.c.login == login).values(values)
        return await self._database.write(lambda connection: bool(connection.execute(change).rowcount))

    async def disable(self, login: str) -> bool:
        """See the port."""
        values = {"disabled": self._clock.now(), "epoch": staff.c.epoch + 1}
        change = update(staff).where(staff.c.login == login, staff.c.disabled.is_(None)).values(values)
        return await self._database.write(lambda connection: bool(connection.execute(change).rowcount))

    async def attempt(self, login: str, now: float, most: int, pause: float) -> bool:
        """See the port."""

        def work(connection: Connection) -> bool:
            table = staff_attempts
            upsert(connection, table, {"login": login}, {"count": 0, "since": now}, {})
            row = connection.execute(select(table).where(table.c.login == login).with_for_update()).one()
            # A beginning that is still to come was counted before the clock was set back.
            count, since = (row.count, row.since) if 0 <= now - row.since < pause else (0, now)
            change = update(table).where(table.c.login == login)
            connection.execute(change.values(count=min(count + 1, most + 1), since=since))
            return bool(count < most)

        return await self._database.write(work)

    async def forgive(self, login: str) -> None:
        """See the port."""
        change = delete(staff_attempts).where(staff_attempts.c.login == login)
        await self._database.write(lambda connection: connection.execute(change))

    async def end_sessions(self, login: str) -> None:
        """See the port."""
        change = update(staff).where(staff.c.login == login).values(epoch=staff.c.epoch + 1)
        await self._database.write(lambda connection: connection.execute(change))

    async def see(self, login: str, now: float, status: Optional[str] = None) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            table = staff_presence
            known = connection.execute(select(table).where(table.c.login == login)).one_or_none()
            wanted = status or (known.status if known else "available")
            news = [News("desk", "presence", {"login": login})]
            if known is None:
                upsert(connection, table, {"login": login}, {"status": wanted, "since": now, "seen": now})
                post(connection, news, self._clock.now())
                return
            values: dict[str, Any] = {"seen": max(now, known.seen)}
            if wanted != known.status:
                values.update(status=wanted, since=now)
                post(connection, news, self._clock.now())
            connection.execute(update(table).where(table.c.login == login).values(values))

        await self._database.write(work)

    async def gone(self, login: str) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            connection.execute(delete(staff_presence).where(staff_presence.c.login == login))
            post(connection, [News("desk", "presence", {"login": login})], self._clock.now())

        await self._database.write(work)

    async def presences(self) -> Sequence[Presence]:
        """See the port."""
        query = select(staff_presence).order_by(staff_presence.c.login)

        def work(connection: Connection) -> list[Presence]:
            return [Presence(row.login, row.status, row.since, row.seen) for row in connection.execute(query)]

        return await self._database.read(work)

    async def _row(self, login: str) -> Any:
        query = select(staff).where(staff.c.login == login)
        return await self._database.read(lambda connection: connection.execute(query).one_or_none())

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerificationError:
            return False


def _staff(row: Any) -> Staff:
    return Staff(row.login, row.name, row.role, tuple(row.skills), row.epoch)
