"""What a resource is found by, written to and removed from the index tables."""

import hashlib
from datetime import tzinfo

from sqlalchemy import Connection, Table, bindparam, delete
from sqlalchemy.dialects.sqlite import insert

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.search_parameters import (
    SEARCH_PARAMETERS,
    DateValue,
    ReferenceValue,
    TokenValue,
    index_values,
)
from fhir_server.store import interning
from fhir_server.store.engines import ZONE
from fhir_server.store.statements import Prepared, SqlValue
from fhir_server.store.tables import table

# Raised by one where the rows that the same resource and parameters give have changed.
_RULES = 1


def _adding(index: Table) -> Prepared:
    # A code may stand twice in one resource (code and component.code of combo-code).
    return Prepared(insert(index).values(dict.fromkeys(index.c.keys())).on_conflict_do_nothing())


def _removing(index: Table) -> Prepared:
    return Prepared(delete(index).where(index.c.rid == bindparam("of_rid")))


INDEXES = tuple(
    table(name) for name in ("token_index", "string_index", "date_index", "reference_index")
)
_ADD_TOKEN, _ADD_STRING, _ADD_DATE, _ADD_REFERENCE = (_adding(index) for index in INDEXES)
_REMOVE = tuple(_removing(index) for index in INDEXES)


def indexed_parameters() -> list[tuple[str, str]]:
    """Return every (resource type, parameter name) that has index rows."""
    return [(type, name) for type, declared in SEARCH_PARAMETERS.items() for name in declared]


def digest(zone: tzinfo) -> str:
    """Return a digest of all that decides the rows: the declared parameters, rules and zone."""
    declared = [
        repr(parameter)
        for type, parameters in sorted(SEARCH_PARAMETERS.items())
        for parameter in (type, *parameters.values())
    ]
    return hashlib.sha256(f"{_RULES}\n{zone}\n{declared}".encode()).hexdigest()


def zone_of(connection: Connection) -> tzinfo:
    """Return the zone in which this connection places dates without an offset."""
    zone: tzinfo = connection.info[ZONE]
    return zone


def add(connection: Connection, rid: int, resource: JsonObject) -> None:
    """Write the index rows of the valid `resource`, which has none yet."""
    params = interning.parameter_ids(connection, resource["resourceType"])
    tokens: list[tuple[SqlValue, ...]] = []
    strings: list[tuple[SqlValue, ...]] = []
    dates: list[tuple[SqlValue, ...]] = []
    references: list[tuple[SqlValue, ...]] = []
    for value in index_values(resource, default_zone=zone_of(connection)):
        param = params[value.param]
        if isinstance(value, TokenValue):
            system = interning.system_id(connection, value.system)
            tokens.append((param, value.code, system, rid))
        elif isinstance(value, ReferenceValue):
            target = value.url if value.id is None else value.id
            references.append((param, target, value.type or "", rid))
        elif isinstance(value, DateValue):
            dates.append((param, value.low, rid, value.high))
        else:
            strings.append((param, value.normalised, rid))
    for statement, rows in (
        (_ADD_TOKEN, tokens),
        (_ADD_STRING, strings),
        (_ADD_DATE, dates),
        (_ADD_REFERENCE, references),
    ):
        if rows:
            statement.run_many(connection, rows)


def remove(connection: Connection, rid: int) -> None:
    """Remove every index row of a resource."""
    for statement in _REMOVE:
        statement.run(connection, rid)
