"""Small numbers for long names: search parameters and token systems, each stored once.

The numbers are kept with the connection that read them. They never change once committed; what
a job added before its savepoint was rolled back is forgotten by `forget`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select

from fhir_server.store.statements import Prepared, adding
from fhir_server.store.tables import NO_SYSTEM, key_text, table

_PARAMETER = table("indexed_parameter")
_SYSTEM = table("token_system")

_ALL_PARAMETERS = Prepared(select(_PARAMETER.c.type, _PARAMETER.c.name, _PARAMETER.c.param))
_ADD_PARAMETER = Prepared(adding(_PARAMETER, "type", "name"), on_conflict="DO NOTHING")
_FIND_SYSTEM = Prepared(select(_SYSTEM.c.system).where(_SYSTEM.c.uri == bindparam("uri")))
_ADD_SYSTEM = Prepared(adding(_SYSTEM, "uri"), on_conflict="DO NOTHING")

_KEY = "attending.interned"


@dataclass(slots=True)
class _Interned:
    parameters: dict[str, dict[str, int]] = field(default_factory=dict)
    systems: dict[str, int] = field(default_factory=lambda: {"": NO_SYSTEM})


def parameter_ids(connection: Connection, type: str) -> Mapping[str, int]:
    """Return the numbers of a resource type's search parameters by name; empty for no such type."""
    return _interned(connection).parameters.get(type, {})


def system_id(connection: Connection, uri: str | None) -> int:
    """Return the number of a token system, adding it where it is new (writer only)."""
    if uri is None:
        return NO_SYSTEM
    systems = _interned(connection).systems
    known = systems.get(uri)
    if known is None:
        key = key_text(uri)
        _ADD_SYSTEM.run(connection, key)
        known = systems[uri] = _FIND_SYSTEM.run(connection, key).fetchone()[0]
    return known


def known_systems(connection: Connection) -> Mapping[str, int]:
    """Return the numbers of the token systems that this connection remembers, until `forget`."""
    return _interned(connection).systems


def known_system_id(connection: Connection, uri: str) -> int | None:
    """Return the number of a token system, None where no resource has ever used it."""
    systems = _interned(connection).systems
    known = systems.get(uri)
    if known is None:
        row = _FIND_SYSTEM.run(connection, key_text(uri)).fetchone()
        if row is None:
            return None
        known = systems[uri] = row[0]
    return known


def add_parameters(connection: Connection, names: list[tuple[str, str]]) -> None:
    """Give each (resource type, parameter) a number where it has none yet."""
    _ADD_PARAMETER.run_many(connection, names)
    connection.info.pop(_KEY, None)


def forget(connection: Connection) -> None:
    """Drop the systems that this connection remembers: after a rollback some were never stored."""
    known = connection.info.get(_KEY)
    if known is not None:
        known.systems = {"": NO_SYSTEM}


def _interned(connection: Connection) -> _Interned:
    found = connection.info.get(_KEY)
    if not isinstance(found, _Interned):
        found = connection.info[_KEY] = _Interned()
        for type, name, param in _ALL_PARAMETERS.run(connection):
            found.parameters.setdefault(type, {})[name] = param
    return found
