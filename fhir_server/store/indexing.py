"""What a resource is found by, written to and removed from the index tables.

The rows gather with all else that a transaction stores (`store.gathering`).
"""

import hashlib
from datetime import tzinfo
from importlib.resources import files

from sqlalchemy import Connection, Table, bindparam, delete

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.search_parameters import STORED_TYPES, index_values, indexed_names
from fhir_server.store import gathering, interning
from fhir_server.store.engines import ZONE
from fhir_server.store.gathering import INDEXES
from fhir_server.store.index_rows import Place, row_of
from fhir_server.store.statements import Prepared, together

# Raised by one where the rows that the same resource and parameters give have changed.
_RULES = 2


def _removing(index: Table) -> Prepared:
    return Prepared(delete(index).where(index.c.rid == bindparam("of_rid")))


_REMOVE = tuple(_removing(index) for index in INDEXES)


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
    """Gather the index rows of the valid `resource`, which has none yet."""
    systems = interning.known_systems(connection)
    params = interning.parameter_ids(connection, resource["resourceType"])
    rows = gathering.index_rows(connection, rid)
    # A value may repeat; its number must not make two rows of it.
    values = dict.fromkeys(index_values(resource, default_zone=zone_of(connection)))
    for number, value in enumerate(values):
        name, row = row_of(value, Place(connection, params[value.param], rid, number, systems))
        rows.setdefault(name, []).append(row)


def remove(connection: Connection, rid: int) -> None:
    """Remove every index row of a resource, also those that have not been written."""
    if gathering.has_index_rows(connection, rid):
        gathering.flush(connection)
    with together(connection):
        for statement in _REMOVE:
            statement.run(connection, rid)
