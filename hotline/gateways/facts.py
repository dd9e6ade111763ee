"""Facts for the reports, written within the transaction of what they record (``hotline/services/facts.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from hotline.clock import ZONE
from hotline.gateways.schema import fact_sum_days, fact_sums, handoffs
from hotline.gateways.schema import facts as table
from hotline.gateways.statements import Call, Statement, run
from hotline.ports import Fact
from hotline.services.facts import BEGUN, HANDED_OFF, HANDOFF

_INSERT = Statement(insert(table).values({c.name: bindparam(c.name) for c in table.c if c is not table.c.id}))


def record(
    connection: Connection,
    facts: Sequence[Fact],
    conversation: str,
    channel: str,
    at: datetime,
    also: Sequence[Call] = (),
) -> None:
    """Append facts of one conversation, and with them what else is to be kept; its beginning counts once, whoever says
    it again.
    """
    local = at.astimezone(ZONE)
    same = {"day": local.date(), "hour": local.hour, "channel": channel, "conversation": conversation, "at": at}
    rows = [{"kind": fact.kind, "name": fact.name, "value": fact.value, **same} for fact in facts]
    first = [row for row in rows if row["kind"] == BEGUN]
    if first:
        connection.execute(insert_into(connection, table).on_conflict_do_nothing(), first)
    rest = [row for row in rows if row["kind"] != BEGUN]
    if calls := [*map(_INSERT.of, rest), *also]:
        run(connection, *calls)
    if {fact.kind for fact in facts} & {BEGUN, HANDOFF}:
        _note_handed_off(connection, conversation)


def insert_into(connection: Connection, target: Any) -> Any:
    """An INSERT of this database that can say what to do about rows that are there already."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(target)


def kind_is(kind: str) -> Any:
    """A condition with the kind as a literal: with a parameter no database sees that a partial index can be used."""
    return table.c.kind == literal_column(f"'{kind}'")


def _note_handed_off(connection: Connection, conversation: str) -> None:
    """Once a conversation has both begun and been handed off, whichever was kept first, note it where it began."""
    columns = ("kind", "name", "day", "hour", "channel", "conversation", "at")
    handed = select(handoffs.c.id).where(handoffs.c.conversation == conversation).exists()
    begun = select(literal_column(f"'{HANDED_OFF}'"), *(table.c[name] for name in columns[1:])).where(
        kind_is(BEGUN), table.c.conversation == conversation, handed
    )
    noted = connection.execute(insert_into(connection, table).from_select(columns, begun).on_conflict_do_nothing())
    if noted.rowcount:
        _add_to_sums(connection, conversation)


def _add_to_sums(connection: Connection, conversation: str) -> None:
    """The day on which it began may be added up already."""
    keys = [table.c[column.name] for column in fact_sums.primary_key]
    added_up = select(fact_sum_days.c.day).where(fact_sum_days.c.day == table.c.day).exists()
    late = select(*keys, *map(literal_column, ("1", "0", "0"))).where(
        kind_is(HANDED_OFF), table.c.conversation == conversation, added_up
    )
    statement = insert_into(connection, fact_sums).from_select([column.name for column in fact_sums.c], late)
    one_more = {"number": fact_sums.c.number + 1}
    connection.execute(statement.on_conflict_do_update(index_elements=list(fact_sums.primary_key), set_=one_more))
