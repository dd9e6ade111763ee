"""The hotline's own database: SQLite embedded or PostgreSQL, reached in threads so that it never blocks the event loop.

A transaction is a plain function of a connection. It runs in a small pool of threads, within a time limit, and either
is committed and its result returned, or leaves no trace: a caller who was told "timeout" can rely on it that nothing
is committed later, because whoever is first takes the claim – the thread to commit, or the caller to give up.
"""

from __future__ import annotations

import asyncio
import select
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional, TypeVar

from sqlalchemy import create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import Table

from hotline.errors import GatewayDataError, GatewayTimeoutError, GatewayUnavailableError

T = TypeVar("T")

# Threads of a process, and connections. PostgreSQL's answers are waited for, and four keep it busy. SQLite answers in
# the thread that asks: each more fights for the interpreter with the event loop (four: a sixth more CPU a turn than
# one), and the second is there for the day on which the first hangs.
THREADS, SQLITE_THREADS = 4, 2
# A writer that finds SQLite locked waits this long, less than the time limit, so that it can say why it gave up.
BUSY_MS = 2000


class Database:
    """An engine and the threads its transactions run in; nothing is connected before the first of them.

    ``threads`` takes the place of its own threads, for who knows better (tests). ``changes`` counts, by table, what is
    written in this process, where somebody remembers what was read.
    """

    def __init__(self, url: str, time_limit: float = 3.0, threads: Optional[Executor] = None) -> None:
        self.engine = open_engine(url)
        self._reading = _for_reading(self.engine)
        self._limit = time_limit
        self.changes: Counter[str] = Counter()
        self._threads = threads or ThreadPoolExecutor(threads_for(url), thread_name_prefix="database")

    async def read(self, work: Callable[[Connection], T]) -> T:
        """The result of a function that only reads.

        Raises ``GatewayTimeoutError`` after the time limit (seconds), ``GatewayUnavailableError`` when the database
        refuses or breaks off, ``GatewayDataError`` for anything else that goes wrong in it.
        """
        return await self._run(work, self._reading)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The same for a function that changes something; its transaction is committed before this returns."""
        return await self._run(work, self.engine)

    async def ping(self) -> None:
        """Whether a customer could be served now: migrated, and taking a write. Raises as ``write`` does."""
        path = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        if path and not Path(path).exists():  # an open SQLite file answers on after it was removed
            raise GatewayUnavailableError("the database file is gone")
        # Something must be written: a full disk lets a transaction begin and end as long as it changes nothing.
        touch = text("UPDATE alembic_version SET version_num = version_num")
        await self.write(lambda connection: connection.execute(touch))

    def close(self) -> None:
        """Let go of threads and connections; transactions under way are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()

    async def _run(self, work: Callable[[Connection], T], engine: Engine) -> T:
        claim = threading.Lock()
        loop = asyncio.get_running_loop()
        # A future of our own: asyncio's way to a thread and back (run_in_executor, wait) takes three more.
        outcome: asyncio.Future[T] = loop.create_future()

        def expire(last: bool = False) -> None:
            if outcome.done():
                return
            if last or claim.acquire(blocking=False):
                outcome.set_exception(GatewayTimeoutError(f"the database did not answer within {self._limit} s"))
            else:  # the commit has begun and cannot be called back: its outcome is the only honest answer
                timers.append(loop.call_later(self._limit, expire, True))

        timers = [loop.call_later(self._limit, expire)]
        try:
            self._threads.submit(_carry_out, loop, outcome, engine, work, claim)
            return await outcome
        except asyncio.CancelledError:
            claim.acquire(blocking=False)  # whoever breaks off is told no outcome: let there be none, if there is time
            raise
        # "from None": drivers quote statements and their values, which are personal data, and tracebacks are logged.
        except PoolTimeoutError:
            raise GatewayTimeoutError("no free database connection") from None
        except (OperationalError, InterfaceError) as error:
            raise GatewayUnavailableError(_brief(error)) from None
        except SQLAlchemyError as error:
            raise GatewayDataError(_brief(error)) from None
        except (ValueError, OverflowError):  # what the database cannot store, or a stored value that is none of ours
            raise GatewayDataError("a value that cannot be stored or understood") from None
        finally:
            for timer in timers:
                timer.cancel()


class _AbandonedError(Exception):
    """The caller has given up; rolls the transaction back and is seen by nobody."""


def _carry_out(
    loop: asyncio.AbstractEventLoop,
    outcome: asyncio.Future[T],
    engine: Engine,
    work: Callable[[Connection], T],
    claim: threading.Lock,
) -> None:
    """Run a transaction in this thread and tell the event loop, unless nobody waits any more."""

    def tell(say: Callable[[Any], None], what: object) -> None:
        if not outcome.done():
            say(what)

    with suppress(RuntimeError):  # the loop is closed
        try:
            result = _transact(engine, work, claim)
        except BaseException as error:
            loop.call_soon_threadsafe(tell, outcome.set_exception, error)
        else:
            loop.call_soon_threadsafe(tell, outcome.set_result, result)


def _transact(engine: Engine, work: Callable[[Connection], T], claim: threading.Lock) -> T:
    if claim.locked():
        raise _AbandonedError
    with engine.begin() as connection:
        result = work(connection)
        if not claim.acquire(blocking=False):
            raise _AbandonedError
        return result


def _brief(error: SQLAlchemyError) -> str:
    """What went wrong, without values: SQLite's own words, or the name and code of PostgreSQL's error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        said = str(cause)
    else:
        said = " ".join(filter(None, (type(cause).__name__, getattr(cause, "pgcode", None))))
    missing = said.startswith(("no such table", "UndefinedTable"))
    return f"{said}: run `hotline db upgrade`" if missing else said


def upsert(
    connection: Connection,
    table: Table,
    keys: Mapping[str, Any],
    values: Mapping[str, Any],
    update: Optional[Mapping[str, Any]] = None,
) -> None:
    """Insert a row, or where ``keys`` exist already set ``update`` (by default ``values``; nothing when empty)."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    statement = insert(table).values(**keys, **values)
    change = values if update is None else update
    if change:
        statement = statement.on_conflict_do_update(index_elements=list(keys), set_=dict(change))
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(keys))
    connection.execute(statement)


def threads_for(url: str) -> int:
    """How many threads and connections a process has for a database."""
    return SQLITE_THREADS if make_url(url).get_backend_name() == "sqlite" else THREADS


def open_engine(url: str) -> Engine:
    """An engine with bounded waits everywhere; a SQLite file's directory is made, the file itself at first use."""
    target = make_url(url)
    options: dict[str, Any] = {
        "future": True,
        "hide_parameters": True,  # error texts reach the log, personal data must not
        "poolclass": QueuePool,
        "pool_size": threads_for(url),
        "max_overflow": 0,
        "pool_timeout": BUSY_MS / 1000,
    }
    if target.get_backend_name() == "sqlite":
        if target.database:
            Path(target.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(target, connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000}, **options)
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    connect_args = {
        "connect_timeout": 2,
        # jit: compiling a statement of the reports took PostgreSQL longer than running it.
        "options": f"-c statement_timeout={BUSY_MS} -c lock_timeout={BUSY_MS} "
        f"-c idle_in_transaction_session_timeout={5 * BUSY_MS} -c jit=off",
        "tcp_user_timeout": BUSY_MS,  # a server that vanished without a word
    }
    engine = create_engine(target, connect_args=connect_args, **options)
    event.listen(engine, "checkout", _renew_broken)
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _renew_broken(connection: Any, _record: object, _proxy: object) -> None:
    """A connection that the server has ended is opened anew, and nobody's turn fails for it.

    A connection at rest has nothing to read, unless it is its end. Asking the server instead would cost a question more
    at every transaction, a third of all.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError


def _for_reading(engine: Engine) -> Engine:
    """The engine for functions that only read: without a transaction, whose beginning and end would cost as much again.

    Each statement sees what is committed when it begins; on PostgreSQL it would be so within a transaction, too.
    """
    return engine.execution_options(hotline_write=False)


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("hotline_write", True))


def _configure_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late (before the first write only); ours is in _begin_sqlite.
    connection.isolation_level = None
    pragmas = (
        "journal_mode = WAL",
        # FULL: with NORMAL the last commits may vanish at a power cut, and with them a ticket number that a customer
        # has already been told (promise P1). It costs one fsync a commit.
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_MS}",
    )
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE takes the write lock first and waits for it; a reader that turns writer would fail at once instead.
    if _writes(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_postgres(connection: Connection) -> None:
    # The driver's own switch: SQLAlchemy's isolation level AUTOCOMMIT costs a question to the server each time.
    connection.connection.dbapi_connection.autocommit = not _writes(connection)
