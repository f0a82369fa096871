"""Valid clinical records that the tests of this room start from."""

from typing import Any

LEAVE_OUT = object()


def _with(record: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = record | changes
    return {key: value for key, value in merged.items() if value is not LEAVE_OUT}


def creatinine(**changes: Any) -> dict[str, Any]:
    """A serum creatinine of 84 umol/L as a Chinese LIS reports it."""
    return _with(
        {
            "resourceType": "Observation",
            "id": "cr-20260301",
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "laboratory",
                        }
                    ]
                }
            ],
            "code": {
                "coding": [{"system": "http://loinc.org", "code": "14682-9"}],
                "text": "肌酐",
            },
            "subject": {"reference": "Patient/p-1"},
            "effectiveDateTime": "2026-03-01T08:15:00+08:00",
            "issued": "2026-03-01T10:02:11.250+08:00",
            "performer": [{"reference": "Organization/lab"}],
            "valueQuantity": {
                "value": 84,
                "unit": "μmol/L",
                "system": "http://unitsofmeasure.org",
                "code": "umol/L",
            },
            "specimen": {"reference": "Specimen/s-1"},
        },
        changes,
    )


def blood_pressure(**changes: Any) -> dict[str, Any]:
    """A blood pressure panel: 138 over 86 mmHg in two components."""

    def component(code: str, value: int) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {
                "value": value,
                "unit": "mmHg",
                "system": "http://unitsofmeasure.org",
                "code": "mm[Hg]",
            },
        }

    return _with(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
            "subject": {"reference": "Patient/p-1"},
            "effectiveDateTime": "2026-03-01",
            "component": [component("8480-6", 138), component("8462-4", 86)],
        },
        changes,
    )


def patient(**changes: Any) -> dict[str, Any]:
    """张三, born in May 1961; the day is not known."""
    return _with(
        {
            "resourceType": "Patient",
            "id": "p-1",
            "identifier": [{"system": "urn:oid:2.16.156.10011", "value": "MRN-0042"}],
            "active": True,
            "name": [{"text": "张三", "family": "张", "given": ["三"]}],
            "telecom": [{"system": "phone", "value": "+86 10 5550 0100", "use": "home"}],
            "gender": "male",
            "birthDate": "1961-05",
            "generalPractitioner": [{"reference": "Practitioner/d-7"}],
        },
        changes,
    )


def hypertension(**changes: Any) -> dict[str, Any]:
    """A confirmed, active essential hypertension."""

    def coded(system: str, code: str) -> dict[str, Any]:
        return {
            "coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]
        }

    return _with(
        {
            "resourceType": "Condition",
            "clinicalStatus": coded("condition-clinical", "active"),
            "verificationStatus": coded("condition-ver-status", "confirmed"),
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}]},
            "subject": {"reference": "Patient/p-1"},
            "onsetDateTime": "2015",
            "recordedDate": "2015-04-02",
        },
        changes,
    )


def risk(**changes: Any) -> dict[str, Any]:
    """A 10-year cardiovascular risk of 11.20 %, with its interval."""
    percent = {"unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    return _with(
        {
            "resourceType": "RiskAssessment",
            "status": "final",
            "subject": {"reference": "Patient/p-1"},
            "occurrenceDateTime": "2026-03-01T10:05:00Z",
            "method": {"text": "China-PAR"},
            "basis": [{"reference": "Observation/cr-20260301"}],
            "prediction": [
                {
                    "outcome": {"text": "ASCVD"},
                    "probabilityRange": {
                        "low": {"value": 9, **percent},
                        "high": {"value": 13, **percent},
                    },
                    "qualitativeRisk": {"text": "high"},
                }
            ],
        },
        changes,
    )


def report(**changes: Any) -> dict[str, Any]:
    """A chemistry report that contains its specimen and names its results."""
    return _with(
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "contained": [
                {
                    "resourceType": "Specimen",
                    "id": "blood",
                    "collection": {"collectedDateTime": "2026-03-01T07:40:00+08:00"},
                }
            ],
            "code": {"coding": [{"system": "http://loinc.org", "code": "24323-8"}]},
            "subject": {"reference": "https://his.example.org/fhir/Patient/p-1"},
            "effectivePeriod": {"start": "2026-03-01", "end": "2026-03-02"},
            "specimen": [{"reference": "#blood"}],
            "result": [{"reference": "urn:uuid:0c1f5a4e-6a0e-4d3e-9a54-2b5a2f1e6c01"}],
        },
        changes,
    )


def transaction(*resources: dict[str, Any]) -> dict[str, Any]:
    """A transaction that creates each of `resources`."""
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}
            for resource in resources
        ],
    }
