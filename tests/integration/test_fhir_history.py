"""History over HTTP: every version, the newest first, with what made it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from fhir_server.rest.services import FhirLimits
from tests.support.fhir_http import FHIR, check_refused, pages_from, problem, serving
from tests.support.fhir_store import hba1c, patient

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A patient renamed, a result that was deleted, a third one created by the server's id."""
    async with serving(limits=FhirLimits(page_most=3)) as opened:
        await opened.put("Patient/p1", json=patient("p1", "王"), headers=FHIR)
        await opened.put("Observation/o1", json=hba1c("o1"), headers=FHIR)
        await opened.put("Patient/p1", json=patient("p1", "李"), headers=FHIR)
        await opened.delete("Observation/o1")
        await opened.post("Patient", json=patient("x", "赵"), headers=FHIR)
        yield opened


async def bundle(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    assert validate(decode(answer.content)) == ()
    found: dict[str, Any] = answer.json()
    assert found["type"] == "history"
    return found


def requests(found: dict[str, Any]) -> list[str]:
    return [f"{e['request']['method']} {e['request']['url']}" for e in found.get("entry", ())]


async def test_of_one_resource(client: httpx.AsyncClient) -> None:
    found = await bundle(client, "Patient/p1/_history")
    assert found["total"] == 2
    assert requests(found) == ["PUT Patient/p1", "PUT Patient/p1"]
    newest, first = found["entry"]
    assert newest["fullUrl"] == "http://test/fhir/Patient/p1"
    assert newest["resource"]["name"][0]["family"] == "李"
    assert newest["response"]["etag"] == 'W/"2"'
    assert newest["response"]["lastModified"] == newest["resource"]["meta"]["lastUpdated"]
    assert [e["response"]["status"] for e in (newest, first)] == ["200 OK", "201 Created"]


async def test_a_deletion_is_an_entry_without_resource(client: httpx.AsyncClient) -> None:
    found = await bundle(client, "Observation/o1/_history")
    assert requests(found) == ["DELETE Observation/o1", "PUT Observation/o1"]
    deletion = found["entry"][0]
    assert "resource" not in deletion
    assert deletion["response"]["status"] == "204 No Content"


async def test_of_a_type_and_of_all(client: httpx.AsyncClient) -> None:
    of_patients = await bundle(client, "Patient/_history")
    assert requests(of_patients) == ["POST Patient", "PUT Patient/p1", "PUT Patient/p1"]
    of_all = await bundle(client, "_history?_count=9")
    assert requests(of_all)[:2] == ["POST Patient", "DELETE Observation/o1"]
    assert len(of_all["entry"]) == 3  # the most that this server gives on a page


@pytest.mark.parametrize("path", ["_history", "Patient/_history", "Patient/p1/_history"])
async def test_links_lead_through_all_versions_once(client: httpx.AsyncClient, path: str) -> None:
    seen: list[str] = []
    async for page in pages_from(client, f"{path}?_count=1&_since=2026"):
        seen += [e["fullUrl"] + e["response"]["etag"] for e in page["entry"]]
    assert len(seen) == len(set(seen)) == {"_history": 5, "Patient/_history": 3}.get(path, 2)


async def test_times(client: httpx.AsyncClient) -> None:
    assert requests(await bundle(client, "Patient/p1/_history?_since=2027-01-01")) == []
    assert len(requests(await bundle(client, "Patient/p1/_history?_at=2026-05-11"))) == 2
    assert requests(await bundle(client, "Patient/p1/_history?_at=2026-05-10")) == []
    at = "2026-05-11T16:00:00.000+08:00"
    assert len(requests(await bundle(client, f"Patient/p1/_history?_since={at}"))) == 2


async def test_a_part_of_each_version(client: httpx.AsyncClient) -> None:
    found = await bundle(client, "Patient/p1/_history?_elements=gender")
    assert "name" not in found["entry"][0]["resource"]
    assert found["entry"][0]["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"


@pytest.mark.parametrize(
    ("url", "status", "named"),
    [
        ("Patient/never/_history", 404, "never"),
        ("Foo/_history", 404, "Foo"),
        ("_history?_sinc=2026", 400, "_sinc"),
        ("_history?_list=42", 400, "_list"),
        ("_history?_since=yesterday", 400, "_since=yesterday"),
        ("_history?_since=2026&_since=2027", 400, "_since"),
        ("_history?_count=0", 400, "_count"),
        ("_history?_cursor=abc", 400, "_cursor"),
        ("_history?_elements=id", 400, "_elements"),
        ("_history?_summary=count", 400, "_summary"),
        ("Patient/_history?_elements=nam", 400, "nam"),
    ],
)
async def test_what_is_not_understood_is_refused(
    client: httpx.AsyncClient, url: str, status: int, named: str
) -> None:
    await check_refused(client, url, status, named)


async def test_a_lenient_client_is_told_what_was_left_out(client: httpx.AsyncClient) -> None:
    answer = await client.get("Patient/_history?_sinc=x", headers={"Prefer": "handling=lenient"})
    assert validate(decode(answer.content)) == ()
    issue = answer.json()["entry"][0]["resource"]["issue"][0]
    assert (issue["severity"], "_sinc" in issue["diagnostics"]) == ("warning", True)
    assert "_sinc" not in answer.json()["link"][0]["url"]


async def test_only_reading_is_allowed(client: httpx.AsyncClient) -> None:
    for url in ("_history", "Patient/_history", "Patient/p1/_history"):
        answer = await client.post(url, json={}, headers=FHIR)
        assert (problem(answer)[0], answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_as_an_entry_of_a_bundle(client: httpx.AsyncClient, kind: str) -> None:
    urls = ["Patient/p1/_history?_count=1", "Patient/_history", "_history?_since=2026-01-01"]
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    body = {"resourceType": "Bundle", "type": kind, "entry": entries}
    answer = await client.post("http://test/fhir", json=body, headers=FHIR)
    found = [entry["resource"] for entry in answer.json()["entry"]]
    assert [len(part["entry"]) for part in found] == [1, 3, 5]
    assert {part["type"] for part in found} == {"history"}
