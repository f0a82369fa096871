"""What a message says of a person, into the Patient that it describes.

A Patient that was written over FHIR belongs to that writer: results do not change it. A message
about the person (ADT) is the authority on who somebody is: what it says replaces what was
written before it was sent, with a warning that names the elements, and the version stays in the
history; what was written since stays, with a warning too.
"""

from datetime import datetime

from fhir_server.hl7v2 import patients
from fhir_server.hl7v2.mapping.drafts import Age
from fhir_server.hl7v2.mapping.patient import PatientDraft
from fhir_server.hl7v2.patients import Person
from fhir_server.hl7v2.problems import Problem
from fhir_server.hl7v2.recording import Recording
from fhir_server.hl7v2.stated import stated
from fhir_server.r4.codec import JsonObject
from fhir_server.store.hl7v2_messages import Origin
from fhir_server.store.resources import microseconds
from fhir_server.store.same_patient import stored_patient


def describe(
    recording: Recording, draft: PatientDraft, person: Person, age: Age, *, is_authority: bool
) -> None:
    """Store what a message says of a person; `is_authority`: the message is about the person.

    The record described is that which carries the number sent, also where it was merged: what is
    filed goes to the survivor, whose own description stays as it is. Refusal (205 at PID-3) where
    birth date and sex both contradict either record.
    """
    existing = stored_patient(recording.connection, person.record)
    if person.id != person.record:
        survivor = stored_patient(recording.connection, person.id)
        if survivor is not None:
            # Its results are filed there: it must be the same person.
            doubts = patients.contradictions(draft, survivor, is_authority=is_authority)
            recording.warnings += doubts
        if is_authority:
            text = "the patient was merged: what is said of it stays with the merged record"
            recording.warnings.append(Problem("204", text, draft.location, "W"))
    if existing is not None:
        recording.warnings += patients.contradictions(draft, existing, is_authority=is_authority)
    record(recording, draft, person.record, existing, age, is_authority=is_authority)


def record(
    recording: Recording,
    draft: PatientDraft,
    id: str,
    existing: JsonObject | None,
    age: Age,
    *,
    is_authority: bool,
) -> None:
    """Store what a draft says of the Patient `id`, of which `existing` is stored."""
    known = None if existing is None else recording.origins.get("Patient", id)
    said = stated(
        {"resourceType": "Patient", "id": id, **draft.resource},
        (age.sent, recording.message_id),
        draft.ended,
    )
    if existing is None or (known is not None and is_own(known, existing)):
        recording.state(said, existing, known)
        recording.target(f"Patient/{id}", draft.sources)
        return
    if not is_authority:
        return
    before = _written_over_fhir(existing)
    if said.stamp < (before.sent, before.message):
        recording.superseded.append(f"Patient/{id}")
        kept = [n for n, v in draft.resource.items() if n != "identifier" and existing.get(n) != v]
        _warn(recording, draft, "was written over FHIR since the message was sent; kept", kept)
        return
    changed = [n for n in recording.state(said, existing, before) if n in existing]
    recording.target(f"Patient/{id}", draft.sources)
    _warn(recording, draft, "was last written over FHIR; replaced", changed)


def _warn(recording: Recording, draft: PatientDraft, what: str, names: list[str]) -> None:
    """Say which elements of somebody else's Patient a message replaced or left."""
    if names:
        text = f"the Patient {what}: {', '.join(names)}"
        recording.warnings.append(Problem("0", text, draft.location, "W"))


def is_own(known: Origin, existing: JsonObject) -> bool:
    """Whether the stored version is the one that a message wrote."""
    return known.version == int(existing["meta"]["versionId"])


def _written_over_fhir(existing: JsonObject) -> Origin:
    """Return the age of a resource that no message wrote: the time of its last version."""
    written = microseconds(datetime.fromisoformat(existing["meta"]["lastUpdated"]))
    return Origin(True, written, written, 0, int(existing["meta"]["versionId"]), "")
