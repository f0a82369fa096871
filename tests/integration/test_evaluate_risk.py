"""Patient/[id]/$evaluate-risk: a stored patient, each answer kept before it leaves."""

from datetime import UTC, datetime, timedelta

import pytest
from anyio import to_thread

from cds_hooks.notice import Notice
from cds_hooks.record import CONFIDENCE_EXTENSION
from cds_hooks.replay import replay
from fhir_server.cli import main
from fhir_server.r4.codec import decode, encode
from fhir_server.r4.validation import validate
from terminology.codings import RXNORM
from tests.support.patients import (
    REGISTRY,
    condition,
    drug,
    observation,
    patient,
    relative,
    smoking,
    statement,
)
from tests.support.rxnorm import rxnorm_release
from tests.support.server import serving

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
YESTERDAY = NOW - timedelta(days=1)
LAST_MONTH = NOW - timedelta(days=30)

REFUTED = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
            "code": "refuted",
        }
    ]
}


def record() -> list[dict]:
    # A store that holds the whole record: its lists are complete, and no heart disease is in them.
    return [
        patient(birthDate=f"{NOW.year - 59}-12-31"),
        observation("tc", "14647-2", "5.80", "mmol/L", at=YESTERDAY),
        observation("hdl", "14646-4", "1.05", "mmol/L", at=YESTERDAY),
        observation("crea", "14682-9", "88", "umol/L", at=YESTERDAY),
        observation("sbp", "8480-6", "152", "mm[Hg]", at=YESTERDAY),
        observation("sbp-then", "8480-6", "168", "mm[Hg]", at=LAST_MONTH),
        observation("waist", "8280-0", "94", "cm", at=YESTERDAY),
        smoking(at=YESTERDAY),
        condition("E11.900"),
        drug("C08CA01"),
    ]


async def stored(client, resources) -> None:
    for resource in resources:
        path = f"/fhir/{resource['resourceType']}/{resource['id'].replace('.', '-')}"
        body = encode(resource | {"id": resource["id"].replace(".", "-")})
        answer = await client.put(
            path, content=body, headers={"Content-Type": "application/fhir+json"}
        )
        assert answer.status_code == 201, answer.text


@pytest.fixture
async def client(tmp_path):
    async with serving(tmp_path) as found:
        await stored(found, record())
        yield found


async def evaluate(client, *parameters: tuple[str, str], id: str = "p1"):
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueString": value} for name, value in parameters],
    }
    return await client.post(f"/fhir/Patient/{id}/$evaluate-risk", json=body)


def returned(answer) -> list[dict]:
    assert answer.status_code == 200, answer.text
    told = decode(answer.content)
    assert validate(told) == ()
    return [part["resource"] for part in told["parameter"] if part["name"] == "return"]


def model_of(assessment: dict) -> str:
    return assessment["method"]["coding"][0]["code"]


async def test_without_a_model_one_answers_each_question(client):
    found = returned(await evaluate(client))
    assert [model_of(each) for each in found] == ["china-par", "ckd-epi-2021"]


async def test_the_risk_assessment_is_stored_with_its_provenance_and_can_be_replayed(client):
    (assessment,) = returned(await evaluate(client, ("model", "china-par")))
    kept = await client.get(f"/fhir/RiskAssessment/{assessment['id']}")
    assert kept.status_code == 200
    assert kept.json()["subject"] == {"reference": "Patient/p1"}
    assert assessment["note"][0]["text"] == Notice("en").text
    proofs = await client.get(f"/fhir/Provenance?target=RiskAssessment/{assessment['id']}")
    (entry,) = proofs.json()["entry"]
    outcomes = replay(decode(kept.content), entry["resource"], REGISTRY)
    assert all(outcome.same for outcome in outcomes)


async def test_a_withheld_model_says_why_and_nothing_is_stored(client):
    await stored(client, [condition("I21.900")])
    asked = (("model", "china-par"), ("model", "ckd-epi-2021"))
    withheld, kidney = returned(await evaluate(client, *asked))
    assert withheld["resourceType"] == "OperationOutcome"
    (issue,) = withheld["issue"]
    assert issue["code"] == "business-rule"
    assert issue["details"]["coding"][0]["code"] == "china-par"
    assert "does not mean “no risk”" in issue["details"]["text"]
    assert "already present" in issue["diagnostics"]
    assert model_of(kidney) == "ckd-epi-2021"
    found = (await client.get("/fhir/RiskAssessment?_summary=count")).json()
    assert found["total"] == 1


async def test_what_is_missing_is_named(client):
    await client.delete("/fhir/Observation/waist")
    (withheld,) = returned(await evaluate(client, ("model", "china-par")))
    assert [each["code"] for each in withheld["issue"]] == ["required"]
    assert withheld["issue"][0]["diagnostics"] == "Waist circumference: no result"


def confidence(assessment: dict) -> dict[str, str]:
    (found,) = (e for e in assessment["extension"] if e["url"] == CONFIDENCE_EXTENSION)
    return {part["url"]: part.get("valueCode") for part in found["extension"]}


def reasons(assessment: dict) -> list[str]:
    (found,) = (e for e in assessment["extension"] if e["url"] == CONFIDENCE_EXTENSION)
    return [part["valueString"] for part in found["extension"] if part["url"] == "reason"]


def pressure(assessment: dict) -> float:
    (inputs,) = assessment["contained"]
    named = {each["name"]: each for each in inputs["parameter"]}
    return float(named["systolic_pressure"]["valueDecimal"])


async def test_at_an_earlier_instant_later_results_do_not_count_and_the_doubt_is_said(client):
    await stored(
        client,
        [
            observation("tc-then", "14647-2", "6.20", "mmol/L", at=LAST_MONTH),
            observation("hdl-then", "14646-4", "1.10", "mmol/L", at=LAST_MONTH),
            observation("waist-then", "8280-0", "96", "cm", at=LAST_MONTH),
            smoking("8517006", at=LAST_MONTH),
        ],
    )
    (now,) = returned(await evaluate(client, ("model", "china-par")))
    then = (NOW - timedelta(days=10)).date().isoformat()
    (before,) = returned(await evaluate(client, ("model", "china-par"), ("at", then)))
    assert (pressure(now), pressure(before)) == (152, 168)
    assert before["occurrenceDateTime"].startswith(then)
    doubt = f"the problem list and the prescriptions are those of today, not of {then}"
    assert doubt in reasons(before)
    assert doubt not in reasons(now)


async def test_the_region_decides_which_evidence_counts(client):
    (home,) = returned(await evaluate(client, ("model", "china-par")))
    (abroad,) = returned(await evaluate(client, ("model", "china-par"), ("region", "US")))
    assert "no validation evidence for this population" in reasons(abroad)
    assert "no validation evidence for this population" not in reasons(home)
    assert confidence(abroad)["level"] == "low"
    # That the deployment is in the United States is not true: the record says what was asked.
    assert any("as for US" in each and "is in CN" in each for each in reasons(abroad))
    assert not any("as was asked" in each for each in reasons(home))


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ((("model", "nobody"),), 404),
        ((("region", "China"),), 400),
        ((("at", "2026"),), 400),
        ((("at", "yesterday"),), 400),
        ((("at", "2999-01-01"),), 400),
        ((("modle", "china-par"),), 400),
    ],
)
async def test_a_wrong_parameter_is_refused_and_nothing_is_stored(client, parameters, status):
    answer = await evaluate(client, *parameters)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    found = (await client.get("/fhir/RiskAssessment?_summary=count")).json()
    assert found["total"] == 0


async def test_it_writes_and_therefore_is_not_had_by_get(client):
    assert (await client.get("/fhir/Patient/p1/$evaluate-risk")).status_code == 405


async def test_an_unknown_patient_is_a_404(client):
    assert (await evaluate(client, id="nobody")).status_code == 404


async def test_the_capability_statement_names_it(client):
    statement = (await client.get("/fhir/metadata")).json()
    types = {each["type"]: each for each in statement["rest"][0]["resource"]}
    names = [each["name"] for each in types["Patient"]["operation"]]
    assert "evaluate-risk" in names


async def test_a_missing_value_is_imputed_on_request_and_the_record_is_replayed(tmp_path):
    async with serving(tmp_path, region="US") as american:
        await stored(american, [each for each in record() if each["id"] != "hdl"])
        (withheld,) = returned(await evaluate(american, ("model", "china-par")))
        assert withheld["resourceType"] == "OperationOutcome"
        asked = (("model", "china-par"), ("impute", "true"))
        (assessment,) = returned(await evaluate(american, *asked))
        assert "imputed as" in assessment["note"][1]["text"]
        proofs = await american.get(f"/fhir/Provenance?target=RiskAssessment/{assessment['id']}")
        kept = await american.get(f"/fhir/RiskAssessment/{assessment['id']}")
        (entry,) = proofs.json()["entry"]
        outcomes = replay(decode(kept.content), entry["resource"], REGISTRY)
        assert all(outcome.same for outcome in outcomes)


async def test_whom_the_patients_are_like_is_the_deployment_s_to_say(client):
    asked = (("model", "china-par"), ("impute", "true"), ("region", "US"))
    answer = await evaluate(client, *asked)
    assert answer.status_code == 400
    assert "region of this deployment, CN" in answer.json()["issue"][0]["diagnostics"]


async def test_relatives_and_drugs_are_read_from_the_store_each_with_its_version(client):
    """A drug that a statement takes from a Medication, and a prescription that was stopped."""
    taken = statement("0", id="s1", medicationReference={"reference": "Medication/med1"})
    del taken["medicationCodeableConcept"]
    amlodipine = {
        "resourceType": "Medication",
        "id": "med1",
        "code": {"coding": [{"system": "http://www.whocc.no/atc", "code": "C08CA01"}]},
    }
    await stored(client, [relative("FTH", id="father"), amlodipine, taken])
    stopped = encode(drug("C08CA01", status="stopped", id="m-C08CA01"))
    sent = {"Content-Type": "application/fhir+json"}
    answer = await client.put("/fhir/MedicationRequest/m-C08CA01", content=stopped, headers=sent)
    assert answer.status_code == 200
    (assessment,) = returned(await evaluate(client, ("model", "china-par")))
    basis = {each["reference"] for each in assessment["basis"] if "reference" in each}
    assert {"FamilyMemberHistory/father/_history/1", "MedicationStatement/s1/_history/1"} <= basis


async def test_the_answers_that_a_score_asks_for_are_read_from_the_store(client):
    """Stored, and then "no answer on record": an item that was given must not look unknown."""
    yes = observation("active", "x", "1", "1", at=YESTERDAY, valueBoolean=True)
    yes["code"] = {
        "coding": [
            {
                "system": "https://attending.org/fhir/CodeSystem/score-items",
                "code": "physically-active",
            }
        ]
    }
    del yes["valueQuantity"]
    bmi = observation("bmi", "39156-5", "27", "kg/m2", at=YESTERDAY)
    await stored(client, [yes, bmi])
    refuted = encode(condition("E11.900", id="c-E11-900", verificationStatus=REFUTED))
    sent = {"Content-Type": "application/fhir+json"}
    answer = await client.put("/fhir/Condition/c-E11-900", content=refuted, headers=sent)
    assert answer.status_code == 200, answer.text
    (assessment,) = returned(await evaluate(client, ("model", "findrisc")))
    basis = {each["reference"] for each in assessment["basis"] if "reference" in each}
    assert "Observation/active/_history/1" in basis


async def test_a_result_under_the_hospital_s_own_code_is_read_from_the_store(client):
    """Sent by FHIR with the laboratory's code alone, which its table maps to LOINC 14647-2."""
    newer = observation("local", "TC", "7.30", "mmol/L", at=NOW - timedelta(hours=2))
    newer["code"] = {"coding": [{"system": "urn:id:DEMOHOSP:99LIS", "code": "TC"}]}
    await stored(client, [newer])
    (assessment,) = returned(await evaluate(client, ("model", "china-par")))
    basis = {each["reference"] for each in assessment["basis"] if "reference" in each}
    assert "Observation/local/_history/1" in basis
    assert "Observation/tc/_history/1" not in basis


async def test_a_drug_by_a_product_code_is_known_as_soon_as_its_release_is_loaded(
    client, tmp_path, monkeypatch
):
    """900022 is amlodipine with atorvastatin in one tablet, as RxNorm's relations say."""
    monkeypatch.setattr("terminology.releases.shelf._SECONDS", 0.0)
    sent = {"Content-Type": "application/fhir+json"}
    coded = {"coding": [{"system": RXNORM, "code": "900022"}]}
    body = encode(drug("C08CA01", medicationCodeableConcept=coded))
    answer = await client.put("/fhir/MedicationRequest/m-C08CA01", content=body, headers=sent)
    assert answer.status_code == 200
    (withheld,) = returned(await evaluate(client, ("model", "china-par")))
    assert withheld["resourceType"] == "OperationOutcome"
    assert "MedicationRequest/m-C08CA01" in withheld["issue"][0]["diagnostics"]
    monkeypatch.setenv("ATTENDING_DATA_DIR", str(tmp_path))
    assert (
        await to_thread.run_sync(main, ["terms", "load-rxnorm", str(rxnorm_release(tmp_path))]) == 0
    )
    (assessment,) = returned(await evaluate(client, ("model", "china-par")))
    basis = {each["reference"] for each in assessment["basis"] if "reference" in each}
    assert "MedicationRequest/m-C08CA01/_history/2" in basis


async def test_another_patient_s_newer_results_are_not_read(client):
    before = returned(await evaluate(client, ("model", "ckd-epi-2021")))
    subject = {"reference": "Patient/p2"}
    await stored(
        client,
        [
            patient(id="p2"),
            observation("theirs", "14682-9", "400", "umol/L", at=NOW, subject=subject),
            condition("I21.900", id="theirs", subject=subject),
        ],
    )
    after = returned(await evaluate(client, ("model", "ckd-epi-2021")))
    assert [each["prediction"] for each in after] == [each["prediction"] for each in before]
    assert "china-par" in [model_of(each) for each in returned(await evaluate(client))]


async def test_a_result_that_names_another_by_its_number_stops_every_model(client):
    """Filed under p1 by reference, and under another number of the same hospital."""
    mine = {"system": "urn:hospital:mrn", "value": "000123"}
    theirs = {"reference": "Patient/p1", "identifier": mine | {"value": "000999"}}
    sent = {"Content-Type": "application/fhir+json"}
    known = encode(patient(birthDate=f"{NOW.year - 59}-12-31", identifier=[mine]))
    assert (await client.put("/fhir/Patient/p1", content=known, headers=sent)).status_code == 200
    await stored(client, [observation("mixed", "14682-9", "70", "umol/L", at=NOW, subject=theirs)])
    for withheld in returned(await evaluate(client)):
        (issue,) = withheld["issue"]
        assert issue["severity"] == "error"
        assert "resources of another patient" in issue["diagnostics"]
        assert "Observation/mixed" in issue["diagnostics"]
    found = (await client.get("/fhir/RiskAssessment?_summary=count")).json()
    assert found["total"] == 0
