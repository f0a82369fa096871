"""The Provenance of a stored resource."""

from sqlalchemy import Connection, bindparam, select

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.store import interning
from fhir_server.store.statements import Prepared
from fhir_server.store.tables import table

_RESOURCE = table("resource")
_REFERENCE = table("reference_index")
_VERSION = table("resource_version")
_OF_TARGET = Prepared(
    select(_VERSION.c.body)
    .select_from(_REFERENCE)
    .join(_RESOURCE, _RESOURCE.c.rid == _REFERENCE.c.rid)
    .join(
        _VERSION, (_VERSION.c.rid == _RESOURCE.c.rid) & (_VERSION.c.version == _RESOURCE.c.version)
    )
    .where(_REFERENCE.c.param == bindparam("of_param"))
    .where(_REFERENCE.c.target == bindparam("of_target"))
    .where(_REFERENCE.c.type == bindparam("of_type"))
    .order_by(_RESOURCE.c.rid)
)


def provenance_of(connection: Connection, type: str, id: str) -> tuple[JsonObject, ...]:
    """Return every Provenance whose target is the resource, the oldest first."""
    param = interning.parameter_ids(connection, "Provenance")["target"]
    rows = _OF_TARGET.run_named(
        connection, {"of_param": param, "of_target": id, "of_type": type}
    ).fetchall()
    return tuple(decode(body) for (body,) in rows)
