"""Hook requests, orders, feedback and discovery, with each fault named at its place."""

import re
from datetime import UTC, datetime

import pytest

from cds_hooks import discovery
from cds_hooks.discovery import ServicesRefused
from cds_hooks.feedback import parse_feedback
from cds_hooks.protocol import parse_request
from fhir_server.r4.outcome import BadRequest
from tests.support.hooks import order_sign
from tests.support.patients import CATALOGUE

SERVICES = discovery.discover()
CARD = "3c5b6c1e-9a0e-4b7c-8a67-0a7a4f0ad001"


def parsed(**changes):
    return parse_request(order_sign(**changes), expected_hook="order-sign")


def test_a_widely_used_client_s_habits_are_taken():
    request = parsed(
        hookInstance="not-a-uuid",
        context={"userId": "u", "patientId": "Patient/p1"},
        extension={"com.epic.cdshooks.request.x": "y"},
        fhirServer="https://emr.example/fhir/",
    )
    assert request.patient_id == "p1"
    assert request.fhir_server == "https://emr.example/fhir"


def test_the_access_token_is_dropped_at_the_door():
    request = parsed(
        fhirServer="https://emr.example/fhir",
        fhirAuthorization={"access_token": "secret-token", "token_type": "Bearer"},
    )
    assert "secret-token" not in repr(request)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"hook": "patient-view"}, "hook"),
        ({"hook": ""}, "hook"),
        ({"hookInstance": None}, "hookInstance"),
        ({"hookInstance": "x" * 300}, "hookInstance"),
        ({"context": None}, "context"),
        ({"context": {}}, "context.patientId"),
        ({"context": {"patientId": "a&patient=b"}}, "context.patientId"),
        ({"context": {"patientId": 7}}, "context.patientId"),
        ({"prefetch": []}, "prefetch"),
        ({"fhirServer": "emr"}, "fhirServer"),
        ({"fhirAuthorization": {"access_token": "t"}}, "fhirServer"),
    ],
)
def test_a_fault_is_named_at_its_place(changes, where):
    with pytest.raises(BadRequest) as caught:
        parsed(**changes)
    assert caught.value.issues[0].expression == (where,)


@pytest.mark.parametrize(
    ("hook", "context", "where"),
    [
        ("order-sign", {}, "context.draftOrders"),
        ("order-sign", {"draftOrders": {"resourceType": "Bundle", "entry": [{}]}},
         "context.draftOrders.entry[0].resource"),
        ("order-select", {"selections": []}, "context.selections"),
        ("order-select", {"selections": ["MedicationRequest/other"]}, "context.selections[0]"),
    ],
)  # fmt: skip
def test_orders_are_checked(hook, context, where):
    call = order_sign(hook=hook)
    orders = call["context"].pop("draftOrders")
    call["context"] |= ({"draftOrders": orders} if hook == "order-select" else {}) | context
    service = SERVICES[f"chronic-risk-{hook}"]
    with pytest.raises(BadRequest) as caught:
        service.check(parse_request(call, expected_hook=hook))
    assert caught.value.issues[0].expression == (where,)


def test_a_selected_order_passes():
    call = order_sign(hook="order-select")
    call["context"]["selections"] = ["MedicationRequest/m-C10AA05"]
    request = parse_request(call, expected_hook="order-select")
    SERVICES["chronic-risk-order-select"].check(request)


def feedback(**changes):
    entry = {
        "card": CARD,
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-23T02:00:00Z",
        "overrideReason": {"reason": {"code": "known"}, "userComment": "seen"},
    } | changes
    return {"feedback": [{n: v for n, v in entry.items() if v is not ...}]}


def test_feedback_is_read():
    (entry,) = parse_feedback(feedback())
    assert entry.outcome == "overridden"
    assert entry.at == datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert entry.comment == "seen"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"card": "x"}, "card"),
        ({"card": ...}, "card"),
        ({"outcome": "ignored"}, "outcome"),
        ({"outcomeTimestamp": "yesterday"}, "outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-11-23T02:00:00"}, "outcomeTimestamp"),
        ({"acceptedSuggestions": [{}]}, "acceptedSuggestions"),
        ({"overrideReason": "no"}, "overrideReason"),
        ({"overrideReason": {"userComment": 7}}, "overrideReason.userComment"),
    ],
)
def test_faulty_feedback_is_named_at_its_place(changes, where):
    with pytest.raises(BadRequest) as caught:
        parse_feedback(feedback(**changes))
    assert caught.value.issues[0].expression == (f"feedback[0].{where}",)


@pytest.mark.parametrize("body", [{}, {"feedback": []}, {"feedback": {}}, {"feedback": [1]}])
def test_feedback_must_hold_entries(body):
    with pytest.raises(BadRequest):
        parse_feedback(body)


def test_the_three_hooks_are_served_each_by_one_service():
    assert {s.hook for s in SERVICES.values()} == {"patient-view", "order-select", "order-sign"}


def test_two_services_of_one_id_stop_the_start():
    service = next(iter(SERVICES.values()))
    with pytest.raises(ServicesRefused):
        discovery.by_id([service, service])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_discovery_names_what_the_specification_requires(language):
    document = discovery.document(SERVICES, catalogue=CATALOGUE, language=language)
    for entry in document["services"]:
        assert entry["hook"]
        assert entry["id"]
        assert entry["description"]
        assert None not in entry.values()


def test_prefetch_templates_stay_in_the_query_subset_of_2_0():
    document = discovery.document(SERVICES, catalogue=CATALOGUE, language="en")
    for entry in document["services"]:
        for template in entry["prefetch"].values():
            tokens = re.findall(r"\{\{(.*?)\}\}", template)
            assert tokens == ["context.patientId"]
            parameters = re.findall(r"[?&]([^=]+)=", template)
            assert set(parameters) <= {"patient", "code", "status", "_sort", "_count"}
