"""Observation/$lastn over HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.fhir_http import FHIR, check_refused, problem, put_all, serving
from tests.support.fhir_store import LOINC, hba1c, patient

pytestmark = pytest.mark.anyio

LAB = [{"coding": [{"system": "urn:c", "code": "laboratory"}]}]
GLUCOSE = {"coding": [{"system": LOINC, "code": "2345-7"}]}
RECORD = [
    patient("p1"),
    patient("p2"),
    hba1c("a1", "p1", "2026-03-01", category=LAB),
    hba1c("a2", "p1", "2026-05-01T08:00:00Z", category=LAB),
    hba1c("a3", "p1", "2026-05-01T16:00:00+08:00", category=LAB, status="entered-in-error"),
    hba1c("g1", "p1", "2026-04-01", category=LAB, code=GLUCOSE),
    hba1c("u1", "p1", None, category=LAB, code={"text": "Blutzucker"}),
    hba1c("q1", "p2", "2026-05-02", category=LAB),
]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        await put_all(opened, RECORD)
        yield opened


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    found = answer.json().get("entry", ())
    return [entry["resource"]["id"] for entry in found if entry["search"]["mode"] == "match"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("patient=p1&category=laboratory", ["a2", "a3", "g1", "u1"]),
        ("patient=p1&category=laboratory&max=3", ["a2", "a3", "a1", "g1", "u1"]),
        ("patient=p1&category=laboratory&status=final", ["a2", "g1", "u1"]),
        ("subject=Patient/p1&code=4548-4&date=lt2026-04", ["a1"]),
        ("patient=p1&code=2345-7&_include=Observation:subject", ["g1"]),
        ("patient=p1&code=nothing", []),
        ("patient=p1,p2&code=4548-4", ["q1", "a2", "a3"]),  # each patient's own newest
    ],
)
async def test_the_newest_of_each_code(
    client: httpx.AsyncClient, query: str, expected: list[str]
) -> None:
    answer = await client.get(f"Observation/$lastn?{query}")
    assert ids(answer) == expected
    assert answer.json()["total"] == len(expected)
    assert answer.json()["link"][0]["url"].startswith("http://test/fhir/Observation/$lastn?")


async def test_by_parameters(client: httpx.AsyncClient) -> None:
    parts = [{"name": "patient", "valueString": "p1"}, {"name": "code", "valueString": "4548-4"},
             {"name": "max", "valuePositiveInt": 3}]  # fmt: skip
    body = {"resourceType": "Parameters", "parameter": parts}
    answer = await client.post("Observation/$lastn", json=body, headers=FHIR)
    assert ids(answer) == ["a2", "a3", "a1"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("category=laboratory", "patient or subject"),
        ("patient=p1", "category"),
        ("patient=p1&code=x&max=0", "max"),
        ("patient=p1&code=x&_count=1", "_count"),
        ("patient=p1&code=x&_sort=date", "_sort"),
        ("patient=p1&code=x&_summary=count", "_summary"),
        ("patient=p1&code=x&cod=y", "'cod'"),
    ],
)
async def test_what_is_not_understood_is_refused(
    client: httpx.AsyncClient, query: str, named: str
) -> None:
    await check_refused(client, f"Observation/$lastn?{query}", 400, named)


async def test_a_subject_that_is_left_out_is_none(client: httpx.AsyncClient) -> None:
    lenient = {"Prefer": "handling=lenient"}
    url = "Observation/$lastn?code=4548-4&subject:Patient.shoesize=44"
    assert problem(await client.get(url, headers=lenient))[:2] == (400, "required")
    url = "Observation/$lastn?code=4548-4&patient=p1&cod=y"
    told = (await client.get(url, headers=lenient)).json()
    assert [entry["search"]["mode"] for entry in told["entry"]] == ["outcome", "match", "match"]
