"""One row for one message by a unique key; results that wait for a mapping of their local code."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from fhir_server.store.hl7v2_keys import message_key, other_key

revision = "0005"
down_revision = "0004"

_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    for name in ("key", "decision"):
        op.add_column("hl7v2_message", sa.Column(name, sa.String(), nullable=True))
    _fill_keys()
    op.create_index("hl7v2_message_by_key", "hl7v2_message", ["key"], unique=True)
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.drop_index("hl7v2_message_by_control_id" if sqlite else "hl7v2_message_by_control_hash")
    op.create_table(
        "hl7v2_unmapped",
        *(
            sa.Column(name, _TEXT, primary_key=True, nullable=False)
            for name in ("sender", "system", "code", "type", "id")
        ),
        sa.Column("display", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("hl7v2_unmapped_by_resource", "hl7v2_unmapped", ["type", "id"])
    op.execute("UPDATE store_schema SET version = 5")


def _fill_keys() -> None:
    """Give each stored message its key; the first of a control id has the plain one."""
    connection = op.get_bind()
    columns: list[sa.ColumnClause[Any]] = [
        sa.column(name) for name in ("number", "sender", "control_id", "sha256", "key")
    ]
    message = sa.table("hl7v2_message", *columns)
    number, sender, control_id, sha256, _ = columns
    rows = connection.execute(sa.select(number, sender, control_id, sha256).order_by(number))
    taken: set[str] = set()
    keys: list[dict[str, Any]] = []
    for row, of_sender, of_control_id, of_sha256 in rows:
        key = message_key(of_sender, of_control_id, of_sha256)
        if key in taken:
            key = other_key(of_sender, of_control_id, of_sha256)
        if key not in taken:
            taken.add(key)
            keys.append({"of_number": row, "of_key": key})
    if keys:
        connection.execute(
            sa.update(message)
            .where(number == sa.bindparam("of_number"))
            .values(key=sa.bindparam("of_key")),
            keys,
        )
