"""All tables of the hotline's database; ``migrations`` brings a database to this shape.

Money is kept in fen and moments in UTC, so that both mean the same in SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Optional

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class Yuan(TypeDecorator):
    """``Decimal`` yuan, kept as whole fen: SQLite has no exact decimals."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Optional[Decimal], dialect: Any) -> Optional[int]:
        """Fen for the database; a fraction of a fen is an error."""
        if value is None:
            return None
        fen = value.scaleb(2)
        if fen != fen.to_integral_value():
            raise ValueError(f"{value} yuan is no whole number of fen")
        return int(fen)

    def process_result_value(self, value: Optional[int], dialect: Any) -> Optional[Decimal]:
        """Yuan with two places."""
        return None if value is None else Decimal(value).scaleb(-2)


class Moment(TypeDecorator):
    """A moment with its zone, kept as UTC: SQLite has no zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        """UTC without zone for the database."""
        return None if value is None else value.astimezone(timezone.utc).replace(tzinfo=None)

    def process_result_value(self, value: Optional[datetime], dialect: Any) -> Optional[datetime]:
        """The moment in UTC."""
        return None if value is None else value.replace(tzinfo=timezone.utc)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _phone(**options: Any) -> Column[Any]:
    return Column("phone", String(20), ForeignKey("subscribers.phone"), **options)


# --- subscribers and their money ---

subscribers = Table(
    "subscribers",
    metadata,
    Column("phone", String(20), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("gender", String(10)),
    Column("status", String(20), nullable=False),
    Column("suspended_for", String(20)),
    Column("plan", String(100), ForeignKey("plans.name"), nullable=False),
    Column("plan_since", Date, nullable=False),
    Column("next_plan", String(100), ForeignKey("plans.name")),
    Column("next_plan_since", Date),
    Column("contract_until", Date),
    Column("balance", Yuan, nullable=False),
    Column("points", Integer, nullable=False),
    Column("puk", String(8), nullable=False),
)

subscriber_services = Table(
    "subscriber_services",
    metadata,
    Column("id", Integer, primary_key=True),
    _phone(nullable=False),
    Column("service", String(100), ForeignKey("services.name"), nullable=False),
    Column("since", Date, nullable=False),
    UniqueConstraint("phone", "service"),
)

held_packs = Table(
    "held_packs",
    metadata,
    Column("id", Integer, primary_key=True),
    _phone(nullable=False, index=True),
    Column("pack", String(100), ForeignKey("packs.name"), nullable=False),
    Column("used", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("expires", Date, nullable=False),
    Column("key", String(200)),  # the order's; none for what the demonstration brought
)

bill_items = Table(
    "bill_items",
    metadata,
    Column("id", Integer, primary_key=True),
    _phone(nullable=False),
    Column("month", Date, nullable=False),
    Column("name", String(100), nullable=False),
    Column("amount", Yuan, nullable=False),
    Index(None, "phone", "month"),
)

payments = Table(
    "payments",
    metadata,
    Column("id", Integer, primary_key=True),
    _phone(nullable=False, index=True),
    Column("day", Date, nullable=False),
    Column("amount", Yuan, nullable=False),
    Column("method", String(50), nullable=False),
)

usage = Table(
    "usage",
    metadata,
    _phone(primary_key=True),
    Column("month", Date, primary_key=True),
    Column("data_used", Integer, nullable=False),
    Column("data_total", Integer, nullable=False),
    Column("voice_used", Integer, nullable=False),
    Column("voice_total", Integer, nullable=False),
)

# --- catalogue ---

plans = Table(
    "plans",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("fee", Yuan, nullable=False),
    Column("data", Integer, nullable=False),
    Column("voice", Integer, nullable=False),
)

packs = Table(
    "packs",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("fee", Yuan, nullable=False),
    Column("data", Integer, nullable=False),
    Column("scope", String(50), nullable=False),
    Column("days", Integer, nullable=False),
)

services = Table(
    "services",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("fee", Yuan, nullable=False),
)

halls = Table(
    "halls",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("city", String(50), nullable=False),
    Column("district", String(50), nullable=False),
    Column("address", String(200), nullable=False),
    Column("hours", String(20), nullable=False),
)

outages = Table(
    "outages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("city", String(50), nullable=False),
    Column("district", String(50), nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("cause", String(200), nullable=False),
)

# --- changes ---

orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    _phone(nullable=False, index=True),
    Column("kind", String(30), nullable=False),
    Column("item", String(100), nullable=False),
    Column("day", Date, nullable=False),
    Column("effective", Date, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("order_id", Integer, ForeignKey("orders.id"), nullable=False),
    Column("conversation", String(100), nullable=False, index=True),
    Column("key", String(200), nullable=False),
    Column("phone", String(20), nullable=False, index=True),
    Column("kind", String(30), nullable=False),
    Column("item", String(100), nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
)

# --- verification; numbers that are not ours are counted too, so there is no foreign key ---

service_passwords = Table(
    "service_passwords",
    metadata,
    Column("phone", String(20), primary_key=True),
    Column("hash", String(200), nullable=False),
)

password_attempts = Table(
    "password_attempts",
    metadata,
    Column("phone", String(20), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("count", Integer, nullable=False),
)

verification_grants = Table(
    "verification_grants",
    metadata,
    Column("conversation", String(100), primary_key=True),
    Column("phone", String(20), primary_key=True),
    Column("until", Moment, nullable=False),
)

password_resets = Table(
    "password_resets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", String(100), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("created", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("code", String(200), nullable=False),  # hashed
    Column("tries", Integer, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("password", String(200)),  # hashed; waits for the customer's yes
    Index(None, "phone", "created"),
)

# --- what customers report and ask for; numbers need not be ours, so there is no foreign key ---

callback_requests = Table(
    "callback_requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Column("conversation", String(100), nullable=False, index=True),
    Column("phone", String(20), nullable=False, index=True),
    Column("wanted", String(100), nullable=False),
    Column("tries", Integer),  # how often nobody answered; empty is 0
    Column("done", Moment),
    Column("done_by", String(50)),
    Column("outcome", String(20)),
)

COMMENTED = text("comment <> ''")  # the words of a partial index: a condition in others would not use it

ratings = Table(
    "ratings",
    metadata,
    Column("conversation", String(100), primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("score", Integer, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "at", "channel", "score"),  # holds all that reports count by: no row is fetched
    Index("ix_ratings_commented", "at", sqlite_where=COMMENTED, postgresql_where=COMMENTED),
)

# --- tickets and handoffs ---

tickets = Table(
    "tickets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(20), unique=True),  # made of the id, within the transaction that inserts the row
    Column("key", String(200), nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("category", String(20), nullable=False),
    Column("level", Integer, nullable=False),
    Column("phone", String(20), nullable=False, index=True),
    Column("description", Text, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("surname", String(20), nullable=False),
    Column("title", String(20), nullable=False),
    Column("subscriber", String(20), nullable=False, index=True),
    Column("escalated", Boolean, nullable=False),
    Column("details", JSON, nullable=False),
    Column("conversation", String(100), nullable=False, index=True),
    Column("created", Moment, nullable=False, index=True),
    Column("deadline", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("urged", Integer, nullable=False),
    Column("overdue", Boolean, nullable=False),  # the shift leader was told
    Column("department", String(100), nullable=False),
    Column("answer", Text, nullable=False),
    Index(None, "state", "deadline"),
)

ticket_history = Table(
    "ticket_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", Integer, ForeignKey("tickets.id"), nullable=False, index=True),
    Column("key", String(200), unique=True),
    Column("at", Moment, nullable=False),
    Column("move", String(20), nullable=False),
    Column("actor", String(50), nullable=False),
    Column("before", String(20), nullable=False),
    Column("after", String(20), nullable=False),
    Column("text", Text, nullable=False),
)

# Moments as seconds since the epoch (Float) measure waiting, not business time.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("target", String(20), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", Float, nullable=False),
    Column("delivered", Float),
    Index(None, "target", "delivered", "due"),
)

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", String(100), nullable=False, index=True),
    Column("open_conversation", String(100), unique=True),  # empty when it has ended: one open handoff a conversation
    Column("channel", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(30), nullable=False),
    Column("target", String(20), nullable=False),
    Column("at", Moment, nullable=False),
    Column("requested", Float, nullable=False),
    Column("context", JSON, nullable=False),
    Column("ticket", String(20), nullable=False),
    Column("offered_to", String(50), nullable=False),
    Column("offered", Float),
    Column("agent", String(50), nullable=False),
    Column("claimed", Float),
    Column("transfer_to", String(50), nullable=False),
    Column("unanswered", Float),
    Column("callback_offered", Boolean, nullable=False),
    Column("callback_phone", String(20), nullable=False),
    Column("ended", Float, index=True),
    Column("result", String(50), nullable=False),
    Column("agreed", Text, nullable=False),
    Column("held", Integer, nullable=False),
    Column("seen", Float),
)

handoff_history = Table(
    "handoff_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("handoff_id", Integer, ForeignKey("handoffs.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("move", String(20), nullable=False),
    Column("actor", String(50), nullable=False),
    Column("before", String(20), nullable=False),
    Column("after", String(20), nullable=False),
)

desk_notes = Table(
    "desk_notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", String(100), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("login", String(50), nullable=False),
    Column("text", Text, nullable=False),
)

# --- people at the desk ---

staff = Table(
    "staff",
    metadata,
    Column("login", String(50), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("skills", JSON, nullable=False),
    Column("hash", String(200), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("disabled", Moment),
)

# Log-ins that nobody has are counted too, so there is no foreign key.
staff_attempts = Table(
    "staff_attempts",
    metadata,
    Column("login", String(50), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("since", Float, nullable=False),
)

staff_presence = Table(
    "staff_presence",
    metadata,
    Column("login", String(50), ForeignKey("staff.login"), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("since", Float, nullable=False),
    Column("seen", Float, nullable=False),
)

# Listeners of the TMF621 API.
ticket_hubs = Table(
    "ticket_hubs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("callback", String(500), nullable=False),
    Column("query", String(500), nullable=False),
    Column("created", Moment, nullable=False),
)

# --- conversations ---

sms_outbox = Table(
    "sms_outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("phone", String(20), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("created", Moment, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("state", JSON, nullable=False),
    Column("created", Moment, nullable=False),
    Column("updated", Moment, nullable=False, index=True),
)

answers = Table(
    "answers",
    metadata,
    Column("conversation", String(100), ForeignKey("conversations.id"), primary_key=True),
    Column("message_id", String(200), primary_key=True),
    # The number of the last answer to this message; each answer carries its own.
    Column("sequence", Integer, nullable=False),
    Column("answers", JSON, nullable=False),
    Index(None, "conversation", "sequence"),
)

# --- serving ---

conversation_locks = Table(
    "conversation_locks",
    metadata,
    Column("conversation", String(200), primary_key=True),
    Column("owner", String(40), nullable=False),
    Column("until", Float, nullable=False),  # seconds since the epoch: it measures waiting, not business time
)

calls = Table(
    "calls",
    metadata,
    Column("call", String(100), primary_key=True),
    Column("caller", String(100), nullable=False),
    Column("dialled", String(100), nullable=False),
    Column("started", Moment, nullable=False, index=True),
    Column("ended", Moment),
    Column("ended_by", String(100), nullable=False),
    Column("turns", Integer, nullable=False),
    Column("silences", Integer, nullable=False),
    Column("not_understood", Integer, nullable=False),
    Column("cut", Integer, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("transfer", String(20), nullable=False),
    Column("transfer_result", String(20), nullable=False),
    Column("ticket", String(40), nullable=False),
)

tracker_events = Table(
    "tracker_events",
    metadata,
    Column("conversation", String(100), primary_key=True),
    # Where in the conversation these events stand; appended, never changed: two workers cannot both be next.
    Column("position", Integer, primary_key=True),
    Column("events", JSON, nullable=False),
    Column("created", Moment, nullable=False, index=True),
)

# --- reports ---

# What happened, appended in the transaction of what it records and never changed (``hotline/services/facts.py``).
# Day and hour are China's civil time: databases do not agree on how to cut a moment, and all of them group by columns.
facts = Table(
    "facts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("day", Date, nullable=False),
    Column("hour", SmallInteger, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("conversation", String(100), nullable=False),
    Column("at", Moment, nullable=False),
    Column("value", Integer),
    Index(None, "kind", "day", "hour", "channel", "name"),  # holds all that reports count by: no row is fetched
    # A conversation begins once and is once a conversation that was handed off.
    *(
        Index(
            f"uq_facts_{kind}",
            "conversation",
            unique=True,
            sqlite_where=text(f"kind = '{kind}'"),
            postgresql_where=text(f"kind = '{kind}'"),
        )
        for kind in ("begun", "handed_off")
    ),
)

# The facts of days that are over, added up: a year of a million conversations is counted from these.
fact_sums = Table(
    "fact_sums",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("hour", SmallInteger, primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("total", Integer, nullable=False),  # of the values
    Column("over", Integer, nullable=False),  # how many values were above hotline.services.facts.UNANSWERED
    sqlite_with_rowid=False,
)

# The days that are added up in ``fact_sums``, those without any fact too; without gaps from the first one on.
fact_sum_days = Table(
    "fact_sum_days",
    metadata,
    Column("day", Date, primary_key=True),
)

# What people made of phrases that were not understood; the latest of a phrase counts.
review_decisions = Table(
    "review_decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("phrase", String(200), nullable=False, index=True),
    Column("intent", String(50), nullable=False),  # empty: taken back
    Column("login", String(50), nullable=False),
    Column("at", Moment, nullable=False),
)

# --- demonstration ---

demo_seed = Table(
    "demo_seed",
    metadata,
    Column("month", Date, primary_key=True),
)
