"""Why a model answers, and which question has no answer, as each door tells it."""

import json

import pytest

from cds_hooks.record import CHOICE_EXTENSION, QUESTION_SYSTEM
from fhir_server.r4.codec import decode, encode
from fhir_server.r4.validation import validate
from fhir_server.rest.cds_services import UNANSWERED_EXTENSION
from tests.support.hooks import order_sign
from tests.support.patients import patient, usual_results
from tests.support.server import serving

pytestmark = pytest.mark.anyio

SIGN = "/cds-services/chronic-risk-order-sign"


async def sign(client, **changes):
    body = json.loads(encode(order_sign(**changes)))
    answer = await client.post(SIGN, json=body, headers={"Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def store(client, *resources):
    for resource in resources:
        path = f"/fhir/{resource['resourceType']}/{resource['id']}"
        sent = {"Content-Type": "application/fhir+json"}
        answer = await client.put(path, content=encode(resource), headers=sent)
        assert answer.status_code == 201, answer.text


async def test_a_card_says_why_its_model_answers(tmp_path):
    async with serving(tmp_path, region="CN") as client:
        cards = (await sign(client))["cards"]
    (card,) = [c for c in cards if c["extension"]["org.attending.model"]["id"] == "china-par"]
    assert "### Why this model answers (10-year cardiovascular risk)" in card["detail"]
    assert "China-PAR was derived in Chinese people" in card["detail"]


async def test_the_same_call_in_another_country_is_answered_by_another_model(tmp_path):
    spoken = {}
    for region in ("CN", "US", "CA"):
        async with serving(tmp_path / region, region=region) as client:
            found = await sign(client)
        spoken[region] = {c["extension"]["org.attending.model"]["id"] for c in found["cards"]}
    assert spoken == {
        "CN": {"china-par", "ckd-epi-2021"},
        "US": {"prevent-base-10y", "ckd-epi-2021"},
        "CA": {"framingham-cvd-2008", "ckd-epi-2021"},
    }


async def test_a_question_without_a_card_stands_beside_the_cards(tmp_path):
    async with serving(tmp_path, region="CN") as client:
        (unanswered,) = (await sign(client))["extension"][UNANSWERED_EXTENSION]
    assert unanswered == {
        "question": "kidney-failure",
        "name": "risk of kidney failure",
        "code": "not-raised",
        "text": "asked only where there is: an eGFR below 60",
        "notAsked": ["kfre-4"],
    }


async def test_the_operation_tells_the_question_that_was_not_raised(tmp_path):
    async with serving(tmp_path) as client:
        await store(client, patient(), *usual_results())
        empty = {"resourceType": "Parameters"}
        answer = await client.post("/fhir/Patient/p1/$evaluate-risk", json=empty)
    told = decode(answer.content)
    assert validate(told) == ()
    parts = [p["part"] for p in told["parameter"] if p["name"] == "unanswered"]
    codings = [part[0]["valueCodeableConcept"]["coding"][0] for part in parts]
    assert {"system": QUESTION_SYSTEM, "code": "kidney-failure"} in codings


async def test_two_models_of_one_question_name_each_other_in_what_is_kept(tmp_path):
    call = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "model", "valueString": id} for id in ("china-par", "prevent-base-10y")
        ],
    }
    async with serving(tmp_path) as client:
        await store(client, patient(), *usual_results())
        answer = await client.post(
            "/fhir/Patient/p1/$evaluate-risk", json=call, headers={"Accept-Language": "en"}
        )
    kept = [p["resource"] for p in decode(answer.content)["parameter"] if p["name"] == "return"]
    china_par, prevent = kept
    said = [
        [part["valueString"] for part in extension["extension"] if part["url"] == "reason"]
        for resource in (china_par, prevent)
        for extension in resource["extension"]
        if extension["url"] == CHOICE_EXTENSION
    ]
    assert any("PREVENT base answers the same question otherwise" in line for line in said[0])
    assert any("China-PAR answers the same question otherwise" in line for line in said[1])
    assert "in this deployment the question is answered unasked by China-PAR" in said[1][0]


async def test_the_models_say_whether_they_speak(tmp_path):
    async with serving(tmp_path) as client:
        listed = {m["id"]: m for m in (await client.get("/models")).json()["models"]}
    assert len(listed) == 26
    assert listed["china-par"]["speaks"]["regions"] == ["CN"]
    assert listed["kfre-4"]["speaks"]["when"] == ["reduced_gfr"]
    assert listed["pce-2013"]["speaks"]["unasked"] is False
    assert listed["pce-2013"]["speaks"]["why"]["zh-CN"]
    assert listed["pce-2013"]["question"]["id"] == listed["china-par"]["question"]["id"]
