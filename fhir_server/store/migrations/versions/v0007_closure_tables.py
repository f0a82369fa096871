"""Closure tables of clients ($closure)."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    op.create_table(
        "closure_step",
        sa.Column("name", _TEXT, primary_key=True, nullable=False),
        sa.Column("version", sa.Integer(), primary_key=True, nullable=False, autoincrement=False),
        sa.Column("body", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute("UPDATE store_schema SET version = 7")
