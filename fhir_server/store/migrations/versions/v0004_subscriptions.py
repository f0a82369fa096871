"""Subscriptions and their events."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.create_table(
        "subscription",
        sa.Column("id", _TEXT, primary_key=True, nullable=False),
        _column("revision", _BIG),
        *(_column(name) for name in ("type", "status", "filters", "access")),
        *(_column(name) for name in ("endpoint", "headers", "content", "media_type")),
        _column("heartbeat", _BIG),
        *(_column(name, sa.Integer()) for name in ("timeout", "max_count")),
        *(_column(name, _BIG) for name in ("ends", "events", "delivered")),
        _column("attempts", sa.Integer()),
        *(_column(name, _BIG) for name in ("due", "sent", "failed")),
        *(_column(name) for name in ("reason", "lease")),
        _column("leased_until", _BIG),
    )
    op.create_index("subscription_by_revision", "subscription", ["revision"])
    op.create_index("subscription_by_status", "subscription", ["status", "due"])
    op.create_table(
        "subscription_event",
        sa.Column("subscription", _TEXT, primary_key=True, nullable=False),
        sa.Column("number", _BIG, primary_key=True, autoincrement=False, nullable=False),
        _column("interaction"),
        _column("type", _TEXT),
        _column("focus", _TEXT),
        _column("version", sa.Integer()),
        _column("at", _BIG),
        sqlite_with_rowid=False,
    )
    op.execute("UPDATE store_schema SET version = 4")


def _column(name: str, type: sa.types.TypeEngine[Any] | None = None) -> sa.Column[Any]:
    return sa.Column(name, type or sa.String(), nullable=False)
