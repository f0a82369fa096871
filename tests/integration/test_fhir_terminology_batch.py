"""Many codes in one request: each with its own answer, whatever becomes of the others."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from tests.support.fhir_http import BASE, FHIR, problem, put_all, serving
from tests.unit.terminology.code_systems import URL, lab
from tests.unit.terminology.test_expand import SETS, filtered, value_set

pytestmark = pytest.mark.anyio

FATS = {**filtered("concept", "is-a", "TC"), "id": "fats", "url": f"{SETS}/fats"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        await put_all(opened, [{**lab(), "id": "lab"}, FATS])
        yield opened


def coding(code: str, **more: str) -> dict[str, Any]:
    return {"name": "coding", "valueCoding": {"system": URL, "code": code, **more}}


def parameters(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(listed)}


def part(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"name": "validation", "resource": parameters(*listed)}


def named(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "valueBoolean" if isinstance(value, bool) else "valueUri": value}


def entry(method: str, url: str, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    asked: dict[str, Any] = {"request": {"method": method, "url": url}}
    return asked if resource is None else asked | {"resource": resource}


async def batch(
    client: httpx.AsyncClient, *entries: dict[str, Any], type: str = "batch"
) -> list[dict[str, Any]]:
    bundle = {"resourceType": "Bundle", "type": type, "entry": list(entries)}
    answer = await client.post(BASE, json=bundle, headers=FHIR)
    assert answer.status_code == 200, answer.text
    assert validate(decode(answer.content)) == ()
    found: list[dict[str, Any]] = answer.json()["entry"]
    return found


def told(resource: dict[str, Any]) -> dict[str, Any]:
    assert resource["resourceType"] == "Parameters", resource
    return {
        each["name"]: next(v for k, v in each.items() if k != "name")
        for each in resource["parameter"]
    }


async def validated(client: httpx.AsyncClient, *listed: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of the parts, in their order."""
    answer = await client.post("ValueSet/$batch-validate-code", json=parameters(*listed))
    assert answer.status_code == 200, answer.text
    assert validate(decode(answer.content)) == ()
    assert {each["name"] for each in answer.json()["parameter"]} == {"validation"}
    return [each["resource"] for each in answer.json()["parameter"]]


async def test_each_code_has_its_answer_in_the_order_of_the_request(
    client: httpx.AsyncClient,
) -> None:
    parts = [part(coding(code)) for code in ("LDL", "TG", "HDL", "LPA")]
    found = await validated(client, named("url", f"{SETS}/fats"), *parts)
    assert [told(each)["code"] for each in found] == ["LDL", "TG", "HDL", "LPA"]
    assert [told(each)["result"] for each in found] == [True, False, True, False]


async def test_a_part_that_cannot_be_read_is_an_error_of_that_part_only(
    client: httpx.AsyncClient,
) -> None:
    found = await validated(
        client,
        named("url", f"{SETS}/fats"),
        part(coding("LDL")),
        part({"name": "codingX", "valueCoding": {"system": URL, "code": "LDL"}}),
        {"name": "validation", "valueString": "LDL"},
        part(coding("LDL"), named("url", f"{SETS}/none")),
        {"name": "validation", "part": [coding("HDL")]},
    )
    kinds = [each["resourceType"] for each in found]
    assert kinds == ["Parameters", *["OperationOutcome"] * 3, "Parameters"]
    assert "'codingX'" in found[1]["issue"][0]["diagnostics"]
    assert found[1]["issue"][0]["expression"] == ["Parameters.parameter[1]"]
    assert found[2]["issue"][0]["code"] == "structure"
    assert (found[3]["issue"][0]["code"], found[3]["issue"][0]["severity"]) == (
        "not-found", "error",
    )  # fmt: skip
    assert told(found[0])["result"] is told(found[4])["result"] is True


async def test_what_a_part_says_goes_before_what_is_said_for_all(
    client: httpx.AsyncClient,
) -> None:
    wrong = coding("LDL", display="总胆固醇")
    lenient, strict = (named("lenient-display-validation", value) for value in (True, False))
    found = await validated(
        client, named("url", f"{SETS}/fats"), lenient, part(wrong), part(wrong, strict)
    )
    assert [told(each)["result"] for each in found] == [True, False]


async def test_a_value_set_that_the_request_brings_is_that_of_every_part(
    client: httpx.AsyncClient,
) -> None:
    along = value_set({"system": URL, "concept": [{"code": "TG"}]}) | {"url": f"{SETS}/sent"}
    found = await validated(
        client,
        {"name": "tx-resource", "resource": along},
        named("url", f"{SETS}/sent"),
        part(coding("TG")),
        part(coding("LDL")),
    )
    assert [told(each)["result"] for each in found] == [True, False]


async def test_a_caution_of_one_code_is_not_told_of_the_next(client: httpx.AsyncClient) -> None:
    draft = lab(url="http://draft.example.cn", status="draft", concept=[{"code": "X"}])
    await put_all(client, [{**draft, "id": "draft"}])
    other = {"name": "coding", "valueCoding": {"system": "http://draft.example.cn", "code": "X"}}
    found = await validated(client, named("url", f"{SETS}/fats"), part(other), part(coding("LDL")))
    assert "issues" in told(found[0])
    assert "issues" not in told(found[1])


async def test_codes_of_code_systems(client: httpx.AsyncClient) -> None:
    asked = parameters(
        named("url", URL),
        part({"name": "code", "valueCode": "TC"}),
        part({"name": "code", "valueCode": "NONE"}),
    )
    answer = await client.post("CodeSystem/$batch-validate-code", json=asked)
    found = [told(each["resource"])["result"] for each in answer.json()["parameter"]]
    assert found == [True, False]


async def test_a_request_without_parts_or_with_a_code_for_all_is_refused(
    client: httpx.AsyncClient,
) -> None:
    for asked in (parameters(named("url", URL)), parameters(coding("TC"), part(coding("TC")))):
        answer = await client.post("ValueSet/$batch-validate-code", json=asked)
        assert problem(answer)[0] == 400


async def test_operations_of_a_bundle_have_their_own_statuses(client: httpx.AsyncClient) -> None:
    found = await batch(
        client,
        entry("POST", "CodeSystem/$validate-code",
              parameters(named("url", URL), {"name": "code", "valueCode": "TC"})),
        entry("GET", f"CodeSystem/$lookup?system={URL}&code=TC&property=unit"),
        entry("GET", f"CodeSystem/$lookup?system={URL}&code=NONE"),
        entry("GET", "ValueSet/fats/$expand?excludeNested=true"),
        entry("GET", "CodeSystem/lab/$subsumes?codeA=TC&codeB=LDL"),
        entry("POST", "ValueSet/$validate-code"),
        entry("GET", "CodeSystem/$guess?code=1"),
        entry("GET", "Patient/p1/$everything"),
        entry("HEAD", f"CodeSystem/$lookup?system={URL}&code=TC"),
    )  # fmt: skip
    statuses = [each["response"]["status"][:3] for each in found]
    assert statuses == ["200", "200", "404", "200", "200", "400", "400", "400", "200"]
    assert told(found[0]["resource"])["result"] is True
    assert told(found[1]["resource"])["display"] == "总胆固醇"
    codes = [each["code"] for each in found[3]["resource"]["expansion"]["contains"]]
    assert codes == ["TC", "LDL", "HDL"]
    assert told(found[4]["resource"])["outcome"] == "subsumes"
    missing = found[2]["response"]["outcome"]["issue"][0]
    assert (missing["code"], missing["expression"]) == ("not-found", ["Bundle.entry[2]"])
    assert "$everything is called by itself" in found[7]["response"]["outcome"]["issue"][0][
        "diagnostics"
    ]  # fmt: skip
    assert "resource" not in found[8]


async def test_what_a_bundle_stores_is_known_to_the_operations_after_it(
    client: httpx.AsyncClient,
) -> None:
    newer = {**lab(version="2027.1", concept=[{"code": "NEW", "display": "新项目"}]), "id": "new"}
    ask = entry("GET", f"CodeSystem/$lookup?system={URL}&code=NEW")
    found = await batch(client, ask, entry("PUT", "CodeSystem/new", newer), ask)
    statuses = [each["response"]["status"][:3] for each in found]
    assert statuses == ["404", "201", "200"]
    whole = await batch(
        client, ask, entry("PUT", "CodeSystem/new", {**newer, "title": "T"}), type="transaction"
    )
    assert told(whole[0]["resource"])["display"] == "新项目"


async def test_an_operation_takes_no_condition_and_no_other_resource(
    client: httpx.AsyncClient,
) -> None:
    asked = entry("POST", "CodeSystem/$lookup", parameters(coding("TC")))
    asked["request"]["ifNoneExist"] = "url=x"
    body = entry("POST", "CodeSystem/$lookup", lab())
    deep = entry("GET", "CodeSystem/lab/x/$lookup?code=TC")
    for found in await batch(client, asked, body, deep):
        assert found["response"]["status"][:3] == "400"
        (expression,) = found["response"]["outcome"]["issue"][0]["expression"]
        assert expression.startswith("Bundle.entry[")


async def test_a_filter_that_compares_with_nothing_is_told_and_no_failure(
    client: httpx.AsyncClient,
) -> None:
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
              "valueCode": "unknown"}  # fmt: skip
    broken = {"property": "concept", "op": "is-a", "_value": {"extension": [absent]}}
    stored = value_set({"system": URL, "filter": [broken]})
    await put_all(client, [{**stored, "id": "broken", "url": f"{SETS}/broken"}])
    asked = {"url": f"{SETS}/broken", "system": URL, "code": "TC"}
    for answer in (
        await client.get("ValueSet/$validate-code", params=asked),
        await client.get("ValueSet/$expand", params={"url": f"{SETS}/broken"}),
    ):
        place = "ValueSet.compose.include[0].filter[0]"
        assert problem(answer) == (422, "invalid", [place])
        assert "has no value" in answer.json()["issue"][0]["diagnostics"]
