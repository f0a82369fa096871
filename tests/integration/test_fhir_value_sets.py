"""ValueSet/$expand over HTTP: what is stored, and what is sent along."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from tests.support.fhir_http import put_all, serving
from tests.unit.terminology.code_systems import URL, lab
from tests.unit.terminology.test_expand import SETS, filtered, value_set

pytestmark = pytest.mark.anyio

FATS = {**filtered("concept", "is-a", "TC"), "id": "fats", "url": f"{SETS}/fats", "version": "1"}
NEWER = {**value_set({"system": URL, "concept": [{"code": "TG"}]}), "id": "fats2"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        stored = [{**lab(), "id": "lab"}, FATS, {**NEWER, "url": f"{SETS}/fats", "version": "2"}]
        await put_all(opened, stored)
        yield opened


def expanded(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert validate(decode(answer.content)) == ()
    found: dict[str, Any] = answer.json()["expansion"]
    return found


def codes(found: dict[str, Any]) -> list[str]:
    return [each["code"] for each in found.get("contains", ())]


async def test_by_url_the_newest_by_version_and_by_address(client: httpx.AsyncClient) -> None:
    asked = {"url": f"{SETS}/fats"}
    assert codes(expanded(await client.get("ValueSet/$expand", params=asked))) == ["TG"]
    older = {**asked, "valueSetVersion": "1", "excludeNested": "true"}
    found = expanded(await client.get("ValueSet/$expand", params=older))
    assert codes(found) == ["TC", "LDL", "HDL"]
    assert {"name": "excludeNested", "valueBoolean": True} in found["parameter"]
    nested = expanded(await client.get("ValueSet/fats/$expand"))
    assert codes(nested) == ["TC"]
    assert codes(nested["contains"][0]) == ["LDL", "HDL"]


async def test_a_value_set_that_is_sent_along(client: httpx.AsyncClient) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "valueSet", "resource": value_set()},
            {"name": "filter", "valueString": "胆固醇"},
            {"name": "count", "valueInteger": 2},
            {"name": "includeDesignations", "valueBoolean": True},
            {"name": "system-version", "valueCanonical": f"{URL}|2026.9"},
        ],
    }
    found = expanded(
        await client.post("ValueSet/$expand", json=body, headers={"Accept-Language": "en"})
    )
    assert (codes(found), found["total"]) == (["TC", "LDL"], 3)
    assert found["contains"][0]["display"] == "Total cholesterol"


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "needs url"),
        (f"url={SETS}/none", 404, "load it first"),
        (f"url={SETS}/fats&valueSetVersion=3", 404, "holds 1, 2"),
        (f"url={SETS}/fats&activeOnly=yes", 400, "true or false"),
        (f"url={SETS}/fats&context=x", 400, "no parameter"),
        (f"url={SETS}/fats&count=-1", 400, "write a number from 0"),
        (f"url={SETS}/fats&system-version={URL}", 400, "system|version"),
        (f"url={SETS}/fats&system-version={URL}|1", 404, "version '1' could not be found"),
    ],
)
async def test_what_cannot_be_expanded_says_why(
    client: httpx.AsyncClient, query: str, status: int, said: str
) -> None:
    answer = await client.get(f"ValueSet/$expand?{query}")
    assert answer.status_code == status, answer.text
    assert said in answer.json()["issue"][0]["diagnostics"]


async def test_a_value_set_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    wrong = {**value_set(), "status": "in use"}
    body = {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": wrong}]}
    answer = await client.post("ValueSet/$expand", json=body)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["ValueSet.status"]


async def test_the_terminology_capabilities_name_what_is_held(client: httpx.AsyncClient) -> None:
    await put_all(client, [{**lab(version="2026.10"), "id": "newer"}])
    answer = await client.get("metadata", params={"mode": "terminology"})
    assert validate(decode(answer.content)) == ()
    told = answer.json()
    assert told["resourceType"] == "TerminologyCapabilities"
    held = {each["uri"]: each for each in told["codeSystem"]}
    assert held["http://hl7.org/fhir/administrative-gender"]["version"] == [
        {"code": "4.0.1", "isDefault": True}
    ]
    assert held[URL]["version"] == [{"code": "2026.10", "isDefault": True}, {"code": "2026.9"}]
    assert {"name": "activeOnly"} in told["expansion"]["parameter"]
    unknown = await client.get("metadata", params={"mode": "normative"})
    assert unknown.status_code == 400


async def test_r4_has_its_own_codes_on_a_fresh_server() -> None:
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"
    system = "http://hl7.org/fhir/administrative-gender"
    async with serving() as fresh:
        found = expanded(await fresh.get("ValueSet/$expand", params={"url": url}))
        assert codes(found) == ["male", "female", "other", "unknown"]
        asked = {"system": system, "code": "female"}
        told = await fresh.get("CodeSystem/$lookup", params=asked)
        assert {"name": "display", "valueString": "Female"} in told.json()["parameter"]
        for code, is_right in (("female", True), ("f", False)):
            asked = {"url": url, "system": system, "code": code}
            told = await fresh.get("ValueSet/$validate-code", params=asked)
            assert {"name": "result", "valueBoolean": is_right} in told.json()["parameter"]
        searched = {"category:in": "http://hl7.org/fhir/ValueSet/observation-category"}
        assert (await fresh.get("Observation", params=searched)).status_code == 200


@pytest.mark.parametrize("tag", ["-", "zh_CN", "zh-CN;x", "中文"])
async def test_a_language_that_is_none_is_refused(client: httpx.AsyncClient, tag: str) -> None:
    asked = {"url": f"{SETS}/fats", "displayLanguage": tag}
    answer = await client.get("ValueSet/$expand", params=asked)
    assert answer.status_code == 400
    assert tag in answer.json()["issue"][0]["diagnostics"]
    right = {**asked, "displayLanguage": "zh-CN, en;q=0.5, *;q=0"}
    assert (await client.get("ValueSet/$expand", params=right)).status_code == 200
