"""The first shape: subscribers, catalogue, changes, verification, conversations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """All tables."""
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("updated", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_index(op.f("ix_conversations_updated"), "conversations", ["updated"], unique=False)
    op.create_table(
        "demo_seed",
        sa.Column("month", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_demo_seed")),
    )
    op.create_table(
        "halls",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("city", sa.String(length=50), nullable=False),
        sa.Column("district", sa.String(length=50), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("hours", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_halls")),
    )
    op.create_table(
        "outages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("city", sa.String(length=50), nullable=False),
        sa.Column("district", sa.String(length=50), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    op.create_table(
        "packs",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("fee", sa.Integer(), nullable=False),
        sa.Column("data", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=50), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_packs")),
    )
    op.create_table(
        "password_attempts",
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("phone", "day", name=op.f("pk_password_attempts")),
    )
    op.create_table(
        "plans",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("fee", sa.Integer(), nullable=False),
        sa.Column("data", sa.Integer(), nullable=False),
        sa.Column("voice", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_plans")),
    )
    op.create_table(
        "service_passwords",
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("hash", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_service_passwords")),
    )
    op.create_table(
        "services",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("fee", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_services")),
    )
    op.create_table(
        "sms_outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_sms_outbox_key")),
    )
    op.create_index(op.f("ix_sms_outbox_phone"), "sms_outbox", ["phone"], unique=False)
    op.create_table(
        "verification_grants",
        sa.Column("conversation", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "phone", name=op.f("pk_verification_grants")),
    )
    op.create_table(
        "answers",
        sa.Column("conversation", sa.String(length=100), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversations.id"], name=op.f("fk_answers_conversation")),
        sa.PrimaryKeyConstraint("conversation", "message_id", name=op.f("pk_answers")),
    )
    op.create_index(op.f("ix_answers_conversation_sequence"), "answers", ["conversation", "sequence"], unique=False)
    op.create_table(
        "subscribers",
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("gender", sa.String(length=10), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("suspended_for", sa.String(length=20), nullable=True),
        sa.Column("plan", sa.String(length=100), nullable=False),
        sa.Column("plan_since", sa.Date(), nullable=False),
        sa.Column("next_plan", sa.String(length=100), nullable=True),
        sa.Column("next_plan_since", sa.Date(), nullable=True),
        sa.Column("contract_until", sa.Date(), nullable=True),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("puk", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["next_plan"], ["plans.name"], name=op.f("fk_subscribers_next_plan")),
        sa.ForeignKeyConstraint(["plan"], ["plans.name"], name=op.f("fk_subscribers_plan")),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_subscribers")),
    )
    op.create_table(
        "bill_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["phone"], ["subscribers.phone"], name=op.f("fk_bill_items_phone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_items")),
    )
    op.create_index(op.f("ix_bill_items_phone_month"), "bill_items", ["phone", "month"], unique=False)
    op.create_table(
        "held_packs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("pack", sa.String(length=100), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["pack"], ["packs.name"], name=op.f("fk_held_packs_pack")),
        sa.ForeignKeyConstraint(["phone"], ["subscribers.phone"], name=op.f("fk_held_packs_phone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_packs")),
    )
    op.create_index(op.f("ix_held_packs_phone"), "held_packs", ["phone"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("item", sa.String(length=100), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("effective", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["phone"], ["subscribers.phone"], name=op.f("fk_orders_phone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("key", name=op.f("uq_orders_key")),
    )
    op.create_index(op.f("ix_orders_phone"), "orders", ["phone"], unique=False)
    op.create_table(
        "payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(["phone"], ["subscribers.phone"], name=op.f("fk_payments_phone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_phone"), "payments", ["phone"], unique=False)
    op.create_table(
        "subscriber_services",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("service", sa.String(length=100), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["phone"], ["subscribers.phone"], name=op.f("fk_subscriber_services_phone")),
        sa.ForeignKeyConstraint(["service"], ["services.name"], name=op.f("fk_subscriber_services_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber_services")),
        sa.UniqueConstraint("phone", "service", name=op.f("uq_subscriber_services_phone_service")),
    )
    op.create_table(
        "usage",
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("data_used", sa.Integer(), nullable=False),
        sa.Column("data_total", sa.Integer(), nullable=False),
        sa.Column("voice_used", sa.Integer(), nullable=False),
        sa.Column("voice_total", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["phone"], ["subscribers.phone"], name=op.f("fk_usage_phone")),
        sa.PrimaryKeyConstraint("phone", "month", name=op.f("pk_usage")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("item", sa.String(length=100), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_audit_log_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_conversation"), "audit_log", ["conversation"], unique=False)
    op.create_index(op.f("ix_audit_log_phone"), "audit_log", ["phone"], unique=False)
