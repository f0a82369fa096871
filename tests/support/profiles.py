"""A hospital's own profile of an HbA1c or creatinine result, small enough to read."""

import json
from pathlib import Path
from typing import Any

RESULT = "https://hospital.example/StructureDefinition/result"


def result_profile(**more: Any) -> dict[str, Any]:
    """Return a profile of Observation: an effective time, a performer who is an organization."""
    return {
        "resourceType": "StructureDefinition",
        "url": RESULT,
        "version": "1.0.0",
        "fhirVersion": "4.0.1",
        "type": "Observation",
        "derivation": "constraint",
        "snapshot": {
            "element": [
                {"id": "Observation", "path": "Observation", "min": 0, "max": "*"},
                {
                    "id": "Observation.method",
                    "path": "Observation.method",
                    "min": 1,
                    "max": "1",
                    "base": {"min": 0, "max": "1"},
                },
            ]
        },
    } | more


def package(folder: Path, *definitions: dict[str, Any]) -> Path:
    """Write definitions as a FHIR package; return the folder to load."""
    (folder / "package").mkdir(parents=True)
    for number, definition in enumerate(definitions or (result_profile(),)):
        path = folder / "package" / f"definition-{number}.json"
        path.write_text(json.dumps(definition), encoding="utf-8")
    return folder
