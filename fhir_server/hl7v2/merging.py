"""ADT^A40: the record that MRG names is used no more, the one of PID stands in its place.

Source: HL7 v2.5.1 section 3.3.40; FHIR R4 patient.html, "Linking Patients". Nothing is moved:
what is filed under the merged record stays there and is read together with the survivor's
(`fhir_server.store.same_patient`); whatever comes later goes to the survivor.
"""

from typing import Literal

from fhir_server.hl7v2 import patients
from fhir_server.hl7v2.mapping.patient import PatientDraft
from fhir_server.hl7v2.problems import refuse, warning
from fhir_server.hl7v2.recording import Recording
from fhir_server.r4.codec import JsonObject
from fhir_server.store.same_patient import UnclearMerge, linked, stored_patient, survivor_of


def merge(recording: Recording, survivor: str, named: PatientDraft, prior: PatientDraft) -> None:
    """Link the record of MRG (`prior`) to that of PID (`named`, stored as `survivor`), once.

    A record that is not known yet is created as merged, so that late results under its number go
    to the survivor. Refusal (205 at MRG-1) where it is several records, or was merged elsewhere
    or the other way round.
    """
    found = patients.carriers(recording.connection, prior)
    others = [id for id in found if id != survivor]
    if found and not others:
        if any(id != survivor for id in patients.carriers(recording.connection, named)):
            text = "the record of PID-3 was merged into that of MRG-1 before"
            raise refuse("205", text, prior.location)
        text = "MRG-1 and PID-3 name one record already: there is nothing to merge"
        recording.warnings.append(warning("204", text, prior.location))
        return
    if len(others) > 1 and not _are_one(recording, others, survivor):
        text = f"the identifiers of MRG-1 belong to {len(others)} different patients on record"
        raise refuse("205", text, prior.location)
    for other in others or [prior.new_id]:
        _check(recording, other, survivor, prior)
        record = stored_patient(recording.connection, other) or {
            "resourceType": "Patient",
            "id": other,
            **prior.resource,
        }
        retired = {**_linked(record, "replaced-by", survivor), "active": False}
        recording.keep(retired, prior.sources)
        standing = stored_patient(recording.connection, survivor)
        if standing is not None:
            recording.keep(_linked(standing, "replaces", other), prior.sources)


def _are_one(recording: Recording, ids: list[str], survivor: str) -> bool:
    """Whether some records are one person's: all but one were merged into it, or all are here."""
    try:
        ends = {survivor_of(recording.connection, id) for id in ids}
    except UnclearMerge:
        return False
    return len(ends - {survivor}) <= 1


def _check(recording: Recording, other: str, survivor: str, prior: PatientDraft) -> None:
    """Refuse a merge that contradicts an earlier one: to another record, or the other way."""
    record = stored_patient(recording.connection, other)
    try:
        end = survivor_of(recording.connection, other)
    except UnclearMerge:
        end = ""
    already = set() if record is None else set(linked(record, "replaced-by"))
    if already and end != survivor:
        text = "the record of MRG-1 was merged into another one before"
        raise refuse("205", text, prior.location)


def _linked(record: JsonObject, type: Literal["replaced-by", "replaces"], other: str) -> JsonObject:
    """Return a Patient with a link to another, once."""
    if other in linked(record, type):
        return record
    # A link the other way was of an earlier merge; the two cannot replace each other.
    link = {"other": {"reference": f"Patient/{other}"}, "type": type}
    return {**record, "link": [*record.get("link", []), link]}
