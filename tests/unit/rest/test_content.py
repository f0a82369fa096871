"""What the headers of a request ask for."""

import pytest
from starlette.requests import Request

from fhir_server.r4.outcome import FhirError, InvalidResource, Issue
from fhir_server.rest.content import Preferences, answer_type, if_match, preferences
from fhir_server.rest.errors import NotAcceptable, error_response, within


def request(query: str = "", **headers: str) -> Request:
    raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return Request({"type": "http", "headers": raw, "query_string": query.encode()})


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("*/*", "application/fhir+json"),
        ("application/*;q=0.1", "application/fhir+json"),
        ("application/json", "application/json"),
        ("text/html;q=0.9, application/json;q=0.8, */*;q=0.1", "application/json"),
        ("application/json;q=0, */*", "application/fhir+json"),
        ("APPLICATION/FHIR+JSON", "application/fhir+json"),
    ],
)
def test_the_best_that_is_accepted(accept: str, answer: str) -> None:
    assert answer_type(request(accept=accept)) == answer


@pytest.mark.parametrize(
    "accept", ["text/html", "application/json;q=0", "application/fhir+xml", ""]
)
def test_nothing_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        answer_type(request(accept=accept))


def test_format_wins_over_accept() -> None:
    assert answer_type(request("_format=json", accept="text/html")) == "application/fhir+json"
    with pytest.raises(NotAcceptable):
        answer_type(request("_format=json&_format=xml"))


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("return=minimal", Preferences("minimal", False, True)),
        ("return=minimal, handling=lenient", Preferences("minimal", True, True)),
        ("handling=lenient; return=OperationOutcome", Preferences("OperationOutcome", True, True)),
        ("return=representation", Preferences("representation", False, True)),
        ("handling=strict, respond-async", Preferences(asynchronous=True)),
        ("return=nonsense", Preferences()),
    ],
)
def test_preferences(prefer: str, expected: Preferences) -> None:
    assert preferences(request(prefer=prefer)) == expected


def test_if_match() -> None:
    assert if_match(request()) is None
    assert if_match(request(if_match='W/"12"')) == 12
    assert if_match(request(if_match='"12"')) == 12


def test_an_issue_of_an_entry_is_placed_in_its_bundle() -> None:
    error = InvalidResource([
        Issue("error", "value", "x", ("Patient.name[0].use", "Patient")),
        Issue("error", "value", "y"),
        Issue("error", "value", "z", ("Bundle.entry[3].request.url",)),
    ])  # fmt: skip
    moved = within(error, "Bundle.entry[3]")
    assert moved.status == 422
    assert [issue.expression for issue in moved.issues] == [
        ("Bundle.entry[3].resource.name[0].use", "Bundle.entry[3].resource"),
        ("Bundle.entry[3]",),
        ("Bundle.entry[3].request.url",),
    ]


def test_a_store_that_is_down_says_when_to_come_back() -> None:
    response = error_response(FhirError(503, Issue("error", "no-store", "x")))
    assert response.headers["retry-after"] == "1"
