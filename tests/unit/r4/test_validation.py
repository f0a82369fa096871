"""A resource is valid as R4 4.0.1 says, and each fault is named with its place."""

import json
import threading
from decimal import Decimal
from typing import Any

import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.findings import MAX_ISSUES
from fhir_server.r4.outcome import Issue
from fhir_server.r4.structure import Structure
from fhir_server.r4.validation import validate
from tests.unit.r4.records import (
    LEAVE_OUT,
    blood_pressure,
    creatinine,
    hypertension,
    patient,
    report,
    risk,
    transaction,
)

_ABSENT = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}


def _validate(record: dict[str, Any], **options: Any) -> tuple[Issue, ...]:
    """Validate as the server does: what came over the wire."""
    return validate(decode(json.dumps(record).encode()), **options)


@pytest.mark.parametrize(
    "record",
    [
        creatinine(),
        blood_pressure(),
        patient(),
        hypertension(),
        risk(),
        report(),
        transaction(patient(), creatinine()),
    ],
    ids=lambda record: record["resourceType"],
)
def test_clinical_record_is_valid(record: dict[str, Any]) -> None:
    assert _validate(record) == ()


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(patient(birthDate=LEAVE_OUT, _birthDate=_ABSENT), id="an absent birth date"),
        pytest.param(
            creatinine(status=LEAVE_OUT, _status=_ABSENT), id="a required element by extension"
        ),
        pytest.param(
            patient(name=[{"given": ["三", None], "_given": [None, _ABSENT]}]),
            id="null beside an extension",
        ),
        pytest.param(
            report(
                extension=[{"url": "urn:x", "valueReference": {"reference": "#inner"}}],
                contained=[
                    {
                        "resourceType": "Bundle",
                        "id": "inner",
                        "type": "collection",
                        "entry": [{"resource": patient()}],
                    },
                    {"resourceType": "Specimen", "id": "blood"},
                ],
            ),
            id="a contained Bundle before the specimen that the report names",
        ),
        pytest.param(patient(_birthDate={"id": "b1"}), id="an id beside a primitive"),
        pytest.param(patient(birthDate="1960-02-29"), id="29 February of a leap year"),
        pytest.param(
            creatinine(effectiveDateTime="2016-12-31T23:59:60Z"), id="the leap second of 2016"
        ),
        pytest.param(
            hypertension(clinicalStatus=_ABSENT), id="a bound concept absent with a reason"
        ),
        pytest.param(
            creatinine(subject={"identifier": {"value": "MRN-0042"}}), id="a logical reference"
        ),
        pytest.param(
            transaction(creatinine(subject={"reference": "Patient?identifier=urn:x|42"})),
            id="a conditional reference in a transaction",
        ),
        pytest.param(
            report(effectivePeriod={"start": "2026-03-01T23:30:00-05:00", "end": "2026-03-01"}),
            id="a period that ends on the day it starts, by the local calendar",
        ),
        pytest.param(
            patient(
                text={
                    "status": "generated",
                    "div": '<div xmlns="http://www.w3.org/1999/xhtml"><b>张三</b>'
                    '<a href="https://his.example.org">x</a></div>',
                }
            ),
            id="a narrative with formatting",
        ),
    ],
)
def test_unusual_but_legal(record: dict[str, Any]) -> None:
    assert _validate(record) == ()


def test_two_faults_are_both_reported() -> None:
    issues = _validate(creatinine(status="done", subject={"reference": "Group"}))
    assert [i.expression for i in issues] == [
        ("Observation.status",),
        ("Observation.subject.reference",),
    ]


def test_a_misspelt_element_gets_the_right_one_proposed() -> None:
    (issue,) = _validate(patient(birthdate="1961"))
    assert "'birthDate'" in issue.diagnostics


def test_a_choice_without_its_type_gets_the_types_proposed() -> None:
    (issue,) = _validate(creatinine(effectiveDateTime=LEAVE_OUT, effective="2026"))
    assert "effectiveDateTime, effectiveInstant, effectivePeriod" in issue.diagnostics


def test_a_wrong_code_gets_the_right_ones_listed() -> None:
    (issue,) = _validate(patient(gender="M"))
    assert "female, male, other, unknown" in issue.diagnostics


def test_issue_list_ends_at_its_limit() -> None:
    issues = _validate(patient(name=[{"family": ""}] * 500))
    assert len(issues) == MAX_ISSUES
    assert issues[-1].expression == (f"Patient.name[{MAX_ISSUES - 1}].family",)


def test_another_type_than_the_request_names() -> None:
    (issue,) = _validate(patient(), expected_type="Observation")
    assert issue.code == "invalid"
    assert "Observation" in issue.diagnostics
    assert issue.expression == ("Patient",)


@pytest.mark.parametrize(
    ("record", "code", "expression"),
    [
        ({}, "required", "Resource"),
        ({"id": "x"}, "required", "Resource"),
        ({"resourceType": "Citation"}, "structure", "Citation.resourceType"),  # R4B, not R4
        ({"resourceType": "DomainResource"}, "structure", "DomainResource.resourceType"),
        ({"resourceType": ["Patient"]}, "structure", "Resource.resourceType"),
    ],
)
def test_no_resource(record: dict[str, Any], code: str, expression: str) -> None:
    (issue,) = _validate(record, expected_type="Patient" if not record else None)
    assert (issue.code, issue.expression) == (code, (expression,))


def test_r4_types_that_r4b_dropped_are_known() -> None:
    product = {"resourceType": "MedicinalProduct", "name": [{"productName": "阿托伐他汀"}]}
    assert _validate(product) == ()


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), 0.1])
def test_a_number_built_in_the_house_must_be_an_exact_one(value: object) -> None:
    record = creatinine()
    record["valueQuantity"]["value"] = value
    (issue,) = validate(record)
    assert issue.expression == ("Observation.valueQuantity.value",)


def test_bottomless_nesting_is_an_issue_not_a_crash() -> None:
    extension: dict[str, Any] = {"url": "urn:x"}
    extension["extension"] = [extension]
    (issue,) = validate({"resourceType": "Basic", "code": {"text": "x"}, "extension": [extension]})
    assert issue.code == "structure"


def test_threads_that_meet_at_a_first_walk_compile_it_once() -> None:
    alone = Structure("Observation")
    alone.compile()
    for _ in range(20):
        shared = Structure("Observation")
        start = threading.Barrier(4)

        def walk(shared: Structure = shared, start: threading.Barrier = start) -> None:
            start.wait()
            shared.compile()

        threads = [threading.Thread(target=walk) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert shared.required == alone.required


def test_a_concept_that_was_right_elsewhere_is_held_to_the_binding_here() -> None:
    """R4 condition.html: clinicalStatus has a required binding, category has none."""
    category = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "HbA1c"}
    right = {**hypertension(), "category": [category]}
    assert _validate(right) == ()
    wrong = {**hypertension(), "clinicalStatus": category}
    for _ in range(2):
        (issue,) = _validate(wrong)
        assert (issue.code, issue.expression) == ("code-invalid", ("Condition.clinicalStatus",))


def test_a_concept_that_refers_to_a_contained_resource_is_looked_at_each_time() -> None:
    extension = {"url": "http://example.org/kit", "valueReference": {"reference": "#kit"}}
    code = {"text": "HbA1c", "extension": [extension]}
    kit = {"resourceType": "Device", "id": "kit"}
    assert _validate({**creatinine(), "code": code, "contained": [kit]}) == ()
    (issue,) = _validate({**creatinine(), "code": code})
    assert issue.diagnostics.endswith("(ref-1).")


def test_a_concept_that_was_wrong_is_wrong_again() -> None:
    wrong = {**creatinine(), "code": {"coding": [{"code": "2160-0", "sytem": "http://loinc.org"}]}}
    assert _validate(wrong) == _validate(wrong)
    assert [issue.expression for issue in _validate(wrong)] == [
        ("Observation.code.coding[0].sytem",)
    ]


def test_a_text_that_is_one_type_is_not_taken_for_another() -> None:
    """`2026-11-28` is a dateTime and a code; `2026-11-28T08:00:00` lacks its zone everywhere."""
    told = {**creatinine(), "effectiveDateTime": "2026-11-28"}
    assert _validate(told) == ()
    untimed = {**creatinine(), "issued": "2026-11-28"}
    (issue,) = _validate(untimed)
    assert issue.expression == ("Observation.issued",)


@pytest.mark.parametrize("value", [{1, 2}, {"coding": "\ud800"}, ("text",)])
def test_what_is_no_json_at_all_is_refused(value: Any) -> None:
    assert validate({**creatinine(), "code": value}) != ()
