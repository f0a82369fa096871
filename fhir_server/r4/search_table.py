"""The search parameters that this server indexes: the official R4 ones, as one declared table.

Names, types and the elements they read are those of http://hl7.org/fhir/R4/searchparameter-registry.html;
a test compares the table with the official SearchParameters. Choice elements are written out
(`effectiveDateTime`), since that is what the JSON holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

SearchType: TypeAlias = Literal["token", "string", "date", "reference"]

_CANONICAL = "http://hl7.org/fhir/SearchParameter/"
_FHIR = "http://hl7.org/fhir/"


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One parameter of one resource type.

    `paths` are dotted element names below the resource. `definition` is the official canonical.
    `targets` (references only) restricts what is matched, as `patient` does with `subject`.
    `code_system` (elements of type `code` only) is the system that the element's required
    binding implies: `gender=http://hl7.org/fhir/administrative-gender|female` finds it.
    """

    name: str
    type: SearchType
    paths: tuple[str, ...]
    definition: str
    targets: tuple[str, ...] = ()
    code_system: str | None = None


def _official(
    id: str,
    type: SearchType,
    *paths: str,
    targets: tuple[str, ...] = (),
    code_system: str | None = None,
) -> SearchParameter:
    """Return the parameter of the official SearchParameter `id`, such as `Condition-onset-date`."""
    name = id.partition("-")[2]
    system = None if code_system is None else _FHIR + code_system
    return SearchParameter(name, type, paths, _CANONICAL + id, targets, system)


def _patient(id: str, path: str) -> SearchParameter:
    # Official expression: `….where(resolve() is Patient)`.
    return _official(id, "reference", path, targets=("Patient",))


def _by_name(*parameters: SearchParameter) -> Mapping[str, SearchParameter]:
    return MappingProxyType({parameter.name: parameter for parameter in parameters})


_ID = SearchParameter("_id", "token", ("id",), _CANONICAL + "Resource-id")
_LAST_UPDATED = SearchParameter(
    "_lastUpdated", "date", ("meta.lastUpdated",), _CANONICAL + "Resource-lastUpdated"
)
# Parameters of every type. The store answers them from its own columns: the values they read
# are the server's, so they have no index rows.
COMMON_PARAMETERS: Mapping[str, SearchParameter] = _by_name(_ID, _LAST_UPDATED)

_EFFECTIVE = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming")
_OCCURRENCE = ("occurrenceDateTime", "occurrencePeriod", "occurrenceTiming")

_PEOPLE = (
    _official("individual-family", "string", "name.family"),
    _official("individual-given", "string", "name.given"),
    _official("individual-telecom", "token", "telecom"),
    _official("individual-gender", "token", "gender", code_system="administrative-gender"),
)

# The essentials per type: what the product's own queries, an EMR's prefetch and a worklist ask.
SEARCH_PARAMETERS: Mapping[str, Mapping[str, SearchParameter]] = MappingProxyType(
    {
        "Patient": _by_name(
            _official("Patient-identifier", "token", "identifier"),
            _official("Patient-active", "token", "active"),
            _official("Patient-name", "string", "name"),
            *_PEOPLE,
            _official("individual-birthdate", "date", "birthDate"),
            _official("Patient-death-date", "date", "deceasedDateTime"),
            _official("Patient-general-practitioner", "reference", "generalPractitioner"),
            _official("Patient-organization", "reference", "managingOrganization"),
        ),
        "Observation": _by_name(
            _official("clinical-identifier", "token", "identifier"),
            _official("Observation-status", "token", "status", code_system="observation-status"),
            _official("Observation-category", "token", "category"),
            _official("clinical-code", "token", "code"),
            _official("Observation-component-code", "token", "component.code"),
            _official("Observation-combo-code", "token", "code", "component.code"),
            _official("Observation-subject", "reference", "subject"),
            _patient("clinical-patient", "subject"),
            _official("clinical-encounter", "reference", "encounter"),
            _official("clinical-date", "date", *_EFFECTIVE),
            _official("Observation-performer", "reference", "performer"),
            _official("Observation-based-on", "reference", "basedOn"),
            _official("Observation-specimen", "reference", "specimen"),
            _official("Observation-has-member", "reference", "hasMember"),
            _official("Observation-derived-from", "reference", "derivedFrom"),
            _official("Observation-value-concept", "token", "valueCodeableConcept"),
        ),
        "DiagnosticReport": _by_name(
            _official("clinical-identifier", "token", "identifier"),
            _official(
                "DiagnosticReport-status", "token", "status", code_system="diagnostic-report-status"
            ),
            _official("DiagnosticReport-category", "token", "category"),
            _official("clinical-code", "token", "code"),
            _official("DiagnosticReport-subject", "reference", "subject"),
            _patient("clinical-patient", "subject"),
            _official("clinical-encounter", "reference", "encounter"),
            _official("clinical-date", "date", "effectiveDateTime", "effectivePeriod"),
            _official("DiagnosticReport-issued", "date", "issued"),
            _official("DiagnosticReport-performer", "reference", "performer"),
            _official("DiagnosticReport-based-on", "reference", "basedOn"),
            _official("DiagnosticReport-specimen", "reference", "specimen"),
            _official("DiagnosticReport-result", "reference", "result"),
        ),
        "Specimen": _by_name(
            _official("Specimen-identifier", "token", "identifier"),
            _official("Specimen-accession", "token", "accessionIdentifier"),
            _official("Specimen-status", "token", "status", code_system="specimen-status"),
            _official("Specimen-type", "token", "type"),
            _official("Specimen-subject", "reference", "subject"),
            _patient("Specimen-patient", "subject"),
            _official(
                "Specimen-collected",
                "date",
                "collection.collectedDateTime",
                "collection.collectedPeriod",
            ),
            _official("Specimen-collector", "reference", "collection.collector"),
        ),
        "ServiceRequest": _by_name(
            _official("clinical-identifier", "token", "identifier"),
            _official("ServiceRequest-requisition", "token", "requisition"),
            _official("ServiceRequest-status", "token", "status", code_system="request-status"),
            _official("ServiceRequest-intent", "token", "intent", code_system="request-intent"),
            _official(
                "ServiceRequest-priority", "token", "priority", code_system="request-priority"
            ),
            _official("ServiceRequest-category", "token", "category"),
            _official("clinical-code", "token", "code"),
            _official("ServiceRequest-subject", "reference", "subject"),
            _patient("clinical-patient", "subject"),
            _official("clinical-encounter", "reference", "encounter"),
            _official("ServiceRequest-authored", "date", "authoredOn"),
            _official("ServiceRequest-occurrence", "date", *_OCCURRENCE),
            _official("ServiceRequest-requester", "reference", "requester"),
            _official("ServiceRequest-performer", "reference", "performer"),
            _official("ServiceRequest-based-on", "reference", "basedOn"),
            _official("ServiceRequest-specimen", "reference", "specimen"),
        ),
        "MedicationRequest": _by_name(
            _official("clinical-identifier", "token", "identifier"),
            _official(
                "medications-status",
                "token",
                "status",
                code_system="CodeSystem/medicationrequest-status",
            ),
            _official(
                "MedicationRequest-intent",
                "token",
                "intent",
                code_system="CodeSystem/medicationrequest-intent",
            ),
            _official("MedicationRequest-category", "token", "category"),
            _official("clinical-code", "token", "medicationCodeableConcept"),
            _official("medications-medication", "reference", "medicationReference"),
            _official("MedicationRequest-subject", "reference", "subject"),
            _patient("clinical-patient", "subject"),
            _official("medications-encounter", "reference", "encounter"),
            _official("MedicationRequest-authoredon", "date", "authoredOn"),
            _official("medications-date", "date", "dosageInstruction.timing.event"),
            _official("MedicationRequest-requester", "reference", "requester"),
        ),
        "Condition": _by_name(
            _official("clinical-identifier", "token", "identifier"),
            _official("Condition-clinical-status", "token", "clinicalStatus"),
            _official("Condition-verification-status", "token", "verificationStatus"),
            _official("Condition-category", "token", "category"),
            _official("Condition-severity", "token", "severity"),
            _official("clinical-code", "token", "code"),
            _official("Condition-subject", "reference", "subject"),
            _patient("clinical-patient", "subject"),
            _official("Condition-encounter", "reference", "encounter"),
            _official("Condition-onset-date", "date", "onsetDateTime", "onsetPeriod"),
            _official("Condition-abatement-date", "date", "abatementDateTime", "abatementPeriod"),
            _official("Condition-recorded-date", "date", "recordedDate"),
            _official("Condition-asserter", "reference", "asserter"),
        ),
        "Encounter": _by_name(
            _official("clinical-identifier", "token", "identifier"),
            _official("Encounter-status", "token", "status", code_system="encounter-status"),
            _official("Encounter-class", "token", "class"),
            _official("clinical-type", "token", "type"),
            _official("Encounter-subject", "reference", "subject"),
            _patient("clinical-patient", "subject"),
            _official("clinical-date", "date", "period"),
            _official("Encounter-participant", "reference", "participant.individual"),
            _official("Encounter-based-on", "reference", "basedOn"),
            _official("Encounter-reason-code", "token", "reasonCode"),
            _official("Encounter-service-provider", "reference", "serviceProvider"),
        ),
        "Practitioner": _by_name(
            _official("Practitioner-identifier", "token", "identifier"),
            _official("Practitioner-active", "token", "active"),
            _official("Practitioner-name", "string", "name"),
            *_PEOPLE,
        ),
        "Organization": _by_name(
            _official("Organization-identifier", "token", "identifier"),
            _official("Organization-active", "token", "active"),
            _official("Organization-name", "string", "name", "alias"),
            _official("Organization-type", "token", "type"),
            _official("Organization-partof", "reference", "partOf"),
        ),
        "RiskAssessment": _by_name(
            _official("clinical-identifier", "token", "identifier"),
            _official("RiskAssessment-method", "token", "method"),
            _official("RiskAssessment-subject", "reference", "subject"),
            _patient("clinical-patient", "subject"),
            _official("clinical-encounter", "reference", "encounter"),
            _official("clinical-date", "date", "occurrenceDateTime"),
            _official("RiskAssessment-condition", "reference", "condition"),
            _official("RiskAssessment-performer", "reference", "performer"),
            _official("RiskAssessment-risk", "token", "prediction.qualitativeRisk"),
        ),
        "Provenance": _by_name(
            _official("Provenance-target", "reference", "target"),
            _patient("Provenance-patient", "target"),
            _official("Provenance-recorded", "date", "recorded"),
            _official("Provenance-when", "date", "occurredDateTime"),
            _official("Provenance-agent", "reference", "agent.who"),
            _official("Provenance-agent-type", "token", "agent.type"),
            _official("Provenance-entity", "reference", "entity.what"),
        ),
    }
)
