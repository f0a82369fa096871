"""Errors know their status, their issue code and their wire form."""

import pytest

from fhir_server.r4.definitions import definitions
from fhir_server.r4.outcome import (
    BadRequest,
    FhirError,
    Gone,
    InvalidResource,
    Issue,
    NotFound,
    PayloadTooLarge,
    UnknownResourceType,
    UnsupportedMediaType,
    VersionConflict,
    operation_outcome,
)
from fhir_server.r4.validation import validate

ERRORS: list[tuple[FhirError, int, str, str]] = [
    (BadRequest("value", "Bad date.", "Patient.birthDate"), 400, "value", "Bad date."),
    (NotFound("Patient", "p-1"), 404, "not-found", "Patient/p-1"),
    (Gone("Patient", "p-1"), 410, "deleted", "Patient/p-1"),
    (UnknownResourceType("Citation"), 404, "not-supported", "Citation"),
    (VersionConflict("Patient", "p-1", expected=2, current=3), 412, "conflict", "version 3"),
    (UnsupportedMediaType("text/xml"), 415, "not-supported", "text/xml"),
    (UnsupportedMediaType(None), 415, "not-supported", "no Content-Type"),
    (PayloadTooLarge(1024), 413, "too-long", "1024"),
    (InvalidResource([Issue("error", "required", "No status.")]), 422, "required", "No status."),
]


@pytest.mark.parametrize(
    ("error", "status", "code", "says"), ERRORS, ids=[type(e[0]).__name__ for e in ERRORS]
)
def test_error(error: FhirError, status: int, code: str, says: str) -> None:
    assert error.status == status
    assert [issue.code for issue in error.issues] == [code]
    assert says in str(error)
    assert validate(operation_outcome(error.issues)) == ()


def test_codes_are_r4_issue_types() -> None:
    codes = definitions().value_sets["http://hl7.org/fhir/ValueSet/issue-type"]
    known = frozenset().union(*codes.values())
    assert {code for _, _, code, _ in ERRORS} <= known


def test_expression_is_there_only_where_an_element_is_named() -> None:
    outcome = operation_outcome(
        [Issue("error", "value", "a", ("Patient.id",)), Issue("error", "value", "b")]
    )
    assert outcome["issue"][0]["expression"] == ["Patient.id"]
    assert "expression" not in outcome["issue"][1]


def test_an_error_never_says_nothing() -> None:
    with pytest.raises(ValueError, match="at least one issue"):
        operation_outcome([])
    with pytest.raises(ValueError, match="at least one issue"):
        InvalidResource([])
