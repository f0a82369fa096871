"""Messages processed in one transaction on either database, and what is stored of them then."""

from typing import Any

from sqlalchemy import Connection, select

from fhir_server.hl7v2.mapping.conversion import read
from fhir_server.hl7v2.processing import Recorded, convert_message, patients_of, record
from fhir_server.r4.codec import decode
from fhir_server.store import gathering
from fhir_server.store.tables import table
from tests.unit.hl7v2.examples import NOW, surroundings, tokens

_RESOURCE = table("resource")
_VERSION = table("resource_version")


def process(connection: Connection, raw: bytes, message_id: str, **changed: Any) -> Recorded:
    """Store what a message says, as a worker does; Refusal where it is refused."""
    found = read(tokens(raw), surroundings(raw, **changed))
    persons = patients_of(connection, found)
    return record(
        connection,
        found,
        convert_message(found, persons),
        persons,
        message_id=message_id,
        received=NOW,
        now=NOW,
    )


def current(connection: Connection, *types: str) -> list[dict[str, Any]]:
    """The current versions of all resources of some types, those that were deleted left out."""
    gathering.flush(connection)
    found = connection.execute(
        select(_VERSION.c.body)
        .join_from(
            _RESOURCE,
            _VERSION,
            (_VERSION.c.rid == _RESOURCE.c.rid) & (_VERSION.c.version == _RESOURCE.c.version),
        )
        .where(_RESOURCE.c.type.in_(types))
        .where(_VERSION.c.deleted == 0)
        .order_by(_RESOURCE.c.type, _RESOURCE.c.id)
    )
    return [decode(body) for (body,) in found]


def versions(connection: Connection) -> int:
    """How many versions of resources there are."""
    gathering.flush(connection)
    return len(connection.execute(select(_VERSION.c.rid)).fetchall())
