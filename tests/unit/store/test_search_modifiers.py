"""Modifiers: what is missing, what is not, texts beside codes, value sets, hierarchies."""

from typing import Any

import pytest
from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError
from fhir_server.store import search as search_module
from tests.support.fhir_store import BASE, LOINC, hba1c, patient, store
from tests.support.searching import found, total, walked

STATINS = "http://example.org/vs"
V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"


def numbered(value: str, type: str, text: str | None = None) -> dict[str, Any]:
    named = {} if text is None else {"text": text}
    return {"type": {"coding": [{"system": V2, "code": type}], **named}, "value": value}


@pytest.fixture
def people(connection: Connection) -> Connection:
    store(
        connection,
        patient("man", "Zhang", "Wei", gender="male", birthDate="1968-03-12",
                identifier=[numbered("1", "MR", "病案号")]),
        patient("woman", "张", "三", gender="female",
                identifier=[numbered("1", "SS"), numbered("2", "MR", "Medical record")]),
        {"resourceType": "Patient", "id": "nobody"},
    )  # fmt: skip
    return connection


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("gender:missing=true", ["nobody"]),
        ("gender:missing=false", ["man", "woman"]),
        ("birthdate:missing=true", ["woman", "nobody"]),
        ("birthdate:missing=true&gender=female", ["woman"]),
        ("name:missing=true", ["nobody"]),
        ("general-practitioner:missing=true", ["man", "woman", "nobody"]),
        ("general-practitioner:missing=false", []),
        ("_id:missing=true", []),
        ("_id:missing=false", ["man", "woman", "nobody"]),
        ("_profile:missing=true", ["man", "woman", "nobody"]),
        # R4 search.html#modifiers: `:not` includes resources without a value.
        ("gender:not=male", ["woman", "nobody"]),
        ("gender:not=male,female", ["nobody"]),
        ("gender:not=never-seen", ["man", "woman", "nobody"]),
        ("gender:not=urn:never|male", ["man", "woman", "nobody"]),
        ("gender:not=male&gender:not=female", ["nobody"]),
        ("gender:not=male&_id=man,woman", ["woman"]),
        ("_id:not=man", ["woman", "nobody"]),
        ("name:exact=Zhang", ["man"]),
        ("name:exact=zhang", []),
        ("name:exact=zhang,三", ["woman"]),
        ("name:contains=han", ["man"]),
        (f"identifier:of-type={V2}|MR|1", ["man"]),
        (f"identifier:of-type={V2}|MR|2", ["woman"]),
        (f"identifier:of-type={V2}|SS|2", []),
        ("identifier:text=病案", ["man"]),
        ("identifier:text=MEDICAL", ["woman"]),
        ("identifier:text=record", []),
    ],
)
def test_modifiers_on_people(people: Connection, query: str, expected: list[str]) -> None:
    assert found(people, f"Patient?{query}") == expected
    assert walked(people, f"Patient?{query}", 1) == expected
    assert total(people, f"Patient?{query}") == len(expected)
    assert walked(people, f"Patient?{query}&_sort=-_id", 1) == sorted(expected, reverse=True)


def test_a_code_is_found_by_the_text_beside_it(connection: Connection) -> None:
    store(
        connection,
        hba1c("text", code={"text": "糖化血红蛋白"}),
        hba1c("display", code={"coding": [{"code": "x", "display": "Hémoglobin A1c"}]}),
        hba1c("named", subject={"reference": "Patient/p1", "display": "Zhang Wei"}),
    )
    assert found(connection, "Observation?code:text=糖化") == ["text"]
    assert found(connection, "Observation?code:text=hemoglobin") == ["display"]
    assert found(connection, "Observation?code:text=a1c") == []
    assert found(connection, "Observation?subject:text=zhang") == ["named"]
    assert found(connection, "Observation?patient:text=zhang&_id=text") == []


def test_what_only_records_decide_is_bounded(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "_BATCH", 3)
    monkeypatch.setattr(search_module, "MOST_BODIES", 6)
    store(connection, *(patient(f"p{n}", "Zhang" if n % 2 else "ZHANG") for n in range(5)))
    assert walked(connection, "Patient?family:exact=Zhang", 1) == ["p1", "p3"]
    assert found(connection, "Patient?family:exact=Zhang&_count=2") == ["p1", "p3"]
    store(connection, *(patient(f"q{n}", "ZHANG") for n in range(9)))
    assert found(connection, "Patient?family:exact=Zhang&_count=1") == ["p1"]
    with pytest.raises(FhirError, match="narrow the search"):
        found(connection, "Patient?family:exact=Zhang&_count=5")


def test_logical_references_are_found_by_identifier(connection: Connection) -> None:
    logical = {"identifier": {"system": "urn:mrn", "value": "M-1"}}
    store(connection, hba1c("logical", subject=logical), hba1c("literal"))
    assert found(connection, "Observation?subject:identifier=urn:mrn|M-1") == ["logical"]
    assert found(connection, "Observation?patient:identifier=M-1") == ["logical"]
    assert found(connection, "Observation?subject:identifier=urn:other|M-1") == []
    assert found(connection, "Observation?subject:missing=true") == []
    assert found(connection, "Observation?patient:missing=false") == ["logical", "literal"]


def test_uris_are_found_with_what_is_above_and_below(connection: Connection) -> None:
    def named(id: str, url: str) -> dict[str, Any]:
        return {"resourceType": "ValueSet", "id": id, "url": url, "status": "active"}

    long = "http://acme.org/fhir/" + "a" * 300
    store(
        connection,
        named("root", "http://acme.org/fhir"),
        named("deep", "http://acme.org/fhir/ValueSet/123"),
        named("other", "http://acme.org/fhirx"),
        named("urn", "urn:oid:1.2.3"),
        named("long", long),
    )

    def ids(query: str) -> list[str]:
        return found(connection, f"ValueSet?{query}")

    assert ids("url=http://acme.org/fhir") == ["root"]
    assert ids("url=http://acme.org/FHIR") == []
    assert ids("url=http://acme.org/fhir,urn:oid:1.2.3") == ["root", "urn"]
    assert ids("url:below=http://acme.org/fhir/") == ["deep", "long"]
    assert ids("url:below=http://acme.org/fhir") == ["root", "deep", "other", "long"]
    assert ids("url:above=http://acme.org/fhir/ValueSet/123/_history/5") == ["root", "deep"]
    assert ids(f"url={long}") == ["long"]
    with pytest.raises(FhirError, match="URN"):
        ids("url:below=urn:oid:1.2")


STATINS = "http://example.org/vs"


def statins(**compose: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "id": "vs", "url": STATINS, "status": "active", **compose}


TREE = {
    "resourceType": "CodeSystem",
    "id": "cs",
    "url": "urn:tree",
    "status": "active",
    "content": "complete",
    "concept": [
        {"code": "root", "concept": [{"code": "child", "concept": [{"code": "leaf"}]}]},
        {"code": "second", "property": [{"code": "parent", "valueCode": "child"}]},
        {"code": "alone"},
    ],
}


def tree(id: str, system: str = "urn:tree") -> dict[str, Any]:
    return hba1c(id, code={"coding": [{"system": system, "code": id.partition("-")[0]}]})


@pytest.fixture
def coded(connection: Connection) -> Connection:
    codes = ("root", "child", "leaf", "second", "alone")
    store(connection, TREE, *map(tree, codes), tree("leaf-other", "urn:other"))
    return connection


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("code:below=urn:tree|child", ["child", "leaf", "second"]),
        ("code:below=urn:tree|leaf", ["leaf"]),
        ("code:above=urn:tree|second", ["root", "child", "second"]),
        ("code:above=urn:tree|root", ["root"]),
        ("code:below=urn:tree|child,urn:tree|alone", ["child", "leaf", "second", "alone"]),
    ],
)
def test_codes_are_found_by_their_hierarchy(
    coded: Connection, query: str, expected: list[str]
) -> None:
    assert found(coded, f"Observation?{query}") == expected


ENUMERATED = {"include": [{"system": "urn:tree", "concept": [{"code": "leaf"}, {"code": "X"}]}]}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({"compose": ENUMERATED}, ["leaf"]),
        ({"compose": {"include": [{"system": "urn:tree"}]}},
         ["root", "child", "leaf", "second", "alone"]),
        ({"compose": {"include": [{"system": "urn:tree"}], **{"exclude": ENUMERATED["include"]}}},
         ["root", "child", "second", "alone"]),
        ({"compose": {"include": [{"system": "urn:tree", "filter": [
            {"property": "concept", "op": "is-a", "value": "child"}]}]}},
         ["child", "leaf", "second"]),
        ({"expansion": {"timestamp": "2026-01-01", "contains": [
            {"system": "urn:other", "code": "none", "abstract": True,
             "contains": [{"system": "urn:other", "code": "leaf"}]}]}}, ["leaf-other"]),
    ],
)  # fmt: skip
def test_codes_are_found_by_a_value_set(
    coded: Connection, definition: dict[str, Any], expected: list[str]
) -> None:
    store(coded, statins(**definition))
    every = ["root", "child", "leaf", "second", "alone", "leaf-other"]
    for named in (STATINS, "ValueSet/vs", f"{BASE}/ValueSet/vs"):
        assert found(coded, f"Observation?code:in={named}") == expected
    others = [id for id in every if id not in expected]
    assert found(coded, f"Observation?code:not-in={STATINS}") == others


@pytest.mark.parametrize(
    ("definition", "query"),
    [
        (None, "code:in=http://example.org/vs"),
        (None, "code:in=ValueSet/vs"),
        ({}, "code:in=http://example.org/vs"),
        ({"version": "1", "compose": ENUMERATED}, "code:in=http://example.org/vs|2"),
        ({"compose": {"include": [{"system": LOINC}]}}, "code:in=http://example.org/vs"),
        ({"expansion": {"timestamp": "2026-05-01", "offset": 1,
                        "contains": [{"system": "urn:tree", "code": "leaf"}]}},
         "code:not-in=http://example.org/vs"),
        ({"expansion": {"timestamp": "2026-05-01", "total": 2,
                        "contains": [{"system": "urn:tree", "code": "leaf"}]}},
         "code:not-in=http://example.org/vs"),
        ({"compose": {"include": [{"valueSet": ["http://example.org/vs"]}]}},
         "code:in=http://example.org/vs"),
        ({"compose": {"include": [{"system": "urn:tree", "filter": [
            {"property": "display", "op": "is-a", "value": "child"}]}]}},
         "code:not-in=http://example.org/vs"),
        (None, "code:below=urn:tree|nothing"),
        (None, "code:below=urn:unknown|leaf"),
    ],
)  # fmt: skip
def test_what_cannot_be_expanded_is_refused(
    coded: Connection, definition: dict[str, Any] | None, query: str
) -> None:
    """Half of a value set would leave patients out without a word."""
    if definition is not None:
        store(coded, statins(**definition))
    with pytest.raises(FhirError, match="cannot be expanded") as refused:
        found(coded, f"Observation?{query}")
    assert refused.value.status == 422
