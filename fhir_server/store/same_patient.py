"""Records of one person: Patients that were merged, by Patient.link.

Source: FHIR R4 patient.html, "Linking Patients": a record with a link `replaced-by` must not be
used any more; the one that it names is used in its place. That link alone decides: a record that
says `replaces` of one that does not say so itself joins nobody.
"""

from collections.abc import Iterator
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.store import gathering, interning, resources
from fhir_server.store.record_tables import HL7v2OriginRow
from fhir_server.store.statements import Prepared, SqlValue
from fhir_server.store.tables import table

# More records of one person are no merge but a fault; nothing is read of them.
_MOST = 64

_RESOURCE = table("resource")
_REFERENCE = table("reference_index")
_ORIGIN = table(HL7v2OriginRow.__tablename__)
_REFERRING = (
    select(_RESOURCE.c.id)
    .select_from(_REFERENCE)
    .join(_RESOURCE, _RESOURCE.c.rid == _REFERENCE.c.rid)
    .where(_REFERENCE.c.param == bindparam("of_param"))
    .where(_REFERENCE.c.target == bindparam("of_target"))
    .where(_REFERENCE.c.type == "Patient")
    .order_by(_RESOURCE.c.id)
)
# Who runs these settles the rows that they look for first.
_ALL_REFERRING = Prepared(_REFERRING, sees_gathered=False)
_OF_MESSAGES = (
    select(1)
    .where(_ORIGIN.c.type == bindparam("of_type"))
    .where(_ORIGIN.c.id == _RESOURCE.c.id)
    .exists()
)
_FILED = Prepared(
    _REFERRING.join(
        _ORIGIN, (_ORIGIN.c.type == bindparam("of_type")) & (_ORIGIN.c.id == _RESOURCE.c.id)
    ).add_columns(_ORIGIN.c.identity),
    sees_gathered=False,
)
_FILED_BY_OTHERS = Prepared(
    _REFERRING.where(~_OF_MESSAGES).limit(bindparam("most")), sees_gathered=False
)


class UnclearMerge(Exception):
    """The links of merged records lead in a circle, to two records, or to too many."""


def survivor_of(connection: Connection, id: str) -> str:
    """Return the record that is used in the place of `id`: itself where it was not merged.

    UnclearMerge where the links do not lead to one record.
    """
    return chain_of(connection, id)[-1]


def chain_of(connection: Connection, id: str) -> tuple[str, ...]:
    """Return a record, the one that replaced it, the one that replaced that, to the survivor.

    UnclearMerge where the links do not lead to one record.
    """
    chain = [id]
    while True:
        found = stored_patient(connection, chain[-1])
        further = set() if found is None else set(linked(found, "replaced-by"))
        if not further:
            return tuple(chain)
        if len(further) > 1 or further & {*chain} or len(chain) > _MOST:
            raise UnclearMerge(id)
        chain += further


def same_person(connection: Connection, id: str) -> tuple[str, ...]:
    """Return the ids of all records of a person, the survivor first.

    They are all whose links lead to the survivor, whether or not it says that it replaces them.
    UnclearMerge where that cannot be told.
    """
    found = [survivor_of(connection, id)]
    for each in found:
        for other in _linking(connection, each):
            record = stored_patient(connection, other)
            named = set() if record is None else set(linked(record, "replaced-by"))
            if each not in named:
                continue
            if len(named) > 1 or other in found or len(found) > _MOST:
                raise UnclearMerge(id)
            found.append(other)
    return tuple(found)


def stands_for_others(connection: Connection, id: str) -> bool:
    """Whether other records have links to a record: some may have been merged into it."""
    return bool(_linking(connection, id))


def filed_by_messages(connection: Connection, type: str, patient: str) -> dict[str, str]:
    """Return the resources of a type that messages filed under a record: identity by id.

    `identity` is that of `HL7v2OriginRow`.
    """
    return dict(_of(connection, _FILED, type, "subject", patient, of_type=type))


def filed_by_others(connection: Connection, type: str, patient: str, *, most: int) -> list[str]:
    """Return the ids of at most `most` resources of a type that no message filed there."""
    param = subject_parameter(type)
    found = _of(connection, _FILED_BY_OTHERS, type, param, patient, of_type=type, most=most)
    return [id for (id,) in found]


def subject_parameter(type: str) -> str:
    """Return the search parameter that says whose a resource is."""
    return "patient" if type == "FamilyMemberHistory" else "subject"


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


def _linking(connection: Connection, id: str) -> list[str]:
    return [id for (id,) in _of(connection, _ALL_REFERRING, "Patient", "link", id)]


def _of(
    connection: Connection,
    statement: Prepared,
    type: str,
    parameter: str,
    patient: str,
    **more: SqlValue,
) -> list[Any]:
    param = interning.parameter_ids(connection, type)[parameter]
    values: dict[str, SqlValue] = {"of_param": param, "of_target": patient, **more}
    gathering.settle_rows(connection, _REFERENCE, param, patient, "Patient")
    return statement.run_named(connection, values).fetchall()
