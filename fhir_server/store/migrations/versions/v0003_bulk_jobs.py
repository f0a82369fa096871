"""Bulk jobs, and the horizon of the exports."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring a database of revision 0002 to this one."""
    op.create_table(
        "bulk_job",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in (
                "kind",
                "state",
                "owner",
                "server",
                "request",
                "progress",
                "result",
                "error",
            )
        ),
        sa.Column("created", _BIG, nullable=False),
        *(sa.Column(name, _BIG) for name in ("finished", "expires", "horizon")),
        sa.Column("attempts", sa.Integer(), nullable=False),
    )
    op.create_index("bulk_job_by_state", "bulk_job", ["state"])
    op.create_table(
        "export_horizon",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False, nullable=False),
        sa.Column("at", _BIG, nullable=False),
    )
    op.execute("UPDATE store_schema SET version = 3")
