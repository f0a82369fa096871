"""The SCORE2 models: figures, thresholds by age, and when they say nothing."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.features.risk_regions import NOT_STATED, RISK_REGIONS, RiskRegions
from inference.prediction import Prediction, Withheld
from tests.support import oracles_score2 as oracles
from tests.support.patients import (
    REGISTRY,
    condition,
    observation,
    patient,
    predictor,
    smoking,
    snapshot,
    usual_results,
    without,
)
from tests.support.stated import stated
from tests.support.vectors import rows

ORACLES = {
    "score2": oracles.score2,
    "score2-asia-pacific": oracles.score2_asia_pacific,
    "score2-op": oracles.score2_op,
    "score2-diabetes": oracles.score2_diabetes,
}
HIGH = RiskRegions(score2="high", score2_asia_pacific="high")
COLUMNS = {
    "age": "age", "smoker": "smk", "systolic_pressure": "sbp", "diabetes": "dm", "hba1c": "a1c",
    "total_cholesterol": "tc", "hdl_cholesterol": "hdl", "egfr": "egfr",
    "age_at_diagnosis": "dmage",
}  # fmt: skip

every_model = pytest.mark.parametrize("model_id", ORACLES)


def run(model_id: str, *people: dict[str, float]):
    model = REGISTRY.get(model_id)
    names = [spec.name for spec in model.definition.inputs]
    return model.engine.run(np.array([[person[n] for n in names] for person in people], float))


def reference_rows(name: str) -> tuple[list[dict[str, float]], list[float]]:
    people = []
    found = rows(name)
    for row in found:
        person = {ours: float(row[theirs]) for ours, theirs in COLUMNS.items() if theirs in row}
        person["male"] = float(row["sex"] == "male")
        person["region"] = float(RISK_REGIONS.index(row["reg"].lower()))
        people.append(person)
    return people, [float(row["expected"]) for row in found]


@pytest.mark.parametrize(
    ("model_id", "file"),
    [
        ("score2-asia-pacific", "score2_asia_pacific.csv"),
        ("score2-diabetes", "score2_diabetes.csv"),
    ],
)
def test_every_reference_row_is_repeated(model_id, file):
    people, expected = reference_rows(file)
    assert run(model_id, *people).estimate[:, 0] == pytest.approx(expected, abs=1e-9, rel=0)


@pytest.mark.parametrize(("model_id", "low", "high"), [("score2", 40, 69), ("score2-op", 70, 89)])
def test_the_reference_program_takes_score2_below_the_age_of_70_and_score2_op_from_it(
    model_id, low, high
):
    # One file for both: the program changes the equation at 70.
    both = zip(*reference_rows("score2_op.csv"), strict=True)
    people, expected = zip(*((p, e) for p, e in both if low <= p["age"] <= high), strict=True)
    assert len(people) >= 60
    assert run(model_id, *people).estimate[:, 0] == pytest.approx(expected, abs=1e-9, rel=0)


@st.composite
def people(draw, model_id: str) -> dict[str, float]:
    found = {"diabetes": 0.0}
    for spec in REGISTRY.get(model_id).definition.inputs:
        if spec.name == "region":
            found[spec.name] = float(draw(st.integers(0, 3)))
        elif spec.unit == "1":
            found[spec.name] = float(draw(st.booleans()))
        elif spec.name == "age":
            found[spec.name] = float(draw(st.integers(int(spec.low), int(spec.high))))
        else:
            found[spec.name] = draw(st.floats(spec.low, spec.high))
    return found


a_person_of_a_model = st.sampled_from(sorted(ORACLES)).flatmap(
    lambda model_id: st.tuples(st.just(model_id), people(model_id))
)


@settings(max_examples=400, deadline=None)
@given(a_person_of_a_model)
def test_the_graph_equals_the_equation(case):
    model_id, person = case
    found = run(model_id, person).estimate[0, 0]
    assert found == pytest.approx(ORACLES[model_id](person), rel=1e-12, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(a_person_of_a_model)
def test_contributions_add_up_to_the_calibrated_log_hazard(case):
    model_id, person = case
    output = run(model_id, person)
    total = output.base[0, 0] + output.contributions[0, 0].sum()
    assert -math.expm1(-math.exp(total)) == pytest.approx(output.estimate[0, 0], rel=1e-12)


@every_model
def test_a_person_at_every_reference_has_no_contributions(model_id):
    for male in (0.0, 1.0):
        for region in range(4):
            person = {
                spec.name: spec.reference for spec in REGISTRY.get(model_id).definition.inputs
            } | {"male": male, "region": float(region)}
            assert not run(model_id, person).contributions.any()


THRESHOLDS = {
    "score2": ((40, 49, (0.025, 0.075)), (50, 69, (0.05, 0.10))),
    "score2-asia-pacific": ((40, 49, (0.025, 0.075)), (50, 69, (0.05, 0.10))),
    "score2-op": ((70, 89, (0.075, 0.15)),),
    "score2-diabetes": ((40, 69, (0.05, 0.10, 0.20)),),
}


@settings(max_examples=400, deadline=None)
@given(a_person_of_a_model)
def test_the_category_follows_the_thresholds_of_the_person_s_age(case):
    model_id, person = case
    output = run(model_id, person)
    bounds = next(b for low, high, b in THRESHOLDS[model_id] if low <= person["age"] <= high)
    expected = sum(bool(output.estimate[0, 0] >= bound) for bound in bounds)
    assert output.categories["risk-category"][0] == expected
    declared = REGISTRY.get(model_id).definition.bounds
    assert set(declared) == {b for _, _, bounds in THRESHOLDS[model_id] for b in bounds}


def test_at_49_a_risk_of_3_percent_is_high_and_at_50_it_is_not():
    person = {"male": 1, "region": 0, "smoker": 0, "systolic_pressure": 140, "diabetes": 0,
              "total_cholesterol": 6.0, "hdl_cholesterol": 1.3}  # fmt: skip
    output = run("score2", person | {"age": 49}, person | {"age": 50})
    assert all(0.025 <= risk < 0.05 for risk in output.estimate[:, 0])
    assert list(output.categories["risk-category"]) == [1, 0]


@pytest.mark.parametrize(
    ("column", "value"),
    [*(("region", value) for value in (0.5, 4.0, -1.0, math.nan)), ("male", 0.5),
     ("male", math.nan)],
)  # fmt: skip
@every_model
def test_a_region_or_a_sex_that_is_none_of_the_published_leaves_no_number(model_id, column, value):
    person = {spec.name: spec.reference for spec in REGISTRY.get(model_id).definition.inputs} | {
        "male": 1.0,
        "region": 2.0,
    }
    output = run(model_id, person | {column: value})
    assert math.isnan(output.estimate[0, 0])
    assert output.categories["risk-category"][0] == -1


def born(age: int) -> dict:
    """A patient who turned `age` ten days before the tests' day, 2026-11-23."""
    return patient(birthDate=f"{2026 - age}-11-13")


TYPE_2 = condition("E11.900", onsetAge={
    "value": 39, "system": "http://unitsofmeasure.org", "code": "a", "unit": "a"})  # fmt: skip
HBA1C = observation("a1c", "4548-4", "7.0", "%")


def record(model_id: str, *, age: int | None = None, conditions=None, results=None):
    diabetic = model_id == "score2-diabetes"
    return snapshot(
        of=born(age or (75 if model_id == "score2-op" else 60)),
        conditions=([TYPE_2] if diabetic else []) if conditions is None else conditions,
        observations=[*usual_results(), HBA1C] if results is None else results,
    )


def answer(model_id: str, regions: RiskRegions = HIGH, **changes):
    asked = replace(predictor(), risk_regions=regions)
    return asked.answer(REGISTRY.get(model_id), record(model_id, **changes))


def reasons(found: Withheld) -> dict[str, str]:
    return {spec.name: absent.reason.code for spec, absent in found.absent}


@every_model
def test_a_record_with_every_value_gets_the_equation_s_risk(model_id):
    found = answer(model_id)
    assert isinstance(found, Prediction)
    inputs = {"diabetes": 0.0} | dict(found.inputs)
    assert found.primary.value == pytest.approx(ORACLES[model_id](inputs), rel=1e-12)
    assert inputs["region"] == 2.0
    assert inputs["total_cholesterol"] == pytest.approx(5.80)
    assert found.features["region"].reported == "risk-region-high"
    assert found.confidence.level == "low"
    together = sum(each.share for each in found.contributions)
    assert together == pytest.approx(found.primary.value - found.reference, abs=1e-12)


def test_an_hba1c_of_7_percent_is_one_of_53_mmol_per_mol():
    found = answer("score2-diabetes")
    assert found.inputs["hba1c"] == pytest.approx(53.0, abs=0.01)
    # The value asked for elsewhere is the same 7 %: nothing to ask.
    asked = next(s for s in found.model.inputs if s.name == "hba1c").asked_at
    assert asked == pytest.approx(found.inputs["hba1c"], abs=0.01)


@every_model
def test_a_region_that_is_not_stated_withholds_and_names_its_setting(model_id):
    found = answer(model_id, NOT_STATED)
    assert isinstance(found, Withheld)
    assert found.kind == "missing"
    ((spec, absent),) = found.absent
    assert (spec.name, absent.reason.code) == ("region", "risk-region-not-set")
    setting = "SCORE2_ASIA_PACIFIC_REGION" if model_id.endswith("pacific") else "SCORE2_REGION"
    assert absent.reason.values == {"setting": f"ATTENDING_{setting}"}


def test_the_region_of_europe_does_not_stand_for_that_of_asia_pacific():
    assert isinstance(answer("score2-asia-pacific", RiskRegions(score2="high")), Withheld)
    assert isinstance(answer("score2", RiskRegions(score2_asia_pacific="high")), Withheld)


def test_the_stated_region_moves_the_estimate():
    risks = [
        answer("score2-asia-pacific", RiskRegions(score2_asia_pacific=region)).primary.value
        for region in RISK_REGIONS
    ]
    assert risks == sorted(risks)
    assert len(set(risks)) == len(RISK_REGIONS)


@pytest.mark.parametrize(
    ("model_id", "age", "speaks"),
    [
        *((m, age, 40 <= age <= 69)
          for m in ("score2", "score2-asia-pacific", "score2-diabetes")
          for age in (39, 40, 69, 70)),
        *(("score2-op", age, 70 <= age <= 89) for age in (69, 70, 89, 90)),
    ],
)  # fmt: skip
def test_the_ends_of_each_age_range(model_id, age, speaks):
    found = answer(model_id, age=age)
    assert isinstance(found, Prediction) == speaks
    if not speaks:
        assert found.kind == "not-applicable"
        assert reasons(found)["age"] == "outside-domain"


@pytest.mark.parametrize(
    ("input_name", "id", "code", "unit", "low", "high", "below", "above"),
    [
        ("systolic_pressure", "sbp", "8480-6", "mm[Hg]", "70", "250", "69", "251"),
        ("total_cholesterol", "tc", "14647-2", "mmol/L", "2", "11", "1.99", "11.01"),
        ("hdl_cholesterol", "hdl", "14646-4", "mmol/L", "0.4", "3.5", "0.39", "3.51"),
        ("hba1c", "a1c", "59261-8", "mmol/mol", "20", "150", "19", "151"),
    ],
)
def test_the_ends_of_each_measured_range(input_name, id, code, unit, low, high, below, above):
    def with_value(value):
        results = without([*usual_results(), HBA1C], id)
        return answer("score2-diabetes", results=[*results, observation(id, code, value, unit)])

    assert all(isinstance(with_value(value), Prediction) for value in (low, high))
    for value in (below, above):
        assert reasons(with_value(value))[input_name] in ("outside-domain", "value-unusable")


@pytest.mark.parametrize(
    ("egfr", "speaks"), [(44.99, False), (45, True), (150, True), (151, False)]
)
def test_severe_damage_to_the_kidney_is_no_case_for_score2_diabetes(egfr, speaks):
    results = [*without(usual_results(), "crea"), HBA1C,
               observation("egfr", "98979-8", str(egfr), "mL/min/{1.73_m2}")]  # fmt: skip
    found = answer("score2-diabetes", results=results)
    assert isinstance(found, Prediction) == speaks
    if not speaks:
        assert reasons(found) == {"egfr": "outside-domain"}


SOURCES = {
    "total_cholesterol": "tc", "hdl_cholesterol": "hdl", "systolic_pressure": "sbp",
    "smoker": "smoking-266919005", "hba1c": "a1c", "egfr": "crea",
}  # fmt: skip
NEEDED = [
    (model_id, spec.name)
    for model_id in ORACLES
    for spec in REGISTRY.get(model_id).definition.inputs
    if spec.name in SOURCES
]


@pytest.mark.parametrize(("model_id", "name"), NEEDED)
def test_each_missing_input_is_named(model_id, name):
    results = without([*usual_results(), HBA1C], SOURCES[name])
    found = answer(model_id, results=results)
    assert isinstance(found, Withheld)
    assert set(reasons(found)) == {name}


@pytest.mark.parametrize("model_id", ["score2", "score2-asia-pacific", "score2-op"])
def test_a_person_with_diabetes_gets_no_estimate_of_an_equation_for_those_without(model_id):
    found = answer(model_id, conditions=[condition("E11.900")])
    assert found.kind == "not-applicable"
    assert found.excluded_by == ("diabetes",)


@pytest.mark.parametrize(
    ("code", "excluded"), [("I21.900", "prior_cvd"), ("I50.900", "heart_failure")]
)
@every_model
def test_no_estimate_after_an_event(model_id, code, excluded):
    problems = [condition(code), *([TYPE_2] if model_id == "score2-diabetes" else [])]
    assert answer(model_id, conditions=problems).excluded_by == (excluded,)


def test_without_recorded_diabetes_score2_diabetes_does_not_apply():
    found = answer("score2-diabetes", conditions=[])
    assert found.excluded_by == ("without_type_2_diabetes",)


def test_a_smoker_of_60_is_told_the_estimate_of_one_who_does_not_smoke():
    results = [*usual_results()[:-1], smoking("449868002"), HBA1C]
    found = answer("score2-asia-pacific", results=results)
    asked = {each.spec.name: each.value for each in found.counterfactuals}
    assert set(asked) == {"smoker", "systolic_pressure", "total_cholesterol"}
    changed = dict(found.inputs) | {"smoker": 0.0}
    assert asked["smoker"] == pytest.approx(oracles.score2_asia_pacific(changed), rel=1e-12)


def test_a_stated_diagnosis_at_an_age_that_the_patient_has_not_reached_gives_no_estimate():
    """Diagnosed at 60, and 45 years old: one of both is wrong, and 4.3 % came of it."""
    values = {
        "male": 1, "age": 45, "region": 2, "smoker": 0, "systolic_pressure": 140,
        "total_cholesterol": 5.5, "hdl_cholesterol": 1.3, "age_at_diagnosis": 60, "hba1c": 50,
        "egfr": 90,
    }  # fmt: skip
    model = REGISTRY.get("score2-diabetes")
    refused = predictor().answer_stated(model, stated(model.definition, values))
    assert isinstance(refused, Withheld)
    assert [(s.name, a.reason.code) for s, a in refused.absent] == [
        ("age_at_diagnosis", "above-its-whole")
    ]
    values["age_at_diagnosis"] = 45
    assert isinstance(
        predictor().answer_stated(model, stated(model.definition, values)), Prediction
    )
