"""Who is asking, as the store sees it: which patients' records may be read."""

from dataclasses import dataclass

from sqlalchemy import Connection

from fhir_server.store.resources import Stored


@dataclass(frozen=True, slots=True)
class Access:
    """The Patient ids whose compartments are open; None opens everything."""

    patients: frozenset[str] | None = None


def visible(_connection: Connection, _stored: Stored, access: Access) -> bool:
    """Return whether `stored` may be seen."""
    return access.patients is None
