"""What a page brings along, on both databases: each resource once, as far as it is asked for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError
from fhir_server.store import resources
from fhir_server.store.access import Access
from fhir_server.store.resources import Stored
from fhir_server.store.search_includes import Include, included
from tests.support.fhir_store import BASE, NOW, hba1c, patient, store, writing

OPEN = Access()
OTHER = "http://b"


def names(brought: tuple[Stored, ...]) -> list[str]:
    return [f"{stored.type}/{stored.id}" for stored in brought]


def reference(target: str) -> dict[str, str]:
    return {"reference": target}


def bring(connection: Connection, match: str, *includes: Include, **more: Any) -> list[str]:
    type, id = match.split("/")
    matches = [resources.read(connection, type, id)]
    options = {"base_url": BASE, "most": 100, **more}
    return names(included(connection, matches, includes, options.pop("access", OPEN), **options))


@pytest.fixture
def ward(connection: Connection) -> Connection:
    """A result of a patient of a clinic that is part of a hospital; its report and provenance."""
    store(
        connection,
        {"resourceType": "Organization", "id": "hospital", "name": "H"},
        {"resourceType": "Organization", "id": "clinic",
         "partOf": reference("Organization/hospital")},
        {"resourceType": "Practitioner", "id": "d1"},
        patient("p1", managingOrganization=reference(f"{BASE}/Organization/clinic")),
        patient("p2"),
        hba1c("o1", performer=[reference("Practitioner/d1"), reference("Organization/gone")]),
        hba1c("o2", hasMember=[reference("Observation/o1")]),
        {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", "code": {"text": "x"},
         "subject": reference("Patient/p1"), "result": [reference("Observation/o2")]},
        {"resourceType": "Provenance", "id": "v1", "target": [reference("DiagnosticReport/r1")],
         "recorded": "2026-05-10T00:00:00Z", "agent": [{"who": reference("Practitioner/d1")}]},
    )  # fmt: skip
    return connection


def test_what_a_match_refers_to(ward: Connection) -> None:
    assert bring(ward, "Observation/o1", Include("Observation", "subject")) == ["Patient/p1"]
    assert bring(ward, "Observation/o1", Include("Observation", "patient")) == ["Patient/p1"]
    assert bring(ward, "Observation/o1", Include("Observation", "performer")) == ["Practitioner/d1"]
    assert bring(ward, "Observation/o1", Include("Observation", "performer", "Patient")) == []
    assert bring(ward, "Observation/o1", Include("Patient", "organization")) == []


def test_a_reference_below_the_own_base_leads_here(ward: Connection) -> None:
    found = bring(ward, "Patient/p1", Include("Patient", "organization"))
    assert found == ["Organization/clinic"]
    elsewhere = bring(ward, "Patient/p1", Include("Patient", "organization"), base_url=OTHER)
    assert elsewhere == []


def test_all_that_a_match_refers_to(ward: Connection) -> None:
    expected = {"Patient/p1", "Practitioner/d1"}
    assert set(bring(ward, "Observation/o1", Include("*", "*"))) == expected
    assert set(bring(ward, "Observation/o1", Include("Observation", "*"))) == expected


def test_iterate_goes_on_from_what_was_brought(ward: Connection) -> None:
    once = Include("Organization", "partof", iterate=True)
    start = Include("Patient", "organization")
    found = bring(ward, "Patient/p1", start, once)
    assert found == ["Organization/clinic", "Organization/hospital"]
    assert bring(ward, "Patient/p1", start, Include("Organization", "partof")) == found[:1]


def test_what_refers_to_a_match(ward: Connection) -> None:
    back = Include("Observation", "has-member", reverse=True)
    assert bring(ward, "Observation/o1", back) == ["Observation/o2"]
    assert bring(ward, "Observation/o1", Include("*", "*", reverse=True)) == ["Observation/o2"]
    of_patient = bring(ward, "Patient/p1", Include("Observation", "patient", reverse=True))
    assert of_patient == ["Observation/o1", "Observation/o2"]
    assert bring(ward, "Patient/p2", Include("*", "*", reverse=True)) == []


def test_a_circle_ends(ward: Connection) -> None:
    there = Include("*", "*", iterate=True)
    back = Include("*", "*", iterate=True, reverse=True)
    found = bring(ward, "Practitioner/d1", there, back)
    assert len(found) == len(set(found)) == 7
    assert "Patient/p2" not in found


def test_a_reference_to_a_version_brings_that_version(connection: Connection) -> None:
    store(connection, patient("p1", "王"))
    old = hba1c("o1", subject=reference("Patient/p1/_history/1"))
    new = hba1c("o2", subject=reference("Patient/p1"))
    store(
        connection,
        patient("p1", "李"),
        old,
        new,
        hba1c("o3", subject=reference("Patient/p1/_history/9")),
    )
    matches = [resources.read(connection, "Observation", id) for id in ("o1", "o2", "o3")]
    brought = included(
        connection, matches, [Include("Observation", "subject")], OPEN, base_url=BASE, most=9
    )
    assert [(s.id, s.version) for s in brought] == [("p1", 1), ("p1", 2)]


def test_more_than_the_bound_is_refused_not_cut(ward: Connection) -> None:
    includes = [Include("Observation", "patient", reverse=True)]
    assert len(bring(ward, "Patient/p1", *includes, most=2)) == 2
    with pytest.raises(FhirError, match="more than 1 resources") as refusal:
        bring(ward, "Patient/p1", *includes, most=1)
    assert refusal.value.issues[0].code == "too-costly"


def test_a_restricted_client_is_brought_its_own(ward: Connection) -> None:
    mine = Access(frozenset({"p1"}), BASE)
    theirs = Access(frozenset({"p2"}), BASE)
    every = (Include("*", "*", iterate=True), Include("*", "*", iterate=True, reverse=True))
    assert "Observation/o2" in bring(ward, "Practitioner/d1", *every, access=mine)
    assert bring(ward, "Practitioner/d1", *every, access=theirs) == []


def test_a_version_from_before_a_result_was_moved_to_another_patient_stays_hidden(
    connection: Connection,
) -> None:
    """It was filed under the wrong patient first: no version of it is in that record any more."""
    store(connection, patient("p1"), patient("p2"), hba1c("moved", "p1"), hba1c("kept", "p1"))
    for id in ("moved", "kept"):
        to_version = [reference(f"Observation/{id}/_history/1")]
        store(connection, hba1c(f"after-{id}", "p1", hasMember=to_version))
    store(connection, hba1c("moved", "p2"))
    mine, member = Access(frozenset({"p1"}), BASE), Include("Observation", "has-member")
    assert bring(connection, "Observation/after-kept", member, access=mine) == ["Observation/kept"]
    assert bring(connection, "Observation/after-moved", member) == ["Observation/moved"]
    assert bring(connection, "Observation/after-moved", member, access=mine) == []


ORGANIZATIONS = [f"g{number}" for number in range(5)]


@given(
    st.dictionaries(st.sampled_from(ORGANIZATIONS), st.sampled_from(ORGANIZATIONS)),
    st.sampled_from(ORGANIZATIONS),
    st.booleans(),
    st.booleans(),
)
def test_any_network_is_followed_as_a_graph_is(
    part_of: dict[str, str], start: str, iterate: bool, reverse: bool
) -> None:
    """Oracle: reachability along the edges, in one step or in any number of them."""
    with writing() as connection:
        for id in ORGANIZATIONS:
            above = {"partOf": reference(f"Organization/{part_of[id]}")} if id in part_of else {}
            given_ = {"resourceType": "Organization", "id": id, "name": id, **above}
            resources.put(connection, given_, now=NOW)
        include = Include("Organization", "partof", iterate=iterate, reverse=reverse)
        found = bring(connection, f"Organization/{start}", include)
    edges = {(b, a) if reverse else (a, b) for a, b in part_of.items()}
    reached = {start}
    frontier = {start}
    while frontier:
        frontier = {b for a, b in edges if a in frontier} - reached
        reached |= frontier
        if not iterate:
            break
    assert len(found) == len(set(found))
    assert set(found) == {f"Organization/{id}" for id in reached - {start}}
