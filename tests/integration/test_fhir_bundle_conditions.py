"""Conditions of a Bundle's entries: honoured in batch and transaction, or refused by name."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support.fhir_http import FHIR, problem, serving
from tests.support.fhir_store import BASE, BOTH, hba1c, patient

pytestmark = pytest.mark.anyio

MRN = "urn:mrn"
# The clock of these tests stands at 2026-05-11T08:00:00Z: p1 was stored then.
BEFORE, SINCE = "2026-05-11T07:59:59Z", "2026-05-11T08:00:00Z"


@pytest.fixture(params=BOTH)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """A server that knows p1 (two versions, number 7), twin-a and twin-b (both number 9)."""
    async with serving(adapter=request.param) as opened:
        for id, number in (("p1", "7"), ("p1", "7"), ("twin-a", "9"), ("twin-b", "9")):
            stored = await opened.put(f"Patient/{id}", json=numbered(id, number), headers=FHIR)
            assert stored.status_code in (200, 201)
        yield opened


def numbered(id: str | None, number: str, **more: Any) -> dict[str, Any]:
    built = patient(id or "x", identifier=[{"system": MRN, "value": number}], **more)
    return built if id else {key: value for key, value in built.items() if key != "id"}


def entry(method: str, url: str, resource: Any = None, **conditions: str) -> dict[str, Any]:
    built: dict[str, Any] = {"request": {"method": method, "url": url, **conditions}}
    return built | ({"resource": resource} if resource is not None else {})


def whose(number: str) -> str:
    return f"Patient?identifier={MRN}|{number}"


async def answers(client: httpx.AsyncClient, type: str, *entries: dict) -> list[dict[str, Any]]:
    bundle = {"resourceType": "Bundle", "type": type, "entry": list(entries)}
    answer = await client.post(BASE, json=bundle, headers=FHIR)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entry"]
    return found


async def outcome(client: httpx.AsyncClient, type: str, one: dict) -> tuple[int, dict[str, Any]]:
    """Return status and answer of a Bundle of one entry; a transaction fails as a whole."""
    bundle = {"resourceType": "Bundle", "type": type, "entry": [one]}
    answer = await client.post(BASE, json=bundle, headers=FHIR)
    if answer.status_code != 200:
        assert problem(answer)
        return answer.status_code, answer.json()
    (found,) = answer.json()["entry"]
    return int(found["response"]["status"][:3]), found


GUARDS = [
    ({"ifNoneMatch": 'W/"2"'}, 304),
    ({"ifNoneMatch": 'W/"1", W/"2"'}, 304),
    ({"ifNoneMatch": "*"}, 304),
    ({"ifNoneMatch": 'W/"1"'}, 200),
    ({"ifModifiedSince": SINCE}, 304),
    ({"ifModifiedSince": "2026-05-11T16:00:00.000+08:00"}, 304),
    ({"ifModifiedSince": BEFORE}, 200),
    # RFC 9110, 13.1.3: with If-None-Match the date is passed over.
    ({"ifNoneMatch": 'W/"1"', "ifModifiedSince": SINCE}, 200),
    ({"ifNoneMatch": "2"}, 400),
    # The Bundle itself is held to R4: a string is not empty, an instant is no HTTP date.
    ({"ifNoneMatch": ""}, 422),
    ({"ifModifiedSince": "Mon, 11 May 2026 08:00:00 GMT"}, 422),
    ({"ifMatch": 'W/"2"'}, 400),
    ({"ifNoneExist": "identifier=7"}, 400),
]


@pytest.mark.parametrize("type", ["batch", "transaction"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("conditions", "status"), GUARDS)
async def test_a_read_of_what_the_client_may_have(
    client: httpx.AsyncClient, type: str, method: str, conditions: dict, status: int
) -> None:
    found, answer = await outcome(client, type, entry(method, "Patient/p1", **conditions))
    assert found == status
    assert ("resource" in answer) == (status == 200 and method == "GET")
    if status in (200, 304):
        assert answer["response"]["etag"] == 'W/"2"'
        assert answer["response"]["lastModified"] == "2026-05-11T08:00:00.000Z"


@pytest.mark.parametrize("type", ["batch", "transaction"])
async def test_a_version_and_a_search_by_head_have_no_body(
    client: httpx.AsyncClient, type: str
) -> None:
    found = await answers(
        client,
        type,
        entry("GET", "Patient/p1/_history/1"),
        entry("HEAD", "Patient/p1/_history/1"),
        entry("GET", "Patient/p1/_history/1", ifNoneMatch='W/"1"'),
        entry("GET", whose("7")),
        entry("HEAD", whose("7")),
    )
    assert [e["response"]["status"][:3] for e in found] == ["200", "200", "304", "200", "200"]
    assert ["resource" in e for e in found] == [True, False, False, True, False]
    assert [e["response"].get("etag") for e in found[:3]] == ['W/"1"'] * 3


@pytest.mark.parametrize("type", ["batch", "transaction"])
@pytest.mark.parametrize("name", ["ifNoneMatch", "ifModifiedSince"])
async def test_a_condition_on_a_search_is_not_passed_over(
    client: httpx.AsyncClient, type: str, name: str
) -> None:
    one = entry("GET", whose("7"), **{name: 'W/"1"' if name == "ifNoneMatch" else SINCE})
    status, answer = await outcome(client, type, one)
    assert status == 400
    found = answer if type == "transaction" else answer["response"]["outcome"]
    assert found["issue"][0]["expression"] == [f"Bundle.entry[0].request.{name}"]


WRITES = [
    # an update by id
    (entry("PUT", "Patient/p1", numbered("p1", "7"), ifMatch='W/"2"'), 200, 3),
    (entry("PUT", "Patient/p1", numbered("p1", "7"), ifMatch='W/"1"'), 412, 2),
    (entry("PUT", "Patient/p1", numbered("p1", "7"), ifNoneMatch="*"), 412, 2),
    (entry("PUT", "Patient/new", numbered("new", "1"), ifNoneMatch="*"), 201, 2),
    (entry("PUT", "Patient/new", numbered("new", "1"), ifMatch='W/"1"'), 412, 2),
    (entry("PUT", "Patient/p1", numbered("p1", "7"), ifNoneMatch='W/"1"'), 400, 2),
    (entry("PUT", "Patient/p1", numbered("p1", "7"), ifModifiedSince=SINCE), 400, 2),
    # by criteria
    (entry("PUT", whose("7"), numbered(None, "7")), 200, 3),
    (entry("PUT", whose("7"), numbered("p1", "7")), 200, 3),
    (entry("PUT", whose("7"), numbered("other", "7")), 400, 2),
    (entry("PUT", whose("7"), numbered(None, "7"), ifMatch='W/"2"'), 200, 3),
    (entry("PUT", whose("7"), numbered(None, "7"), ifMatch='W/"1"'), 412, 2),
    (entry("PUT", whose("7"), numbered(None, "7"), ifNoneMatch="*"), 412, 2),
    (entry("PUT", whose("1"), numbered(None, "1")), 201, 2),
    (entry("PUT", whose("1"), numbered(None, "1"), ifMatch='W/"1"'), 412, 2),
    (entry("PUT", whose("1"), numbered(None, "1"), ifNoneMatch="*"), 201, 2),
    (entry("PUT", whose("1"), numbered("p1", "1")), 409, 2),
    (entry("PUT", whose("9"), numbered(None, "9")), 412, 2),
    (entry("PUT", "Patient?nmae=x", numbered(None, "9")), 400, 2),
    (entry("PUT", "Patient?", numbered(None, "9")), 400, 2),
    (entry("PUT", "Patient?_sort=_id", numbered(None, "9")), 400, 2),
    # create
    (entry("POST", "Patient", numbered(None, "7"), ifNoneExist=f"identifier={MRN}|7"), 200, 2),
    (entry("POST", "Patient", numbered(None, "1"), ifNoneExist=f"identifier={MRN}|1"), 201, 2),
    (entry("POST", "Patient", numbered(None, "9"), ifNoneExist=f"identifier={MRN}|9"), 412, 2),
    (entry("POST", "Patient", numbered(None, "9"), ifNoneExist="nmae=9"), 400, 2),
    (entry("POST", "Patient", numbered(None, "9"), ifMatch='W/"1"'), 400, 2),
    # delete
    (entry("DELETE", "Patient/p1", ifMatch='W/"2"'), 204, None),
    (entry("DELETE", "Patient/p1", ifMatch='W/"1"'), 412, 2),
    (entry("DELETE", whose("7")), 204, None),
    (entry("DELETE", whose("7"), ifMatch='W/"1"'), 412, 2),
    (entry("DELETE", whose("1")), 204, 2),
    (entry("DELETE", whose("1"), ifMatch='W/"1"'), 412, 2),
    (entry("DELETE", whose("9")), 412, 2),
    (entry("DELETE", "Patient?"), 400, 2),
    (entry("DELETE", "Patient/p1", ifNoneMatch="*"), 400, 2),
]


@pytest.mark.parametrize("type", ["batch", "transaction"])
@pytest.mark.parametrize(("one", "status", "version"), WRITES)
async def test_a_write_under_conditions(
    client: httpx.AsyncClient, type: str, one: dict, status: int, version: int | None
) -> None:
    """`version` is that of p1 afterwards, None where it is gone."""
    found, _answer = await outcome(client, type, one)
    assert found == status
    now = await client.get("Patient/p1")
    assert now.headers.get("etag") == (None if version is None else f'W/"{version}"')
    everyone = (await client.get("Patient?_summary=count")).json()["total"]
    assert everyone == 3 + (status == 201) - (version is None)


FEMALE = {
    "resourceType": "Binary",
    "contentType": "application/json-patch+json",
    "data": base64.b64encode(b'[{"op":"add","path":"/gender","value":"female"}]').decode(),
}
BROKEN = FEMALE | {"data": base64.b64encode(b'[{"op":"test","path":"/gender","value":1}]').decode()}


@pytest.mark.parametrize("type", ["batch", "transaction"])
@pytest.mark.parametrize(
    ("one", "status"),
    [
        (entry("PATCH", "Patient/p1", FEMALE), 200),
        (entry("PATCH", "Patient/p1", FEMALE, ifMatch='W/"2"'), 200),
        (entry("PATCH", "Patient/p1", FEMALE, ifMatch='W/"1"'), 412),
        (entry("PATCH", whose("7"), FEMALE), 200),
        (entry("PATCH", whose("7"), FEMALE, ifMatch='W/"1"'), 412),
        (entry("PATCH", whose("1"), FEMALE), 404),
        (entry("PATCH", whose("9"), FEMALE), 412),
        (entry("PATCH", "Patient/p1", BROKEN), 422),
        (entry("PATCH", "Patient/p1", FEMALE | {"data": "AAAA"}), 400),
        (entry("PATCH", "Patient/p1", FEMALE | {"contentType": "application/json"}), 400),
        (entry("PATCH", "Patient/p1", FEMALE, ifNoneMatch="*"), 400),
        (entry("PATCH", "Patient/never", FEMALE), 404),
        (entry("PATCH", "Patient/p1", numbered("p1", "7")), 400),
    ],
)
async def test_a_patch_under_conditions(
    client: httpx.AsyncClient, type: str, one: dict, status: int
) -> None:
    found, _answer = await outcome(client, type, one)
    assert found == status
    now = (await client.get("Patient/p1")).json()
    assert (now.get("gender"), now["meta"]["versionId"]) == (
        ("female", "3") if status == 200 else (None, "2")
    )


async def test_what_a_transaction_writes_its_reads_already_see(client: httpx.AsyncClient) -> None:
    found = await answers(
        client,
        "transaction",
        entry("GET", "Patient/p1", ifNoneMatch='W/"2"'),
        entry("PUT", whose("7"), numbered(None, "7", gender="female")),
    )
    assert found[0]["response"]["status"] == "200 OK"
    assert found[0]["resource"]["gender"] == "female"


BAD_LAST = [
    (entry("PUT", "Patient/p1", numbered("p1", "7"), ifMatch='W/"1"'), 412),
    (entry("PUT", whose("9"), numbered(None, "9")), 412),
    (entry("PATCH", whose("1"), FEMALE), 404),
    (entry("GET", "Patient/never"), 404),
    (entry("DELETE", whose("9")), 412),
    (entry("POST", "Observation", hba1c("x", subject={"reference": whose("1")})), 412),
    (entry("POST", "Observation", hba1c("x", subject={"reference": whose("9")})), 412),
    (entry("POST", "Observation", hba1c("x", status="done")), 422),
    (entry("POST", "Patient", numbered(None, "9"), ifNoneExist=f"identifier={MRN}|9"), 412),
]


@pytest.mark.parametrize(("last", "status"), BAD_LAST)
async def test_a_transaction_that_fails_at_its_last_entry_leaves_nothing(
    client: httpx.AsyncClient, last: dict, status: int
) -> None:
    """A hundred results, a changed patient and a deleted one: all as it was before."""
    await client.put("Patient/old", json=numbered("old", "8"), headers=FHIR)
    urn = "urn:uuid:0c1d5d2e-6f0a-4b57-9a4e-2f3f0d6a1a01"
    results = [
        entry("POST", "Observation", hba1c("x", subject={"reference": whose("7")}))
        for _ in range(100)
    ]
    newborn = entry("POST", "Patient", numbered(None, "100")) | {"fullUrl": urn}
    entries = [entry("DELETE", "Patient/old"), newborn, *results, last]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await client.post(BASE, json=bundle, headers=FHIR)
    found = problem(answer)
    assert found[0] == status
    assert any("entry[102]" in place for place in found[2])
    assert (await client.get("Patient/old")).headers["etag"] == 'W/"1"'
    for type, number in (("Patient", 4), ("Observation", 0)):
        count = (await client.get(f"{type}?_summary=count")).json()["total"]
        assert (type, count) == (type, number)
    assert (await client.get(f"{whose('100')}&_summary=count")).json()["total"] == 0
    assert (await client.get("Patient/p1")).headers["etag"] == 'W/"2"'
