"""The file of a release: one version of a large code system, written once and only read after.

An SQLite file of its own beside the database: a release is replaced as a whole, is the same on
every server, and its reading must not wait for the writers of patients' data.
"""

from typing import Any, Final

import msgspec

from fhir_server.r4.codec import JsonObject

# Raised when older files can no longer be read; they are then loaded again.
FORM: Final = "2"
SUFFIX: Final = ".release"
SCHEMA: Final = (
    "create table about (name text primary key, value blob not null) without rowid",
    "create table concept (position integer primary key, code text not null unique,"
    " body blob not null)",
    "create table relatives (position integer primary key, parents blob not null,"
    " children blob not null, ancestors blob not null, descendants blob not null)",
    "create table word (word text primary key, concepts blob not null) without rowid",
    # Runs of ideographs in texts by which concepts are found and that are not shown; zlib.
    "create table further (position integer not null, runs blob not null)",
    "create table property (name text, value text, concepts blob not null,"
    " primary key (name, value)) without rowid",
    # Of a relation the rows of its three lists belong together.
    "create table relation (type integer primary key, sources blob not null,"
    " groups blob not null, targets blob not null)",
    "create table measure (type integer primary key, sources blob not null,"
    " groups blob not null, amounts blob not null)",
    "create table refset (position integer primary key, concepts blob not null)",
    # Rows of a historical association, active and inactive: all five lists belong together.
    "create table association (position integer primary key, sources blob not null,"
    " targets blob not null, active blob not null, modules blob not null, times blob not null)",
    "create table value_set (url text primary key, concepts blob not null) without rowid",
    "create table series (name text primary key, body blob not null) without rowid",
)


class About(msgspec.Struct, frozen=True):
    """What a release is; `head` is its CodeSystem resource without concepts.

    `uses` are the Codings that texts have as their use, `dialects` the codes of the reference
    sets that say which texts are preferred; texts name both by their number.
    """

    url: str
    version: str
    head: JsonObject
    count: int = 0
    uses: tuple[JsonObject, ...] = ()
    dialects: tuple[str, ...] = ()


class Text(msgspec.Struct, frozen=True, array_like=True):
    """A text of a concept: BCP 47 language, number of its use (-1: none).

    `dialects` holds for each language reference set in which it is accepted twice its number,
    and one more where it is preferred there.
    """

    value: str
    language: str = ""
    use: int = -1
    dialects: tuple[int, ...] = ()


class Body(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a concept, without its relatives."""

    display: str = ""
    definition: str = ""
    texts: tuple[Text, ...] = ()
    properties: tuple[tuple[str, str, Any], ...] = ()
    status: str = ""
    is_inactive: bool = False
    is_abstract: bool = False


encode: Final = msgspec.msgpack.Encoder().encode
decode_body: Final = msgspec.msgpack.Decoder(Body).decode
decode_about: Final = msgspec.json.Decoder(About).decode
encode_about: Final = msgspec.json.Encoder().encode
