"""$meta of a type and of the system: the labels in use, each with how many resources carry it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from fhir_server.rest.operations.meta import USE_COUNT
from tests.support.fhir_http import FHIR, put_all, serving
from tests.support.fhir_store import hba1c, patient

pytestmark = pytest.mark.anyio

STUDY = {"system": "urn:tags", "code": "Study-A", "display": "study A"}
VIP = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "CEL"}
PROFILE = "http://example.org/StructureDefinition/lab|1.0"
RECORD = [
    patient("p1", meta={"tag": [STUDY], "security": [VIP]}),
    patient("p2", meta={"tag": [STUDY, {"code": "bare"}]}),
    hba1c("o1", meta={"tag": [STUDY], "profile": [PROFILE]}),
]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        await put_all(opened, RECORD)
        yield opened


async def meta(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    for answer in (await client.get(url), await client.post(url, headers={"Content-Length": "0"})):
        assert answer.status_code == 200, answer.text
        assert validate(decode(answer.content)) == ()
    found: dict[str, Any] = answer.json()["parameter"][0]["valueMeta"]
    return found


def counts(labels: list[dict[str, Any]]) -> dict[str, int]:
    return {label["code"]: label["extension"][0]["valueInteger"] for label in labels}


async def test_of_a_type(client: httpx.AsyncClient) -> None:
    found = await meta(client, "Patient/$meta")
    assert counts(found["tag"]) == {"bare": 1, "Study-A": 2}
    assert counts(found["security"]) == {"CEL": 1}
    assert "profile" not in found
    study = next(tag for tag in found["tag"] if tag["code"] == "Study-A")
    assert {name: study[name] for name in STUDY} == STUDY


async def test_of_the_system(client: httpx.AsyncClient) -> None:
    found = await meta(client, "$meta")
    assert counts(found["tag"]) == {"bare": 1, "Study-A": 3}
    assert found["profile"] == [PROFILE]
    assert found["_profile"] == [{"extension": [{"url": USE_COUNT, "valueInteger": 1}]}]


async def test_a_label_that_nobody_carries_any_more_is_not_there(client: httpx.AsyncClient) -> None:
    await client.delete("Patient/p1")
    assert "security" not in await meta(client, "Patient/$meta")
    nothing = await meta(client, "Condition/$meta")
    assert nothing == {"extension": [{"url": USE_COUNT, "valueInteger": 0}]}


async def test_a_label_is_its_system_with_its_code(client: httpx.AsyncClient) -> None:
    for system, left in (("urn:other", ["Study-A"]), (STUDY["system"], [])):
        given = {"tag": [{"system": system, "code": "Study-A"}]}
        body = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": given}]}
        answer = await client.post("Patient/p1/$meta-delete", json=body, headers=FHIR)
        held = answer.json()["parameter"][0]["valueMeta"]
        assert [tag["code"] for tag in held.get("tag", ())] == left
