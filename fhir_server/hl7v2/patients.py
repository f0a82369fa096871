"""Whose results these are: the stored Patient of a PID, found by identifier and assigner."""

from sqlalchemy import Connection, bindparam, select

from fhir_server.hl7v2.mapping.patient import PatientDraft
from fhir_server.hl7v2.problems import Problem, Refusal, warning
from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.r4.search_values import fold_code
from fhir_server.store import interning, resources
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
    found: dict[str, JsonObject] = {}
    for system, value in draft.identifiers:
        found |= _identified(connection, system, value)
    current = [id for id, resource in found.items() if _replaced_by(resource) is None]
    if len(current) > 1:
        raise Refusal(
            Problem(
                "205",
                f"the identifiers of PID-3 belong to {len(current)} different patients on record",
                draft.location,
            )
        )
    if current:
        return current[0]
    # All that carry it were merged into another (R4 Patient.link, replaced-by): file it there.
    survivors = {_replaced_by(resource) for resource in found.values()}
    return str(survivors.pop()) if len(survivors) == 1 else draft.new_id


def stored(connection: Connection, id: str) -> JsonObject | None:
    """Return a Patient by id, None where there is none or it was deleted."""
    try:
        return decode(resources.read(connection, "Patient", id).body)
    except (NotFound, Gone):
        return None


def merged(draft: JsonObject, existing: JsonObject, *, draft_is_newer: bool) -> JsonObject:
    """Return one Patient of two: the newer statement of each element, all identifiers."""
    newer, older = (draft, existing) if draft_is_newer else (existing, draft)
    kept = {name: value for name, value in older.items() if name not in ("meta", "id")}
    both = {**kept, **newer, "id": existing["id"]}
    identifiers = list(existing.get("identifier", []))
    known = {(each.get("system"), each.get("value")) for each in identifiers}
    identifiers += [
        each
        for each in draft.get("identifier", [])
        if (each.get("system"), each.get("value")) not in known
    ]
    return both | ({"identifier": identifiers} if identifiers else {})


def contradictions(draft: PatientDraft, existing: JsonObject) -> list[Problem]:
    """Return warnings where the PID and the record disagree on birth date or sex.

    Refusal (205) where they disagree on both: the number was most likely given to somebody else.
    """
    new = draft.resource
    found = []
    if _differ(new.get("birthDate"), existing.get("birthDate")):
        found.append((7, "birth date"))
    if {new.get("gender"), existing.get("gender")} == {"male", "female"}:
        found.append((8, "sex"))
    place = draft.location
    if len(found) == 2:
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
        resource = stored(connection, id)
        if resource is not None and _carries(resource, system, value):
            found[id] = resource
    return found


def _carries(resource: JsonObject, system: str, value: str) -> bool:
    return any(
        each.get("system") == system and each.get("value") == value
        for each in resource.get("identifier", [])
    )


def _replaced_by(resource: JsonObject) -> str | None:
    for link in resource.get("link", []):
        if link.get("type") == "replaced-by":
            reference = str(link.get("other", {}).get("reference", ""))
            return reference.rpartition("/")[2] or None
    return None
