"""$lookup and $subsumes over HTTP, on code systems that were stored like any resource."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support.fhir_http import FHIR, put_all, serving
from tests.unit.terminology.code_systems import URL, lab, supplement

pytestmark = pytest.mark.anyio

STORED = [
    {**lab(), "id": "lab"},
    {**lab(version="2026.10", concept=[{"code": "TC", "display": "总胆固醇(新)"}]), "id": "new"},
    {**supplement(), "id": "texts"},
]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        await put_all(opened, STORED)
        yield opened


def parameters(*given: tuple[str, str, Any]) -> dict[str, Any]:
    listed = [{"name": name, kind: value} for name, kind, value in given]
    return {"resourceType": "Parameters", "parameter": listed}


async def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return {
        each["name"]: next(v for k, v in each.items() if k != "name")
        for each in answer.json()["parameter"]
    }


async def test_a_code_of_the_newest_version_and_of_an_older_one(client: httpx.AsyncClient) -> None:
    asked = {"system": URL, "code": "TC"}
    found = await told(await client.get("CodeSystem/$lookup", params=asked))
    assert (found["display"], found["version"]) == ("总胆固醇(新)", "2026.10")
    older = await client.get("CodeSystem/$lookup", params={**asked, "version": "2026.9"})
    assert (await told(older))["display"] == "总胆固醇"
    own = await client.get("CodeSystem/lab/$lookup", params={"code": "TC"})
    assert (await told(own))["version"] == "2026.9"


async def test_a_coding_in_the_language_of_who_asks(client: httpx.AsyncClient) -> None:
    coding = {"system": URL, "version": "2026.9", "code": "TC"}
    body = parameters(("coding", "valueCoding", coding))
    answer = await client.post("CodeSystem/$lookup", json=body, headers={"Accept-Language": "en"})
    assert (await told(answer))["display"] == "Total cholesterol"
    german = parameters(("coding", "valueCoding", coding), ("displayLanguage", "valueCode", "de"))
    assert (await told(await client.post("CodeSystem/$lookup", json=german)))[
        "display"
    ] == "总胆固醇"


async def test_with_a_supplement(client: httpx.AsyncClient) -> None:
    asked = {
        "system": URL,
        "version": "2026.9",
        "code": "TG",
        "displayLanguage": "en",
        "useSupplement": f"{URL}-texts",
    }
    found = await told(await client.get("CodeSystem/$lookup", params=asked))
    assert (found["display"], found["used-supplement"]) == ("Triglycerides", f"{URL}-texts|1")


async def test_subsumption_by_code_and_by_coding(client: httpx.AsyncClient) -> None:
    asked = {"system": URL, "version": "2026.9", "codeA": "LIPID", "codeB": "LDL"}
    assert await told(await client.get("CodeSystem/$subsumes", params=asked)) == {
        "outcome": "subsumes"
    }
    codings = [{"system": URL, "version": "2026.9", "code": code} for code in ("LDL", "LIPID")]
    body = parameters(
        ("codingA", "valueCoding", codings[0]), ("codingB", "valueCoding", codings[1])
    )
    answer = await client.post("CodeSystem/$subsumes", json=body)
    assert await told(answer) == {"outcome": "subsumed-by"}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("CodeSystem/$lookup?code=TC", 400, "send its system"),
        (f"CodeSystem/$lookup?system={URL}", 400, "code or coding"),
        (f"CodeSystem/$lookup?system={URL}&code=TC&codes=x", 400, "no parameter"),
        (f"CodeSystem/$lookup?system={URL}&code=LPA", 404, "Unknown code 'LPA'"),
        ("CodeSystem/$lookup?system=http://snomed.example&code=1", 404, "load it first"),
        ("CodeSystem/$lookup?system=http://loinc.org&code=3173-2", 404, "labeled as a fragment"),
        (f"CodeSystem/$lookup?system={URL}&code=TC&version=1", 404, "2026.9 or 2026.10"),
        ("CodeSystem/lab/$lookup?code=TC&system=http://loinc.org", 400, "another code system"),
        ("CodeSystem/none/$lookup?code=TC", 404, "CodeSystem/none"),
        (f"CodeSystem/$subsumes?system={URL}&codeA=TC", 400, "codeB or codingB"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    client: httpx.AsyncClient, path: str, status: int, said: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert said in answer.json()["issue"][0]["diagnostics"]


async def test_a_changed_code_system_is_read_anew(client: httpx.AsyncClient) -> None:
    asked = {"system": URL, "code": "TC", "version": "2026.9"}
    assert (await told(await client.get("CodeSystem/$lookup", params=asked)))["display"]
    changed = {**lab(concept=[{"code": "TC", "display": "胆固醇"}]), "id": "lab"}
    put = await client.put("CodeSystem/lab", json=changed, headers=FHIR)
    assert put.status_code == 200
    found = await told(await client.get("CodeSystem/$lookup", params=asked))
    assert found["display"] == "胆固醇"
    await client.delete("CodeSystem/lab")
    assert (await client.get("CodeSystem/$lookup", params=asked)).status_code == 404


async def test_the_capability_statement_names_them(client: httpx.AsyncClient) -> None:
    rest = (await client.get("metadata")).json()["rest"][0]
    (type,) = (each for each in rest["resource"] if each["type"] == "CodeSystem")
    assert {"lookup", "subsumes"} <= {each["name"] for each in type["operation"]}
