"""When each element of a Patient or an Encounter was last stated by a message."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    column = sa.Column("stated", sa.String(), nullable=False, server_default="")
    op.add_column("hl7v2_origin", column)
    op.execute("UPDATE store_schema SET version = 6")
