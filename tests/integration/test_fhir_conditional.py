"""Conditional interactions, PATCH, $meta, $validate and gzip, as an EMR uses them."""

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_server.rest.services import FhirLimits
from tests.support.fhir_http import FHIR, problem, serving
from tests.support.fhir_store import hba1c, patient

pytestmark = pytest.mark.anyio
MRN = "urn:mrn"
JSON_PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving(limits=FhirLimits(body_bytes=20_000)) as opened:
        yield opened


def identified(id: str, value: str, **more: object) -> dict:
    return patient(id, identifier=[{"system": MRN, "value": value}], **more)


async def test_a_patient_is_registered_once(client: httpx.AsyncClient) -> None:
    headers = FHIR | {"If-None-Exist": f"identifier={MRN}|7"}
    first = await client.post("Patient", json=identified("x", "7"), headers=headers)
    again = await client.post("Patient", json=identified("x", "7"), headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    await client.put("Patient/twin", json=identified("twin", "7"), headers=FHIR)
    several = await client.post("Patient", json=identified("x", "7"), headers=headers)
    assert problem(several)[:2] == (412, "multiple-matches")


async def test_two_registrations_at_once_make_one_patient(client: httpx.AsyncClient) -> None:
    headers = FHIR | {"If-None-Exist": f"identifier={MRN}|8"}
    answers = await asyncio.gather(
        *(client.post("Patient", json=identified("x", "8"), headers=headers) for _ in range(8))
    )
    assert sorted(a.status_code for a in answers) == [200] * 7 + [201]


async def test_of_two_writers_at_once_one_wins(client: httpx.AsyncClient) -> None:
    await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    guarded = FHIR | {"If-Match": 'W/"1"'}
    answers = await asyncio.gather(
        *(client.put("Patient/p1", json=patient("p1"), headers=guarded) for _ in range(2))
    )
    assert sorted(a.status_code for a in answers) == [200, 412]


async def test_a_conditional_update_finds_its_patient(client: httpx.AsyncClient) -> None:
    url = f"Patient?identifier={MRN}|7"
    body = identified("p1", "7")
    assert (await client.put(url, json=body, headers=FHIR)).status_code == 201
    without = {key: value for key, value in body.items() if key != "id"}
    second = await client.put(url, json=without, headers=FHIR)
    assert (second.status_code, second.json()["id"]) == (200, "p1")
    assert problem(await client.put(url, json={**body, "id": "p2"}, headers=FHIR))[0] == 400
    await client.put("Patient/p3", json=patient("p3"), headers=FHIR)
    other = f"Patient?identifier={MRN}|none"
    assert problem(await client.put(other, json=patient("p3"), headers=FHIR))[0] == 409
    assert problem(await client.put("Patient", json=body, headers=FHIR))[0] == 400
    assert problem(await client.put("Patient?nmae=x", json=body, headers=FHIR))[0] == 400


async def test_a_conditional_delete_is_of_one(client: httpx.AsyncClient) -> None:
    for id in ("a", "b"):
        await client.put(f"Patient/{id}", json=identified(id, "7"), headers=FHIR)
    url = f"Patient?identifier={MRN}|7"
    assert problem(await client.delete(url))[0] == 412
    await client.delete("Patient/a")
    assert [(await client.delete(url)).status_code for _ in range(2)] == [204, 204]
    assert (await client.get("Patient/b")).status_code == 410


async def test_what_the_client_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    known = await client.get("Patient/p1", headers={"If-None-Match": 'W/"1"'})
    assert (known.status_code, known.content) == (304, b"")
    since = {"If-Modified-Since": first.headers["last-modified"]}
    assert (await client.get("Patient/p1", headers=since)).status_code == 304
    assert (await client.get("Patient/p1", headers={"If-None-Match": 'W/"2"'})).status_code == 200
    only = await client.put("Patient/p1", json=patient("p1"), headers=FHIR | {"If-None-Match": "*"})
    assert only.status_code == 412


async def test_a_json_patch_keeps_the_digits(client: httpx.AsyncClient) -> None:
    body = json.dumps(hba1c("o1", valueQuantity={"value": 0, "unit": "%"})).replace("0,", "7.10,")
    await client.put("Observation/o1", content=body, headers=FHIR)
    url, ops = "Observation/o1", [{"op": "replace", "path": "/status", "value": "amended"}]
    done = await client.patch(url, json=ops, headers=JSON_PATCH | {"If-Match": 'W/"1"'})
    assert (done.status_code, done.headers["etag"]) == (200, 'W/"2"')
    assert b'"value":7.10,' in done.content
    stale = await client.patch(url, json=ops, headers=JSON_PATCH | {"If-Match": 'W/"1"'})
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"op": "test", "path": "/status", "value": "draft"}, 422),
        ({"op": "remove", "path": "/nothing"}, 409),
        ({"op": "remove", "path": "/status"}, 422),
        ({"op": "replace", "path": "/id", "value": "o2"}, 422),
        ({"op": "fly", "path": "/status"}, 400),
    ],
)
async def test_a_patch_that_cannot_be(
    client: httpx.AsyncClient, operation: dict, status: int
) -> None:
    await client.put("Observation/o1", json=hba1c("o1"), headers=FHIR)
    answer = await client.patch("Observation/o1", json=[operation], headers=JSON_PATCH)
    assert problem(answer)[0] == status
    assert (await client.get("Observation/o1")).headers["etag"] == 'W/"1"'


def fhirpath(type: str, path: str, **parts: dict) -> dict:
    given = [{"name": "type", "valueCode": type}, {"name": "path", "valueString": path}]
    given += [{"name": name, **value} for name, value in parts.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": given}]}


async def test_a_fhirpath_patch_by_criteria_and_in_a_transaction(client: httpx.AsyncClient) -> None:
    await client.put("Patient/p1", json=identified("p1", "7"), headers=FHIR)
    url = f"Patient?identifier={MRN}|7"
    body = fhirpath(
        "add", "Patient", name={"valueString": "birthDate"}, value={"valueDate": "1968-01-02"}
    )
    assert (await client.patch(url, json=body, headers=FHIR)).json()["birthDate"] == "1968-01-02"
    data = base64.b64encode(b'[{"op":"add","path":"/gender","value":"female"}]').decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    entries = [{"resource": binary, "request": {"method": "PATCH", "url": "Patient/p1"}}]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await client.post("http://test/fhir", json=bundle, headers=FHIR)
    assert answer.json()["entry"][0]["response"]["status"] == "200 OK", answer.text
    assert (await client.get("Patient/p1")).json()["gender"] == "female"


async def test_a_transaction_meets_the_patient_who_is_there(client: httpx.AsyncClient) -> None:
    await client.put("Patient/p1", json=identified("p1", "7"), headers=FHIR)
    urn = "urn:uuid:0c1d5d2e-6f0a-4b57-9a4e-2f3f0d6a1a01"
    create = {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={MRN}|7"}
    post = {"method": "POST", "url": "Observation"}
    conditional = f"Patient?identifier={MRN}|7"
    entries = [
        {"fullUrl": urn, "resource": identified("x", "7"), "request": create},
        {"resource": hba1c("x", subject={"reference": urn}), "request": post},
        {"resource": hba1c("x", subject={"reference": conditional}), "request": post},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = (await client.post("http://test/fhir", json=bundle, headers=FHIR)).json()
    assert [e["response"]["status"][:3] for e in answer["entry"]] == ["200", "201", "201"]
    found = (await client.get("Observation?patient=p1&_summary=count")).json()
    assert found["total"] == 2


async def test_labels_are_added_and_taken_away(client: httpx.AsyncClient) -> None:
    await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    tag = {"system": "urn:ward", "code": "icu"}
    body = {"resourceType": "Parameters",
            "parameter": [{"name": "meta", "valueMeta": {"tag": [tag]}}]}  # fmt: skip
    for name, tags in (("meta-add", [tag]), ("meta-delete", None)):
        answer = await client.post(f"Patient/p1/${name}", json=body, headers=FHIR)
        assert answer.json()["parameter"][0]["valueMeta"].get("tag") == tags
    assert problem(await client.get("Patient/p1/$nothing"))[0] == 404
    assert problem(await client.get("Patient/p1/$meta-add"))[0] == 405


async def test_validation_says_what_a_write_would(client: httpx.AsyncClient) -> None:
    bad = {"resourceType": "Observation", "status": "final"}
    answer = await client.post("Observation/$validate", json=bad, headers=FHIR)
    assert answer.status_code == 200
    assert answer.json()["issue"][0]["severity"] == "error"
    good = await client.post("Patient/$validate", json=patient("p1"), headers=FHIR)
    assert good.json()["issue"][0]["severity"] == "information"


async def test_gzip_both_ways(client: httpx.AsyncClient) -> None:
    names = [{"family": "张", "given": [f"三{n}"]} for n in range(60)]
    body = gzip.compress(json.dumps(patient("p1", name=names)).encode())
    zipped = FHIR | {"Content-Encoding": "gzip"}
    assert (await client.put("Patient/p1", content=body, headers=zipped)).status_code == 201
    answer = await client.get("Patient/p1", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["name"]) == 60
    bomb = gzip.compress(b" " * 1_000_000)
    assert problem(await client.put("Patient/p1", content=bomb, headers=zipped))[0] == 413
    assert problem(await client.put("Patient/p1", content=body[:-9], headers=zipped))[0] == 400
    pretty = await client.get("Patient/p1?_pretty=true", headers={"Accept-Encoding": "identity"})
    assert pretty.text.startswith('{\n  "resourceType"')
