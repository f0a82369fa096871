"""The tables of Attending 0.1.0; on a file that it wrote, only what is missing.

Revision of SQLite files that have no `alembic_version`. No PostgreSQL database was ever left at
this revision: its forms are those of the next one where nothing is gained by a detour.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FLAG = sa.Integer().with_variant(sa.Boolean(create_constraint=False), "sqlite")
_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_CODE = sa.String(collation="NOCASE").with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables where they are absent."""
    _create(
        "store_schema",
        _key("version"),
        _column("index_digest"),
    )
    _resources()
    _interned()
    _indexes()
    _hl7v2()
    _cards()


def _resources() -> None:
    _create(
        "resource",
        sa.Column("rid", _BIG, primary_key=True, nullable=False),
        _column("type", _TEXT),
        _column("id", _TEXT),
        _column("version", sa.Integer()),
        _column("last_updated", _BIG),
        _column("deleted", _FLAG),
        sa.UniqueConstraint("type", "id"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _index("resource_by_type", "resource", ["type"])
        _index("resource_by_time", "resource", ["type", "last_updated"])
    else:
        _index("resource_by_type_rid", "resource", ["type", "rid"])
        _index("resource_by_time_rid", "resource", ["type", "last_updated", "rid"])
    _create(
        "resource_version",
        _key("rid", _BIG),
        _key("version"),
        _column("last_updated", _BIG),
        _column("deleted", _FLAG),
        _column("body", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["rid"], ["resource.rid"]),
    )


def _interned() -> None:
    _create(
        "indexed_parameter",
        sa.Column("param", sa.Integer(), primary_key=True, nullable=False),
        _column("type"),
        _column("name"),
        sa.UniqueConstraint("type", "name"),
    )
    _create(
        "token_system",
        sa.Column("system", sa.Integer(), primary_key=True, nullable=False),
        _column("uri", _TEXT),
        sa.UniqueConstraint("uri"),
    )


def _indexes() -> None:
    tables = {
        "token_index": (_key("code", _CODE), _key("system"), _key("rid", _BIG)),
        "string_index": (_key("value", _TEXT), _key("rid", _BIG)),
        "date_index": (_key("low", _BIG), _key("rid", _BIG), _key("high", _BIG)),
        "reference_index": (_key("target", _TEXT), _key("type", _TEXT), _key("rid", _BIG)),
    }
    for name, columns in tables.items():
        _create(name, _key("param"), *columns, sqlite_with_rowid=False)
        _index(f"{name}_by_resource", name, ["rid", "param"])
    _index("date_index_by_end", "date_index", ["param", "high", "rid"])


def _hl7v2() -> None:
    _create(
        "hl7v2_message",
        sa.Column("number", sa.Integer(), primary_key=True, nullable=False),
        _column("id"),
        _column("received", _BIG),
        *(_column(name) for name in ("channel", "peer", "sender", "control_id", "type", "sha256")),
        _column("body", sa.LargeBinary()),
        _column("state"),
        sa.Column("finished", _BIG),
        sa.Column("acknowledgment", sa.LargeBinary()),
        *(_column(name) for name in ("errors", "warnings", "account", "superseded")),
        sa.UniqueConstraint("id"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _index("hl7v2_message_by_control_id", "hl7v2_message", ["sender", "control_id"])
    else:
        op.create_index(
            "hl7v2_message_by_control_hash",
            "hl7v2_message",
            ["control_id"],
            postgresql_using="hash",
            if_not_exists=True,
        )
    _index("hl7v2_message_by_state", "hl7v2_message", ["state"])
    _create(
        "hl7v2_origin",
        _key("type", sa.String()),
        _key("id", sa.String()),
        _column("settled", _FLAG),
        *(_column(name, _BIG) for name in ("issued", "sent", "rank")),
        _column("version", sa.Integer()),
        _column("message"),
        sqlite_with_rowid=False,
    )


def _cards() -> None:
    _create(
        "issued_card",
        _key("uuid", sa.String()),
        _column("service"),
        _column("hook_instance"),
        sa.Column("risk_assessment", sa.String()),
        _column("issued", _BIG),
    )
    _create(
        "card_feedback",
        sa.Column("number", sa.Integer(), primary_key=True, nullable=False),
        _column("card"),
        _column("outcome"),
        _column("outcome_at", _BIG),
        _column("received", _BIG),
        _column("accepted_suggestions"),
        sa.Column("override_reason", sa.String()),
        sa.Column("user_comment", sa.String()),
        sa.ForeignKeyConstraint(["card"], ["issued_card.uuid"]),
    )
    _index("ix_card_feedback_card", "card_feedback", ["card"])


def _create(name: str, *parts: sa.schema.SchemaItem, **options: bool) -> None:
    op.create_table(name, *parts, if_not_exists=True, **options)


def _index(name: str, table: str, columns: list[str]) -> None:
    op.create_index(name, table, columns, if_not_exists=True)


def _key(name: str, type: sa.types.TypeEngine[Any] | None = None) -> sa.Column[Any]:
    return sa.Column(
        name, type or sa.Integer(), primary_key=True, autoincrement=False, nullable=False
    )


def _column(name: str, type: sa.types.TypeEngine[Any] | None = None) -> sa.Column[Any]:
    return sa.Column(name, type or sa.String(), nullable=False)
