"""Patient/[id]/$everything: one patient's whole record, and never another's."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.search_parameters import parameters_of
from fhir_server.r4.validation import validate
from fhir_server.store.care_dates import CARE_DATES
from tests.support.fhir_http import FHIR, check_refused, pages_from, problem, put_all, serving
from tests.support.fhir_store import hba1c, patient

pytestmark = pytest.mark.anyio


def to(target: str) -> dict[str, str]:
    return {"reference": target}


RECORD: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "hospital", "name": "H"},
    {"resourceType": "Organization", "id": "ward", "name": "W",
     "partOf": to("Organization/hospital")},
    {"resourceType": "Practitioner", "id": "d1"},
    {"resourceType": "Practitioner", "id": "d2"},
    {"resourceType": "Binary", "id": "scan", "contentType": "image/png", "data": "AAAA"},
    {"resourceType": "Device", "id": "meter"},
    {"resourceType": "Device", "id": "pump2", "patient": to("Patient/p2")},
    patient("p2"),
    hba1c("other", "p2", performer=[to("Practitioner/d2")]),
    patient("p1", managingOrganization=to("Organization/ward"),
            photo=[{"url": "Binary/scan"}]),
    hba1c("march", "p1", "2026-03-01", performer=[to("Practitioner/d1")], device=to("Device/meter"),
          derivedFrom=[to("Observation/other")], focus=[to("Patient/p2"), to("Device/pump2")]),
    hba1c("april", "p1", "2026-04-01"),
    hba1c("undated", "p1", None),
    {"resourceType": "AllergyIntolerance", "id": "nuts", "patient": to("http://test/fhir/Patient/p1"),
     "recordedDate": "1990", "clinicalStatus": {"coding": [{"code": "active", "system":
     "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"}]}},
]  # fmt: skip


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        await put_all(opened, RECORD)
        yield opened


async def everything(client: httpx.AsyncClient, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"Patient/p1/$everything{query}")
    assert answer.status_code == 200, answer.text
    assert validate(decode(answer.content)) == ()
    bundle: dict[str, Any] = answer.json()
    assert (bundle["type"], bundle["link"][0]["relation"]) == ("searchset", "self")
    return bundle


def ids(bundle: dict[str, Any], mode: str) -> set[str]:
    found = [e["resource"]["id"] for e in bundle.get("entry", ()) if e["search"]["mode"] == mode]
    assert len(found) == len(set(found))
    return set(found)


OWN = {"p1", "march", "april", "undated", "nuts"}


async def test_the_record_and_what_it_rests_on(client: httpx.AsyncClient) -> None:
    bundle = await everything(client)
    assert bundle["entry"][0]["resource"]["id"] == "p1"
    assert ids(bundle, "match") == OWN
    assert ids(bundle, "include") == {"ward", "hospital", "d1", "scan", "meter"}


async def test_pages_hold_each_of_it_once(client: httpx.AsyncClient) -> None:
    for count in (1, 2, 3):
        first = f"Patient/p1/$everything?_count={count}&_type=Patient,Observation"
        seen: list[str] = []
        async for page in pages_from(client, first):
            assert len(page["entry"]) <= count
            seen += (entry["resource"]["id"] for entry in page["entry"])
        assert sorted(seen) == sorted(OWN - {"nuts"})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?start=2026-04-01", {"p1", "april", "undated", "nuts"}),
        ("?end=2026-03-31", {"p1", "march", "undated", "nuts"}),
        ("?start=2026-03&end=2026-03", {"p1", "march", "undated", "nuts"}),
        ("?_type=Observation", {"march", "april", "undated"}),
        ("?_type=Observation&_type=Patient&start=2026-04", {"p1", "april", "undated"}),
        ("?_since=2026-05-11", OWN),
        ("?_since=2026-05-12", set()),
    ],
)
async def test_a_part_of_the_record(
    client: httpx.AsyncClient, query: str, expected: set[str]
) -> None:
    assert ids(await everything(client, query), "match") == expected


async def test_by_parameters(client: httpx.AsyncClient) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "start", "valueDate": "2026-04-01"}],
    }
    answer = await client.post("Patient/p1/$everything", json=body, headers=FHIR)
    assert ids(answer.json(), "match") == OWN - {"march"}


@pytest.mark.parametrize(
    ("url", "status", "named"),
    [
        ("Patient/never/$everything", 404, "never"),
        ("Patient/$everything", 404, "$everything"),
        ("Observation/march/$everything", 404, "$everything"),
        ("Patient/p1/$everything?star=2026", 400, "'star'"),
        ("Patient/p1/$everything?start=soon", 400, "start=soon"),
        ("Patient/p1/$everything?_type=Foo", 404, "Foo"),
        ("Patient/p1/$everything?_count=0", 400, "_count"),
        ("Patient/p1/$everything?_cursor=x", 400, "_cursor"),
    ],
)
async def test_what_is_not_understood_is_refused(
    client: httpx.AsyncClient, url: str, status: int, named: str
) -> None:
    await check_refused(client, url, status, named)


async def test_a_deleted_patient_is_gone(client: httpx.AsyncClient) -> None:
    await client.delete("Patient/p1")
    assert problem(await client.get("Patient/p1/$everything"))[0] == 410


def test_dates_of_care_are_r4s_own_parameters() -> None:
    for type, names in CARE_DATES.items():
        for name in names:
            assert parameters_of(type)[name].type == "date", (type, name)
