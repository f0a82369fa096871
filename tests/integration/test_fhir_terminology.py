"""$validate-code and $translate over HTTP, on what is stored and on what a request brings."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from tests.support.fhir_http import put_all, serving
from tests.unit.terminology.code_systems import URL, lab
from tests.unit.terminology.test_expand import SETS, filtered, value_set
from tests.unit.terminology.test_translate import LAB, LOINC

pytestmark = pytest.mark.anyio

FATS = {**filtered("concept", "is-a", "TC"), "id": "fats", "url": f"{SETS}/fats"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        await put_all(opened, [{**lab(), "id": "lab"}, FATS, {**LAB, "id": "map"}])
        yield opened


def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert validate(decode(answer.content)) == ()
    return {
        each["name"]: next(v for k, v in each.items() if k != "name")
        for each in answer.json()["parameter"]
    }


def parameters(**given: Any) -> dict[str, Any]:
    kinds = {dict: "valueCoding", bool: "valueBoolean", str: "valueUri"}
    listed = [
        {"name": name.replace("_", "-"), "resource": value}
        if isinstance(value, dict) and "resourceType" in value
        else {"name": name, kinds[type(value)]: value}
        for name, value in given.items()
    ]
    return {"resourceType": "Parameters", "parameter": listed}


async def test_a_code_of_a_value_set_by_url_and_by_address(client: httpx.AsyncClient) -> None:
    asked = {"url": f"{SETS}/fats", "system": URL, "code": "LDL"}
    found = told(await client.get("ValueSet/$validate-code", params=asked))
    assert (found["result"], found["display"]) == (True, "低密度脂蛋白胆固醇")
    wrong = told(
        await client.get("ValueSet/fats/$validate-code", params={"system": URL, "code": "TG"})
    )
    assert wrong["result"] is False
    assert "was not found in the value set" in wrong["message"]


async def test_a_code_of_a_code_system(client: httpx.AsyncClient) -> None:
    asked = {"url": URL, "code": "TC", "display": "Total cholesterol"}
    assert told(await client.get("CodeSystem/$validate-code", params=asked))["result"] is True
    own = await client.get("CodeSystem/lab/$validate-code", params={"code": "LPA"})
    assert told(own)["result"] is False
    coding = parameters(url=URL, coding={"system": LOINC, "code": "2093-3"})
    answer = await client.post("CodeSystem/$validate-code", json=coding)
    assert answer.status_code == 400


async def test_what_a_request_brings_is_used_and_not_kept(client: httpx.AsyncClient) -> None:
    brought = lab(url="http://new.example.cn", concept=[{"code": "X1"}])
    along = value_set({"system": "http://new.example.cn"}) | {"url": f"{SETS}/new"}
    asked = parameters(
        valueSet=along,
        tx_resource=brought,
        coding={"system": "http://new.example.cn", "code": "X1"},
    )
    assert told(await client.post("ValueSet/$validate-code", json=asked))["result"] is True
    expanded = await client.post(
        "ValueSet/$expand", json=parameters(valueSet=along, tx_resource=brought)
    )
    assert expanded.json()["expansion"]["total"] == 1
    without = await client.post("ValueSet/$expand", json=parameters(valueSet=along))
    assert without.status_code == 404
    wrong = parameters(valueSet=along, tx_resource={"resourceType": "Patient"})
    assert (await client.post("ValueSet/$expand", json=wrong)).status_code == 400


async def test_a_translation_by_all_maps_by_one_and_back(client: httpx.AsyncClient) -> None:
    asked = {"system": URL, "code": "TC", "targetsystem": LOINC}
    for path in ("ConceptMap/$translate", "ConceptMap/map/$translate"):
        answer = await client.get(path, params=asked)
        assert told(answer)["result"] is True
        (match,) = (each for each in answer.json()["parameter"] if each["name"] == "match")
        assert {"name": "equivalence", "valueCode": "equivalent"} in match["part"]
    back = {"system": LOINC, "code": "14647-2", "reverse": "true"}
    found = await client.get("ConceptMap/$translate", params=back)
    assert told(found)["result"] is True
    assert '"code":"TC"' in found.text
    coding = parameters(coding={"system": URL, "code": "TG"}, url=LAB["url"])
    assert told(await client.post("ConceptMap/$translate", json=coding))["result"] is False


async def test_a_map_that_nobody_has_accepted_translates_only_by_name(
    client: httpx.AsyncClient,
) -> None:
    draft = {**LAB, "id": "draft", "url": "http://hospital.example.cn/draft", "status": "draft"}
    await client.delete("ConceptMap/map")
    await put_all(client, [draft])
    asked = {"system": URL, "code": "TC"}
    assert told(await client.get("ConceptMap/$translate", params=asked))["result"] is False
    named = {**asked, "url": draft["url"]}
    assert told(await client.get("ConceptMap/$translate", params=named))["result"] is True


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"ValueSet/$validate-code?system={URL}&code=TC", 400, "needs url"),
        (f"ValueSet/$validate-code?url={SETS}/none&system={URL}&code=TC", 404, "load it first"),
        (f"ValueSet/$validate-code?url={SETS}/fats", 400, "one of them"),
        (f"ValueSet/$validate-code?url={SETS}/fats&code=TC&date=2026", 400, "no parameter"),
        ("ConceptMap/$translate?code=TC", 400, "send its system"),
        (f"ConceptMap/$translate?code=TC&system={URL}&url={SETS}/none", 404, "load it first"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    client: httpx.AsyncClient, path: str, status: int, said: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"valueString": "x"},
        {"part": "x"},
        {"part": [None]},
        {"part": [{"name": "concept", "valueCodeableConcept": "x"}]},
        {"part": [{"name": "concept", "valueCodeableConcept": {"coding": [None]}}]},
    ],
)
async def test_a_dependency_that_cannot_be_read_is_refused(
    client: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    asked = parameters(system=LOINC, code="2093-3")
    asked["parameter"].append({"name": "dependency", **wrong})
    assert (await client.post("ConceptMap/$translate", json=asked)).status_code == 400
