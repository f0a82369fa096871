"""Create, read, update and delete over HTTP, as an EMR or a LIS does it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_server.r4.outcome import Issue
from fhir_server.rest.errors import FHIR_JSON
from tests.support.fhir_http import FHIR, problem, serving
from tests.support.fhir_store import hba1c, patient

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        yield opened


async def test_a_result_is_created_and_read_back_with_its_digits(client: httpx.AsyncClient) -> None:
    body = (
        b'{"resourceType":"Observation","id":"ignored","status":"final","code":{"text":"LDL"},'
        b'"valueQuantity":{"value":1.00,"unit":"mmol/L"}}'
    )
    created = await client.post("Observation", content=body, headers=FHIR)
    assert created.status_code == 201
    id = created.json()["id"]
    assert id != "ignored"
    assert created.headers["location"] == f"http://test/fhir/Observation/{id}/_history/1"
    assert created.headers["etag"] == 'W/"1"'
    assert created.headers["last-modified"] == "Mon, 11 May 2026 08:00:00 GMT"
    assert created.headers["content-type"] == "application/fhir+json"
    found = await client.get(f"Observation/{id}")
    assert found.status_code == 200
    assert found.content == created.content
    assert b'"value":1.00,' in found.content
    assert found.headers["etag"] == 'W/"1"'
    assert found.headers["last-modified"] == created.headers["last-modified"]


async def test_a_client_chooses_an_id_by_put_and_updates_it(client: httpx.AsyncClient) -> None:
    first = await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    assert (first.status_code, first.headers["etag"]) == (201, 'W/"1"')
    second = await client.put("Patient/p1", json=patient("p1", family="李"), headers=FHIR)
    assert (second.status_code, second.headers["etag"]) == (200, 'W/"2"')
    assert second.headers["location"].endswith("/fhir/Patient/p1/_history/2")
    old = await client.get("Patient/p1/_history/1")
    assert old.json()["name"][0]["family"] == "张"
    assert old.headers["etag"] == 'W/"1"'
    assert (await client.get("Patient/p1")).json()["name"][0]["family"] == "李"
    missing = await client.get("Patient/p1/_history/3")
    assert problem(missing)[:2] == (404, "not-found")
    assert problem(await client.get("Patient/p1/_history/abc"))[:2] == (404, "not-found")


async def test_of_two_writers_on_one_version_one_wins(client: httpx.AsyncClient) -> None:
    await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    guarded = FHIR | {"If-Match": 'W/"1"'}
    won = await client.put("Patient/p1", json=patient("p1"), headers=guarded)
    lost = await client.put("Patient/p1", json=patient("p1"), headers=guarded)
    assert won.status_code == 200
    assert problem(lost)[:2] == (412, "conflict")
    assert problem(await client.delete("Patient/p1", headers={"If-Match": 'W/"1"'}))[0] == 412
    assert (await client.get("Patient/p1")).headers["etag"] == 'W/"2"'


async def test_a_deleted_patient_is_gone_twice_over_and_may_return(
    client: httpx.AsyncClient,
) -> None:
    await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    assert (await client.delete("Patient/p1")).status_code == 204
    assert (await client.delete("Patient/p1")).status_code == 204
    assert (await client.delete("Patient/never")).status_code == 204
    assert problem(await client.get("Patient/p1"))[:2] == (410, "deleted")
    assert (await client.get("Patient/p1/_history/1")).status_code == 200
    back = await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    assert (back.status_code, back.headers["etag"]) == (201, 'W/"3"')


@pytest.mark.parametrize("preference", ["minimal", "representation", "OperationOutcome"])
async def test_the_client_chooses_what_a_write_returns(preference: str) -> None:
    def advise(resource: dict) -> tuple[Issue, ...]:
        return (Issue("warning", "code-invalid", "Unit 'mg%' cannot be converted.",
                      ("Observation.valueQuantity",)),)  # fmt: skip

    async with serving(advise=advise) as client:
        answer = await client.post(
            "Observation", json=hba1c("x"), headers=FHIR | {"Prefer": f"return={preference}"}
        )
        assert answer.status_code == 201
        assert answer.headers["location"]
        if preference == "minimal":
            assert answer.content == b""
        elif preference == "representation":
            assert answer.json()["resourceType"] == "Observation"
        else:
            issues = answer.json()["issue"]
            assert [issue["severity"] for issue in issues] == ["information", "warning"]
            assert issues[1]["expression"] == ["Observation.valueQuantity"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"headers": {"Accept": "application/json"}}, "application/json"),
        ({"headers": {"Accept": "application/fhir+json; fhirVersion=4.0"}}, FHIR_JSON),
        ({"headers": {"Accept": "text/html, application/fhir+json;q=0.5"}}, FHIR_JSON),
        ({"params": {"_format": "json"}, "headers": {"Accept": "text/html"}}, FHIR_JSON),
        ({"params": {"_format": "application/fhir+json"}}, FHIR_JSON),
        ({"params": {"_format": "application/json"}}, "application/json"),
    ],
)
async def test_the_answer_has_the_media_type_that_was_asked_for(
    client: httpx.AsyncClient, asked: dict, expected: str
) -> None:
    await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    answer = await client.get("Patient/p1", **asked)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == expected


async def test_links_follow_the_configured_base() -> None:
    base = "https://emr.example/fhir"
    async with serving(base_url=base) as client:
        created = await client.post("Patient", json=patient("x"), headers=FHIR)
        assert created.headers["location"].startswith(f"{base}/Patient/")
        found = (await client.get("Patient")).json()
        assert found["link"][0]["url"] == f"{base}/Patient"
        assert found["entry"][0]["fullUrl"].startswith(f"{base}/Patient/")


async def test_a_head_request_has_the_headers_of_a_read(client: httpx.AsyncClient) -> None:
    await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    answer = await client.head("Patient/p1")
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"')
