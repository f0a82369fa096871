"""An imputed value on the card, in the record and to a program: never as if it were measured."""

from uuid import UUID

import pytest

from cds_hooks.record import RecordContext, provenance, risk_assessment
from cds_hooks.render import detail
from cds_hooks.render.answer import answer_json
from cds_hooks.render.card import CardIdentity, prediction_card
from cds_hooks.replay import ReplayRefused, replay
from cds_hooks.wording import Wording
from fhir_server.r4.codec import decode, encode
from fhir_server.r4.validation import validate
from tests.support.patients import REGISTRY, predictor, snapshot, usual_results, without

MODELS = [model.definition for model in REGISTRY]
CHINA_PAR = REGISTRY.get("china-par")
EN = Wording("en", MODELS)
CONTEXT = RecordContext(
    id="a1",
    provenance_id="b1",
    card=UUID(int=7),
    subject={"reference": "Patient/p1"},
    notice="notice",
    model_card="https://attending.example/models/china-par/1.0.0",
    software="attending test",
)


def predicted(*gone):
    return predictor(region="US").answer(
        CHINA_PAR, snapshot(observations=without(usual_results(), *gone)), impute=True
    )


def recorded(prediction):
    assessment = decode(encode(risk_assessment(prediction, CONTEXT, EN)))
    return assessment, decode(encode(provenance(prediction, CONTEXT)))


def parameter(assessment, name):
    listed = assessment["contained"][0]["parameter"]
    return next(each for each in listed if each["name"] == name)


def test_the_record_holds_an_imputed_input_without_a_value_beside_its_name():
    prediction = predicted("hdl")
    assessment, _ = recorded(prediction)
    assert validate(assessment) == ()
    found = parameter(assessment, "hdl_cholesterol")
    assert not [key for key in found if key.startswith("value")]
    parts = {part["name"]: part for part in found["part"]}
    assert parts["population"]["valueCode"] == "US"
    assert parts["low"]["valueDecimal"] < parts["imputed"]["valueDecimal"]
    assert "valueDecimal" in parameter(assessment, "total_cholesterol")


def test_note_and_basis_say_that_it_was_not_measured():
    assessment, _ = recorded(predicted("hdl"))
    notes = [each["text"] for each in assessment["note"]]
    assert notes[0] == "notice"
    assert "HDL cholesterol was not measured; imputed as" in notes[1]
    assert "NHANES 1999-2016" in notes[1]
    (shown,) = [each for each in assessment["basis"] if "reference" not in each]
    assert shown["display"] == notes[1]
    assert all("hdl" not in each.get("reference", "") for each in assessment["basis"])


def test_without_imputing_the_record_is_what_it_was():
    assessment, proof = recorded(predicted())
    assert len(assessment["note"]) == 1
    assert all("reference" in each for each in assessment["basis"])
    assert all(outcome.same for outcome in replay(assessment, proof, REGISTRY))


@pytest.mark.parametrize("gone", [("hdl",), ("sbp", "tc"), ("waist",)])
def test_an_imputed_prediction_is_computed_again_to_the_digit(gone):
    assessment, proof = recorded(predicted(*gone))
    replayed = replay(assessment, proof, REGISTRY)
    assert replayed
    assert all(outcome.same for outcome in replayed)


def test_a_record_whose_imputed_range_was_changed_is_not_replayed():
    assessment, proof = recorded(predicted("hdl"))
    parameter(assessment, "hdl_cholesterol")["part"][1]["valueDecimal"] += 1
    with pytest.raises(ReplayRefused, match="input-hash"):
        replay(assessment, proof, REGISTRY)
    parameter(assessment, "hdl_cholesterol")["part"].pop(1)
    with pytest.raises(ReplayRefused, match="lacks 'low'"):
        replay(assessment, proof, REGISTRY)


def test_an_imputed_value_cannot_be_passed_off_as_a_measured_one():
    assessment, proof = recorded(predicted("hdl"))
    found = parameter(assessment, "hdl_cholesterol")
    found["valueDecimal"] = found.pop("part")[0]["valueDecimal"]
    with pytest.raises(ReplayRefused, match="input-hash"):
        replay(assessment, proof, REGISTRY)


@pytest.mark.parametrize(
    ("language", "heading", "mark"),
    [
        ("en", "### Imputed, not measured", "(imputed, not measured)"),
        ("zh-CN", "### 填补值（非实测）", "（填补，非实测）"),
    ],
)
def test_the_card_shows_it_apart_from_the_values_used(language, heading, mark):
    body = detail.body(predicted("sbp"), Wording(language, MODELS))
    values, _, rest = body.partition(heading)
    assert rest
    assert "| 收缩压" not in values
    assert "| Systolic" not in values
    assert mark in rest  # among the shares
    assert "NHANES 1999-2016" in rest.split("###")[0]
    card = prediction_card(predicted("sbp"), CardIdentity(UUID(int=7), "d", CONTEXT.model_card), EN)
    assert card.confidence.level == "low"
    assert "systolic_pressure" not in {item.input for item in card.basis}


def test_a_program_finds_it_apart_from_the_inputs():
    found = answer_json(predicted("hdl"), digest="d", wording=EN)
    assert "hdl_cholesterol" not in {each["input"] for each in found["inputs"]}
    assert [each["code"] for each in found["absent"]] == ["no-value"]
    (imputed,) = found["imputed"]
    assert imputed["input"] == "hdl_cholesterol"
    assert imputed["interval"]["low"] < imputed["middle"] < imputed["interval"]["high"]
    assert (imputed["unit"], imputed["population"]) == ("mg/dL", "US")
    assert answer_json(predicted(), digest="d", wording=EN)["imputed"] == []
