"""Patients of the tests: snapshots made of R4 resources, as a record would give them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from inference.predictor import Predictor
from inference.registry import ModelRegistry
from inference.snapshot import PatientSnapshot, RecordList, Sourced
from terminology import catalogue as catalogue_room

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CATALOGUE = catalogue_room.load()
REGISTRY = ModelRegistry.discover()
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ATC = "http://www.whocc.no/atc"
CLINICAL_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
SNOMED = "http://snomed.info/sct"
ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def predictor(*, region: str = "CN", validated: Iterable[str] = ()) -> Predictor:
    return Predictor(
        registry=REGISTRY,
        catalogue=CATALOGUE,
        zone=UTC,
        region=region,
        validated=frozenset(validated),
    )


def patient(**changes: Any) -> dict[str, Any]:
    found = {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "male",
        "birthDate": "1968-03-12",
        "address": [{"state": "河北省"}],
        "extension": [
            {
                "url": "https://attending.org/fhir/StructureDefinition/lives-in-city",
                "valueBoolean": True,
            }
        ],
    } | changes
    return {name: value for name, value in found.items() if value is not None}


def observation(
    id: str, code: str, value: str, unit: str, *, at: datetime = NOW - timedelta(days=1), **changes
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": at.isoformat(),
        "valueQuantity": {
            "value": Decimal(value),
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    } | changes


def smoking(code: str = "266919005", *, at: datetime = NOW - timedelta(days=30)) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"smoking-{code}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "72166-2"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": at.isoformat(),
        "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": code}]},
    }


def condition(code: str, *, text: str = "", system: str = ICD10, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"c-{code}",
        "clinicalStatus": {"coding": [{"system": CLINICAL_STATUS, "code": "active"}]},
        "code": {"coding": [{"system": system, "code": code}], "text": text or code},
        "subject": {"reference": "Patient/p1"},
    } | changes


def drug(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": f"m-{code}",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": code}]},
        "subject": {"reference": "Patient/p1"},
    } | changes


def statement(code: str, **changes: Any) -> dict[str, Any]:
    """What the patient says to take."""
    return {
        "resourceType": "MedicationStatement",
        "id": f"s-{code}",
        "status": "active",
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": code}]},
        "subject": {"reference": "Patient/p1"},
    } | changes


def relative(role: str, code: str = "I21.900", **changes: Any) -> dict[str, Any]:
    """A relative with a disease, the first of a family in which others may be healthy."""
    return {
        "resourceType": "FamilyMemberHistory",
        "id": f"f-{role}",
        "status": "completed",
        "patient": {"reference": "Patient/p1"},
        "relationship": {"coding": [{"system": ROLE_CODE, "code": role}]},
        "condition": [{"code": {"coding": [{"system": ICD10, "code": code}]}}],
    } | changes


def usual_results() -> list[dict[str, Any]]:
    return [
        observation("tc", "14647-2", "5.80", "mmol/L"),
        observation("hdl", "14646-4", "1.05", "mmol/L"),
        observation("crea", "14682-9", "88", "umol/L"),
        observation("acr", "30000-4", "3.5", "mg/mmol"),
        observation("sbp", "8480-6", "152", "mm[Hg]"),
        observation("waist", "8280-0", "94", "cm"),
        observation("bmi", "39156-5", "27.4", "kg/m2"),
        smoking(),
    ]


def usual_conditions() -> list[dict[str, Any]]:
    return [condition("E11.900"), condition("I10.x00"), condition("Z82.400")]


def snapshot(
    *,
    of: dict[str, Any] | None = None,
    observations: list[dict[str, Any]] | None = None,
    conditions: list[dict[str, Any]] | None = None,
    medications: list[dict[str, Any]] | None = None,
    family: list[dict[str, Any]] | None = None,
    conditions_complete: bool = True,
    medications_complete: bool = True,
) -> PatientSnapshot:
    results = usual_results() if observations is None else observations
    problems = usual_conditions() if conditions is None else conditions
    drugs = [drug("C08CA01")] if medications is None else medications
    return PatientSnapshot(
        patient=Sourced(of or patient(), "Patient/p1"),
        observations=_sourced(results),
        conditions=RecordList(_sourced(problems), conditions_complete),
        medications=RecordList(_sourced(drugs), medications_complete),
        taken_at=NOW,
        family=RecordList(_sourced(family or []), complete=True),
    )


def _sourced(resources: list[dict[str, Any]]) -> tuple[Sourced, ...]:
    return tuple(Sourced(r, f"{r['resourceType']}/{r['id']}") for r in resources)


def without(resources: list[dict[str, Any]], *ids: str) -> list[dict[str, Any]]:
    return [resource for resource in resources if resource["id"] not in ids]
