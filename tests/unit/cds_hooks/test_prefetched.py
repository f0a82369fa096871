"""What a client sent for a key: whose it is, and whether its silence says anything."""

import pytest

from cds_hooks import prefetch
from cds_hooks.prefetch import Prefetched
from cds_hooks.protocol import parse_request
from fhir_server.r4.outcome import BadRequest
from tests.support import hooks
from tests.support.patients import CATALOGUE, condition, drug, observation, statement

EMR = "https://emr.example/fhir"
CREATININE = observation("x", "14682-9", "88", "umol/L")


def sent(key: str, value: object, **changes) -> Prefetched:
    call = hooks.order_sign(prefetch=hooks.prefetch(**{key: value}), **changes)
    return prefetch.read_key(parse_request(call, expected_hook="order-sign"), key)


@pytest.mark.parametrize(
    "value",
    [
        {"resourceType": "List", "status": "current", "mode": "working"},
        {"resourceType": "Parameters"},
        hooks.bundle([CREATININE]),
    ],
    ids=["a list of references", "parameters", "the results"],
)
def test_an_answer_to_another_query_is_no_empty_problem_list(value):
    """Else a heart attack would be taken as absent."""
    with pytest.raises(BadRequest) as caught:
        sent("conditions", value)
    assert caught.value.issues[0].expression == ("prefetch.conditions",)


def test_stated_drugs_may_come_with_the_prescribed_ones():
    assert sent("medications", hooks.bundle([statement("C08CA01")])).records.complete
    assert sent("medications", hooks.bundle([drug("C08CA01"), statement("C10AA05")])).given


@pytest.mark.parametrize(
    ("more", "complete"),
    [
        ({}, True),
        ({"total": 2}, True),
        ({"total": 700}, False),
        ({"link": [{"relation": "next", "url": f"{EMR}?page=2"}]}, False),
    ],
)
def test_a_list_that_was_cut_is_not_complete(more, complete):
    """Servers that do not page leave the rest out and say only how many there are."""
    problems = hooks.bundle([condition("I10.x00"), condition("E78.500")], **more)
    assert sent("conditions", problems).records.complete is complete


def test_what_a_search_includes_beside_its_matches_does_not_fill_its_total():
    problems = hooks.bundle([condition("I10.x00"), CREATININE], total=2)
    problems["entry"][1]["search"] = {"mode": "include"}
    assert not sent("conditions", problems).records.complete


@pytest.mark.parametrize(
    ("server", "unnamed"),
    [
        (EMR, 0),
        ("https://EMR.example/fhir", 0),
        ("https://emr.example:443/fhir", 0),
        ("https://other.example/fhir", 1),
        ("https://emr.example/FHIR", 1),
        ("https://emr.example:port/fhir", 1),
    ],
)
def test_an_equal_id_on_another_server_does_not_name_the_patient(server, unnamed):
    result = CREATININE | {"subject": {"reference": f"{server}/Patient/p1"}}
    found = sent("observations", hooks.bundle([result]), fhirServer=EMR)
    assert found.unnamed == unnamed


def test_resources_without_ids_are_told_apart_by_their_place():
    entries = [condition("E11.900"), condition("I10.x00")]
    for entry in entries:
        del entry["id"]
    first, second = sent("conditions", hooks.bundle(entries)).records.entries
    assert first.reference != second.reference


def test_two_versions_of_one_result_are_not_both_read():
    """The second corrects the day on which the first was drawn."""
    corrected = CREATININE | {"status": "corrected", "effectiveDateTime": "2026-11-01"}
    with pytest.raises(BadRequest):
        sent("observations", hooks.bundle([CREATININE, corrected]))
    newest = corrected | {"meta": {"lastUpdated": "2026-11-22T09:00:00Z"}}
    older = CREATININE | {"meta": {"lastUpdated": "2026-11-22T08:00:00Z"}}
    found = sent("observations", hooks.bundle([newest, older]))
    assert [entry.resource["status"] for entry in found.records.entries] == ["corrected"]


@pytest.mark.parametrize("updated", [{}, {"meta": {"lastUpdated": "2026-11-22T09:00:00Z"}}])
def test_an_equal_id_on_another_server_is_another_result(updated):
    """A gateway joins two systems that number alike: haemoglobin is no version of creatinine."""
    results = hooks.bundle([CREATININE, observation("x", "718-7", "140", "g/L") | updated])
    for entry, server in zip(results["entry"], (EMR, "https://lis.example/fhir"), strict=True):
        entry["fullUrl"] = f"{server}/Observation/x"
    found = sent("observations", results, fhirServer=EMR).records.entries
    assert [entry.reference for entry in found] == [
        f"{EMR}/Observation/x",
        "https://lis.example/fhir/Observation/x",
    ]


def test_what_leaves_a_flag_open_and_where_components_hold_results_is_asked_for():
    asked = prefetch.templates(CATALOGUE, analytes=("sbp",))
    assert "status=active,on-hold,unknown&" in asked["medications"]
    assert "status=active,on-hold,unknown,not-taken&" in asked["statements"]
    for panel in ("85354-9", "35094-2", "55417-0", "55284-4"):
        assert f"http://loinc.org|{panel}" in asked["observations"]
