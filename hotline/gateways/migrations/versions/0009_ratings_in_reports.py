"""Ratings are counted from an index alone, and the few with a comment are found without reading the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Other indices."""
    op.drop_index(op.f("ix_ratings_at"), table_name="ratings")
    op.create_index(op.f("ix_ratings_at_channel_score"), "ratings", ["at", "channel", "score"], unique=False)
    only = sa.text("comment <> ''")
    op.create_index("ix_ratings_commented", "ratings", ["at"], sqlite_where=only, postgresql_where=only)
