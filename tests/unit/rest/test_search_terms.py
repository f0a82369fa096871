"""The values of search parameters as they stand in a URL."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.search_parameters import parameters_of
from fhir_server.rest.search_terms import Place, read_terms, split, unescape
from fhir_server.store.search_query import ReferenceTerm, TokenTerm

PLACE = Place(UTC, "http://test/fhir")
OBSERVATION = parameters_of("Observation")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        (r"a\,b", [r"a\,b"]),
        (r"a\\,b", [r"a\\", "b"]),
        (",", ["", ""]),
        ("", [""]),
        ("a\\", ["a\\"]),
    ],
)
def test_a_comma_after_a_backslash_is_text(text: str, parts: list[str]) -> None:
    assert split(text, ",") == parts


@given(st.lists(st.text(alphabet=r"a|,$\b"), min_size=1, max_size=4))
def test_what_is_escaped_comes_back(parts: list[str]) -> None:
    written = ",".join(
        part.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|").replace("$", "\\$")
        for part in parts
    )
    assert [unescape(part) for part in split(written, ",")] == parts


@pytest.mark.parametrize(
    ("value", "term"),
    [
        ("4548-4", TokenTerm(None, "4548-4")),
        ("http://loinc.org|4548-4", TokenTerm("http://loinc.org", "4548-4")),
        ("|4548-4", TokenTerm("", "4548-4")),
        ("http://loinc.org|", TokenTerm("http://loinc.org", None)),
        (r"a\|b", TokenTerm(None, "a|b")),
    ],
)
def test_tokens(value: str, term: TokenTerm) -> None:
    assert read_terms(OBSERVATION["code"], "", value, PLACE) == (term,)


@pytest.mark.parametrize(
    ("name", "modifier", "value", "terms"),
    [
        ("subject", "", "7", [("7", None)]),
        ("patient", "", "7", [("7", "Patient"), ("http://test/fhir/Patient/7", "Patient")]),
        ("subject", "", "Patient/7",
         [("7", "Patient"), ("http://test/fhir/Patient/7", "Patient")]),
        ("subject", "", "http://test/fhir/Patient/7",
         [("7", "Patient"), ("http://test/fhir/Patient/7", "Patient")]),
        ("subject", "", "http://lis/fhir/Patient/7", [("http://lis/fhir/Patient/7", "Patient")]),
        ("subject", "", "urn:uuid:0c1d5d2e-6f0a-4b57-9a4e-2f3f0d6a1a01",
         [("urn:uuid:0c1d5d2e-6f0a-4b57-9a4e-2f3f0d6a1a01", None)]),
        ("subject", "Group", "7", [("7", "Group"), ("http://test/fhir/Group/7", "Group")]),
    ],
)  # fmt: skip
def test_references(name: str, modifier: str, value: str, terms: list) -> None:
    found = read_terms(OBSERVATION[name], modifier, value, PLACE)
    assert found == tuple(ReferenceTerm(*term) for term in terms)


@pytest.mark.parametrize("value", ["#p1", "Patient/1/_history/2", "not a reference", "Foo/1"])
def test_references_that_no_record_is_found_by(value: str) -> None:
    with pytest.raises(BadRequest, match="subject="):
        read_terms(OBSERVATION["subject"], "", value, PLACE)
