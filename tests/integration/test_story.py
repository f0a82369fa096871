"""The main job end to end: a laboratory message in, a hook call, a card with the right numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from fhir_server.demo.people import MARY_DEMO, ZHANG_WEI, stories
from tests.support import oracles
from tests.support.server import serving

pytestmark = pytest.mark.anyio

SIGN = "/cds-services/chronic-risk-order-sign"


def told():
    return stories(datetime.now(UTC))


async def send(client, story):
    body = story.message.encode(story.charset)
    return await client.post("/hl7v2", content=body, headers={"Content-Type": "application/hl7-v2"})


async def estimates(client, answer) -> dict[str, dict[str, float]]:
    found = {}
    for card in answer.json()["cards"]:
        urls = [link["url"] for link in card["links"] if "/RiskAssessment/" in link["url"]]
        if not urls:
            continue
        record = (await client.get(urls[0])).json()
        found[card["extension"]["org.attending.model"]["id"]] = {
            p["outcome"]["coding"][0]["code"]: p["extension"][0]["valueQuantity"]["value"]
            for p in record["prediction"]
        }
    return found


@pytest.mark.parametrize("number", [0, 1], ids=["gb18030-local-codes", "utf8-loinc"])
async def test_results_come_in_and_the_signed_order_gets_cards_with_the_reference_s_numbers(
    tmp_path, number
):
    story = told()[number]
    async with serving(tmp_path, region=story.region) as client:
        acknowledged = await send(client, story)
        assert acknowledged.status_code == 200
        assert b"MSA|AA|" in acknowledged.content

        system, value = story.identifier
        patients = await client.get("/fhir/Patient", params={"identifier": f"{system}|{value}"})
        patient = patients.json()["entry"][0]["resource"]["id"]
        results = await client.get("/fhir/Observation", params={"patient": patient})
        assert len(results.json()["entry"]) == story.message.count("OBX|")

        answer = await client.post(SIGN, json=story.hook_request)
        assert answer.status_code == 200
        found = await estimates(client, answer)
        for model, expected in story.expected.items():
            assert next(iter(found[model].values())) == pytest.approx(expected, rel=1e-9)
        for card in answer.json()["cards"]:
            if "/RiskAssessment/" in card["links"][0]["url"]:
                cited = {b.get("reference", "") for b in card["extension"]["org.attending.basis"]}
                assert any(c.startswith("Observation/") and "/_history/1" in c for c in cited)


def test_the_story_s_references_are_what_the_published_equations_give():
    zhang = {
        "male": 1, "age": 58, "systolic_pressure": 152, "treated": 1, "waist": 94, "smoker": 0,
        "diabetes": 1, "north": 1, "urban": 1, "family_history": 1, "bmi": 27.4, "statin": 0,
        "total_cholesterol": 5.80 * 38.6664, "hdl_cholesterol": 1.05 * 38.6664,
        "creatinine": 88 * 0.011312,
    }  # fmt: skip
    zhang["egfr"] = oracles.ckd_epi_2021(zhang)
    assert oracles.china_par(zhang) == pytest.approx(ZHANG_WEI["china-par"], rel=1e-12)
    assert zhang["egfr"] == pytest.approx(ZHANG_WEI["ckd-epi-2021"], rel=1e-12)
    mary = {
        "male": 0, "age": 56, "systolic_pressure": 146, "treated": 1, "smoker": 0, "diabetes": 0,
        "bmi": 31.2, "statin": 0, "total_cholesterol": 220, "hdl_cholesterol": 45,
        "creatinine": 1.02,
    }  # fmt: skip
    mary["egfr"] = oracles.ckd_epi_2021(mary)
    assert mary["egfr"] == pytest.approx(MARY_DEMO["ckd-epi-2021"], rel=1e-12)
    risk = oracles.prevent_base(mary)["cvd"]
    assert risk == pytest.approx(MARY_DEMO["prevent-base-10y"], rel=1e-12)


async def test_a_resend_is_acknowledged_again_and_stored_once(tmp_path):
    story = told()[0]
    async with serving(tmp_path) as client:
        first, second = await send(client, story), await send(client, story)
        assert first.content == second.content
        found = await client.get("/fhir/Observation", params={"_summary": "count"})
        assert found.json()["total"] == story.message.count("OBX|")


async def test_a_correction_reaches_the_next_card(tmp_path):
    story = told()[0]
    corrected = story.message.replace("DEMO-ZH-1", "DEMO-ZH-2").replace(
        "||88|umol/L|57-97|N|||F|", "||188|umol/L|57-97|H|||C|"
    )
    async with serving(tmp_path) as client:
        await send(client, story)
        before = await estimates(client, await client.post(SIGN, json=story.hook_request))
        answer = await client.post("/hl7v2", content=corrected.encode(story.charset),
                                   headers={"Content-Type": "application/hl7-v2"})  # fmt: skip
        assert b"MSA|AA|" in answer.content
        after = await estimates(client, await client.post(SIGN, json=story.hook_request))
        assert before["ckd-epi-2021"]["egfr"] == pytest.approx(87.7, abs=0.1)
        expected = oracles.ckd_epi_2021({"male": 1, "age": 58, "creatinine": 188 * 0.011312})
        assert after["ckd-epi-2021"]["egfr"] == pytest.approx(expected, rel=1e-9)


async def test_a_withdrawn_result_is_in_no_card(tmp_path):
    story = told()[0]
    withdrawn = story.message.replace("DEMO-ZH-1", "DEMO-ZH-2").replace(
        "||88|umol/L|57-97|N|||F|", "||88|umol/L|57-97|N|||W|"
    )
    async with serving(tmp_path) as client:
        await send(client, story)
        await client.post("/hl7v2", content=withdrawn.encode(story.charset),
                          headers={"Content-Type": "application/hl7-v2"})  # fmt: skip
        found = await estimates(client, await client.post(SIGN, json=story.hook_request))
        assert set(found) == {"china-par"}


async def test_results_by_fhir_count_like_results_by_hl7v2(tmp_path):
    now = datetime.now(UTC)
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female",
               "birthDate": "1961-05-02"}  # fmt: skip
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "14682-9"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": (now - timedelta(hours=1)).isoformat(timespec="seconds"),
        "valueQuantity": {"value": 134, "unit": "umol/L",
                          "system": "http://unitsofmeasure.org", "code": "umol/L"},
    }  # fmt: skip
    async with serving(tmp_path) as client:
        assert (await client.put("/fhir/Patient/p1", json=patient)).status_code == 201
        assert (await client.post("/fhir/Observation", json=observation)).status_code == 201
        call = {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "fhirServer": "http://127.0.0.1:8080/fhir",
            "context": {"userId": "Practitioner/1", "patientId": "p1"},
        }
        answer = await client.post("/cds-services/chronic-risk-patient-view", json=call)
        assert answer.status_code == 200
        found = await estimates(client, answer)
        assert found["ckd-epi-2021"]["egfr"] < 60
