"""What the models say, and refuse to say, about patients as records give them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from inference.engine import GraphFailed
from inference.input_row import recompute
from inference.prediction import Prediction, Withheld
from inference.registry import ModelRegistry
from tests.support import oracles
from tests.support.patients import (
    NOW,
    REGISTRY,
    SNOMED,
    condition,
    drug,
    observation,
    patient,
    predictor,
    smoking,
    snapshot,
    usual_conditions,
    usual_results,
    without,
)

THREE = [REGISTRY.get(id) for id in ("china-par", "ckd-epi-2021", "prevent-base-10y")]


def answers(of=None, **changes):
    found = predictor().answer_named(THREE, of or snapshot(**changes))
    return {answer.model.id: answer for answer in found}


def missing(answer: Withheld) -> dict[str, str]:
    return {spec.name: absent.reason.code for spec, absent in answer.absent}


def test_every_model_answers_for_a_patient_with_all_values():
    found = answers()
    assert all(isinstance(answer, Prediction) for answer in found.values())
    values = {
        "male": 1, "age": 58, "systolic_pressure": 152, "treated": 1, "waist": 94, "smoker": 0,
        "diabetes": 1, "north": 1, "urban": 1, "family_history": 1, "statin": 0, "bmi": 27.4,
        "total_cholesterol": 5.80 * 38.6664, "hdl_cholesterol": 1.05 * 38.6664,
    }  # fmt: skip
    egfr = oracles.ckd_epi_2021({"male": 1, "age": 58, "creatinine": 88 * 0.011312})
    risks = oracles.prevent_base(values | {"egfr": egfr})
    assert found["china-par"].primary.value == pytest.approx(oracles.china_par(values), abs=1e-12)
    assert found["ckd-epi-2021"].primary.value == pytest.approx(egfr, rel=1e-12)
    for estimate in found["prevent-base-10y"].estimates:
        assert estimate.value == pytest.approx(risks[estimate.outcome.id], abs=1e-12)


def test_kdigo_categories_use_the_albumin_to_creatinine_ratio():
    placed = {p.scale.id: [s.id for s in p.steps] for p in answers()["ckd-epi-2021"].placements}
    # 3.5 mg/mmol is 30.9 mg/g
    assert placed == {
        "gfr-category": ["G2"],
        "albuminuria-category": ["A2"],
        "kdigo-risk": ["moderate"],
    }


def test_without_the_ratio_the_kdigo_risk_is_not_known_rather_than_low():
    answer = answers(observations=without(usual_results(), "acr"))["ckd-epi-2021"]
    placed = {p.scale.id: p.steps for p in answer.placements}
    assert placed["albuminuria-category"] == placed["kdigo-risk"] == ()


def test_a_missing_input_withholds_the_estimate_and_is_named():
    answer = answers(observations=without(usual_results(), "waist"))["china-par"]
    assert isinstance(answer, Withheld)
    assert missing(answer) == {"waist": "no-value"}


def test_an_unknown_family_history_gives_the_span_of_both_values():
    answer = answers(conditions=usual_conditions()[:2])["china-par"]
    low, high = answer.primary.possible
    assert low < high
    assert answer.confidence.level != "high"
    assert "input-not-known" in {reason.code for reason in answer.confidence.reasons}
    assert answer.inputs["family_history"] != answer.inputs["family_history"]  # NaN: not known


@pytest.mark.parametrize("state", ["江苏省", "", "Atlantis"])
def test_a_province_on_both_banks_of_the_yangtze_is_not_guessed(state):
    china_par = answers(of=snapshot(of=patient(address=[{"state": state}])))["china-par"]
    assert china_par.primary.possible is not None


def test_a_home_that_was_left_does_not_say_where_the_patient_lives():
    left = {"state": "河北省", "period": {"end": "2019-06-30"}}
    for addresses, spans in (
        ([left], True),
        ([left, {"state": "广东省"}], False),
        ([{"state": "河北省", "period": {"start": "2019-07-01"}}], False),
    ):
        china_par = answers(of=snapshot(of=patient(address=addresses)))["china-par"]
        assert (china_par.primary.possible is not None) is spans


def test_two_statements_about_the_city_decide_nothing():
    one = patient()["extension"][0]
    both = [one, one | {"valueBoolean": False}]
    china_par = answers(of=snapshot(of=patient(extension=both)))["china-par"]
    assert china_par.primary.possible is not None


def test_the_newest_value_counts():
    older = observation("old", "8480-6", "190", "mm[Hg]", at=NOW - timedelta(days=40))
    answer = answers(observations=[older, *usual_results()])["china-par"]
    assert answer.features["systolic_pressure"].value == 152


def test_a_corrected_result_of_the_same_time_replaces_the_first():
    corrected = observation("tc2", "14647-2", "6.80", "mmol/L", status="corrected")
    for results in ([corrected, *usual_results()], [*usual_results(), corrected]):
        answer = answers(observations=results)["china-par"]
        assert answer.features["total_cholesterol"].reported == "6.80 mmol/L"


def test_a_result_withdrawn_at_the_laboratory_withdraws_the_client_s_copy():
    withdrawn = observation("tc-lab", "14647-2", "5.80", "mmol/L", status="entered-in-error")
    answer = answers(observations=[*usual_results(), withdrawn])["china-par"]
    assert isinstance(answer, Withheld)
    assert missing(answer) == {"total_cholesterol": "value-unusable"}


def test_two_different_results_of_one_moment_are_not_chosen_between():
    rival = observation("tc2", "14647-2", "7.10", "mmol/L")
    answer = answers(observations=[*usual_results(), rival])["china-par"]
    assert missing(answer) == {"total_cholesterol": "values-conflict"}


def test_the_emr_s_copy_in_another_unit_is_the_same_result():
    copy = observation("tc2", "2093-3", "224", "mg/dL")  # 5.80 mmol/L is 224.27 mg/dL
    answer = answers(observations=[*usual_results(), copy])["china-par"]
    assert isinstance(answer, Prediction)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (observation("x", "14682-9", "88", "mg/dL"), "value-unusable"),
        (observation("x", "14682-9", "88", "furlong"), "value-unusable"),
        (observation("x", "14682-9", "0.01", "umol/L"), "value-unusable"),
        (observation("x", "14682-9", "88", "umol/L", at=NOW + timedelta(days=2)),
         "value-in-future"),
        (observation("x", "14682-9", "88", "umol/L", at=NOW - timedelta(days=400)),
         "value-too-old"),
    ],
    ids=["swapped-unit", "unknown-unit", "impossible", "future", "stale"],
)  # fmt: skip
def test_a_creatinine_that_cannot_be_right_never_becomes_an_egfr(result, reason):
    found = answers(observations=[*without(usual_results(), "crea"), result])
    assert missing(found["ckd-epi-2021"]) == {"creatinine": reason}
    assert "egfr" in missing(found["prevent-base-10y"])


def test_us_and_si_units_give_the_same_answer():
    converted = [
        observation("tc", "2093-3", str(Decimal("5.80") * Decimal("38.6664")), "mg/dL"),
        observation("crea", "2160-0", str(Decimal(88) * Decimal("0.011312")), "mg/dL"),
    ]
    us = answers(observations=[*without(usual_results(), "tc", "crea"), *converted])
    si = answers()
    for model_id in us:
        assert us[model_id].primary.value == pytest.approx(si[model_id].primary.value, rel=1e-12)


@pytest.mark.parametrize(
    ("years", "expected"),
    [(34, "not-applicable"), (35, None), (74, None), (75, "not-applicable")],
)
def test_china_par_speaks_from_35_to_74(years, expected):
    birth = NOW.date().replace(year=NOW.year - years)
    answer = predictor().answer_all(snapshot(of=patient(birthDate=birth.isoformat()))).given[0]
    assert answer.model.id == "china-par"
    assert getattr(answer, "kind", None) == expected


@pytest.mark.parametrize("code", ["I21.900", "I63.900", "I25.103"])
def test_prior_cardiovascular_disease_silences_primary_prevention(code):
    found = answers(conditions=[*usual_conditions(), condition(code)])
    for model_id in ("china-par", "prevent-base-10y"):
        assert found[model_id].kind == "not-applicable"
        assert found[model_id].excluded_by == ("prior_cvd",)
    assert isinstance(found["ckd-epi-2021"], Prediction)


def test_dialysis_silences_the_egfr_and_what_needs_it():
    found = answers(conditions=[*usual_conditions(), condition("Z99.2")])
    assert found["ckd-epi-2021"].excluded_by == ("dialysis",)
    assert isinstance(found["prevent-base-10y"], Withheld)


def test_absence_of_a_diagnosis_counts_only_on_a_complete_list():
    found = answers(conditions=[], conditions_complete=False)
    assert found["china-par"].kind == "missing"
    assert {r.code for r in found["china-par"].reasons} == {"state-not-known"}
    whole = answers(conditions=[])["china-par"]
    assert whole.features["diabetes"].value == 0
    assert "absent-from-complete-list" in {r.code for r in whole.confidence.reasons}


def test_an_uncoded_diagnosis_that_mentions_diabetes_is_unconfirmed_not_no():
    uncoded = condition("x") | {"code": {"text": "糖尿病？"}}
    answer = answers(conditions=[uncoded])["china-par"]
    assert missing(answer)["diabetes"] == "unconfirmed"


def test_a_refuted_diagnosis_does_not_count():
    refuted = condition("E11.900", verificationStatus={"coding": [{"code": "refuted"}]})
    assert answers(conditions=[refuted])["china-par"].features["diabetes"].value == 0


@pytest.mark.parametrize(
    ("request_", "treated"),
    [
        (drug("C09AA03"), 1.0),
        (drug("C09AA03", status="stopped"), 0.0),
        (drug("C09AA03", status="draft"), 0.0),
        (drug("A10BA02"), 0.0),
    ],
    ids=["active", "stopped", "draft", "another-drug"],
)
def test_treatment_is_what_the_patient_takes_now(request_, treated):
    answer = answers(medications=[request_])["china-par"]
    assert answer.features["treated"].value == treated


def test_a_drug_without_atc_code_leaves_the_treatment_unknown():
    uncoded = drug("x") | {"medicationCodeableConcept": {"text": "某药"}}
    assert missing(answers(medications=[uncoded])["china-par"])["treated"] == "unconfirmed"


@pytest.mark.parametrize(
    ("code", "smoker"), [("449868002", 1.0), ("8517006", 0.0), ("266919005", 0.0)]
)
def test_smoking_status(code, smoker):
    results = [*usual_results()[:-1], smoking(code)]
    assert answers(observations=results)["china-par"].features["smoker"].value == smoker


def test_smoking_not_asked_is_missing():
    answer = answers(observations=usual_results()[:-1])["china-par"]
    assert missing(answer) == {"smoker": "smoking-not-known"}


def test_body_mass_index_is_computed_from_weight_and_height():
    sizes = [
        observation("w", "29463-7", "80", "kg"),
        observation("h", "8302-2", "1.72", "m", at=NOW - timedelta(days=3000)),
    ]
    answer = answers(observations=[*without(usual_results(), "bmi"), *sizes])["prevent-base-10y"]
    assert answer.features["bmi"].value == pytest.approx(80 / 1.72**2)
    assert answer.features["bmi"].sources == ("Observation/w", "Observation/h")


def test_without_body_mass_index_heart_failure_alone_is_left_out():
    answer = answers(observations=without(usual_results(), "bmi"))["prevent-base-10y"]
    assert [o.id for o in answer.not_computed] == ["heart-failure"]
    assert [e.outcome.id for e in answer.estimates] == ["cvd", "ascvd", "chd", "stroke"]


@pytest.mark.parametrize("changes", [{"gender": "other"}, {"gender": None}, {"birthDate": "1968"},
                                     {"birthDate": None}])  # fmt: skip
def test_sex_and_age_are_never_guessed(changes):
    found = answers(of=snapshot(of=patient(**changes))).values()
    assert {answer.kind for answer in found} == {"missing"}


def test_a_deceased_patient_gets_no_estimate():
    found = answers(of=snapshot(of=patient(deceasedBoolean=True))).values()
    assert {answer.kind for answer in found} == {"not-applicable"}


def test_a_graph_that_fails_is_said_and_the_others_still_answer(monkeypatch):
    class Broken:
        def run(self, rows):
            raise GraphFailed("no memory")

    broken = ModelRegistry.discover()
    monkeypatch.setattr(broken.get("china-par"), "_engine", Broken())
    found = replace(predictor(), registry=broken).answer_all(snapshot()).given
    kinds = {a.model.id: getattr(a, "kind", "predicted") for a in found}
    assert kinds == {"china-par": "failed", "ckd-epi-2021": "predicted"}


def test_confidence_is_high_only_where_the_hospital_validated_the_model():
    found = predictor(validated=["china-par@1.0.0"]).answer_all(snapshot()).given[0]
    assert found.confidence.level == "high"
    assert answers()["china-par"].confidence.level == "medium"
    assert answers()["prevent-base-10y"].confidence.level == "low"


def test_near_a_bound_the_confidence_falls():
    results = [*without(usual_results(), "crea"), observation("c", "14682-9", "118", "umol/L")]
    near = answers(observations=results)["ckd-epi-2021"]
    assert 58 < near.primary.value < 63
    assert near.confidence.probability < 0.9
    assert near.confidence.level == "low"


def test_the_interval_holds_the_estimate_and_the_same_call_gives_the_same_figures():
    first, second = answers(), answers()
    for model_id, answer in first.items():
        for estimate in answer.estimates:
            assert estimate.low < estimate.value < estimate.high
        assert answer.estimates == second[model_id].estimates
        assert answer.input_hash == second[model_id].input_hash


def test_the_recorded_inputs_compute_the_same_figures_again():
    for answer in answers(conditions=usual_conditions()[:2]).values():
        model = REGISTRY.get(answer.model.id)
        computed = recompute(model, answer.inputs)
        assert computed[0] == answer.primary.value


def test_every_derived_value_cites_what_it_came_from():
    egfr = answers()["prevent-base-10y"].features["egfr"]
    assert egfr.sources == ("Observation/crea",)
    assert egfr.conversion == "ckd-epi-2021@1.0.0"


def test_snomed_coded_diabetes_counts():
    coded = condition("44054006", system=SNOMED, text="Type 2 diabetes mellitus")
    assert answers(conditions=[coded])["china-par"].features["diabetes"].value == 1
