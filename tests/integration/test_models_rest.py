"""The models over HTTP: what each needs, and its answer on data that a client sends."""

import copy
from datetime import UTC, datetime, timedelta

import pytest

from cds_hooks.notice import Notice
from fhir_server.r4.codec import encode
from tests.support import oracles
from tests.support.patients import (
    drug,
    observation,
    patient,
    smoking,
    usual_conditions,
    without,
)
from tests.support.server import serving

pytestmark = pytest.mark.anyio

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
INPUTS = {
    "male": {"value": "male"},
    "age": {"value": 58, "unit": "a"},
    "systolic_pressure": {"value": 152, "unit": "mm[Hg]"},
    "treated": {"value": True},
    "total_cholesterol": {"value": 5.80, "unit": "mmol/L"},
    "hdl_cholesterol": {"value": 1.05, "unit": "mmol/L"},
    "waist": {"value": 94, "unit": "cm"},
    "smoker": {"value": False},
    "diabetes": {"value": 1},
    "north": {"value": True},
    "urban": {"value": True},
    "family_history": {"value": True},
}
VALUES = {
    "male": 1, "age": 58, "systolic_pressure": 152, "treated": 1, "waist": 94, "smoker": 0,
    "diabetes": 1, "north": 1, "urban": 1, "family_history": 1,
    "total_cholesterol": 5.80 * 38.6664, "hdl_cholesterol": 1.05 * 38.6664,
}  # fmt: skip


@pytest.fixture
async def client(tmp_path):
    async with serving(tmp_path) as found:
        yield found


def stated(**changes) -> dict:
    """Return a body; a change to None leaves an input out."""
    inputs = {n: v for n, v in (copy.deepcopy(INPUTS) | changes).items() if v is not None}
    return {"inputs": inputs, "states": {"prior_cvd": False}}


async def ask(client, body, model="china-par", **headers):
    return await client.post(
        f"/models/{model}/predict",
        content=encode(body),
        headers={"Content-Type": "application/json"} | headers,
    )


def results() -> list[dict]:
    return [
        observation("tc", "14647-2", "5.80", "mmol/L", at=YESTERDAY),
        observation("hdl", "14646-4", "1.05", "mmol/L", at=YESTERDAY),
        observation("crea", "14682-9", "88", "umol/L", at=YESTERDAY),
        observation("sbp", "8480-6", "152", "mm[Hg]", at=YESTERDAY),
        observation("waist", "8280-0", "94", "cm", at=YESTERDAY),
        smoking(at=YESTERDAY),
    ]


def person() -> dict:
    return {
        "patient": patient(birthDate=f"{datetime.now(UTC).year - 59}-12-31"),
        "observations": results(),
        "conditions": usual_conditions(),
        "medications": [drug("C08CA01")],
    }


def bundle(**link) -> dict:
    found = person()
    resources = [found.pop("patient"), *(each for listed in found.values() for each in listed)]
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries} | link


async def test_the_list_names_each_model_with_its_digest(client):
    models = (await client.get("/models")).json()["models"]
    held = {m.definition.id: m for m in client.app.state.models.predictor.registry}
    assert {each["id"] for each in models} == set(held)
    for each in models:
        model = held[each["id"]]
        assert each["version"] == model.definition.version
        assert each["digest"] == f"sha256:{model.digest}"
        assert each["state"] == "active"
        assert each["taskClass"] == model.definition.task_class.value
        assert set(each["name"]) == {"zh-CN", "en"}


async def test_a_model_tells_its_whole_definition(client):
    for model in client.app.state.models.predictor.registry:
        told = (await client.get(f"/models/{model.definition.id}")).json()
        assert [each["name"] for each in told["inputs"]] == [
            spec.name for spec in model.definition.inputs
        ]
        assert len(told["outcomes"]) == len(model.definition.outcomes)
        assert told["citation"] == model.definition.citation
        assert len(told["limits"]) == len(model.definition.limits)
    china_par = (await client.get("/models/china-par")).json()
    pressure = next(each for each in china_par["inputs"] if each["feature"] == "sbp")
    assert (pressure["unit"], pressure["low"], pressure["high"]) == ("mm[Hg]", 70, 250)
    assert pressure["loinc"] == ["8480-6"]
    assert china_par["exclusions"][0]["unknownWithholds"] is True


async def test_an_unknown_model_is_a_404_that_names_those_there_are(client):
    for answer in (await client.get("/models/none"), await ask(client, stated(), "none")):
        assert answer.status_code == 404
        assert "china-par" in answer.json()["issue"][0]["diagnostics"]


async def test_stated_values_give_the_reference_s_risk_with_everything_a_card_carries(client):
    answer = await ask(client, stated())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    (estimate,) = told["estimates"]
    assert estimate["value"] == pytest.approx(oracles.china_par(VALUES), abs=1e-12)
    assert estimate["interval"]["low"] < estimate["value"] < estimate["interval"]["high"]
    assert "possible" not in estimate
    assert [step["id"] for step in told["categories"][0]["steps"]] == ["high"]
    shares = sum(each["share"] for each in told["contributions"])
    assert told["reference"] + shares == pytest.approx(estimate["value"], abs=1e-12)
    assert told["notice"] == Notice("en").text
    # No time of the values is stated, so they may be too old: never of high confidence.
    assert told["confidence"]["level"] != "high"
    assert "time-not-stated" in {each["code"] for each in told["confidence"]["reasons"]}
    cholesterol = next(i for i in told["inputs"] if i["input"] == "total_cholesterol")
    assert cholesterol["reported"] == "5.8 mmol/L"
    assert cholesterol["conversion"]
    assert "withheld" not in told


async def test_the_language_follows_the_client(client):
    answer = await ask(client, stated(waist=None), **{"Accept-Language": "zh"})
    assert answer.headers["content-language"] == "zh-CN"
    assert answer.json()["notice"] == Notice("zh-CN").text
    assert answer.json()["withheld"]["reasons"][0]["label"] == "腰围"


async def test_an_unknown_input_that_leaves_a_span_gives_the_span(client):
    told = (await ask(client, stated(family_history=None))).json()
    possible = told["estimates"][0]["possible"]
    assert possible["low"] < possible["high"]
    assert [each["input"] for each in told["absent"]] == ["family_history"]


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"waist": None}, "missing", "no-value"),
        ({"age": {"value": 34}}, "not-applicable", "outside-domain"),
        ({"age": {"value": 75}}, "not-applicable", "outside-domain"),
        # mmol/L written where mg/dL was measured, and the other way round
        ({"total_cholesterol": {"value": 224, "unit": "mmol/L"}}, "missing", "value-unusable"),
        ({"total_cholesterol": {"value": 5.8, "unit": "mg/dL"}}, "missing", "value-unusable"),
        ({"systolic_pressure": {"value": 20.3, "unit": "mm[Hg]"}}, "missing", "value-unusable"),
        ({"systolic_pressure": {"value": 152, "unit": "kPa"}}, "missing", "value-unusable"),
        (
            {"waist": {"value": 94, "unit": "cm", "effective": "2020-01-01T00:00:00Z"}},
            "missing",
            "value-too-old",
        ),
    ],
)
async def test_a_value_that_must_not_be_used_withholds_with_its_reason(client, changes, kind, code):
    answer = await ask(client, stated(**changes))
    assert answer.status_code == 200
    told = answer.json()
    assert told["withheld"]["kind"] == kind
    assert [each["code"] for each in told["withheld"]["reasons"]] == [code]
    assert "estimates" not in told
    assert told["notice"] == Notice("en").text


async def test_a_state_that_excludes_withholds_and_so_does_one_that_is_not_stated(client):
    told = (await ask(client, stated() | {"states": {"prior_cvd": True}})).json()
    assert told["withheld"]["kind"] == "not-applicable"
    assert told["withheld"]["reasons"][0]["state"] == "prior_cvd"
    unknown = stated()
    del unknown["states"]
    told = (await ask(client, unknown)).json()
    assert told["withheld"]["reasons"][0]["code"] == "state-not-known"


async def test_a_state_and_an_input_that_are_one_fact_may_not_contradict(client):
    """SCORE2 has a term for diabetes, and is for people without it."""

    def about(told: bool, **states) -> dict:
        inputs = {
            name: INPUTS[name]
            for name in (
                "male",
                "age",
                "systolic_pressure",
                "smoker",
                "total_cholesterol",
                "hdl_cholesterol",
            )
        }
        inputs |= {"region": {"value": 2}, "diabetes": {"value": told}}
        return {"inputs": inputs, "states": {"prior_cvd": False, "heart_failure": False} | states}

    refused = await ask(client, about(True, diabetes=False), "score2")
    assert refused.status_code == 422
    assert refused.json()["issue"][0]["expression"] == ["states.diabetes"]
    excluded = (await ask(client, about(True), "score2")).json()
    assert excluded["withheld"]["reasons"][0]["state"] == "diabetes"
    assert (await ask(client, about(False), "score2")).json()["estimates"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"waist": {"value": 94}}, "inputs.waist.unit"),
        ({"waist": {"value": 94, "unit": "kg"}}, "inputs.waist.unit"),
        ({"waist": {"value": 94, "unit": "furlong"}}, "inputs.waist.unit"),
        ({"waist": {"value": "94", "unit": "cm"}}, "inputs.waist.value"),
        ({"waist": {"value": True, "unit": "cm"}}, "inputs.waist.value"),
        ({"waist": {"value": 1e200, "unit": "cm"}}, "inputs.waist.value"),
        ({"waist": {"value": None, "unit": "cm"}}, "inputs.waist.value"),
        ({"waist": 94}, "inputs.waist"),
        ({"waist": {"value": 94, "unit": "cm", "comparator": "<"}}, "inputs.waist.comparator"),
        ({"waist": {"value": 94, "unit": "cm", "effective": "2026"}}, "inputs.waist.effective"),
        ({"age": {"value": 58.7}}, "inputs.age.value"),
        ({"age": {"value": 700, "unit": "mo"}}, "inputs.age.unit"),
        ({"male": {"value": "M"}}, "inputs.male.value"),
        ({"smoker": {"value": 2}}, "inputs.smoker.value"),
        ({"girth": {"value": 94, "unit": "cm"}}, "inputs.girth"),
    ],
)
async def test_an_input_that_cannot_be_read_is_a_422_at_its_place(client, changes, where):
    answer = await ask(client, stated(**changes))
    assert answer.status_code == 422
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert [each["expression"] for each in answer.json()["issue"]] == [[where]]


async def test_every_fault_of_a_body_is_told_at_once(client):
    answer = await ask(client, stated(waist={"value": 94}, age={"value": 58.7}) | {"more": 1})
    assert {each["expression"][0] for each in answer.json()["issue"]} == {
        "inputs.waist.unit", "inputs.age.value", "more",
    }  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"resourceType": "Patient"}, {"states": {}}])
async def test_a_body_that_is_no_question_is_a_400(client, body):
    assert (await ask(client, body)).status_code == 400


async def test_a_patient_with_lists_is_answered_as_on_a_card(client):
    told = (await ask(client, person())).json()
    assert told["estimates"][0]["value"] == pytest.approx(oracles.china_par(VALUES), abs=1e-12)
    assert "Observation/tc" in str(told["inputs"])


async def test_of_a_bundle_absence_counts_only_where_it_is_a_whole_everything(client):
    told = (await ask(client, bundle())).json()
    assert next(each["code"] for each in told["withheld"]["reasons"]) == "state-not-known"
    self_link = [{"relation": "self", "url": "http://emr/fhir/Patient/p1/$everything"}]
    told = (await ask(client, bundle(link=self_link))).json()
    assert told["estimates"][0]["value"] == pytest.approx(oracles.china_par(VALUES), abs=1e-12)
    following = [*self_link, {"relation": "next", "url": "http://emr/fhir/next"}]
    assert "withheld" in (await ask(client, bundle(link=following))).json()


async def test_two_patients_in_one_bundle_are_refused_and_nothing_is_computed(client):
    two = bundle()
    two["entry"].append({"resource": patient(id="p2")})
    answer = await ask(client, two)
    assert answer.status_code == 400
    assert "estimates" not in answer.text
    foreign = bundle()
    foreign["entry"][1]["resource"]["subject"] = {"reference": "Patient/p2"}
    answer = await ask(client, foreign)
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[1].resource.subject"]


async def test_egfr_is_computed_by_the_model_that_provides_it(client):
    body = person()
    body["observations"].append(observation("bmi", "39156-5", "27.4", "kg/m2", at=YESTERDAY))
    told = (await ask(client, body, "prevent-base-10y")).json()
    egfr = next(each for each in told["inputs"] if each["input"] == "egfr")
    assert egfr["conversion"] == "ckd-epi-2021@1.0.0"
    body["observations"] = without(body["observations"], "crea")
    assert "withheld" in (await ask(client, body, "prevent-base-10y")).json()


async def test_a_model_that_fails_is_an_error_and_no_answer(client, monkeypatch):
    from inference.engine import GraphFailed

    def fail(*_arguments):
        raise GraphFailed("broken")

    monkeypatch.setattr("inference.engine.Engine.run", fail)
    answer = await ask(client, stated())
    assert answer.status_code == 500
    assert "does not mean that there is no risk" in answer.text


@pytest.fixture
async def american(tmp_path):
    async with serving(tmp_path, region="US") as found:
        yield found


async def test_a_missing_value_is_imputed_where_the_body_asks_for_it(american):
    body = stated(hdl_cholesterol=None)
    assert "withheld" in (await ask(american, body)).json()
    assert "withheld" in (await ask(american, body | {"impute": False})).json()
    told = (await ask(american, body | {"impute": True})).json()
    assert [each["input"] for each in told["imputed"]] == ["hdl_cholesterol"]
    assert "hdl_cholesterol" not in {each["input"] for each in told["inputs"]}
    assert told["confidence"]["level"] == "low"
    assert "input-imputed" in {each["code"] for each in told["confidence"]["reasons"]}


async def test_of_records_it_is_asked_for_in_the_body_or_in_the_address(american):
    record = person()
    record["observations"] = without(record["observations"], "hdl")
    told = (await ask(american, record | {"impute": True})).json()
    assert [each["input"] for each in told["imputed"]] == ["hdl_cholesterol"]
    whole = bundle(link=[{"relation": "self", "url": "http://x/fhir/Patient/p1/$everything"}])
    whole["entry"] = [e for e in whole["entry"] if e["resource"]["id"] != "hdl"]
    answer = await american.post("/models/china-par/predict?impute=true", content=encode(whole),
                                 headers={"Content-Type": "application/json"})  # fmt: skip
    assert [each["input"] for each in answer.json()["imputed"]] == ["hdl_cholesterol"]


@pytest.mark.parametrize(("query", "word"), [("?impute=yes", True), ("", "true"), ("", 1),
                                             ("?impute=false", True)])  # fmt: skip
async def test_what_is_neither_yes_nor_no_is_a_400(american, query, word):
    answer = await american.post(
        f"/models/china-par/predict{query}", content=encode(stated() | {"impute": word}),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 400


async def test_a_country_without_a_survey_is_told_and_nothing_is_imputed(client, tmp_path):
    # The evaluation server of these tests is Chinese, and the patient has diabetes.
    told = (await ask(client, stated(hdl_cholesterol=None) | {"impute": True})).json()
    codes = [reason["code"] for reason in told["withheld"]["reasons"]]
    assert codes == ["imputation-other-people", "no-value"]
    async with serving(tmp_path / "de", region="DE") as german:
        told = (await ask(german, stated(hdl_cholesterol=None) | {"impute": True})).json()
    codes = [reason["code"] for reason in told["withheld"]["reasons"]]
    assert codes == ["imputation-no-population", "no-value"]
