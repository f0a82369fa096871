"""Records of one person: Patients that were merged, by Patient.link.

Source: FHIR R4 patient.html, "Linking Patients": a record with a link `replaced-by` must not be
used any more; the one that it names, with a link `replaces`, is used in its place.
"""

from collections.abc import Iterator
from typing import Literal

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.store import resources

# More records of one person are no merge but a fault; nothing is read of them.
_MOST = 64


class UnclearMerge(Exception):
    """The links of merged records lead in a circle, to two records, or to too many."""


def survivor_of(connection: Connection, id: str) -> str:
    """Return the record that is used in the place of `id`: itself where it was not merged.

    UnclearMerge where the links do not lead to one record.
    """
    seen = {id}
    while True:
        found = stored_patient(connection, id)
        further = set() if found is None else set(linked(found, "replaced-by"))
        if not further:
            return id
        if len(further) > 1 or further & seen or len(seen) > _MOST:
            raise UnclearMerge(id)
        (id,) = further
        seen.add(id)


def same_person(connection: Connection, id: str) -> tuple[str, ...]:
    """Return the ids of all records of a person, the survivor first.

    A record counts only where both say it: one replaces, the other is replaced by it. UnclearMerge
    where that cannot be told.
    """
    first = survivor_of(connection, id)
    found = [first]
    for each in found:
        record = stored_patient(connection, each)
        for other in () if record is None else linked(record, "replaces"):
            replaced = stored_patient(connection, other)
            if replaced is None or each not in linked(replaced, "replaced-by"):
                continue
            if other in found or len(found) > _MOST:
                raise UnclearMerge(id)
            found.append(other)
    return tuple(found)


def stored_patient(connection: Connection, id: str) -> JsonObject | None:
    """Return a Patient by id, None where there is none or it was deleted."""
    try:
        return decode(resources.read(connection, "Patient", id).body)
    except (NotFound, Gone):
        return None


def linked(patient: JsonObject, type: Literal["replaced-by", "replaces"]) -> Iterator[str]:
    """Yield the ids of the Patients of this server to which a Patient has links of `type`."""
    for link in patient.get("link", []):
        reference = str(link.get("other", {}).get("reference", ""))
        kind, _, id = reference.partition("/")
        if link.get("type") == type and kind == "Patient" and id:
            yield id.partition("/")[0]
