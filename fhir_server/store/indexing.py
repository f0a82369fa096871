"""What a resource is found by, written to and removed from the index tables.

Rows gather on the connection until `flush`: one statement per table for all that a group of jobs
stores. A statement that reads index tables flushes first (`statements.Prepared`).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import tzinfo
from importlib.resources import files

from sqlalchemy import Connection, Table, bindparam, delete

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.search_parameters import STORED_TYPES, index_values, indexed_names
from fhir_server.store import interning
from fhir_server.store.engines import ZONE
from fhir_server.store.index_rows import Place, Row, row_of
from fhir_server.store.statements import FLUSH, NewRows, Prepared, together
from fhir_server.store.tables import table

# Raised by one where the rows that the same resource and parameters give have changed.
_RULES = 2

INDEXES = tuple(
    table(f"{kind}_index")
    for kind in (
        "token",
        "string",
        "date",
        "reference",
        "number",
        "quantity",
        "uri",
        "composite",
    )
)
_PENDING = "attending.pending"


def _removing(index: Table) -> Prepared:
    return Prepared(delete(index).where(index.c.rid == bindparam("of_rid")))


# A code may stand twice in one resource (code and component.code of combo-code).
_ADD = {index.name: NewRows(index) for index in INDEXES}
_REMOVE = tuple(_removing(index) for index in INDEXES)


@dataclass(slots=True)
class _Pending:
    """Rows by table that are not written yet, and the resources that they are of."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    rids: set[int] = field(default_factory=set)


def indexed_parameters() -> list[tuple[str, str]]:
    """Return every (resource type, parameter name) that has index rows."""
    return [(type, name) for type in STORED_TYPES for name in indexed_names(type)]


def digest(zone: tzinfo) -> str:
    """Return a digest of all that decides the rows: the declared parameters, rules and zone."""
    # The bytes of the tables that the rows are made by: to decode them at each start would take
    # longer than all the rest of it.
    tables = b"".join(
        files(package).joinpath("data", name).read_bytes()
        for package, name in (("fhir_server.r4", "r4_search.json.gz"), ("terminology", "ucum.json"))
    )
    return hashlib.sha256(f"{_RULES}\n{zone}\n".encode() + tables).hexdigest()


def zone_of(connection: Connection) -> tzinfo:
    """Return the zone in which this connection places dates without an offset."""
    zone: tzinfo = connection.info[ZONE]
    return zone


def add(connection: Connection, rid: int, resource: JsonObject) -> None:
    """Gather the index rows of the valid `resource`, which has none yet, for `flush`."""
    pending: _Pending | None = connection.info.get(_PENDING)
    if pending is None:
        pending = connection.info[_PENDING] = _Pending()
        connection.info[FLUSH] = flush
    params = interning.parameter_ids(connection, resource["resourceType"])
    pending.rids.add(rid)
    # A value may repeat; its number must not make two rows of it.
    values = dict.fromkeys(index_values(resource, default_zone=zone_of(connection)))
    for number, value in enumerate(values):
        name, row = row_of(value, Place(connection, params[value.param], rid, number))
        pending.rows.setdefault(name, []).append(row)


def flush(connection: Connection) -> None:
    """Write the rows that have gathered: what follows in the transaction can search by them."""
    pending: _Pending | None = connection.info.pop(_PENDING, None)
    connection.info.pop(FLUSH, None)
    if pending is not None:
        for name, rows in pending.rows.items():
            _ADD[name].run(connection, rows)


@dataclass(frozen=True, slots=True)
class Mark:
    """What had gathered at one moment."""

    pending: _Pending | None
    lengths: dict[str, int]


def mark(connection: Connection) -> Mark:
    """Return the moment to which `back_to` returns."""
    pending: _Pending | None = connection.info.get(_PENDING)
    rows = {} if pending is None else pending.rows
    return Mark(pending, {name: len(gathered) for name, gathered in rows.items()})


def back_to(connection: Connection, mark: Mark) -> None:
    """Drop what has gathered since: its resources were rolled back.

    What had gathered before gathers again, written or not: that was rolled back with it.
    """
    if mark.pending is None:
        forget(connection)
        return
    rows = mark.pending.rows
    mark.pending.rows = {name: rows[name][:length] for name, length in mark.lengths.items()}
    connection.info[_PENDING] = mark.pending
    connection.info[FLUSH] = flush


def forget(connection: Connection) -> None:
    """Drop all that has gathered: the whole transaction was rolled back."""
    connection.info.pop(_PENDING, None)
    connection.info.pop(FLUSH, None)


def remove(connection: Connection, rid: int) -> None:
    """Remove every index row of a resource, also those that have not been written."""
    pending: _Pending | None = connection.info.get(_PENDING)
    if pending is not None and rid in pending.rids:
        flush(connection)
    with together(connection):
        for statement in _REMOVE:
            statement.run(connection, rid)
