"""Whose results these are: the stored Patient of a PID, found by identifier and assigner."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select

from fhir_server.hl7v2.mapping.patient import PatientDraft
from fhir_server.hl7v2.problems import Location, Problem, Refusal, warning
from fhir_server.r4.codec import JsonObject
from fhir_server.r4.search_values import fold_code
from fhir_server.store import interning
from fhir_server.store.same_patient import UnclearMerge, stored_patient, survivor_of
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
)


def resolve(connection: Connection, draft: PatientDraft) -> str:
    """Return the id of the Patient that carries an identifier of the PID, else the new one's.

    Refusal (205 at PID-3) where the identifiers belong to different Patients: whose results
    these are is not decided by a guess.
    """
    current = _survivors(connection, carriers(connection, draft), draft.location)
    if len(current) > 1:
        raise Refusal(
            Problem(
                "205",
                f"the identifiers of PID-3 belong to {len(current)} different patients on record",
                draft.location,
            )
        )
    return current.pop() if current else draft.new_id


def carriers(connection: Connection, draft: PatientDraft) -> dict[str, JsonObject]:
    """Return the Patients that carry an identifier of a draft, those that were merged included."""
    found: dict[str, JsonObject] = {}
    for system, value in draft.identifiers:
        found |= _identified(connection, system, value)
    return found


def _survivors(connection: Connection, ids: Iterable[str], location: Location) -> set[str]:
    """Return the records to use for some records: for a merged one, the one that replaced it."""
    try:
        return {survivor_of(connection, id) for id in ids}
    except UnclearMerge:
        text = "the patient on record was merged, and its links do not lead to one record"
        raise Refusal(Problem("205", text, location)) from None


def merged(
    draft: JsonObject,
    existing: JsonObject,
    *,
    draft_is_newer: bool,
    ended: frozenset[str] = frozenset(),
) -> JsonObject:
    """Return one Patient of two: the newer statement of each element, all identifiers.

    `ended` are the elements that the draft says hold no more.
    """
    newer, older = (draft, existing) if draft_is_newer else (existing, draft)
    kept = {
        name: value
        for name, value in older.items()
        if name not in ("meta", "id")
        and not (draft_is_newer and (name in ended or _is_other_choice(name, newer)))
    }
    both = {**kept, **newer, "id": existing["id"]}
    identifiers = list(existing.get("identifier", []))
    known = {(each.get("system"), each.get("value")) for each in identifiers}
    identifiers += [
        each
        for each in draft.get("identifier", [])
        if (each.get("system"), each.get("value")) not in known
    ]
    return both | ({"identifier": identifiers} if identifiers else {})


def _is_other_choice(name: str, newer: JsonObject) -> bool:
    """Whether the newer Patient states the same choice element in another type."""
    choice = next((each for each in ("deceased", "multipleBirth") if name.startswith(each)), None)
    return choice is not None and any(each.startswith(choice) for each in newer)


def contradictions(
    draft: PatientDraft, existing: JsonObject, *, is_authority: bool = False
) -> list[Problem]:
    """Return warnings where the PID and the record disagree on birth date or sex.

    Refusal (205) where they disagree on both: the number was most likely given to somebody else.
    A message about the person may correct both; then the family name must still agree.
    """
    new = draft.resource
    found = []
    if _differ(new.get("birthDate"), existing.get("birthDate")):
        found.append((7, "birth date"))
    if {new.get("gender"), existing.get("gender")} == {"male", "female"}:
        found.append((8, "sex"))
    place = draft.location
    if len(found) == 2 and not (is_authority and _families(new) & _families(existing)):
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
    rows = _IDENTIFIED.run_named(
        connection, {"of_param": param, "of_system": known, "of_code": key_text(fold_code(value))}
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
