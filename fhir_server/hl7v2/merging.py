"""ADT^A40: the record that MRG names is used no more, the one of PID stands in its place.

Source: HL7 v2.5.1 section 3.3.40; FHIR R4 patient.html, "Linking Patients". The two records that
the message names are linked, whatever was merged before or will be after, so that merges that
arrive in another order give the same links. What messages filed under the merged record is filed
under the survivor from now on, so that every search, client and model finds it there; what was
written over FHIR stays where its writer put it and is read together with the survivor's
(`fhir_server.store.patient_records`).
"""

from collections.abc import Mapping
from typing import Final, Literal

from sqlalchemy import Connection

from fhir_server.hl7v2 import describing, patients
from fhir_server.hl7v2.filing import with_references
from fhir_server.hl7v2.mapping.drafts import Age
from fhir_server.hl7v2.mapping.patient import PatientDraft
from fhir_server.hl7v2.patients import Person
from fhir_server.hl7v2.problems import refuse, warning
from fhir_server.hl7v2.recording import Recording
from fhir_server.r4.codec import JsonObject
from fhir_server.store import same_patient
from fhir_server.store.same_patient import UnclearMerge, chain_of, linked, stored_patient

# What a message makes of somebody; a test holds that these are all.
FILED: Final = (
    "Encounter",
    "ServiceRequest",
    "Specimen",
    "Observation",
    "DiagnosticReport",
    "DocumentReference",
)
# What a model reads of a patient.
_READ: Final = (
    "Observation",
    "Condition",
    "MedicationRequest",
    "MedicationStatement",
    "FamilyMemberHistory",
)
_NAMED: Final = 100


def merge(recording: Recording, survivor: Person, prior: PatientDraft, age: Age) -> None:
    """Merge the record of MRG (`prior`) into that of PID; again, it changes nothing.

    A record that is not known yet is created as merged, so that results that come under its
    number go to the survivor. Refusal (205 at MRG-1) where MRG names several people, one who was
    merged into somebody else, one into whom the survivor was merged (a circle), or one whose
    birth date and sex both differ from the survivor's.
    """
    connection = recording.connection
    found = patients.carriers(connection, prior)
    others = [id for id in found if id != survivor.record]
    if found and not others:
        text = "MRG-1 and PID-3 name one record already: there is nothing to merge"
        recording.warnings.append(warning("204", text, prior.location))
        return
    open = [id for id in others if not _is_merged(connection, id, survivor.record, prior)]
    if len(open) > 1:
        text = f"the identifiers of MRG-1 belong to {len(open)} different patients on record"
        raise refuse("205", text, prior.location)
    if not found:
        open = [patients.unused_id(connection, prior)]
    for other in open:
        _check_person(recording, other, survivor, prior)
        describing.record(recording, prior, other, found.get(other), age, is_authority=True)
    for other in dict.fromkeys((*others, *open)):
        if other in open or survivor.record in linked(found[other], "replaced-by"):
            _link(recording, other, survivor.record, prior)
        # Also of one that was merged before: over FHIR nothing was filed anew.
        _refile(recording, other, same_patient.survivor_of(connection, survivor.record), prior)


def _is_merged(connection: Connection, other: str, into: str, prior: PatientDraft) -> bool:
    """Whether a record was merged into another before, over others or not; else it stands alone.

    Refusal where it was merged into somebody else, or the other into it.
    """
    try:
        chain, further = chain_of(connection, other), chain_of(connection, into)
    except UnclearMerge:
        text = "a record of MRG-1 or PID-3 was merged, and its links do not lead to one record"
        raise refuse("205", text, prior.location) from None
    if other in further:
        text = "the record of PID-3 was merged into that of MRG-1 before"
        raise refuse("205", text, prior.location)
    if into in chain or chain[-1] == further[-1]:
        return True
    if len(chain) > 1:
        text = "the record of MRG-1 was merged into another one before"
        raise refuse("205", text, prior.location)
    return False


def _check_person(recording: Recording, other: str, survivor: Person, prior: PatientDraft) -> None:
    """Refuse to make one person of two whose birth dates and sexes both differ."""
    records = [stored_patient(recording.connection, id) for id in (other, survivor.record)]
    if records[0] is None or records[1] is None:
        return
    found = patients.disagreements(records[0], records[1])
    if len(found) == 2:
        text = "birth date and sex of the records of MRG-1 and PID-3 both differ: two people"
        raise refuse("205", text, prior.location)
    recording.warnings += [
        warning("102", f"the merged records differ in the {name}", prior.location)
        for _, name in found
    ]


def _link(recording: Recording, other: str, into: str, prior: PatientDraft) -> None:
    merged = stored_patient(recording.connection, other)
    if merged is not None:
        changed = {**_linked(merged, "replaced-by", into), "active": False}
        recording.refer(changed, merged)
        recording.target(f"Patient/{other}", prior.sources)
    standing = stored_patient(recording.connection, into)
    if standing is not None:
        recording.refer(_linked(standing, "replaces", other), standing)
        recording.target(f"Patient/{into}", prior.sources)


def _linked(record: JsonObject, type: Literal["replaced-by", "replaces"], other: str) -> JsonObject:
    """Return a Patient with a link to another, once; in an order that no arrival decides."""
    if other in linked(record, type):
        return record
    link = {"other": {"reference": f"Patient/{other}"}, "type": type}
    links = [*record.get("link", []), link]
    return {**record, "link": sorted(links, key=lambda each: (each["type"], str(each["other"])))}


def _refile(recording: Recording, other: str, survivor: str, prior: PatientDraft) -> None:
    """File under the survivor what messages filed under a merged record; its age stays.

    A correction under the survivor's number that came before the merge made a result of its own:
    with the one that it corrects it becomes one.
    """
    names = {f"Patient/{other}": f"Patient/{survivor}"}
    moved: dict[str, str] = {}
    for type in FILED:
        filed = same_patient.filed_by_messages(recording.connection, type, other)
        twins = _twins(recording, type, survivor) if filed else {}
        for id, identity in filed.items():
            existing = recording.read(type, id)
            if existing is None:
                continue
            recording.refer(with_references(existing, names), existing)
            recording.target(f"{type}/{id}", prior.sources)
            twin = recording.read(type, twins[identity]) if identity in twins else None
            if twin is not None and _is_one(existing, twin):
                recording.join(type, twin["id"], id)
                moved[f"{type}/{id}"] = f"{type}/{twin['id']}"
    if moved:
        _refer(recording, survivor, moved)
    _warn_of_others(recording, other, prior)


def _twins(recording: Recording, type: str, patient: str) -> dict[str, str]:
    """Return the ids of what messages filed under a record, by what they know it by."""
    filed = same_patient.filed_by_messages(recording.connection, type, patient)
    return {identity: id for id, identity in filed.items() if identity}


def _is_one(first: JsonObject, second: JsonObject) -> bool:
    """Whether two resources under one order number are one: not if they are of different times.

    Laboratories use their numbers again. What was withdrawn or cancelled may have no time.
    """
    times = [
        {name: value for name, value in each.items() if name.startswith("effective")}
        for each in (first, second)
    ]
    return not all(times) or times[0] == times[1]


def _refer(recording: Recording, survivor: str, moved: Mapping[str, str]) -> None:
    """Let the survivor's resources refer to the ones that are left of two."""
    for type in FILED:
        for id in same_patient.filed_by_messages(recording.connection, type, survivor):
            existing = recording.read(type, id)
            if existing is not None:
                recording.refer(_without_doubles(with_references(existing, moved)), existing)


def _without_doubles(resource: JsonObject) -> JsonObject:
    """Return a resource whose lists name each thing once."""
    return {
        name: [each for n, each in enumerate(value) if each not in value[:n]]
        if isinstance(value, list)
        else value
        for name, value in resource.items()
    }


def _warn_of_others(recording: Recording, other: str, prior: PatientDraft) -> None:
    left = sum(
        len(same_patient.filed_by_others(recording.connection, type, other, most=_NAMED))
        for type in _READ
    )
    if left:
        count = f"{left} or more" if left >= _NAMED else str(left)
        text = (
            f"{count} resources that no message wrote stay under the merged record; "
            "they are read together with the survivor's"
        )
        recording.warnings.append(warning("0", text, prior.location))
