"""Batch and transaction: a laboratory report comes in whole or not at all."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.rest.services import FhirLimits
from tests.support.fhir_http import FHIR, problem, serving
from tests.support.fhir_store import BASE, hba1c, patient

pytestmark = pytest.mark.anyio

PATIENT_URN = "urn:uuid:0c1d5d2e-6f0a-4b57-9a4e-2f3f0d6a1a01"
RESULT_URN = "urn:uuid:0c1d5d2e-6f0a-4b57-9a4e-2f3f0d6a1a02"
REPORT_URN = "urn:uuid:0c1d5d2e-6f0a-4b57-9a4e-2f3f0d6a1a03"
UNKNOWN_URN = "urn:uuid:0c1d5d2e-6f0a-4b57-9a4e-2f3f0d6a1aff"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving(limits=FhirLimits(bundle_entries=20)) as opened:
        yield opened


def entry(method: str, url: str, resource: Any = None, full_url: str | None = None, **more: Any):
    built: dict[str, Any] = {"request": {"method": method, "url": url, **more}}
    if resource is not None:
        built["resource"] = resource
    if full_url is not None:
        built["fullUrl"] = full_url
    return built


async def send(
    client: httpx.AsyncClient, type: str, *entries: dict, prefer: str | None = None
) -> httpx.Response:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": type}
    if entries:
        bundle["entry"] = list(entries)
    headers = FHIR | ({"Prefer": prefer} if prefer else {})
    return await client.post(BASE, json=bundle, headers=headers)


def without_id(resource: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key != "id"}


async def total(client: httpx.AsyncClient, type: str) -> int:
    found: int = (await client.get(f"{type}?_summary=count")).json()["total"]
    return found


def statuses(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["response"]["status"].split()[0] for entry in answer.json()["entry"]]


def report(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "糖化血红蛋白"},
        "subject": {"reference": PATIENT_URN},
        "result": [{"reference": RESULT_URN}],
        **more,
    }


async def test_a_report_with_its_results_is_stored_with_its_references(
    client: httpx.AsyncClient,
) -> None:
    narrative = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{RESULT_URN}">HbA1c</a></div>'
    answer = await send(
        client,
        "transaction",
        entry(
            "POST",
            "DiagnosticReport",
            report(
                identifier=[{"system": "urn:ietf:rfc:3986", "value": REPORT_URN}],
                text={"status": "generated", "div": narrative},
            ),
            REPORT_URN,
        ),
        entry(
            "POST",
            "Observation",
            without_id(hba1c("x", subject={"reference": PATIENT_URN})),
            RESULT_URN,
        ),
        entry("PUT", "Patient/p1", patient("p1"), PATIENT_URN),
    )
    assert statuses(answer) == ["201", "201", "201"]
    bundle = answer.json()
    assert bundle["type"] == "transaction-response"
    first = bundle["entry"][0]["response"]
    assert first["etag"] == 'W/"1"'
    assert first["lastModified"] == "2026-05-11T08:00:00.000Z"
    assert "resource" not in bundle["entry"][0]
    stored = (await client.get(first["location"])).json()
    result = bundle["entry"][1]["response"]["location"].removesuffix("/_history/1")
    assert stored["subject"] == {"reference": "Patient/p1"}
    assert stored["result"] == [{"reference": result}]
    assert f'href="{result}"' in stored["text"]["div"]
    # An identifier is text: a document keeps its UUID.
    assert stored["identifier"][0]["value"] == REPORT_URN
    found = (await client.get("Observation?patient=p1")).json()
    assert [e["resource"]["id"] for e in found["entry"]] == [result.removeprefix("Observation/")]


async def test_digits_survive_a_transaction(client: httpx.AsyncClient) -> None:
    body = (
        b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":'
        b'"Observation","id":"o1","status":"final","code":{"text":"LDL"},"valueQuantity":'
        b'{"value":1.00}},"request":{"method":"PUT","url":"Observation/o1"}}]}'
    )
    assert (await client.post(BASE, content=body, headers=FHIR)).status_code == 200
    assert b'"value":1.00}' in (await client.get("Observation/o1")).content


async def test_references_by_restful_full_urls_are_followed(client: httpx.AsyncClient) -> None:
    elsewhere = "http://lis.example/fhir"
    answer = await send(
        client,
        "transaction",
        entry("POST", "Patient", without_id(patient("x")), f"{elsewhere}/Patient/77"),
        entry("POST", "Observation", without_id(hba1c("x", "77")), f"{elsewhere}/Observation/1"),
        entry("POST", "Observation", without_id(hba1c("x", "77")), f"{BASE}/Observation/2"),
    )
    locations = [e["response"]["location"] for e in answer.json()["entry"]]
    of_patient = locations[0].removesuffix("/_history/1")
    first = (await client.get(locations[1])).json()
    second = (await client.get(locations[2])).json()
    assert first["subject"]["reference"] == of_patient
    assert second["subject"]["reference"] == "Patient/77"  # another base: another patient


async def test_deletes_come_first_and_reads_last(client: httpx.AsyncClient) -> None:
    await client.put("Patient/old", json=patient("old"), headers=FHIR)
    answer = await send(
        client,
        "transaction",
        entry("GET", "Patient?_sort=_lastUpdated"),
        entry("GET", "Patient/p1"),
        entry("PUT", "Patient/p1", patient("p1")),
        entry("DELETE", "Patient/old"),
        entry("DELETE", "Patient/never"),
        entry("GET", "Patient/old/_history/1"),
    )
    assert statuses(answer) == ["200", "200", "201", "204", "204", "200"]
    entries = answer.json()["entry"]
    assert [e["resource"]["id"] for e in entries[0]["resource"]["entry"]] == ["p1"]
    assert entries[1]["resource"]["id"] == "p1"
    assert entries[5]["resource"]["id"] == "old"


BAD_OBSERVATION = {"resourceType": "Observation", "status": "final"}


@pytest.mark.parametrize(
    ("bad", "status", "code", "expression"),
    [
        (entry("POST", "Observation", BAD_OBSERVATION), 422, "required",
         "Bundle.entry[1].resource.code"),
        (entry("POST", "Observation", without_id(hba1c("x", at="2030-01-01"))), 422,
         "business-rule", "Bundle.entry[1].resource.effectiveDateTime"),
        (entry("POST", "Observation", report()), 400, "invalid", "Bundle.entry[1].resource"),
        (entry("POST", "Observation"), 400, "required", "Bundle.entry[1].resource"),
        (entry("POST", "Foo", {"resourceType": "Foo"}), 404, "not-supported", "Bundle.entry[1]"),
        (entry("PUT", "Patient/p2", patient("p3")), 400, "invalid", "Bundle.entry[1].resource.id"),
        (entry("PUT", "Patient/p0", patient("p0"), ifMatch='W/"9"'), 412, "conflict",
         "Bundle.entry[1]"),
        (entry("PUT", "Patient/p0", patient("p0"), ifMatch="9"), 400, "value",
         "Bundle.entry[1].request.ifMatch"),
        (entry("GET", "Patient/never"), 404, "not-found", "Bundle.entry[1]"),
        (entry("GET", "Patient?nmae=x"), 400, "not-supported", "Bundle.entry[1]"),
        (entry("PATCH", "Patient/p0", {"resourceType": "Basic"}), 400, "required",
         "Bundle.entry[1].resource"),
        (entry("PUT", "Patient?nmae=1", patient("p2")), 400, "not-supported",
         "Bundle.entry[1].request.url"),
        (entry("DELETE", "Patient"), 400, "value", "Bundle.entry[1].request.url"),
        (entry("POST", "Patient", without_id(patient("x")), ifNoneExist="nmae=1"), 400,
         "not-supported", "Bundle.entry[1].request.ifNoneExist"),
        (entry("POST", "Observation", without_id(hba1c("x", subject={"reference": UNKNOWN_URN}))),
         400, "not-found", "Bundle.entry[1].resource.subject.reference"),
        (entry("PUT", "Patient/p1", patient("p1")), 400, "duplicate", "Bundle.entry[1]"),
        (entry("DELETE", "Patient/p1"), 400, "duplicate", "Bundle.entry[1]"),
        (entry("PUT", "Patient/p2", patient("p2"), PATIENT_URN), 422, "invariant", "Bundle"),
    ],
)  # fmt: skip
async def test_a_transaction_with_one_bad_entry_leaves_nothing(
    client: httpx.AsyncClient, bad: dict, status: int, code: str, expression: str
) -> None:
    await client.put("Patient/p0", json=patient("p0"), headers=FHIR)
    answer = await send(
        client,
        "transaction",
        entry("PUT", "Patient/p1", patient("p1"), PATIENT_URN),
        bad,
        entry("POST", "Observation", without_id(hba1c("x"))),
    )
    found = problem(answer)
    assert found[:2] == (status, code)
    assert any(place.startswith(expression) for place in found[2])
    assert await total(client, "Patient") == 1
    assert await total(client, "Observation") == 0
    assert (await client.get("Patient/p0")).headers["etag"] == 'W/"1"'


async def test_a_batch_answers_each_entry_for_itself(client: httpx.AsyncClient) -> None:
    answer = await send(
        client,
        "batch",
        entry("PUT", "Patient/p1", patient("p1")),
        entry("POST", "Observation", BAD_OBSERVATION),
        entry("GET", "Patient/p1"),
        entry("GET", "Patient/never"),
        entry("GET", "Patient?nmae=x"),
        entry("PUT", "Patient/p1", patient("p1"), ifMatch='W/"9"'),
        entry("POST", "Observation", without_id(hba1c("x", subject={"reference": UNKNOWN_URN}))),
        entry("DELETE", "Patient/p1"),
        entry("POST", "Foo", {"resourceType": "Foo"}),
    )
    assert statuses(answer) == ["201", "422", "200", "404", "400", "412", "400", "204", "404"]
    entries = answer.json()["entry"]
    assert entries[1]["response"]["outcome"]["issue"][0]["expression"] == [
        "Bundle.entry[1].resource.code"
    ]
    assert answer.json()["type"] == "batch-response"
    assert await total(client, "Observation") == 0


async def test_a_batch_that_only_reads(client: httpx.AsyncClient) -> None:
    await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    answer = await send(
        client, "batch", entry("GET", f"{BASE}/Patient/p1"), entry("GET", "Patient?name=张")
    )
    assert statuses(answer) == ["200", "200"]
    assert answer.json()["entry"][1]["resource"]["type"] == "searchset"


async def test_what_a_bundle_returns_is_the_clients_choice(client: httpx.AsyncClient) -> None:
    write = entry("PUT", "Patient/p1", patient("p1"))
    whole = await send(client, "transaction", write, prefer="return=representation")
    assert whole.json()["entry"][0]["resource"]["id"] == "p1"
    outcome = await send(client, "transaction", write, prefer="return=OperationOutcome")
    issues = outcome.json()["entry"][0]["response"]["outcome"]["issue"]
    assert issues[0]["severity"] == "information"


@pytest.mark.parametrize(
    ("bundle", "status", "code", "expression"),
    [
        (patient("p1"), 400, "structure", []),
        ({"resourceType": "Bundle", "type": "message"}, 400, "value", ["Bundle.type"]),
        ({"resourceType": "Bundle"}, 400, "value", ["Bundle.type"]),
        ({"resourceType": "Bundle", "type": "batch", "entries": []}, 422, "structure",
         ["Bundle.entries"]),
        ({"resourceType": "Bundle", "type": "batch", "entry": []}, 422, None, ["Bundle.entry"]),
        ({"resourceType": "Bundle", "type": "batch", "entry": [7]}, 422, None, ["Bundle.entry[0]"]),
    ],
)  # fmt: skip
async def test_an_envelope_that_is_none(
    client: httpx.AsyncClient, bundle: dict, status: int, code: str | None, expression: list
) -> None:
    found = problem(await client.post(BASE, json=bundle, headers=FHIR))
    assert found[0] == status
    assert found[1] == (code or found[1])
    assert found[2] == expression


async def test_an_empty_transaction_is_done_at_once(client: httpx.AsyncClient) -> None:
    answer = await send(client, "transaction")
    assert answer.json() == {"resourceType": "Bundle", "type": "transaction-response"}


async def test_a_bundle_of_too_many_entries(client: httpx.AsyncClient) -> None:
    many = [entry("PUT", f"Patient/p{n}", patient(f"p{n}")) for n in range(21)]
    assert problem(await send(client, "batch", *many)) == (413, "too-long", ["Bundle.entry"])
    assert await total(client, "Patient") == 0


async def test_a_large_bundle_is_read_beside_the_event_loop(client: httpx.AsyncClient) -> None:
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">'
            + "x" * 20_000 + "</div>"}  # fmt: skip
    many = [entry("PUT", f"Patient/p{n}", patient(f"p{n}", text=text)) for n in range(5)]
    assert len(json.dumps(many)) > 64 * 1024
    assert statuses(await send(client, "transaction", *many)) == ["201"] * 5
