"""What stands around the matches: what they bring along, and how much of each is answered."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from fhir_server.rest.services import FhirLimits
from tests.support.fhir_http import FHIR, check_refused, problem, put_all, serving
from tests.support.fhir_store import hba1c, patient

pytestmark = pytest.mark.anyio

VALUE = {"valueQuantity": {"value": 7.10, "unit": "%"}}
RECORD: list[dict[str, Any]] = [
    patient("p1", "王", gender="female", maritalStatus={"text": "married"},
            text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">王</div>'}),
    hba1c("o1", "p1", "2026-03-01", note=[{"text": "fasting"}], **VALUE),
    hba1c("o2", "p1", "2026-04-01", **VALUE),
    {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", "code": {"text": "x"},
     "subject": {"reference": "Patient/p1"}, "result": [{"reference": "Observation/o1"}]},
]  # fmt: skip


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving(limits=FhirLimits(included_most=2)) as opened:
        await put_all(opened, RECORD)
        yield opened


async def found(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    assert validate(decode(answer.content)) == ()
    bundle: dict[str, Any] = answer.json()
    return bundle


def entries(bundle: dict[str, Any]) -> list[str]:
    return [
        f"{entry['search']['mode']} {entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in bundle.get("entry", ())
    ]


async def test_includes_stand_after_the_matches_once(client: httpx.AsyncClient) -> None:
    url = "Observation?_include=Observation:subject&_include=Observation:patient:Patient"
    bundle = await found(client, f"{url}&_total=accurate")
    assert entries(bundle) == ["match Observation/o1", "match Observation/o2", "include Patient/p1"]
    assert bundle["total"] == 2
    assert bundle["entry"][2]["fullUrl"] == "http://test/fhir/Patient/p1"
    assert "_include=Observation:subject" in bundle["link"][0]["url"]


async def test_every_page_brings_its_own(client: httpx.AsyncClient) -> None:
    first = await found(client, "Observation?_count=1&_sort=date&_include=*")
    assert entries(first) == ["match Observation/o1", "include Patient/p1"]
    second = await found(client, first["link"][1]["url"])
    assert entries(second) == ["match Observation/o2", "include Patient/p1"]


async def test_back_and_on(client: httpx.AsyncClient) -> None:
    url = "Observation?_id=o1&_revinclude=DiagnosticReport:result"
    assert entries(await found(client, url))[1:] == ["include DiagnosticReport/r1"]
    on = f"{url}&_include:iterate=DiagnosticReport:subject"
    brought = entries(await found(client, on))[1:]
    assert brought == ["include DiagnosticReport/r1", "include Patient/p1"]
    assert entries(await found(client, "Patient?_revinclude=DiagnosticReport:*"))[1:] == [
        "include DiagnosticReport/r1"
    ]


async def test_by_form_and_in_a_bundle(client: httpx.AsyncClient) -> None:
    answer = await client.post("Observation/_search", data={"_id": "o2", "_include": "*"})
    assert entries(answer.json()) == ["match Observation/o2", "include Patient/p1"]
    url = "Observation?_id=o2&_include=*&_summary=true"
    batch = {"resourceType": "Bundle", "type": "batch",
             "entry": [{"request": {"method": "GET", "url": url}}]}  # fmt: skip
    answer = await client.post("http://test/fhir", json=batch, headers=FHIR)
    assert entries(answer.json()["entry"][0]["resource"])[1:] == ["include Patient/p1"]


async def test_too_much_to_bring_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("Patient?_revinclude=*")
    assert problem(answer)[:2] == (400, "too-costly")
    assert "more than 2" in answer.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("_include=Foo:subject", "'Foo'"),
        ("_include=Observation", "Observation:*"),
        ("_include=Observation:nothing", "'nothing'"),
        ("_include=Observation:code", "'code'"),
        ("_include=Observation:subject:Foo", "'Foo'"),
        ("_include=Observation:patient:Group", "Group"),
        ("_include=Patient:organization", "_include:iterate"),
        ("_include:recurse=Observation:subject", "'recurse'"),
        ("_revinclude=Provenance:target:Patient", "_revinclude:iterate"),
        ("_revinclude=Observation:patient", "not to a Observation"),
        ("_include=Observation:subject&_summary=text", "_summary=text"),
        ("_elements=code&_summary=true", "send one"),
        ("_elements=code,nothing", "'nothing'"),
        ("_elements=", "no element ''"),
        ("_elements=code&_elements=status", "_elements"),
        ("_summary=yes", "_summary=yes"),
    ],
)
async def test_what_is_not_understood_is_refused(
    client: httpx.AsyncClient, query: str, named: str
) -> None:
    await check_refused(client, f"Observation?{query}", 400, named)


async def test_a_lenient_client_is_told_of_an_unknown_include(client: httpx.AsyncClient) -> None:
    lenient = {"Prefer": "handling=lenient"}
    answer = await client.get("Observation?_include=Observation:nothing", headers=lenient)
    first = answer.json()["entry"][0]
    assert first["search"]["mode"] == "outcome"
    assert "'nothing'" in first["resource"]["issue"][0]["diagnostics"]
    assert "_include" not in answer.json()["link"][0]["url"]


async def test_a_summary_is_what_r4_marks(client: httpx.AsyncClient) -> None:
    bundle = await found(client, "Observation?_id=o1&_summary=true&_include=*")
    result, person = (entry["resource"] for entry in bundle["entry"])
    assert "note" not in result
    assert result["valueQuantity"]["unit"] == "%"
    assert "maritalStatus" not in person
    assert "text" not in person
    assert person["gender"] == "female"
    for resource in (result, person):
        assert [tag["code"] for tag in resource["meta"]["tag"]] == ["SUBSETTED"]


async def test_elements_are_of_the_matches(client: httpx.AsyncClient) -> None:
    answer = await client.get("Observation?_id=o1&_elements=value,note&_include=*")
    assert b'"value":7.1' in answer.content
    result, person = (entry["resource"] for entry in answer.json()["entry"])
    assert result.keys() == {
        "resourceType", "id", "meta", "status", "code", "valueQuantity", "note",
    }  # fmt: skip
    assert person["maritalStatus"]
    assert "tag" not in person["meta"]


@pytest.mark.parametrize("url", ["Patient/p1", "Patient/p1/_history/1"])
async def test_a_part_of_one_resource(client: httpx.AsyncClient, url: str) -> None:
    text = (await client.get(f"{url}?_summary=text")).json()
    assert text.keys() == {"resourceType", "id", "meta", "text"}
    data = (await client.get(f"{url}?_summary=data")).json()
    assert "text" not in data
    assert data["maritalStatus"]
    name = (await client.get(f"{url}?_elements=name")).json()
    assert name.keys() == {"resourceType", "id", "meta", "name"}
    assert "tag" not in (await client.get(f"{url}?_summary=false")).json()["meta"]
    for query in ("_summary=count", "_elements=nothing", "_summary=all"):
        assert problem(await client.get(f"{url}?{query}"))[0] == 400
