"""Closure tables of clients, as `terminology.service.closure` makes them: a row for each step."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from fhir_server.store.record_tables import ClosureStepRow
from fhir_server.store.statements import Prepared, adding
from fhir_server.store.tables import table
from terminology.service.closure import Step

_STEP = table(ClosureStepRow.__tablename__)
_OF_NAME = _STEP.c.name == bindparam("of_name")
_READ = Prepared(select(_STEP.c.version, _STEP.c.body).where(_OF_NAME).order_by(_STEP.c.version))
_ADD = Prepared(adding(_STEP))
_DELETE = Prepared(delete(_STEP).where(_OF_NAME))
# So that the version of a table that was begun anew is none that a client knows of the old one.
_FIRST = 1


def steps_of(connection: Connection, name: str) -> Mapping[int, Step]:
    """Return the steps of a table by version, in their order; empty where there is no table."""
    rows = _READ.run_named(connection, {"of_name": name}).fetchall()
    return {version: msgspec.json.decode(body, type=Step) for version, body in rows}


def begin(connection: Connection, name: str) -> int:
    """Begin a table, or begin it anew with nothing in it; return its version."""
    version = max(steps_of(connection, name), default=_FIRST - 1) + 1
    _DELETE.run_named(connection, {"of_name": name})
    _ADD.run(connection, name, version, _written(Step()))
    return version


def grow(connection: Connection, name: str, version: int, step: Step) -> bool:
    """Add a step that was made for a table of this version; False where the table is another."""
    if max(steps_of(connection, name), default=None) != version:
        return False
    _ADD.run(connection, name, version + 1, _written(step))
    return True


def _written(step: Step) -> str:
    return msgspec.json.encode(step).decode()
