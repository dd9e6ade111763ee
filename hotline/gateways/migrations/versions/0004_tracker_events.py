"""What Rasa remembers of a conversation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "tracker_events",
        sa.Column("conversation", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "position", name=op.f("pk_tracker_events")),
    )
    op.create_index(op.f("ix_tracker_events_created"), "tracker_events", ["created"], unique=False)
