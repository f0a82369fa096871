"""Values that were not measured: imputed on request alone, from a survey that fits the person."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from inference.contract import WhenAbsent
from inference.features.feature import Absent, Feature
from inference.imputation import Imputed, Person, fill_gaps, populations
from inference.input_row import recompute
from inference.prediction import Prediction, Withheld
from inference.reasons import Reason
from tests.support.patients import (
    CATALOGUE,
    NOW,
    REGISTRY,
    condition,
    observation,
    predictor,
    snapshot,
    usual_results,
    without,
)
from tests.support.stated import stated

CHINA_PAR = REGISTRY.get("china-par")
FRAMINGHAM = REGISTRY.get("framingham-cvd-2008")
SCORE2_AP = REGISTRY.get("score2-asia-pacific")
MAN = {"male": 1, "age": 58, "total_cholesterol": 224, "hdl_cholesterol": 41,
       "systolic_pressure": 152, "treated": 1, "smoker": 0, "diabetes": 0}  # fmt: skip


def answered(*gone, region="US", model=CHINA_PAR, impute=True, **changes):
    record = {"observations": without(usual_results(), *gone)} | changes
    return predictor(region=region).answer(model, snapshot(**record), impute=impute)


def asked(model, values, *gone, region="US", **states):
    left = {name: value for name, value in values.items() if name not in gone}
    return predictor(region=region).answer_stated(
        model, stated(model.definition, left, **states), impute=True
    )


def why(answer) -> list[str]:
    assert isinstance(answer, Withheld)
    return [reason.code for reason in answer.reasons]


def width(answer) -> float:
    return answer.primary.high - answer.primary.low


def test_nothing_is_imputed_unless_somebody_asks():
    answer = answered("hdl", impute=False)
    assert isinstance(answer, Withheld)
    assert [(spec.name, gone.reason.code) for spec, gone in answer.absent] == [
        ("hdl_cholesterol", "no-value")
    ]
    assert why(answer) == []
    unasked = predictor(region="US").answer_all(
        snapshot(observations=without(usual_results(), "hdl"))
    )
    # Whom the United States ask unasked: PREVENT, which reads HDL cholesterol too.
    assert "prevent-base-10y" in {a.model.id for a in unasked.given if isinstance(a, Withheld)}


def test_an_imputed_pressure_is_a_value_with_a_range_and_never_a_feature():
    answer = answered("sbp")
    assert isinstance(answer, Prediction)
    found = answer.imputed["systolic_pressure"]
    assert found.population == "US"
    assert found.low < found.value < found.high
    assert found.high - found.low > 40  # a reading of a measured one spreads over 26
    assert answer.inputs["systolic_pressure"] == found.value
    assert "systolic_pressure" not in answer.features
    assert "systolic_pressure" in {spec.name for spec, _ in answer.absent}


def test_the_confidence_is_low_and_names_what_was_imputed():
    answer = predictor(region="US", validated=["china-par@1.0.0"]).answer(
        CHINA_PAR, snapshot(observations=without(usual_results(), "hdl")), impute=True
    )
    assert answer.confidence.level == "low"
    (reason,) = [r for r in answer.confidence.reasons if r.code == "input-imputed"]
    assert reason.values["feature"] == "hdl_cholesterol"
    assert reason.values["population"] == "US"
    assert "input-not-known" not in {r.code for r in answer.confidence.reasons}


def test_an_unmeasured_pressure_widens_the_interval():
    whole = asked(FRAMINGHAM, MAN)
    middle = asked(FRAMINGHAM, MAN, "systolic_pressure").imputed["systolic_pressure"].value
    measured = asked(FRAMINGHAM, MAN | {"systolic_pressure": middle})
    gap = asked(FRAMINGHAM, MAN, "systolic_pressure")
    assert whole.imputed == measured.imputed == {}
    assert gap.primary.value == measured.primary.value
    assert width(gap) > 1.5 * width(measured)


def test_the_shares_add_up_with_an_imputed_value_among_them():
    answer = answered("sbp")
    shares = sum(each.share for each in answer.contributions)
    assert answer.reference + shares == pytest.approx(answer.primary.value, abs=1e-12)
    (pressure,) = [c for c in answer.contributions if c.spec.name == "systolic_pressure"]
    assert pressure.feature is None
    # Where the patient stands is not known, so nothing is asked "at 130 instead".
    assert "systolic_pressure" not in {c.spec.name for c in answer.counterfactuals}


def test_the_same_question_has_the_same_answer_and_the_record_repeats_it():
    first, second = answered("sbp", "hdl"), answered("sbp", "hdl")
    assert first == second
    assert first.input_hash == second.input_hash
    computed = recompute(CHINA_PAR, first.inputs, first.imputed)
    assert computed == (first.primary.value,)


def test_an_imputed_input_is_another_input_than_a_measured_one():
    gap = asked(FRAMINGHAM, MAN, "hdl_cholesterol")
    measured = asked(FRAMINGHAM, MAN | {"hdl_cholesterol": gap.inputs["hdl_cholesterol"]})
    assert gap.inputs == measured.inputs
    assert gap.input_hash != measured.input_hash


def test_the_known_values_decide_where_the_unknown_lies():
    slim = MAN | {"waist": 78, "hdl_cholesterol": 70, "north": 1, "urban": 1,
                  "family_history": 0}  # fmt: skip
    stout = slim | {"waist": 130}
    found = [asked(CHINA_PAR, each, "hdl_cholesterol") for each in (slim, stout)]
    high, low = (each.imputed["hdl_cholesterol"].value for each in found)
    assert high > 1.2 * low


def test_the_unit_of_the_model_changes_nothing():
    # Framingham reads mg/dL, SCORE2 Asia-Pacific mmol/L; both know the same of this woman. What
    # lies above Framingham's 100 mg/dL is cut off, which moves the middle by half a percent.
    woman = MAN | {"male": 0, "treated": 0, "total_cholesterol": 5.8 * 38.6664}
    si = {"male": 0, "age": 58, "region": 2, "smoker": 0, "systolic_pressure": 152,
          "diabetes": 0, "total_cholesterol": 5.8}  # fmt: skip
    us = asked(FRAMINGHAM, woman, "hdl_cholesterol").imputed["hdl_cholesterol"]
    mmol = asked(SCORE2_AP, si).imputed["hdl_cholesterol"]
    assert us.value == pytest.approx(mmol.value * 38.6664, rel=0.01)


def test_a_stale_value_is_a_gap():
    old = observation("sbp", "8480-6", "152", "mm[Hg]", at=NOW - timedelta(days=400))
    answer = answered(observations=[*without(usual_results(), "sbp"), old])
    assert list(answer.imputed) == ["systolic_pressure"]


@pytest.mark.parametrize(
    "result",
    [
        observation("x", "14646-4", "41", "mmol/L"),
        observation("x", "14646-4", "1.05", "furlong"),
        observation("x", "14646-4", "1.05", "mmol/L", status="entered-in-error"),
        observation("x", "14646-4", "3.9", "mmol/L"),
        observation("x", "14646-4", "1.05", "mmol/L", at=NOW + timedelta(days=2)),
    ],
    ids=["impossible", "unknown-unit", "withdrawn", "beyond-the-model", "future"],
)
def test_what_is_on_record_and_cannot_be_used_is_not_replaced(result):
    answer = answered(observations=[*without(usual_results(), "hdl"), result])
    assert why(answer) == ["imputation-no-gap"]


def test_two_results_that_conflict_are_not_replaced():
    rival = observation("tc2", "14647-2", "7.10", "mmol/L")
    assert why(answered(observations=[*usual_results(), rival])) == ["imputation-no-gap"]


@pytest.mark.parametrize(
    ("gone", "changes", "reason"),
    [
        (("sbp", "hdl", "tc"), {}, "imputation-too-many"),
        (("sbp",), {"region": "DE"}, "imputation-no-population"),
        (("waist",), {"region": "CN"}, "imputation-not-modelled"),
        (("hdl",), {"region": "CN"}, "imputation-other-people"),
        (("smoking-266919005",), {}, "imputation-not-modelled"),
    ],
    ids=["three-gaps", "no-fit-for-germany", "no-waist-in-rich", "diabetes-in-china",
         "a-state"],
)  # fmt: skip
def test_where_nothing_is_imputed_the_reason_is_told_and_the_input_stays_missing(
    gone, changes, reason
):
    answer = answered(*gone, **changes)
    assert why(answer) == [reason]
    assert answer.kind == "missing"
    assert answer.absent


def test_a_model_for_people_with_a_disease_is_not_imputed_for_from_people_without():
    maggic = REGISTRY.get("maggic")
    heart = {"male": 1, "age": 66, "lvef": 31, "bmi": 24, "creatinine": 110, "nyha_class": 3}
    answer = asked(maggic, heart, "systolic_pressure", no_heart_failure=False)
    assert why(answer) == ["imputation-other-people"]


@pytest.mark.parametrize("state", ["pregnancy", "prior_cvd", "dialysis"])
def test_a_state_that_sets_apart_counts_though_the_model_does_not_ask_for_it(state):
    known = stated(FRAMINGHAM.definition, {n: v for n, v in MAN.items() if n != "hdl_cholesterol"})
    specs = FRAMINGHAM.definition.inputs
    found = {spec.name: known.read(spec) for spec in specs}
    gaps = [(s, found[s.name]) for s in specs if isinstance(found[s.name], Absent)]

    def flag(name):
        return Feature(name, float(name == state or name.startswith("no_")), "1", "-", ())

    refused = fill_gaps(Person(specs, found, flag), gaps, region="US", catalogue=CATALOGUE)
    assert refused.code == "imputation-other-people"
    assert refused.values["feature"] == state


def test_a_patient_with_heart_disease_is_not_like_those_surveyed():
    findrisc = REGISTRY.get("findrisc")
    ill = [condition("I25.900")]
    assert list(answered("bmi", model=findrisc, conditions=[]).imputed) == ["bmi"]
    assert why(answered("bmi", model=findrisc, conditions=ill)) == ["imputation-other-people"]


def test_a_diabetes_that_nobody_knows_of_is_no_absence_of_it():
    values = MAN | {"region": 2}
    left = {name: value for name, value in values.items() if name not in ("treated", "diabetes")}
    answer = asked(SCORE2_AP, left, "hdl_cholesterol", region="CN")
    # SCORE2 asks for diabetes itself: that gap is no quantity, and nothing is imputed beside it.
    assert why(answer) == ["imputation-not-modelled"]


def test_a_chinese_patient_without_diabetes_gets_the_chinese_distribution():
    values = {"male": 1, "age": 58, "region": 2, "smoker": 0, "systolic_pressure": 132,
              "diabetes": 0, "total_cholesterol": 5.0}  # fmt: skip
    found = {
        region: asked(SCORE2_AP, values, region=region).imputed["hdl_cholesterol"]
        for region in ("CN", "US")
    }
    assert found["CN"].population == "CN"
    assert found["CN"].high - found["CN"].low < found["US"].high - found["US"].low


@pytest.mark.parametrize("age", [79, 80])
def test_the_oldest_age_that_was_fitted_is_the_oldest_that_is_imputed_for(age):
    score2_op = REGISTRY.get("score2-op")
    values = {"male": 1, "age": age, "region": 1, "smoker": 0, "systolic_pressure": 132,
              "diabetes": 0, "total_cholesterol": 5.0}  # fmt: skip
    answer = asked(score2_op, values)
    if age == 79:
        assert list(answer.imputed) == ["hdl_cholesterol"]
    else:
        assert why(answer) == ["imputation-other-ages"]


def test_an_egfr_that_is_missing_is_not_taken_from_a_survey():
    answer = answered("crea", model=REGISTRY.get("prevent-base-10y"))
    assert why(answer) == ["imputation-not-modelled"]


def imputable():
    variables = populations()["US"].variables
    for model in REGISTRY:
        for spec in model.definition.inputs:
            if spec.feature in variables and spec.when_absent is WhenAbsent.REQUIRED:
                yield pytest.param(model, spec, id=f"{model.definition.id}-{spec.name}")


@pytest.mark.parametrize(("model", "spec"), list(imputable()))
def test_every_domain_has_a_lower_end_that_a_logarithm_reaches(model, spec):
    assert spec.low > 0


def distribution(*, low: float, high: float, spread: float = 0.2) -> Imputed:
    return Imputed(
        columns=(3,),
        mean=np.log([120.0]),
        factor=np.array([[spread]]),
        scale=np.ones(1),
        low=np.log([low]),
        high=np.log([high]),
        population="US",
    )


def test_what_lies_outside_the_domain_is_cut_off_and_piles_up_nowhere():
    # 5 % lie below 120 * exp(-1.645 * 0.2) = 86.4: of those within, 5 % lie below 89.6.
    cut = distribution(low=86.4, high=250)
    normal = np.linspace(-3, 3, 601)[:, None]
    values = cut.draws(normal)[:, 0]
    assert values.min() >= 86.4
    assert values.max() <= 250
    assert len(set(values)) == len(values)
    assert cut.outside[0] == pytest.approx(0.05, abs=0.001)
    assert cut.point[0] > 120


def test_a_domain_that_holds_everything_changes_nothing():
    whole = distribution(low=1, high=10_000)
    normal = np.linspace(-3, 3, 61)[:, None]
    assert whole.draws(normal)[:, 0] == pytest.approx(120 * np.exp(0.2 * normal[:, 0]), rel=1e-9)
    assert whole.point[0] == pytest.approx(120, rel=1e-12)


def test_who_is_probably_outside_the_model_s_range_is_not_imputed_for():
    # About a third of such men have a pressure above 135: the model may not be for this one.
    specs = tuple(
        replace(spec, high=135.0) if spec.feature == "sbp" else spec
        for spec in FRAMINGHAM.definition.inputs
    )
    model = replace(FRAMINGHAM.definition, inputs=specs)
    known = stated(model, {n: v for n, v in MAN.items() if n != "systolic_pressure"})
    found = {spec.name: known.read(spec) for spec in specs}
    gaps = [(s, found[s.name]) for s in specs if isinstance(found[s.name], Absent)]
    refused = fill_gaps(Person(specs, found, known.flag), gaps, region="US", catalogue=CATALOGUE)
    assert refused == Reason("imputation-outside-domain", {"feature": "sbp"})


def test_intervals_hold_nine_of_ten_of_those_whom_the_fit_describes():
    """Nobody's estimate is known without the hidden pressure: this fails where imputing is off."""
    fit = populations()["US"].male
    variables = populations()["US"].variables
    random = np.random.default_rng(20260101)
    held = total = 0
    for _ in range(400):
        age = int(random.integers(40, 75))
        years = (age - 50) / 10
        terms = np.array([1, years, years**2])
        spread = np.exp(np.array(fit.spread) @ terms)
        covariance = np.array(fit.correlation) * np.outer(spread, spread)
        drawn = np.exp(random.multivariate_normal(np.array(fit.mean) @ terms, covariance))
        person = dict(zip(variables, drawn, strict=True))
        values = MAN | {"age": age, "systolic_pressure": person["sbp"]}
        values |= {
            name: person[name] * 38.6664 for name in ("total_cholesterol", "hdl_cholesterol")
        }
        whole = asked(FRAMINGHAM, values)
        gap = asked(FRAMINGHAM, values, "systolic_pressure")
        if isinstance(whole, Withheld) or isinstance(gap, Withheld):
            continue
        total += 1
        held += gap.primary.low <= whole.primary.value <= gap.primary.high
    assert total > 350
    # The spread of a reading of cholesterol widens it a little beyond 90 %.
    assert 0.86 <= held / total <= 0.97


def test_the_parameters_are_what_they_say():
    for population in populations().values():
        for sex in (population.male, population.female):
            correlation = np.array(sex.correlation)
            assert np.array_equal(correlation, correlation.T)
            assert np.linalg.eigvalsh(correlation).min() > 0
            assert len(sex.mean) == len(sex.spread) == len(population.variables)
        assert len(population.units) == len(population.variables)
