"""The tables of the FHIR store, declared with SQLModel and used through SQLAlchemy Core.

SQLite and PostgreSQL alike: what differs is in the types below. A body stands once, in
`resource_version`. The index tables hold what a search needs and nothing else: the interned
parameter (one id per resource type and name), the value, the resource. On SQLite their primary
key *is* the table (WITHOUT ROWID); the index by resource serves both the check "does this
candidate have that value" and the removal of a resource's rows at its next version.

Texts in index tables are at most LONGEST_KEY characters: a B-tree of PostgreSQL takes rows of
2.7 KB at most. Longer codes, URIs and targets stand there as `key_text` gives them, which is
good for equality; a search's value goes through the same function. Longer texts of a string
parameter go on in `string_index.rest`.

`number` tells apart the rows of one resource that agree in the columns before it.

For quantities and composites SQLite's planner prefers the rows of a parameter to those of a
resource, unless the check "does this candidate have it" hides `param` by `not_by_index` too.
"""

import hashlib
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

metadata = MetaData()

# The interned id of "no system": `|code` asks for it, a code without a system has it.
NO_SYSTEM = 0

LONGEST_KEY = 256
# Of a longer text so much stays readable, and can be searched for by its beginning.
KEPT_BEGINNING = 180

# Row numbers and microseconds. SQLite's INTEGER has 64 bits, and a row number must be declared so.
Big = BigInteger().with_variant(Integer(), "sqlite")
# 0 or 1. SQLite knows no other name of the type in files of the first version.
Flag = Integer().with_variant(Boolean(create_constraint=False), "sqlite")
# By code point on both: ranges of a beginning and keyset pages need one order.
Text = String().with_variant(String(collation="C"), "postgresql")

_WITHOUT_ROWID: dict[str, Any] = {"sqlite_with_rowid": False}


def key_text(text: str) -> str:
    """Return `text` as an index holds it; two texts are equal where their keys are."""
    if len(text) <= LONGEST_KEY:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[:KEPT_BEGINNING]}#{digest}"


class StoreTable(SQLModel):
    """The base of every table of the store: all share `metadata`, which the schema creates."""

    metadata: ClassVar[MetaData] = metadata


class AlembicVersion(StoreTable, table=True):
    """One row: the last migration that this database has seen, as Alembic keeps it."""

    __tablename__ = "alembic_version"
    version_num: str = Field(sa_column=Column(String(32), primary_key=True))


class StoreSchema(StoreTable, table=True):
    """One row: the version of the tables, and the digest of the rules that filled the indexes."""

    __tablename__ = "store_schema"
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    index_digest: str


class Resource(StoreTable, table=True):
    """One row per resource that ever was: its identity and its current version.

    `last_updated` is in microseconds since the epoch (UTC), `deleted` 0 or 1.
    """

    __tablename__ = "resource"
    __table_args__ = (
        UniqueConstraint("type", "id"),
        # Both give an order for keyset paging. SQLite appends the rid to every secondary index.
        Index("resource_by_type", "type").ddl_if(dialect="sqlite"),
        Index("resource_by_type_rid", "type", "rid").ddl_if(dialect="postgresql"),
        Index("resource_by_time", "type", "last_updated").ddl_if(dialect="sqlite"),
        Index("resource_by_time_rid", "type", "last_updated", "rid").ddl_if(dialect="postgresql"),
    )
    rid: int | None = Field(default=None, primary_key=True, sa_type=Big)
    type: str = Field(sa_type=Text)
    id: str = Field(sa_type=Text)
    version: int
    last_updated: int = Field(sa_type=Big)
    deleted: int = Field(sa_type=Flag)


class ResourceVersion(StoreTable, table=True):
    """One row per version: the bytes as they are served, empty for a deletion.

    `method` is the interaction that made it: POST, PUT, PATCH or DELETE.
    """

    __tablename__ = "resource_version"
    __table_args__ = (Index("resource_version_by_time", "last_updated", "rid", "version"),)
    rid: int = Field(
        primary_key=True,
        foreign_key="resource.rid",
        sa_type=Big,
        sa_column_kwargs={"autoincrement": False},
    )
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_updated: int = Field(sa_type=Big)
    deleted: int = Field(sa_type=Flag)
    body: bytes
    # The files of the first version did not keep it; PUT is true of any version's content.
    method: str = Field(sa_type=String, sa_column_kwargs={"server_default": "PUT"})


class IndexedParameter(StoreTable, table=True):
    """The interned id of a search parameter of one resource type."""

    __tablename__ = "indexed_parameter"
    __table_args__ = (UniqueConstraint("type", "name"),)
    param: int | None = Field(default=None, primary_key=True)
    type: str
    name: str


class TokenSystem(StoreTable, table=True):
    """The interned id of a system (of a token, a quantity); NO_SYSTEM is the empty one."""

    __tablename__ = "token_system"
    __table_args__ = (UniqueConstraint("uri"),)
    system: int | None = Field(default=None, primary_key=True)
    uri: str = Field(sa_type=Text)


def _key(type: Any = Integer) -> Any:
    return Field(sa_type=type, primary_key=True, sa_column_kwargs={"autoincrement": False})


class TokenIndex(StoreTable, table=True):
    """A code of a resource in the form of `search_values.fold_code`, then `key_text`.

    R4 search.html#token: "When in doubt, servers SHOULD treat tokens in a case-insensitive
    manner, on the grounds that including undesired data has less safety implications than
    excluding desired behavior." Hence folded codes; systems are exact.
    """

    __tablename__ = "token_index"
    __table_args__ = (Index("token_index_by_resource", "rid", "param"), _WITHOUT_ROWID)
    param: int = _key()
    code: str = _key(Text)
    system: int = _key()
    rid: int = _key(Big)


class StringIndex(StoreTable, table=True):
    """A text of a resource in the form of `fhir_server.r4.search_values.normalise`.

    `value` holds the first LONGEST_KEY characters of it, `rest` what follows, nearly always ''.
    """

    __tablename__ = "string_index"
    __table_args__ = (
        # SQLite's planner takes the index by resource only where it need not look beyond it.
        Index("string_index_by_resource", "rid", "param", "rest").ddl_if(dialect="sqlite"),
        Index("string_index_of_resource", "rid", "param").ddl_if(dialect="postgresql"),
        _WITHOUT_ROWID,
    )
    param: int = _key()
    value: str = _key(Text)
    rid: int = _key(Big)
    number: int = _key()
    rest: str = Field(sa_type=Text)


class DateIndex(StoreTable, table=True):
    """A range of time of a resource: `[low, high)` in microseconds since the epoch (UTC)."""

    __tablename__ = "date_index"
    __table_args__ = (
        Index("date_index_by_resource", "rid", "param"),
        # `ge` and `gt` look at the end of a range: without this they would read every earlier row.
        Index("date_index_by_end", "param", "high", "rid"),
        _WITHOUT_ROWID,
    )
    param: int = _key()
    low: int = _key(Big)
    rid: int = _key(Big)
    high: int = _key(Big)


class ReferenceIndex(StoreTable, table=True):
    """A reference of a resource: `target` is an id on this server or an absolute URL.

    No id holds a colon and every absolute URL does, so the two cannot be mistaken. `type` is
    empty where it is not known. `target` is in the form of `key_text`.
    """

    __tablename__ = "reference_index"
    __table_args__ = (Index("reference_index_by_resource", "rid", "param"), _WITHOUT_ROWID)
    param: int = _key()
    target: str = _key(Text)
    type: str = _key(Text)
    rid: int = _key(Big)


class NumberIndex(StoreTable, table=True):
    """A number of a resource, or the ends of a Range (an open end is infinite)."""

    __tablename__ = "number_index"
    __table_args__ = (Index("number_index_by_resource", "rid", "param"), _WITHOUT_ROWID)
    param: int = _key()
    low: float = _key(Double)
    high: float = _key(Double)
    rid: int = _key(Big)


class QuantityIndex(StoreTable, table=True):
    """A quantity of a resource: as it was written, and in UCUM's canonical unit.

    `code` and `unit` are '' where there is none, `canonical_code` is '' where UCUM cannot say;
    its bounds are 0 then. Texts are in the form of `key_text`.
    """

    __tablename__ = "quantity_index"
    __table_args__ = (
        Index("quantity_index_by_value", "param", "low"),
        Index("quantity_index_by_resource", "rid", "param"),
        _WITHOUT_ROWID,
    )
    param: int = _key()
    canonical_code: str = _key(Text)
    canonical_low: float = _key(Double)
    rid: int = _key(Big)
    number: int = _key()
    canonical_high: float = Field(sa_type=Double)
    low: float = Field(sa_type=Double)
    high: float = Field(sa_type=Double)
    system: int
    code: str = Field(sa_type=Text)
    unit: str = Field(sa_type=Text)


class UriIndex(StoreTable, table=True):
    """A URI of a resource, in the form of `key_text`."""

    __tablename__ = "uri_index"
    __table_args__ = (Index("uri_index_by_resource", "rid", "param"), _WITHOUT_ROWID)
    param: int = _key()
    uri: str = _key(Text)
    rid: int = _key(Big)


class CompositeIndex(StoreTable, table=True):
    """Two or three values that belong together in a resource; a part's columns by its type:

    token: `text` folded code, `system`; string: `text` the first LONGEST_KEY characters;
    date: `low`, `high` microseconds; reference: `text` target, `system` the interned type;
    number: `low`, `high`; quantity: `text` canonical code, `low`, `high` canonical, or where
    UCUM cannot say, code (or unit) and bounds as written, `system`; uri: `text`.
    What a part does not use is '' or 0. Texts are in the form of `key_text`.
    """

    __tablename__ = "composite_index"
    __table_args__ = (Index("composite_index_by_resource", "rid", "param"), _WITHOUT_ROWID)
    param: int = _key()
    text1: str = _key(Text)
    text2: str = _key(Text)
    low2: float = _key(Double)
    rid: int = _key(Big)
    number: int = _key()
    system1: int
    low1: float = Field(sa_type=Double)
    high1: float = Field(sa_type=Double)
    system2: int
    high2: float = Field(sa_type=Double)
    text3: str = Field(sa_type=Text)
    system3: int
    low3: float = Field(sa_type=Double)
    high3: float = Field(sa_type=Double)


def table(name: str) -> Table:
    """Return the Core table of `name`; KeyError where none is declared."""
    return metadata.tables[name]
