"""The tables of the FHIR store, declared with SQLModel and used through SQLAlchemy Core.

A body stands once, in `resource_version`. The index tables hold what a search needs and nothing
else: the interned parameter (one id per resource type and name), the value, the resource. Their
primary key *is* the table (WITHOUT ROWID); the second index, by resource, serves both the check
"does this candidate have that value" and the removal of a resource's rows at its next version.
"""

from typing import Any, ClassVar

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

metadata = MetaData()

# The interned id of "no system": `|code` asks for it, a code without a system has it.
NO_SYSTEM = 0

_WITHOUT_ROWID: dict[str, Any] = {"sqlite_with_rowid": False}


class StoreTable(SQLModel):
    """The base of every table of the store: all share `metadata`, which the schema creates."""

    metadata: ClassVar[MetaData] = metadata


class StoreSchema(StoreTable, table=True):
    """One row: the version of the tables, and the digest of the rules that filled the indexes."""

    __tablename__ = "store_schema"
    version: int = Field(primary_key=True)
    index_digest: str


class Resource(StoreTable, table=True):
    """One row per resource that ever was: its identity and its current version.

    `last_updated` is in microseconds since the epoch (UTC).
    """

    __tablename__ = "resource"
    __table_args__ = (
        UniqueConstraint("type", "id"),
        # SQLite appends the rid to a secondary index: both give an order for keyset paging.
        Index("resource_by_type", "type"),
        Index("resource_by_time", "type", "last_updated"),
    )
    rid: int | None = Field(default=None, primary_key=True)
    type: str
    id: str
    version: int
    last_updated: int
    deleted: bool


class ResourceVersion(StoreTable, table=True):
    """One row per version: the bytes as they are served, empty for a deletion."""

    __tablename__ = "resource_version"
    rid: int = Field(primary_key=True, foreign_key="resource.rid")
    version: int = Field(primary_key=True)
    last_updated: int
    deleted: bool
    body: bytes


class IndexedParameter(StoreTable, table=True):
    """The interned id of a search parameter of one resource type."""

    __tablename__ = "indexed_parameter"
    __table_args__ = (UniqueConstraint("type", "name"),)
    param: int | None = Field(default=None, primary_key=True)
    type: str
    name: str


class TokenSystem(StoreTable, table=True):
    """The interned id of a token's system; NO_SYSTEM is the empty one."""

    __tablename__ = "token_system"
    system: int | None = Field(default=None, primary_key=True)
    uri: str = Field(unique=True)


class TokenIndex(StoreTable, table=True):
    """A code of a resource.

    R4 search.html#token: "When in doubt, servers SHOULD treat tokens in a case-insensitive
    manner, on the grounds that including undesired data has less safety implications than
    excluding desired behavior." Hence NOCASE on the code; systems are exact.
    """

    __tablename__ = "token_index"
    __table_args__ = (Index("token_index_by_resource", "rid", "param"), _WITHOUT_ROWID)
    param: int = Field(primary_key=True)
    code: str = Field(sa_column=Column(String(collation="NOCASE"), primary_key=True))
    system: int = Field(primary_key=True)
    rid: int = Field(primary_key=True)


class StringIndex(StoreTable, table=True):
    """A text of a resource in the form of `fhir_server.r4.search_values.normalise`."""

    __tablename__ = "string_index"
    __table_args__ = (Index("string_index_by_resource", "rid", "param"), _WITHOUT_ROWID)
    param: int = Field(primary_key=True)
    value: str = Field(primary_key=True)
    rid: int = Field(primary_key=True)


class DateIndex(StoreTable, table=True):
    """A range of time of a resource: `[low, high)` in microseconds since the epoch (UTC)."""

    __tablename__ = "date_index"
    __table_args__ = (
        Index("date_index_by_resource", "rid", "param"),
        # `ge` and `gt` look at the end of a range: without this they would read every earlier row.
        Index("date_index_by_end", "param", "high", "rid"),
        _WITHOUT_ROWID,
    )
    param: int = Field(primary_key=True)
    low: int = Field(primary_key=True)
    rid: int = Field(primary_key=True)
    high: int = Field(sa_column=Column(Integer, primary_key=True))


class ReferenceIndex(StoreTable, table=True):
    """A reference of a resource: `target` is an id on this server or an absolute URL.

    No id holds a colon and every absolute URL does, so the two cannot be mistaken. `type` is
    empty where it is not known.
    """

    __tablename__ = "reference_index"
    __table_args__ = (Index("reference_index_by_resource", "rid", "param"), _WITHOUT_ROWID)
    param: int = Field(primary_key=True)
    target: str = Field(primary_key=True)
    type: str = Field(primary_key=True)
    rid: int = Field(primary_key=True)


def table(name: str) -> Table:
    """Return the Core table of `name`; KeyError where none is declared."""
    return metadata.tables[name]
