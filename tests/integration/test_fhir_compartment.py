"""Search in a patient's compartment: by the official table, on one type or on all."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.fhir_http import FHIR, check_refused, pages_from, problem, put_all, serving
from tests.support.fhir_store import hba1c, patient

pytestmark = pytest.mark.anyio

RECORD = [
    patient("p1"),
    patient("p2", link=[{"other": {"reference": "Patient/p1"}, "type": "seealso"}]),
    hba1c("o1", "p1", "2026-03-01"),
    hba1c("o2", "p2", "2026-04-01"),
    hba1c("o3", "p2", performer=[{"reference": "http://test/fhir/Patient/p1"}]),
    {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"},
     "code": {"text": "diabetes"}},
    {"resourceType": "Organization", "id": "g1", "name": "ward"},
]  # fmt: skip


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        await put_all(opened, RECORD)
        yield opened


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in answer.json().get("entry", ())]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("Patient/p1/Observation", ["o1", "o3"]),  # as subject, and as performer
        ("Patient/p2/Observation?_sort=-date", ["o3", "o2"]),
        ("Patient/p1/Observation?date=2026-03", ["o1"]),
        ("Patient/p1/Observation?code=x", []),
        ("Patient/p1/Patient", ["p1", "p2"]),  # itself, and who is linked to it
        ("Patient/p2/Patient", ["p2"]),
        ("Patient/p1/Condition?_include=Condition:subject", ["c1", "p1"]),
        ("Patient/never/Observation", []),
        ("Patient/p1/*", ["c1", "o1", "o3", "p1", "p2"]),
        ("Patient/p1/*?_type=Condition,Observation&_lastUpdated=ge2026", ["c1", "o1", "o3"]),
        ("Patient/p1/*?_type=Observation&code=4548-4", ["o1", "o3"]),
    ],
)
async def test_what_is_in_a_compartment(
    client: httpx.AsyncClient, url: str, expected: list[str]
) -> None:
    assert sorted(ids(await client.get(url))) == sorted(expected)


async def test_by_form(client: httpx.AsyncClient) -> None:
    answer = await client.post("Patient/p1/Observation/_search", data={"date": "2026-03"})
    assert ids(answer) == ["o1"]
    assert ids(await client.post("Patient/p1/*/_search", data={"_type": "Condition"})) == ["c1"]
    assert problem(await client.post("Patient/p1/Observation/_search", json={}))[0] == 415


@pytest.mark.parametrize("path", ["Patient/p1/*", "Patient/p1/Observation"])
async def test_links_lead_through_all_once(client: httpx.AsyncClient, path: str) -> None:
    whole = (await client.get(f"{path}?_total=accurate")).json()
    seen: list[str] = []
    async for page in pages_from(client, f"{path}?_count=1"):
        (entry,) = page["entry"]
        seen.append(entry["resource"]["id"])
    assert seen == [entry["resource"]["id"] for entry in whole["entry"]]
    assert whole["total"] == len(seen)
    counted = (await client.get(f"{path}?_summary=count")).json()
    assert (counted["total"], "entry" in counted) == (len(seen), False)


@pytest.mark.parametrize(
    ("url", "status", "named"),
    [
        ("Patient/p1/Organization", 404, "Organization"),
        ("Patient/p1/Foo", 404, "Foo"),
        ("Encounter/e1/Observation", 404, "Patient only"),
        ("Patient/p1/Observation?cod=x", 400, "'cod'"),
        ("Patient/p1/*?code=x", 400, "'code'"),
        ("Patient/p1/*?_type=Organization", 400, "Organization"),
        ("Patient/p1/*?_sort=_lastUpdated", 400, "_sort"),
        ("Patient/p1/*?_cursor=x", 400, "_cursor"),
    ],
)
async def test_what_is_not_understood_is_refused(
    client: httpx.AsyncClient, url: str, status: int, named: str
) -> None:
    await check_refused(client, url, status, named)


@pytest.mark.parametrize("types", ["Condition,Patient", "Observation,Patient"])
async def test_a_lenient_client_is_told_of_each_type_without_the_parameter(
    client: httpx.AsyncClient, types: str
) -> None:
    lenient = {"Prefer": "handling=lenient"}
    answer = await client.get(f"Patient/p1/*?_type={types}&code=nothing", headers=lenient)
    told, *found = answer.json()["entry"]
    assert told["search"]["mode"] == "outcome"
    (issue,) = told["resource"]["issue"]
    assert "'code' is a search parameter of Patient" in issue["diagnostics"]
    assert [entry["resource"]["resourceType"] for entry in found] == ["Patient", "Patient"]
    assert "code" not in answer.json()["link"][0]["url"]


async def test_other_methods_are_refused(client: httpx.AsyncClient) -> None:
    for url, allowed in (("Observation", "GET, HEAD"), ("*/_search", "POST")):
        answer = await client.put(f"Patient/p1/{url}", json={}, headers=FHIR)
        assert (problem(answer)[0], answer.headers["allow"]) == (405, allowed)


async def test_as_an_entry_of_a_batch(client: httpx.AsyncClient) -> None:
    urls = ["Patient/p1/Observation?date=2026-03", "Patient/p1/*?_type=Condition", "Patient/p1/Foo"]
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    body = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = (await client.post("http://test/fhir", json=body, headers=FHIR)).json()["entry"]
    found = [part["resource"]["entry"][0]["resource"]["id"] for part in answer[:2]]
    assert found == ["o1", "c1"]
    assert answer[2]["response"]["status"] == "404 Not Found"
