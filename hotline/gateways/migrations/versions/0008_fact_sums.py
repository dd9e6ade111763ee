"""Days that are over, added up; what was handed off as a fact of the day it began; facts in the order of days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

HANDED_OFF = """
    INSERT INTO facts (kind, name, day, hour, channel, conversation, at)
    SELECT 'handed_off', '', day, hour, channel, conversation, at FROM facts
    WHERE kind = 'begun' AND conversation IN (SELECT conversation FROM handoffs)
"""


def upgrade() -> None:
    """New tables and indices; conversations that were handed off before are noted."""
    op.drop_index(op.f("ix_facts_kind_name_day_hour_channel"), table_name="facts")
    columns = ["kind", "day", "hour", "channel", "name"]
    op.create_index(op.f("ix_facts_kind_day_hour_channel_name"), "facts", columns, unique=False)
    only = sa.text("kind = 'handed_off'")
    op.create_index(
        "uq_facts_handed_off", "facts", ["conversation"], unique=True, sqlite_where=only, postgresql_where=only
    )
    op.execute(HANDED_OFF)
    op.create_table(
        "fact_sums",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("over", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "day", "hour", "channel", "name", name=op.f("pk_fact_sums")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fact_sum_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_fact_sum_days")),
    )
