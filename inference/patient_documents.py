"""One patient's snapshot from a FHIR Bundle, or from named lists of resources.

Sources: http://hl7.org/fhir/R4/bundle.html#references (fullUrl and what refers to it).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from fhir_server.r4.outcome import BadRequest, InvalidResource
from fhir_server.r4.validation import validate
from inference.snapshot import PatientSnapshot, RecordList, Sourced
from inference.versions import newest_versions, server_of

Resource = Mapping[str, Any]
ListName = Literal["conditions", "medications"]

LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "observations": ("Observation",),
    "conditions": ("Condition",),
    "medications": ("MedicationRequest", "MedicationStatement", "Medication"),
    "family": ("FamilyMemberHistory",),
}
_KEYS: Final = ("patient", *LISTS)
_READ: Final = ("Patient", *(type for types in LISTS.values() for type in types))
# Where a resource says whose it is; a Medication is of nobody.
_SUBJECTS: Final[Mapping[str, str]] = {
    "Observation": "subject",
    "Condition": "subject",
    "MedicationRequest": "subject",
    "MedicationStatement": "subject",
    "FamilyMemberHistory": "patient",
}


class NotOnePatient(BadRequest):
    """400: a document holds no patient, more than one, or something of somebody else."""


@dataclass(frozen=True, slots=True)
class _Entry:
    resource: Resource
    full_url: str
    where: str


def snapshot_of(
    document: Resource, *, at: datetime, complete: Collection[ListName] = ()
) -> PatientSnapshot:
    """Return the snapshot of the one patient in `document`; a FhirError with the place otherwise.

    `document` is a Bundle, or `{patient, observations, conditions, medications, family}` with
    lists. A list that is there is complete (but for the family's). A Bundle's conditions and
    medications are so where it is a whole answer of `Patient/[id]/$everything`, or where
    `complete` names them: else the absence of an entry says nothing.
    """
    if document.get("resourceType") == "Bundle":
        entries = _bundle_entries(document)
        whole = _is_everything(document)
        known = {name for name in ("conditions", "medications") if whole or name in complete}
    else:
        entries = _listed_entries(document)
        known = {name for name in ("conditions", "medications") if name in document}
    patient = _the_patient(entries)
    for entry in entries:
        _check_subject(entry, patient)
    _check_valid(entries)
    listed = {name: newest_versions(_of_types(entries, types)) for name, types in LISTS.items()}
    return PatientSnapshot(
        patient=Sourced(patient.resource, _reference(patient.resource)),
        observations=listed["observations"],
        conditions=RecordList(listed["conditions"], "conditions" in known),
        medications=RecordList(listed["medications"], "medications" in known),
        taken_at=at,
        family=RecordList(listed["family"], complete=False),
    )


def _bundle_entries(bundle: Resource) -> list[_Entry]:
    given = bundle.get("entry", [])
    if not isinstance(given, list):
        raise BadRequest("structure", "Bundle.entry is a list.", "Bundle.entry")
    found = []
    for index, entry in enumerate(given):
        where = f"Bundle.entry[{index}]"
        if not isinstance(entry, dict):
            raise BadRequest("structure", "An entry is an object.", where)
        _check_resource(entry.get("resource"), f"{where}.resource")
        found.append(_Entry(entry["resource"], str(entry.get("fullUrl", "")), f"{where}.resource"))
    return found


def _listed_entries(document: Resource) -> list[_Entry]:
    strange = sorted(str(key) for key in document if key not in _KEYS)
    if strange:
        text = f"{', '.join(strange)[:80]} is no part of a patient; there are {', '.join(_KEYS)}."
        raise BadRequest("structure", text)
    found = []
    if "patient" in document:
        _check_resource(document["patient"], "patient", "Patient")
        found.append(_Entry(document["patient"], "", "patient"))
    for name, types in LISTS.items():
        given = document.get(name, [])
        if not isinstance(given, list):
            expected = " or ".join(types)
            raise BadRequest("structure", f"{name} is a list of {expected} resources.", name)
        for index, resource in enumerate(given):
            where = f"{name}[{index}]"
            _check_resource(resource, where, *types)
            found.append(_Entry(resource, "", where))
    return found


def _check_resource(resource: Any, where: str, *types: str) -> None:
    found = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(found, str) or (types and found not in types):
        expected = " or ".join(types) or "FHIR"
        raise BadRequest("structure", f"Here a {expected} resource is expected.", where)


def _is_everything(bundle: Resource) -> bool:
    links = {link.get("relation"): str(link.get("url", "")) for link in bundle.get("link", ())
             if isinstance(link, dict)}  # fmt: skip
    path, _, query = links.get("self", "").partition("?")
    # `_type`, `start` or `_since` leave something out.
    return path.endswith("/$everything") and not query and "next" not in links


def _the_patient(entries: Sequence[_Entry]) -> _Entry:
    patients = [entry for entry in entries if entry.resource["resourceType"] == "Patient"]
    if not patients:
        raise NotOnePatient("required", "There is no Patient; send the patient's resource too.")
    if len(patients) > 1:
        places = [entry.where for entry in patients]
        text = f"There are {len(patients)} patients; send each patient's resources on their own."
        raise NotOnePatient("invalid", text, *places)
    return patients[0]


def _check_subject(entry: _Entry, patient: _Entry) -> None:
    """Refuse what does not say that it is of the patient: whose it is, is not guessed."""
    element = _SUBJECTS.get(entry.resource["resourceType"])
    if element is None:
        return
    where = f"{entry.where}.{element}"
    subject = entry.resource.get(element)
    if not isinstance(subject, dict):
        text = f"It does not say whose it is; {element} with the patient's reference is required."
        raise NotOnePatient("required", text, where)
    if not _is_of(subject, entry, patient):
        text = "It is of somebody else than the patient; nothing of this document was used."
        raise NotOnePatient("invalid", text, where)


def _check_valid(entries: Iterable[_Entry]) -> None:
    """Refuse (422) what is no valid R4: what reads it relies on its form."""
    issues = [
        replace(issue, expression=(_moved(issue.expression, entry),))
        for entry in entries
        if entry.resource["resourceType"] in _READ
        for issue in validate(dict(entry.resource))
        if issue.severity in ("fatal", "error")
    ]
    if issues:
        raise InvalidResource(issues)


def _moved(expression: tuple[str, ...], entry: _Entry) -> str:
    _type, dot, rest = (expression[0] if expression else "").partition(".")
    return f"{entry.where}{dot}{rest}"


def _is_of(subject: Resource, entry: _Entry, patient: _Entry) -> bool:
    reference = subject.get("reference")
    if isinstance(reference, str):
        named = reference.partition("/_history/")[0]
        return named in _names(patient) and not _is_elsewhere(named, entry, patient)
    identifier = subject.get("identifier")
    if not isinstance(identifier, dict) or not identifier.get("system"):
        return False
    wanted = (identifier["system"], identifier.get("value"))
    own = patient.resource.get("identifier", ())
    return any(wanted == (each.get("system"), each.get("value")) for each in own)


def _names(patient: _Entry) -> Iterable[str]:
    """Return the references that mean the patient: its full URL, and its id."""
    names = {patient.full_url} if patient.full_url else set()
    id = patient.resource.get("id")
    if isinstance(id, str):
        names.add(f"Patient/{id}")
    return names


def _is_elsewhere(reference: str, entry: _Entry, patient: _Entry) -> bool:
    """Whether a relative reference means a patient of another server than the Patient's.

    R4 bundle.html#references: it is one to the server of the entry's own full URL.
    """
    bases = [server_of(each.resource, each.full_url) for each in (entry, patient)]
    return reference != patient.full_url and None not in bases and bases[0] != bases[1]


def _of_types(
    entries: Sequence[_Entry], types: Collection[str]
) -> Iterator[tuple[Sourced, str, str]]:
    for entry in entries:
        if entry.resource["resourceType"] in types:
            yield Sourced(entry.resource, _name(entry)), entry.full_url, entry.where


def _name(entry: _Entry) -> str:
    """Return what an entry is cited by; two that have no id must not have one name."""
    # What refers to a Medication of the same Bundle does so by its full URL.
    by_url = entry.resource["resourceType"] == "Medication" or "id" not in entry.resource
    if by_url and entry.full_url:
        return entry.full_url
    return _reference(entry.resource) if "id" in entry.resource else entry.where


def _reference(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource.get('id', '-')}"
