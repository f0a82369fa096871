"""Chains, `_has` and compartments: a search on what a resource refers to, or is referred to by."""

from typing import Any

import pytest
from sqlalchemy import Connection

from fhir_server.r4.outcome import BadRequest
from fhir_server.store import resources, search_plan
from fhir_server.store.search import search
from fhir_server.store.search_compile import compile_tests
from fhir_server.store.search_plan import plan
from fhir_server.store.search_query import Compartment, SearchQuery
from fhir_server.store.search_rows import seeks
from tests.support.fhir_store import BASE, LOINC, NOW, hba1c, patient, store
from tests.support.searching import found, query_of, total, walked


def of(id: str, reference: str, **more: Any) -> dict[str, Any]:
    return hba1c(id, subject={"reference": reference}, **more)


def visit(id: str, patient_id: str, code: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": id,
        "status": "finished",
        "class": {"system": "urn:class", "code": code},
        "subject": {"reference": f"Patient/{patient_id}"},
    }


CLINIC = {
    "resourceType": "Organization",
    "id": "clinic",
    "name": "Ruijin Hospital",
    "partOf": {"reference": "Organization/city"},
}
CITY = {"resourceType": "Organization", "id": "city", "name": "City of Shanghai"}


@pytest.fixture
def record(connection: Connection) -> Connection:
    store(
        connection,
        CITY,
        CLINIC,
        patient("p1", "Zhang", "Wei", gender="male", birthDate="1968-03-12",
                identifier=[{"system": "urn:mrn", "value": "M-1"}],
                managingOrganization={"reference": "Organization/clinic"}),
        patient("p2", "Zhang", "Li", gender="female"),
        patient("p3", "Wang", "Fang", gender="female"),
        # The ids of one type say nothing of another.
        {"resourceType": "Group", "id": "p1", "type": "person", "actual": True,
         "member": [{"entity": {"reference": "Patient/p1"}}],
         "identifier": [{"system": "urn:mrn", "value": "M-1"}]},
        visit("v1", "p1", "AMB"),
        visit("v2", "p2", "IMP"),
        of("o1", "Patient/p1", encounter={"reference": "Encounter/v1"}),
        of("o2", f"{BASE}/Patient/p1", status="preliminary"),
        of("o3", "Patient/p2", encounter={"reference": "Encounter/v2"}),
        of("o4", "Group/p1"),
        of("o5", "Patient/nobody"),
        of("o6", "http://other/fhir/Patient/p1"),
    )  # fmt: skip
    return connection


CASES = [
    ("Observation?subject:Patient.name=zhang", ["o1", "o2", "o3"]),
    ("Observation?patient.name=zhang", ["o1", "o2", "o3"]),
    ("Observation?subject.name=zhang", ["o1", "o2", "o3"]),
    ("Observation?subject.name=zhang,wang", ["o1", "o2", "o3"]),
    ("Observation?subject:Patient.given=Wei", ["o1", "o2"]),
    ("Observation?subject:Patient.name:contains=ang&patient.gender=female", ["o3"]),
    ("Observation?subject:Patient.gender:not=female", ["o1", "o2"]),
    ("Observation?subject:Patient.birthdate:missing=true", ["o3"]),
    ("Observation?subject:Patient.birthdate=lt1970", ["o1", "o2"]),
    ("Observation?subject.identifier=urn:mrn|M-1", ["o1", "o2", "o4"]),
    ("Observation?subject:Group.identifier=urn:mrn|M-1", ["o4"]),
    ("Observation?subject:Patient._id=p1", ["o1", "o2"]),
    ("Observation?subject:Patient._id:missing=false", ["o1", "o2", "o3"]),
    ("Observation?subject:Patient._lastUpdated=gt2000", ["o1", "o2", "o3"]),
    ("Observation?subject:Patient.name=nobody", []),
    ("Observation?subject:Patient.gender=urn:never|male", []),
    ("Observation?subject:Patient.organization.name=ruijin", ["o1", "o2"]),
    ("Observation?subject:Patient.organization.partof.name=city", ["o1", "o2"]),
    ("Observation?encounter.class=AMB", ["o1"]),
    ("Observation?encounter.class=AMB&status=final", ["o1"]),
    ("Observation?encounter:Encounter.subject:Patient.name=zhang", ["o1", "o3"]),
    ("Observation?code=4548-4&patient.gender=male", ["o1", "o2"]),
    ("Patient?_has:Observation:patient:code=4548-4", ["p1", "p2"]),
    (f"Patient?_has:Observation:subject:code={LOINC}|4548-4", ["p1", "p2"]),
    ("Patient?_has:Observation:patient:status=preliminary", ["p1"]),
    ("Patient?_has:Observation:patient:code=2160-0", []),
    ("Patient?_has:Observation:patient:status:not=final", ["p1"]),
    ("Patient?_has:Observation:patient:encounter.class=IMP", ["p2"]),
    ("Patient?_has:Observation:patient:_id:missing=false&gender=female", ["p2"]),
    ("Patient?_has:Group:member:_id=p1", ["p1"]),
    ("Observation?patient._has:Group:member:identifier=M-1", ["o1", "o2"]),
    ("Organization?_has:Patient:organization:_has:Observation:patient:code=4548-4", ["clinic"]),
    ("Encounter?_has:Observation:encounter:patient.name=wang", []),
    ("Group?_has:Observation:subject:code=4548-4", ["p1"]),
]


@pytest.mark.parametrize(("url", "expected"), CASES)
@pytest.mark.parametrize("many", [20_000, 2], ids=["led by the chain", "checked"])
def test_what_stands_at_the_other_end(
    record: Connection, monkeypatch: pytest.MonkeyPatch, url: str, expected: list[str], many: int
) -> None:
    monkeypatch.setattr(search_plan, "_FEW", min(many, search_plan._FEW))
    monkeypatch.setattr(search_plan, "_MANY", many)
    assert sorted(found(record, url)) == expected
    assert sorted(walked(record, url, 1)) == expected
    assert total(record, url) == len(expected)
    assert walked(record, f"{url}&_sort=-_id", 2) == expected[::-1]


def test_the_selective_end_leads(record: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_plan, "_FEW", 1)
    type, query = query_of("Observation?code=4548-4&subject:Patient.identifier=M-1")
    tested = compile_tests(record, type, query.criteria)
    chosen = plan(record, tested.conditions, None, cursor=None)
    assert chosen.driver is not None
    assert seeks(chosen.driver[0].kind)
    assert not isinstance(chosen.driver[0].kind, str)


def test_a_deleted_resource_is_no_end_of_a_chain(record: Connection) -> None:
    resources.delete(record, "Patient", "p2", now=NOW)
    assert found(record, "Observation?subject:Patient.name=zhang") == ["o1", "o2"]
    assert found(record, "Observation?subject:Patient._id:missing=false") == ["o1", "o2"]
    resources.delete(record, "Observation", "o1", now=NOW)
    assert found(record, "Patient?_has:Observation:patient:status=final") == []


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("Observation?subject.nonsense=1", "subject.nonsense"),
        ("Observation?subject:Patient.nonsense=1", "nonsense"),
        ("Observation?subject:Medication.code=1", "subject:Medication"),
        ("Observation?subject:Nonsense.code=1", "subject:Nonsense"),
        ("Observation?code.name=1", "only a reference"),
        ("Observation?focus.name=1", "name one"),
        ("Observation?nonsense.name=1", "nonsense"),
        ("Observation?subject:Patient.name:nonsense=1", "name:nonsense"),
        ("Observation?subject:Patient.birthdate=yesterday", "birthdate"),
        ("Observation?subject:Patient.name:exact=Zhang", "name"),
        ("Patient?_has:Observation:patient=1", "_has:Observation:patient"),
        ("Patient?_has:Nonsense:patient:code=1", "Nonsense"),
        ("Patient?_has:Observation:nonsense:code=1", "nonsense"),
        ("Patient?_has:Observation:code:code=1", "does not refer"),
        ("Medication?_has:Observation:subject:code=1", "does not refer"),
        ("Patient?_has:Observation:patient:nonsense=1", "nonsense"),
        ("Patient?" + "_has:Observation:patient:patient." * 4 + "name=1", "levels"),
    ],
)
def test_a_chain_that_leads_nowhere_is_refused(record: Connection, url: str, named: str) -> None:
    with pytest.raises(BadRequest) as refused:
        found(record, url)
    assert named in refused.value.issues[0].diagnostics


@pytest.mark.parametrize(
    ("type", "test", "expected"),
    [
        ("Observation", Compartment(("subject", "performer"), ("p1",), base_url=BASE),
         ["o1", "o2"]),
        ("Observation", Compartment(("subject", "performer"), ("p1",)), ["o1"]),
        ("Observation", Compartment(("performer",), ("p1",)), []),
        ("Observation", Compartment(("subject",), ("p1", "p2")), ["o1", "o3"]),
        ("Observation", Compartment(("patient",), ("p2",)), ["o3"]),
        ("Observation", Compartment(("subject",), ("p1",), type="Group"), ["o4"]),
        ("Observation", Compartment(("subject",), ()), []),
        ("Observation", Compartment((), ("p1",)), []),
        ("Patient", Compartment(("_id", "link"), ("p1", "p3")), ["p1", "p3"]),
        ("Group", Compartment(("_id", "member"), ("p1",)), ["p1"]),
        ("Group", Compartment(("_id",), ("p1",)), []),
        ("Encounter", Compartment(("patient",), ("p1",)), ["v1"]),
    ],
)  # fmt: skip
def test_a_compartment_is_any_of_several_references(
    record: Connection, type: str, test: Compartment, expected: list[str]
) -> None:
    page = search(record, type, SearchQuery((test,), total=True))
    assert [match.id for match in page.matches] == expected
    assert page.total == len(expected)


def test_a_compartment_of_many_people_is_one_condition(record: Connection) -> None:
    everyone = tuple(f"p{n}" for n in range(20_000))
    page = search(record, "Observation", SearchQuery((Compartment(("subject",), everyone),)))
    assert [match.id for match in page.matches] == ["o1", "o3"]
