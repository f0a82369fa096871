"""A part of a resource never says what the whole does not say, whatever is asked for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.codec import decode, encode
from fhir_server.r4.definitions import definitions
from fhir_server.r4.subsets import SUBSETTED, Subset, element_names, subset
from fhir_server.r4.validation import validate

META = {"versionId": "1", "lastUpdated": "2026-05-11T08:00:00.000Z"}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "meta": META,
    "implicitRules": "http://example.org/rules",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'},
    "contained": [
        {"resourceType": "Patient", "id": "inside", "name": [{"text": "王"}]},
        {"resourceType": "Device", "id": "meter", "deviceName": [{"name": "m", "type": "other"}]},
    ],
    "extension": [{"url": "http://example.org/x", "valueString": "y"}],
    "modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}],
    "status": "preliminary",
    "_status": {"id": "s"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "HbA1c"},
    "subject": {"reference": "#inside"},
    "effectiveDateTime": "2026-05-10",
    "performer": [{"reference": "Practitioner/d1", "extension": [{"url": "u", "valueCode": "c"}]}],
    "valueQuantity": {"value": 7.10, "unit": "%"},
    "note": [{"text": "fasting"}],
    "device": {"reference": "#meter"},
    "referenceRange": [{"low": {"value": 4.00}, "text": "r"}],
    "component": [
        {"code": {"text": "a"}, "valueString": "x", "interpretation": [{"text": "high"}]},
        {"code": {"text": "b"}, "dataAbsentReason": {"text": "lost"}},
    ],
}
BODY = json.dumps(OBSERVATION, ensure_ascii=False).replace("7.1,", "7.10,").encode()
ASKED = st.one_of(
    st.sampled_from([Subset("true"), Subset("text"), Subset("data")]),
    st.builds(
        lambda names: Subset(elements=frozenset(names)),
        # Whoever asks for what is contained without what refers to it gets just that (dom-3).
        st.sets(st.sampled_from(sorted(element_names("Observation") - {"contained"})), min_size=1),
    ),
)


def within(part: Any, whole: Any) -> bool:
    """Whether everything in `part` stands in `whole`, lists in their order."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and within(value, whole[key]) for key, value in part.items()
        )
    if isinstance(part, list):
        rest = iter(whole)
        return all(any(within(item, other) for other in rest) for item in part)
    return bool(part == whole)


@given(ASKED)
def test_a_part_is_valid_and_part_of_the_whole(asked: Subset) -> None:
    found = decode(subset(BODY, asked))
    assert found["meta"].pop("tag") == [SUBSETTED]
    assert within(found, decode(BODY))
    assert validate(found) == ()
    # What changes the meaning of the rest, and what must be there.
    always = {"resourceType", "id", "meta", "implicitRules", "modifierExtension", "status", "code"}
    assert always <= found.keys()
    for name in asked.elements:
        kept = {key for key in OBSERVATION if key == name or key.startswith(f"{name}Quantity")}
        assert kept <= found.keys()


@given(ASKED)
def test_numbers_keep_their_spelling(asked: Subset) -> None:
    part = subset(BODY, asked)
    assert (b"7.10" in part) == (b'"valueQuantity"' in part)


@given(ASKED)
def test_a_part_of_a_part_is_itself(asked: Subset) -> None:
    part = subset(BODY, asked)
    assert decode(subset(part, asked)) == decode(part)


def test_what_is_contained_stays_with_its_reference() -> None:
    found = decode(subset(BODY, Subset(elements=frozenset({"subject"}))))
    assert [part["id"] for part in found["contained"]] == ["inside"]
    assert "contained" not in decode(subset(BODY, Subset(elements=frozenset({"note"}))))


def test_what_is_contained_brings_what_it_refers_to_in_turn() -> None:
    pump = {"resourceType": "Device", "id": "pump", "parent": {"reference": "#meter"}}
    whole = {**OBSERVATION, "contained": [*OBSERVATION["contained"], pump],
             "device": {"reference": "#pump"}}  # fmt: skip
    found = decode(subset(encode(whole), Subset(elements=frozenset({"device"}))))
    assert [part["id"] for part in found["contained"]] == ["meter", "pump"]


def test_a_summary_goes_to_any_depth() -> None:
    found = decode(subset(BODY, Subset("true")))
    assert "extension" not in found["performer"][0]
    assert "referenceRange" not in found
    assert found["component"] == [
        {"code": {"text": "a"}, "valueString": "x"},
        {"code": {"text": "b"}},
    ]


@pytest.mark.parametrize("type", sorted(definitions().resource_types))
def test_every_type_has_its_summary(type: str) -> None:
    """R4 resource.html: id, meta and implicitRules of every resource are in its summary."""
    rows = {element.name: element for element in definitions().elements(type)}
    assert all(rows[name].summary for name in ("id", "meta", "implicitRules"))
    body = encode({"resourceType": type, "id": "x", "meta": META, "language": "zh"})
    assert "language" not in decode(subset(body, Subset("true")))
