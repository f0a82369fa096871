"""Prefetch: the templates that the services ask for, and what came back for each key.

CDS Hooks 2.0, "Prefetch Template": an absent key was not satisfied by the client, null means that
the client has no data, an OperationOutcome says that the client's own query failed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from cds_hooks.protocol import HookRequest
from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.r4.validation import validate
from inference.snapshot import RecordList, Sourced
from inference.versions import newest_versions
from terminology.catalogue import Catalogue

PATIENT = "patient"
OBSERVATIONS = "observations"
CONDITIONS = "conditions"
MEDICATIONS = "medications"
STATEMENTS = "statements"
FAMILY = "family"

_PATIENT_ELEMENTS = ("subject", "patient")
# What the models read; a search may include other resources, which belong to nobody.
_READ_TYPES = (
    "Observation",
    "Condition",
    "MedicationRequest",
    "MedicationStatement",
    "FamilyMemberHistory",
)
# What each key asks for: an answer that holds other resources only is none, and no empty list.
_ASKED: Mapping[str, tuple[str, ...]] = {
    PATIENT: ("Patient",),
    OBSERVATIONS: ("Observation",),
    CONDITIONS: ("Condition",),
    MEDICATIONS: ("MedicationRequest", "MedicationStatement"),
    STATEMENTS: ("MedicationStatement", "MedicationRequest"),
    FAMILY: ("FamilyMemberHistory",),
}
_MOST_FAULTS = 20
State = Literal["given", "absent", "null", "failed"]


# FHIR's value set observation-vitalsign-bppanel, and the code of its earlier releases.
PANELS = ("85354-9", "35094-2", "55417-0", "55284-4")
"""LOINC codes of panels whose components hold what is asked for: a search by `code` finds the
panel alone (blood pressure)."""
# On hold or unknown leaves open whether it is taken; left out, it would look like "not taken".
_MAYBE_TAKEN = "active,on-hold,unknown"


def observation_codes(catalogue: Catalogue, analytes: Iterable[str]) -> tuple[str, ...]:
    """Return the LOINC codes of Observations that can hold the analytes, panels included."""
    codes = [code for name in analytes for code in catalogue.analyte(name).loinc]
    return tuple(dict.fromkeys([*codes, *PANELS]))


def templates(catalogue: Catalogue, *, analytes: tuple[str, ...]) -> dict[str, str]:
    """Return the prefetch templates in the query subset of CDS Hooks 2.0."""
    wanted = ",".join(f"http://loinc.org|{code}" for code in observation_codes(catalogue, analytes))
    patient = "{{context.patientId}}"
    return {
        PATIENT: f"Patient/{patient}",
        OBSERVATIONS: f"Observation?patient={patient}&code={wanted}&_sort=-date&_count=200",
        CONDITIONS: f"Condition?patient={patient}&_count=500",
        MEDICATIONS: f"MedicationRequest?patient={patient}&status={_MAYBE_TAKEN}&_count=500",
        STATEMENTS: f"MedicationStatement?patient={patient}"
        f"&status={_MAYBE_TAKEN},not-taken&_count=500",
        FAMILY: f"FamilyMemberHistory?patient={patient}&_count=100",
    }


@dataclass(frozen=True, slots=True)
class Prefetched:
    """One prefetch key as it came: its state, and its entries where it was given.

    `unnamed` counts the entries that do not say whose they are: the client alone says so.
    """

    key: str
    state: State
    records: RecordList
    problem: str = ""
    unnamed: int = 0

    @property
    def given(self) -> bool:
        """Whether the client answered the query with data, be it an empty list."""
        return self.state == "given"


_NOTHING = RecordList((), complete=False)


class MissingPrefetch(FhirError):
    """412: required data could be had neither from prefetch nor from a FHIR server."""

    def __init__(self, missing: tuple[Prefetched, ...]) -> None:
        issues = (
            Issue(
                "error",
                "required",
                f"Prefetch key {item.key!r} is required and {item.problem}; supply it as the "
                "discovery document's template asks.",
                (f"prefetch.{item.key}",),
            )
            for item in missing
        )
        super().__init__(412, *issues)


def read_key(request: HookRequest, key: str) -> Prefetched:
    """Return what the client sent for `key`; `BadRequest` where it is no FHIR resource."""
    where = f"prefetch.{key}"
    if key not in request.prefetch:
        return Prefetched(key, "absent", _NOTHING, "was not supplied")
    value = request.prefetch[key]
    if value is None:
        return Prefetched(key, "null", _NOTHING, "is null (the client has no data)")
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise BadRequest("structure", "A prefetched value must be a FHIR resource.", where)
    if value["resourceType"] == "OperationOutcome":
        return Prefetched(key, "failed", _NOTHING, f"failed at the client: {_outcome_text(value)}")
    if value["resourceType"] == "Bundle":
        return _bundle(request, key, value)
    _check_asked(key, [value], where)
    one = RecordList((Sourced(value, _reference(request, value, where)),), complete=True)
    return Prefetched(key, "given", one, unnamed=not _is_named(request, value, where))


def require_r4(request: HookRequest) -> None:
    """Refuse (400) prefetched resources that are no valid R4, each fault with its place.

    It costs more than an answer does: it is asked only where reading them failed.
    """
    issues = [
        replace(issue, expression=(_moved(issue.expression, key),))
        for key in _ASKED
        if isinstance(value := request.prefetch.get(key), dict)
        for issue in validate(dict(value))
        if issue.severity in ("fatal", "error")
    ]
    if issues:
        raise FhirError(400, *issues[:_MOST_FAULTS])


def _moved(expression: tuple[str, ...], key: str) -> str:
    _type, dot, rest = (expression[0] if expression else "").partition(".")
    return f"prefetch.{key}{dot}{rest}"


def _bundle(request: HookRequest, key: str, bundle: Mapping[str, Any]) -> Prefetched:
    where, unnamed = f"prefetch.{key}", 0
    entries: list[tuple[Sourced, str, str]] = []
    complete = _is_whole(bundle)
    for index, entry in enumerate(bundle.get("entry", ())):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        at = f"{where}.entry[{index}].resource"
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise BadRequest("structure", "Every entry must hold a FHIR resource.", at)
        if resource["resourceType"] == "OperationOutcome":
            complete = False  # the client's server warns about its own answer
            continue
        unnamed += not _is_named(request, resource, at)
        found = Sourced(resource, _reference(request, resource, at))
        entries.append((found, str(entry.get("fullUrl", "")), at))
    _check_asked(key, [found.resource for found, *_ in entries], where)
    records = RecordList(newest_versions(entries), complete)
    return Prefetched(key, "given", records, unnamed=unnamed)


def _is_whole(bundle: Mapping[str, Any]) -> bool:
    """Whether a Bundle says that it leaves nothing out: no next page, and as many as it counted."""
    if any(link.get("relation") == "next" for link in bundle.get("link", ())):
        return False
    total, entries = bundle.get("total"), bundle.get("entry", ())
    return not isinstance(total, int) or total <= sum(map(_is_match, entries))


def _is_match(entry: Any) -> bool:
    search = entry.get("search") if isinstance(entry, dict) else None
    return not isinstance(search, dict) or search.get("mode", "match") == "match"


def _check_asked(key: str, resources: Iterable[Mapping[str, Any]], where: str) -> None:
    types = sorted({str(resource["resourceType"]) for resource in resources})
    if types and not set(types) & set(_ASKED[key]):
        wanted = " or ".join(_ASKED[key])
        text = f"Here {wanted} resources are asked for, and there are {', '.join(types)} only."
        raise BadRequest("structure", text[:300], where)


def _is_named(request: HookRequest, resource: Mapping[str, Any], where: str) -> bool:
    """Whether what the models would read names the patient in context; False where it names nobody.

    Another's data refuses the whole call, because its query cannot be trusted.
    """
    if resource["resourceType"] == "Patient" and resource.get("id") != request.patient_id:
        raise _of_another(f"{where}.id")
    named = resource["resourceType"] not in _READ_TYPES
    for element in _PATIENT_ELEMENTS:
        subject = resource.get(element)
        reference = subject.get("reference") if isinstance(subject, dict) else None
        if not isinstance(reference, str) or reference.startswith(("urn:", "#")):
            continue  # an identifier or a place in a document, which nothing here resolves
        server, of_patient, found = reference.rpartition("Patient/")
        if not of_patient and named:
            continue
        if not of_patient or found.split("/")[0] != request.patient_id:
            raise _of_another(f"{where}.{element}")
        # The same id on another server is nobody's name here.
        named = _is_here(server.rstrip("/"), request.fhir_server)
    return named


def _is_here(server: str, here: str | None) -> bool:
    """Whether a reference's server is the client's; a host has no case and a usual port."""
    return here is None or server in ("", here) or _address(server) == _address(here)


def _address(server: str) -> tuple[str, str | None, int | None, str]:
    try:
        parts = urlsplit(server)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return server, None, None, ""
    return parts.scheme, parts.hostname, port, parts.path.rstrip("/")


def _of_another(where: str) -> BadRequest:
    return BadRequest(
        "invalid",
        "The prefetched resource belongs to another patient than context.patientId; nothing of "
        "this call was used.",
        where,
    )


def _reference(request: HookRequest, resource: Mapping[str, Any], where: str) -> str:
    """Cite a prefetched resource by its client's URL, never by an id of this server.

    Without an id no URL leads to it, and its place tells it from others.
    """
    if "id" not in resource:
        return f"{CLIENT_ONLY}{resource['resourceType']}/{where}"
    local = f"{resource['resourceType']}/{resource['id']}"
    if request.fhir_server is None:
        return f"{CLIENT_ONLY}{local}"
    return f"{request.fhir_server}/{local}"


CLIENT_ONLY = "client:"
"""Marks a reference that only the calling client could resolve: it named no FHIR server."""


def _outcome_text(outcome: Mapping[str, Any]) -> str:
    for issue in outcome.get("issue", ()):
        text = issue.get("diagnostics") or issue.get("details", {}).get("text")
        if text:
            return str(text)[:200]
    return "no reason given"


def require_patient(request: HookRequest, patient: Prefetched) -> None:
    """Refuse a prefetched Patient that is not the patient in context."""
    resource = patient.records.entries[0].resource if patient.records.entries else {}
    if resource.get("resourceType") != "Patient":
        raise BadRequest("structure", "prefetch.patient must be a Patient.", "prefetch.patient")
    if resource.get("id") != request.patient_id:
        raise BadRequest(
            "invalid",
            "prefetch.patient is another patient than context.patientId; "
            "nothing of this call was used.",
            "prefetch.patient.id",
        )
