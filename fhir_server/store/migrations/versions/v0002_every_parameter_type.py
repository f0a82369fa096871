"""Index tables for every type of search parameter, codes folded, and the method of a version.

The index tables are left empty and the digest of their rules is taken away: whoever opens the
database next indexes every resource anew.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Bring a database of revision 0001 to this one."""
    # The first version did not keep the method; PUT is true of any version's content.
    op.add_column(
        "resource_version",
        sa.Column("method", sa.String(), nullable=False, server_default="PUT"),
    )
    op.execute("UPDATE resource_version SET method = 'DELETE' WHERE deleted = 1")
    op.create_index(
        "resource_version_by_time", "resource_version", ["last_updated", "rid", "version"]
    )
    op.drop_table("token_index")
    op.drop_table("string_index")
    op.execute("DELETE FROM date_index")
    op.execute("DELETE FROM reference_index")
    _texts()
    _numbers()
    _composites()
    op.execute("UPDATE store_schema SET version = 2, index_digest = ''")


def _texts() -> None:
    _create("token_index", _key("code", _TEXT), _key("system"), _key("rid", _BIG))
    _by_resource("token_index")
    _create(
        "string_index",
        _key("value", _TEXT),
        _key("rid", _BIG),
        _key("number"),
        _column("rest", _TEXT),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("string_index_by_resource", "string_index", ["rid", "param", "rest"])
    else:
        op.create_index("string_index_of_resource", "string_index", ["rid", "param"])
    _create("uri_index", _key("uri", _TEXT), _key("rid", _BIG))
    _by_resource("uri_index")


def _numbers() -> None:
    _create("number_index", _key("low", sa.Double()), _key("high", sa.Double()), _key("rid", _BIG))
    _by_resource("number_index")
    _create(
        "quantity_index",
        _key("canonical_code", _TEXT),
        _key("canonical_low", sa.Double()),
        _key("rid", _BIG),
        _key("number"),
        *(_column(name, sa.Double()) for name in ("canonical_high", "low", "high")),
        _column("system", sa.Integer()),
        _column("code", _TEXT),
        _column("unit", _TEXT),
    )
    op.create_index("quantity_index_by_value", "quantity_index", ["param", "low"])
    _by_resource("quantity_index")


def _composites() -> None:
    _create(
        "composite_index",
        _key("text1", _TEXT),
        _key("text2", _TEXT),
        _key("low2", sa.Double()),
        _key("rid", _BIG),
        _key("number"),
        _column("system1", sa.Integer()),
        _column("low1", sa.Double()),
        _column("high1", sa.Double()),
        _column("system2", sa.Integer()),
        _column("high2", sa.Double()),
        _column("text3", _TEXT),
        _column("system3", sa.Integer()),
        _column("low3", sa.Double()),
        _column("high3", sa.Double()),
    )
    _by_resource("composite_index")


def _create(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(name, _key("param"), *columns, sqlite_with_rowid=False)


def _by_resource(name: str) -> None:
    op.create_index(f"{name}_by_resource", name, ["rid", "param"])


def _key(name: str, type: sa.types.TypeEngine[Any] | None = None) -> sa.Column[Any]:
    return sa.Column(
        name, type or sa.Integer(), primary_key=True, autoincrement=False, nullable=False
    )


def _column(name: str, type: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, type, nullable=False)
