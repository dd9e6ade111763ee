"""Statements of every turn: put together once, compiled once, and handed to the driver as they are.

SQLAlchemy looks at an execution from all sides each time, which takes longer than the statement itself takes SQLite,
and PostgreSQL plans again what it planned at the turn before. What is asked once a call or less is better off with
SQLAlchemy as it is.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple, NoReturn, Optional

from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import Executable

Values = Mapping[str, Any]

_PLACE = re.compile(r"%\((\w+)\)s")
_PREPARED = "hotline_prepared"  # in a connection's ``info``, as long as the connection itself
_numbers = count(1)


class Statement:
    """A statement of SQLAlchemy Core with named parameters."""

    def __init__(self, clause: Executable) -> None:
        self._clause = clause
        self._name = f"hotline_{next(_numbers)}"
        self._compiled: dict[str, _Compiled] = {}

    def of(self, values: Values) -> Call:
        """The statement with its parameters."""
        return Call(self, values)

    def compiled(self, dialect: Dialect) -> _Compiled:
        """The statement in the words of one database."""
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = _Compiled(self._name, self._clause, dialect)
        return known


class Call(NamedTuple):
    """A statement and its parameters."""

    statement: Statement
    values: Values


def run(connection: Connection, *calls: Call) -> Sequence[Any]:
    """Run statements one after the other, on PostgreSQL in one message; the rows of the last, as named tuples.

    Within a transaction of ``Database``. Raises what SQLAlchemy raises.
    """
    dialect, raw = connection.dialect, connection.connection
    compiled = [call.statement.compiled(dialect) for call in calls]
    bound = [one.bound(call.values) for one, call in zip(compiled, calls, strict=True)]
    cursor = raw.dbapi_connection.cursor()
    try:
        if dialect.name == "sqlite":
            for one, values in zip(compiled, bound, strict=True):
                cursor.execute(one.text, values)
        else:
            known = raw.info.setdefault(_PREPARED, set())
            for one in compiled:
                if one.name not in known:
                    cursor.execute(one.preparation)
                    known.add(one.name)
            texts = [cursor.mogrify(one.text, values) for one, values in zip(compiled, bound, strict=True)]
            cursor.execute(b";".join(texts))
        last = compiled[-1]
        return [last.row(found) for found in cursor.fetchall()] if last.gives_rows else ()
    except dialect.dbapi.Error as error:
        _reraise(connection, error)


class _Compiled:
    """A statement in the words of one database, and what becomes of its parameters and of its columns.

    PostgreSQL gets it once a connection, by ``preparation``; ``text`` calls it by its name then.
    """

    def __init__(self, name: str, clause: Any, dialect: Dialect) -> None:
        self.name, self.gives_rows = name, bool(clause.is_select)
        compiled = clause.compile(dialect=dialect)
        self.text, self.preparation = str(compiled), ""
        if dialect.name == "sqlite":
            names = list(compiled.positiontup)
        else:
            names = list(dict.fromkeys(_PLACE.findall(self.text)))
            numbers = {name: f"${number}" for number, name in enumerate(names, 1)}
            text = _PLACE.sub(lambda place: numbers[place[1]], self.text).replace("%%", "%")
            self.preparation = f"PREPARE {name} AS {text}"
            self.text = f"EXECUTE {name}" + (f" ({', '.join(['%s'] * len(names))})" if names else "")
        binds = compiled.binds
        self._binders = [(name, _binder(binds[name].type, dialect)) for name in names]
        # What stands in the statement itself, such as its limit.
        self._fixed = {name: binds[name].value for name in names if not binds[name].required}
        columns = list(clause.selected_columns) if self.gives_rows else []
        self._row = namedtuple("Row", [column.name for column in columns])  # type: ignore[misc]
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._readers = [(place, reader) for place, reader in enumerate(readers) if reader]

    def bound(self, values: Values) -> list[Any]:
        """The parameters as the driver takes them."""
        values = {**self._fixed, **values} if self._fixed else values
        return [binder(values[name]) if binder else values[name] for name, binder in self._binders]

    def row(self, found: Sequence[Any]) -> Any:
        """A row as SQLAlchemy would give it."""
        cells = list(found)
        for place, reader in self._readers:
            cells[place] = reader(cells[place])
        return self._row(*cells)


def _binder(kind: Any, dialect: Dialect) -> Optional[Callable[[Any], Any]]:
    return kind.dialect_impl(dialect).bind_processor(dialect)  # type: ignore[no-any-return]


def _reraise(connection: Connection, error: Exception) -> NoReturn:
    """The driver's error as SQLAlchemy's; a connection that is gone is not used again."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if gone:
        connection.invalidate(error)
    raise DBAPIError.instance(
        None, None, error, dialect.dbapi.Error, hide_parameters=True, connection_invalidated=gone, dialect=dialect
    ) from error
