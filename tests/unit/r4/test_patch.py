"""Patches by the facts of HL7's own cases (fhir-test-cases, r4/patch/fhir-patch-tests.xml)."""

from typing import Any

import pytest

from fhir_server.r4.outcome import FhirError
from fhir_server.r4.patch_fhirpath import apply_fhirpath_patch
from fhir_server.r4.patch_json import apply_json_patch


def changes(*operations: tuple[str, str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    given = []
    for type, path, parts in operations:
        part: list[dict[str, Any]] = [{"name": "type", "valueCode": type}]
        part.append({"name": "path", "valueString": path})
        part += [{"name": name, **value} for name, value in parts.items()]
        given.append({"name": "operation", "part": part})
    return {"resourceType": "Parameters", "parameter": given}


def lettered(*values: str) -> dict[str, Any]:
    return {"identifier": [{"value": value} for value in values]}


def move(source: int, destination: int) -> tuple[str, str, dict[str, Any]]:
    parts = {"source": {"valueInteger": source}, "destination": {"valueInteger": destination}}
    return "move", "Patient.identifier", parts


CONTACT = {"contact": [{"name": {"text": "a name"}, "gender": "male"}]}


@pytest.mark.parametrize(
    ("before", "operations", "after"),
    [
        ({"birthDate": "1920-01-01"},
         [("replace", "Patient.birthDate", {"value": {"valueDate": "1930-01-01"}})],
         {"birthDate": "1930-01-01"}),
        ({"birthDate": "1920-01-01"}, [("delete", "Patient.birthDate", {})], {}),
        ({}, [("delete", "Patient.birthDate", {})], {}),
        (CONTACT, [("delete", "Patient.contact[0].name.text", {})],
         {"contact": [{"gender": "male"}]}),
        ({}, [("add", "Patient", {"name": {"valueString": "contact"}, "value": {
            "part": [{"name": "name", "valueHumanName": {"text": "a name"}}]}})],
         {"contact": [{"name": {"text": "a name"}}]}),
        (lettered("1", "2"), [("insert", "Patient.identifier", {
            "index": {"valueInteger": 1}, "value": {"valueIdentifier": {"value": "3"}}})],
         lettered("1", "3", "2")),
        (lettered("1", "2", "3"), [("delete", "Patient.identifier[1]", {})], lettered("1", "3")),
        (lettered("1", "2", "3", "4"), [move(3, 1)], lettered("1", "4", "2", "3")),
        (lettered("1", "2", "3", "4"), [move(0, 3)], lettered("2", "3", "4", "1")),
        (lettered("1", "2", "3", "4"), [move(1, 0), move(2, 1)], lettered("2", "3", "1", "4")),
        (lettered("1", "2", "3", "4"), [move(3, 0), move(3, 1), move(3, 2)],
         lettered("4", "3", "2", "1")),
        ({"deceasedBoolean": True},
         [("replace", "Patient.deceased", {"value": {"valueDateTime": "2020"}})],
         {"deceasedDateTime": "2020"}),
    ],
)  # fmt: skip
def test_a_patch_does_what_the_official_case_says(before: Any, operations: Any, after: Any) -> None:
    patient = {"resourceType": "Patient", **before}
    patched = apply_fhirpath_patch(patient, changes(*operations))
    assert patched == {"resourceType": "Patient", **after}
    assert patient == {"resourceType": "Patient", **before}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Patient.identifier.where(use = 'official').period", 409),
        ("Patient.identifier.trace('x')", 400),
        ("Patient.identifier[", 400),
    ],
)
def test_a_path_that_names_nothing_to_add_to(path: str, status: int) -> None:
    patient = {"resourceType": "Patient", "identifier": [{"use": "official", "value": "123"}]}
    parts = {"name": {"valueString": "end"}, "value": {"valueDate": "2021-12-01"}}
    with pytest.raises(FhirError) as refused:
        apply_fhirpath_patch(patient, changes(("add", path, parts)))
    assert refused.value.status == status


def test_true_is_not_one() -> None:
    with pytest.raises(FhirError):
        apply_json_patch({"active": True}, [{"op": "test", "path": "/active", "value": 1}])
