"""What became of a wish to be called back, when a waiting customer's browser was last seen, log-ins that are closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """New columns, empty for what was there before."""
    op.add_column("callback_requests", sa.Column("tries", sa.Integer(), nullable=True))
    op.add_column("callback_requests", sa.Column("done", sa.DateTime(), nullable=True))
    op.add_column("callback_requests", sa.Column("done_by", sa.String(length=50), nullable=True))
    op.add_column("callback_requests", sa.Column("outcome", sa.String(length=20), nullable=True))
    op.add_column("handoffs", sa.Column("seen", sa.Float(), nullable=True))
    op.add_column("staff", sa.Column("disabled", sa.DateTime(), nullable=True))
