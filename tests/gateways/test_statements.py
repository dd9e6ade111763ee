"""Statements handed to the driver as they are: SQLAlchemy's values, SQLAlchemy's errors, on either database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from hotline.errors import GatewayDataError, GatewayUnavailableError
from hotline.gateways.database import Database
from hotline.gateways.schema import answers, conversations, services
from hotline.gateways.statements import Call, Statement, run

INSERT = Statement(insert(answers))
SERVICES = select(services).where(services.c.fee >= bindparam("fee")).order_by(services.c.name).limit(2)
KEEP = Statement(insert(conversations))
RENAME = Statement(update(conversations).where(conversations.c.id == bindparam("was")).values(channel=bindparam("now")))
COUNT = Statement(select(func.count().label("number")).select_from(conversations))
MOMENT = datetime(2026, 12, 1, 8, 30, tzinfo=timezone.utc)


def conversation(name: str, **changed: Any) -> Call:
    row = {"id": name, "channel": "web", "mode": "bot", "state": {}, "created": MOMENT, "updated": MOMENT}
    return KEEP.of({**row, **changed})


def answer(number: int, text: str) -> Call:
    said = [{"text": text}]
    return INSERT.of({"conversation": "c", "message_id": str(number), "sequence": number, "answers": said})


async def write(database: Database, *calls: Call) -> Sequence[Any]:
    return await database.write(lambda connection: run(connection, *calls))


async def test_rows_are_those_of_sqlalchemy(database: Database) -> None:
    def work(connection: Connection) -> tuple[Sequence[Any], Sequence[Any]]:
        values = {"fee": Decimal("5.00")}
        return run(connection, Statement(SERVICES).of(values)), connection.execute(SERVICES, values).all()

    ours, theirs = await database.read(work)
    assert len(ours) == 2
    assert ours == theirs
    assert [(row.name, row.fee) for row in ours] == [(row.name, row.fee) for row in theirs]


@pytest.mark.parametrize("state", [{}, {"asks": "100%s ' \\ %(x)s ; $1 :y ?", "times": 2, "last": ["好", None]}])
async def test_what_is_written_is_what_is_read(database: Database, state: dict[str, Any]) -> None:
    await write(database, conversation("c", state=state))
    query = select(conversations.c.state, conversations.c.created).where(conversations.c.id == "c")
    assert await database.read(lambda connection: connection.execute(query).one()) == (state, MOMENT)
    assert list(await database.read(lambda connection: run(connection, Statement(query).of({})))) == [(state, MOMENT)]


async def test_several_run_in_order_and_the_last_gives_its_rows(database: Database) -> None:
    rename = RENAME.of({"was": "a", "now": "ivr"})
    (counted,) = await write(database, conversation("a"), conversation("b"), rename, COUNT.of({}))
    assert counted.number == 2
    query = select(conversations.c.channel).order_by(conversations.c.id)
    assert await database.read(lambda connection: connection.execute(query).scalars().all()) == ["ivr", "web"]


async def test_of_several_of_which_one_is_refused_nothing_is_kept(database: Database) -> None:
    await write(database, conversation("c"))
    with pytest.raises(GatewayDataError):
        await write(database, answer(1, "好"), answer(2, "好"), answer(1, "又"))
    assert await database.read(lambda connection: connection.execute(select(answers)).all()) == []
    await write(database, answer(1, "好"))  # a statement that failed can be used again


async def test_errors_are_those_of_sqlalchemy(database: Database) -> None:
    def work(connection: Connection) -> None:
        run(connection, conversation("c"))
        with pytest.raises(IntegrityError):
            run(connection, conversation("c"))

    await database.write(work)


async def test_a_table_that_is_missing_is_said_as_sqlalchemy_says_it(database: Database) -> None:
    missing = Table("nowhere", MetaData(), Column("id", Integer))

    def work(connection: Connection) -> None:
        with pytest.raises((OperationalError, ProgrammingError)):
            run(connection, Statement(select(missing)).of({}))

    await database.read(work)


@pytest.mark.services
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_connection_that_the_server_ends_is_unavailable_once_and_made_anew(database: Database) -> None:
    await write(database, conversation("c"))

    def cut(connection: Connection) -> None:
        run(connection, COUNT.of({}))
        with database.engine.connect() as other:
            other.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            )
        run(connection, COUNT.of({}))

    with pytest.raises(GatewayUnavailableError):
        await database.write(cut)
    (counted,) = await write(database, conversation("d"), COUNT.of({}))
    assert counted.number == 2
