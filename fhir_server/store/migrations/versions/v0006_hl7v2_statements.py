"""What resources of messages are known by, and when messages last stated their elements."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring a database of the revision before to this one."""
    for name in ("stated", "identity"):
        column = sa.Column(name, sa.String(), nullable=False, server_default="")
        op.add_column("hl7v2_origin", column)
    op.execute("UPDATE store_schema SET version = 6")
