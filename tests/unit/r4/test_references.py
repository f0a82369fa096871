"""What a reference points at."""

import pytest

from fhir_server.r4.references import Reference, conditional_reference, parse_reference

UUID = "urn:uuid:0c1f5a4e-6a0e-4d3e-9a54-2b5a2f1e6c01"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/7", Reference(None, "Patient", "7", None)),
        ("Patient/7/_history/2", Reference(None, "Patient", "7", "2")),
        ("https://his.org:8443/fhir/Patient/7",
         Reference("https://his.org:8443/fhir", "Patient", "7", None)),
        ("http://h/a/b/Patient/7/_history/2", Reference("http://h/a/b", "Patient", "7", "2")),
        ("#p1", Reference("#", None, "p1", None)),
        ("#", Reference("#", None, None, None)),
        (UUID, Reference(UUID, None, None, None)),
        ("urn:oid:1.2.840.113619", Reference("urn:oid:1.2.840.113619", None, None, None)),
        ("http://his.org/patients?no=7", Reference("http://his.org/patients?no=7", *[None] * 3)),
    ],
)  # fmt: skip
def test_reference(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected


def test_local_and_contained_are_told_apart() -> None:
    assert parse_reference("Patient/7").is_local
    assert not parse_reference("Patient/7").is_contained
    assert parse_reference("#p1").is_contained
    assert not parse_reference("#p1").is_local
    assert not parse_reference(UUID).is_local


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Type/id"),
        ("7", "Type/id"),
        ("Patient", "Type/id"),
        ("Patient/", "Type/id"),
        ("/Patient/7", "Type/id"),
        ("Patient/7/", "Type/id"),
        ("Patient/7 ", "Type/id"),
        ("Patient/" + "7" * 65, "Type/id"),
        ("patient/7", "Type/id"),
        ("Citation/7", "'Citation' is no R4 resource type"),
        ("urn:uuid:1234", "malformed"),
        ("urn:oid:3.1", "malformed"),
        ("Patient?identifier=urn:x|7", "transaction"),
    ],
)
def test_what_is_no_reference(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_reference(text)


def test_conditional_reference() -> None:
    assert conditional_reference("Patient?identifier=urn:x|7") == ("Patient", "identifier=urn:x|7")
    assert conditional_reference("Citation?title=x") is None
    assert conditional_reference("Patient/7") is None
