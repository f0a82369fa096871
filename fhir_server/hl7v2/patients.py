"""Whose results these are: the stored Patient of a PID, found by identifier and assigner."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from fhir_server.hl7v2.mapping.identity import resource_id
from fhir_server.hl7v2.mapping.patient import PatientDraft
from fhir_server.hl7v2.problems import Location, Problem, Refusal, warning
from fhir_server.r4.codec import JsonObject
from fhir_server.r4.search_values import fold_code
from fhir_server.store import gathering, interning
from fhir_server.store.same_patient import (
    UnclearMerge,
    linked,
    same_person,
    stands_for_others,
    stored_patient,
    survivor_of,
)
from fhir_server.store.statements import Prepared
from fhir_server.store.tables import key_text, table

_TOKEN = table("token_index")
_RESOURCE = table("resource")
_IDENTIFIED = Prepared(
    select(_RESOURCE.c.id)
    .join_from(_TOKEN, _RESOURCE, _RESOURCE.c.rid == _TOKEN.c.rid)
    .where(_TOKEN.c.param == bindparam("of_param"))
    .where(_TOKEN.c.system == bindparam("of_system"))
    # The index compares codes without case; an identifier is compared exactly below.
    .where(_TOKEN.c.code == bindparam("of_code"))
    .order_by(_RESOURCE.c.id),
    sees_gathered=False,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a message is about.

    `record` is the Patient that carries the number sent, `id` the one under which results are
    filed: another one where `record` was merged into it. `records` are all Patients of the
    person, `record` first: what was stored before a merge is known by them.
    """

    id: str
    record: str
    records: tuple[str, ...]


def resolve(connection: Connection, draft: PatientDraft) -> Person:
    """Return whom a PID names: who carries an identifier of it, else somebody new.

    Refusal (205 at PID-3) where the identifiers belong to different people: whose results these
    are is not decided by a guess.
    """
    found = carriers(connection, draft)
    if not found:
        id = unused_id(connection, draft)
        return Person(id, id, (id,))
    merged = [id for id, resource in found.items() if any(linked(resource, "replaced-by"))]
    record = next((id for id in found if id not in merged), next(iter(found)))
    survivors = _survivors(connection, found, merged, draft.location)
    if len(survivors) > 1:
        raise Refusal(
            Problem(
                "205",
                f"the identifiers of PID-3 belong to {len(survivors)} different patients on record",
                draft.location,
            )
        )
    (id,) = survivors
    if not merged and not stands_for_others(connection, id):
        return Person(id, record, (record,))
    return Person(id, record, tuple(dict.fromkeys((record, *_records(connection, id)))))


def carriers(connection: Connection, draft: PatientDraft) -> dict[str, JsonObject]:
    """Return the Patients that carry an identifier of a draft, those that were merged included."""
    found: dict[str, JsonObject] = {}
    for system, value in draft.identifiers:
        found |= _identified(connection, system, value)
    return found


def unused_id(connection: Connection, draft: PatientDraft) -> str:
    """Return the id of a new Patient for a number that nobody carries.

    Who was created with it may carry another one now, because it was corrected over FHIR: that
    is somebody else, whose id stays theirs.
    """
    id, number = draft.new_id, 1
    while stored_patient(connection, id) is not None:
        number += 1
        id = resource_id("Patient", *draft.identifiers[0], str(number))
    return id


def contradictions(
    draft: PatientDraft, existing: JsonObject, *, is_authority: bool = False
) -> list[Problem]:
    """Return warnings where the PID and the record disagree on birth date or sex.

    Refusal (205) where they disagree on both: the number was most likely given to somebody else.
    A message about the person may correct both; then the family name must still agree.
    """
    place = draft.location
    found = disagreements(draft.resource, existing)
    is_same = is_authority and bool(_families(draft.resource) & _families(existing))
    if len(found) == 2 and not is_same:
        text = "PID-7 and PID-8 both contradict the patient on record who carries this identifier"
        raise Refusal(Problem("205", text, place))
    return [
        warning(
            "102",
            f"PID-{number} differs from the {name} on record",
            type(place)(place.segment, place.sequence, number),
        )
        for number, name in found
    ]


def disagreements(first: JsonObject, second: JsonObject) -> list[tuple[int, str]]:
    """Return on which of birth date and sex two Patients disagree: the field of PID, its name."""
    found = []
    if _differ(first.get("birthDate"), second.get("birthDate")):
        found.append((7, "birth date"))
    if {first.get("gender"), second.get("gender")} == {"male", "female"}:
        found.append((8, "sex"))
    return found


def _survivors(
    connection: Connection, found: dict[str, JsonObject], merged: list[str], location: Location
) -> set[str]:
    """Return the records to use for some records: for a merged one, the one that replaced it."""
    try:
        return {id if id not in merged else survivor_of(connection, id) for id in found}
    except UnclearMerge:
        text = "the patient on record was merged, and its links do not lead to one record"
        raise Refusal(Problem("205", text, location)) from None


def _records(connection: Connection, id: str) -> tuple[str, ...]:
    try:
        return same_person(connection, id)
    except UnclearMerge:
        # Another record says that it was merged into this one and a second: that is its fault.
        return (id,)


def _families(patient: JsonObject) -> set[str]:
    return {name["family"] for name in patient.get("name", []) if "family" in name}


def _differ(first: str | None, second: str | None) -> bool:
    if not first or not second:
        return False
    shared = min(len(first), len(second))
    return first[:shared] != second[:shared]


def _identified(connection: Connection, system: str, value: str) -> dict[str, JsonObject]:
    known = interning.known_system_id(connection, system)
    if known is None:
        return {}
    param = interning.parameter_ids(connection, "Patient")["identifier"]
    code = key_text(fold_code(value))
    gathering.settle_rows(connection, _TOKEN, param, code, known)
    rows = _IDENTIFIED.run_named(
        connection, {"of_param": param, "of_system": known, "of_code": code}
    ).fetchall()
    found = {}
    for (id,) in rows:
        resource = stored_patient(connection, id)
        if resource is not None and _carries(resource, system, value):
            found[id] = resource
    return found


def _carries(resource: JsonObject, system: str, value: str) -> bool:
    return any(
        each.get("system") == system and each.get("value") == value
        for each in resource.get("identifier", [])
    )
