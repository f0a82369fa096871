"""What the FHIR benchmarks store and ask for: patients with laboratory results."""

import json
from typing import Any

# (LOINC, name, value, unit): each patient has each of these twice.
_RESULTS = (
    ("14682-9", "Creatinine", 84, "umol/L"), ("2951-2", "Sodium", 140, "mmol/L"),
    ("2823-3", "Potassium", 4.2, "mmol/L"), ("14647-2", "Cholesterol", 5.20, "mmol/L"),
    ("14646-4", "HDL cholesterol", 1.35, "mmol/L"), ("4548-4", "Hemoglobin A1c", 5.9, "%"),
    ("718-7", "Hemoglobin", 13.8, "g/dL"), ("6690-2", "Leukocytes", 6.1, "10*9/L"),
    ("777-3", "Platelets", 231, "10*9/L"), ("1988-5", "C reactive protein", 3.2, "mg/L"),
)  # fmt: skip
PER_PATIENT = 2 * len(_RESULTS)


def patient(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "http://hospital.example/mrn", "value": f"{number:08}"}],
        "active": True,
        "name": [{"family": f"Family{number}", "given": ["Given"]}],
        "gender": ("female", "male")[number % 2],
        "birthDate": f"{1940 + number % 60}-0{1 + number % 9}-1{number % 9}",
    }


def observation(subject: str, number: int) -> dict[str, Any]:
    """Return the patient's result number 0 to PER_PATIENT - 1, complete enough to be valid."""
    code, name, value, unit = _RESULTS[number % len(_RESULTS)]
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "laboratory",
        }]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": name}]},
        "subject": {"reference": subject},
        "effectiveDateTime": f"2026-0{1 + number % 9}-12T08:30:00+08:00",
        "issued": f"2026-0{1 + number % 9}-12T10:00:00.000+08:00",
        "valueQuantity": {
            "value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit,
        },
    }  # fmt: skip


def search_path(subject: str, number: int) -> str:
    """Return the search for the patient's results of one code: two of them."""
    code = _RESULTS[number % len(_RESULTS)][0]
    return f"/Observation?subject={subject}&code=http://loinc.org%7C{code}"


def transaction(number: int) -> bytes:
    """Return a transaction of a patient and 20 results that refer to it by its urn:uuid."""
    urn = f"urn:uuid:5b9c0a3e-0d3b-4a39-9d7f-{number:012x}"
    entries: list[dict[str, Any]] = [{"fullUrl": urn, "resource": patient(number)}]
    entries += [
        {"fullUrl": f"{urn[:-4]}{0xA000 + n:04x}", "resource": observation(urn, n)}
        for n in range(PER_PATIENT)
    ]
    for entry in entries:
        entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
