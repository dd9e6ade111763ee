"""Facts for the reports, written within the transaction of what they record (``hotline/services/facts.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from hotline.clock import ZONE
from hotline.gateways.schema import facts as table
from hotline.ports import Fact


def record(connection: Connection, facts: Sequence[Fact], conversation: str, channel: str, at: datetime) -> None:
    """Append facts of one conversation, one statement for all; that it began counts once, whoever says it again."""
    if not facts:
        return
    local = at.astimezone(ZONE)
    same = {"day": local.date(), "hour": local.hour, "channel": channel, "conversation": conversation, "at": at}
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    rows = [{"kind": fact.kind, "name": fact.name, "value": fact.value, **same} for fact in facts]
    connection.execute(insert(table).on_conflict_do_nothing(), rows)
