"""Whether every resource of a snapshot is of the one patient, whichever door it came through.

Doors check references, which only they can resolve. What is left is checked here: a subject named
by an identifier that contradicts the Patient's own, be it in a Patient that the resource contains,
and the resource of a second patient.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from inference.snapshot import PatientSnapshot, Sourced

_ELEMENTS: Final = ("subject", "patient")


def strangers(snapshot: PatientSnapshot) -> tuple[str, ...]:
    """Return the references of resources that say that they are of somebody else."""
    patient = snapshot.patient.resource
    numbers = _numbers(patient)
    return tuple(
        entry.reference
        for entry in _entries(snapshot)
        if _is_other_patient(entry.resource, patient) or _contradicts(entry.resource, numbers)
    )


def _entries(snapshot: PatientSnapshot) -> Iterator[Sourced]:
    yield from snapshot.observations
    yield from snapshot.conditions.entries
    yield from snapshot.medications.entries
    yield from snapshot.family.entries


def _is_other_patient(resource: Mapping[str, Any], patient: Mapping[str, Any]) -> bool:
    return resource.get("resourceType") == "Patient" and resource.get("id") != patient.get("id")


def _contradicts(resource: Mapping[str, Any], numbers: Mapping[str, set[str]]) -> bool:
    """Whether the subject has another number of a system in which the Patient has one."""
    for element in _ELEMENTS:
        subject = resource.get(element)
        if not isinstance(subject, dict) or not (
            "identifier" in subject or "contained" in resource
        ):
            continue
        for system, values in _stated(subject, resource).items():
            if system in numbers and not values & numbers[system]:
                return True
    return False


def _stated(subject: Mapping[str, Any], resource: Mapping[str, Any]) -> Mapping[str, set[str]]:
    """Return the numbers by which a subject is named, and those of a contained Patient."""
    reference = str(subject.get("reference", ""))
    contained = resource.get("contained")
    inside = [
        each.get("identifier", ())
        for each in (contained if isinstance(contained, list) else ())
        if isinstance(each, dict) and reference == f"#{each.get('id')}"
    ]
    named = subject.get("identifier")
    own = [named] if isinstance(named, dict) else []
    return _numbers({"identifier": [*own, *(number for numbers in inside for number in numbers)]})


def _numbers(patient: Mapping[str, Any]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for identifier in patient.get("identifier", ()):
        if identifier.get("system") and identifier.get("value"):
            found.setdefault(str(identifier["system"]), set()).add(str(identifier["value"]))
    return found
