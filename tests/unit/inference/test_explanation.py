"""What moved an estimate, in the estimate's own terms, and the model's answers elsewhere."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference import explanation, folders
from inference.engine import GraphFailed, GraphOutput
from inference.input_row import recompute
from inference.prediction import Prediction
from inference.registry import golden_cases
from tests.support.patients import (
    REGISTRY,
    observation,
    patient,
    predictor,
    smoking,
    snapshot,
    usual_results,
    without,
)

CHINA_PAR = REGISTRY.get("china-par")


def answer(model: str, **changes) -> Prediction:
    found = predictor().answer(REGISTRY.get(model), snapshot(**changes))
    assert isinstance(found, Prediction)
    return found


def at_reference(found: Prediction) -> dict[str, float]:
    references = {spec.name: spec.reference for spec in found.model.inputs}
    return {
        name: value if references[name] is None or name not in found.features else references[name]
        for name, value in found.inputs.items()
    }


@pytest.mark.parametrize("name", list(folders.names()))
def test_the_shares_add_up_to_the_difference_from_the_reference_person(name):
    definition = folders.definition(name)
    engine, explained = REGISTRY.get(definition.id).engine, 0
    for case in golden_cases(folders.path(name) / folders.GOLDEN):
        known = {spec.name: None for spec in definition.inputs if spec.name in case["inputs"]}
        point = [
            float(case["inputs"][spec.name]) if spec.name in known else
            math.nan if spec.assumed is None else spec.assumed
            for spec in definition.inputs
        ]  # fmt: skip
        probes = explanation.probes(definition.inputs, point, known)
        run = engine.run(np.concatenate([[point], probes.rows]))
        reference = explanation.reference_estimate(definition, run.rows(1))
        found = explanation.contributions(definition, known, run.rows(0, 1), reference)
        explained += len(found)
        together = sum(each.share for each in found)
        assert together == pytest.approx(run.estimate[0, 0] - reference, abs=1e-12)
    assert explained  # somebody scores something


@pytest.mark.parametrize("name", list(folders.names()))
def test_the_reference_person_has_no_shares_and_an_input_without_a_reference_never_has_one(name):
    """Else a share would be told against a value that the reference person does not have."""
    definition = folders.definition(name)
    engine = REGISTRY.get(definition.id).engine
    without_reference = [spec.reference is None for spec in definition.inputs]
    for case in golden_cases(folders.path(name) / folders.GOLDEN):
        point = [float(case["inputs"].get(spec.name, math.nan)) for spec in definition.inputs]
        rows = explanation.probes(definition.inputs, point, ()).rows
        run = engine.run(np.concatenate([[point], rows]))
        assert np.abs(run.contributions[1]).max() <= 1e-12
        assert not run.contributions[0][:, without_reference].any()


def test_an_egfr_is_told_against_a_person_of_50_with_a_creatinine_of_0_8():
    """A woman of 65 with 134 umol/L: creatinine takes most of the way down, age little."""
    found = answer(
        "ckd-epi-2021",
        of=patient(gender="female", birthDate="1961-05-02"),
        observations=[observation("crea", "14682-9", "134", "umol/L")],
    )
    # 142 (0.8/0.7)^-1.200 0.9938^50 1.012, by hand
    assert found.reference == pytest.approx(142 * (0.8 / 0.7) ** -1.2 * 0.9938**50 * 1.012)
    shares = {each.spec.name: each.share for each in found.contributions}
    assert set(shares) == {"creatinine", "age"}
    assert shares["creatinine"] < 8 * shares["age"] < 0


def test_the_reference_person_is_one_whom_the_model_answers_for():
    found = answer("china-par")
    alone = recompute(CHINA_PAR, at_reference(found))[0]
    assert found.reference == pytest.approx(alone, abs=1e-12)


def test_a_pressure_of_168_is_told_in_percentage_points():
    # A man of 58 whose only difference from the reference person of his age is his pressure.
    high = answer(
        "china-par",
        observations=[
            *without(usual_results(), "sbp"),
            observation("sbp", "8480-6", "168", "mm[Hg]"),
        ],
    )
    shares = {each.spec.name: each.share for each in high.contributions}
    usual = answer("china-par")
    assert (
        shares["systolic_pressure"]
        > {each.spec.name: each.share for each in usual.contributions}["systolic_pressure"]
        > 0
    )
    largest = high.contributions[0]
    assert abs(largest.share) == max(abs(share) for share in shares.values())


def test_the_model_is_asked_at_the_guidelines_pressure():
    found = answer("china-par")
    asked = {each.spec.name: each for each in found.counterfactuals}
    changed = dict(found.inputs) | {"systolic_pressure": 130.0}
    expected = recompute(CHINA_PAR, changed)[0]
    assert asked["systolic_pressure"].value == pytest.approx(expected, abs=1e-15)
    assert expected < found.primary.value


def test_a_smoker_is_told_the_estimate_of_one_who_does_not_smoke():
    results = [*usual_results()[:-1], smoking("449868002")]
    asked = {each.spec.name for each in answer("china-par", observations=results).counterfactuals}
    assert "smoker" in asked
    assert "smoker" not in {each.spec.name for each in answer("china-par").counterfactuals}


def test_nobody_is_told_of_an_estimate_that_would_be_higher():
    low = [*without(usual_results(), "sbp"), observation("sbp", "8480-6", "118", "mm[Hg]")]
    found = answer("china-par", observations=low)
    assert "systolic_pressure" not in {each.spec.name for each in found.counterfactuals}
    values = [each.value for each in found.counterfactuals]
    assert values == sorted(values)
    assert all(value < found.primary.value for value in values)


def test_an_input_that_is_not_known_is_neither_asked_nor_explained():
    specs = CHINA_PAR.definition.inputs
    point = [float(spec.low) for spec in specs]
    probes = explanation.probes(specs, point, known=())
    assert probes.asked == ()
    assert len(probes.rows) == 1


def output(base, shares, estimate) -> GraphOutput:
    return GraphOutput(
        np.array(estimate)[:, None], np.array(base)[:, None], np.array(shares)[:, None, :], {}
    )


risks = st.floats(-3, 3)


@given(st.lists(risks, min_size=2, max_size=2), st.floats(-4, 1))
def test_shares_add_up_for_any_person_even_where_they_cancel(pair, base):
    first, second = pair
    specs = CHINA_PAR.definition.inputs[2:4]
    model = replace(CHINA_PAR.definition, inputs=specs)
    features = {spec.name: None for spec in specs}
    rows = [[first, second], [first + 0.01, second]]

    def risk(shares):
        return 1 / (1 + np.exp(-(base + sum(shares))))

    reference = risk([0.0, 0.0])
    of = output([base, base], rows, [risk(row) for row in rows])
    found = explanation.contributions(model, features, of, reference)
    together = sum(each.share for each in found)
    assert together == pytest.approx(risk(rows[0]) - reference, abs=1e-6)
    for each in found:
        # A share has the sign of what it adds to the predictor: risk rises with it.
        assert each.share * each.amount >= 0


def test_shares_that_cancel_are_told_by_the_slope():
    specs = CHINA_PAR.definition.inputs[2:4]
    model = replace(CHINA_PAR.definition, inputs=specs)
    rows = [[0.5, -0.5], [0.6, -0.5]]
    of = output([0.0, 0.0], rows, [0.5, 1 / (1 + np.exp(-0.1))])
    found = explanation.contributions(model, {spec.name: None for spec in specs}, of, 0.5)
    # The logistic curve has the slope 0.25 at its middle.
    assert [each.share for each in found] == pytest.approx([0.125, -0.125], rel=1e-2)


def test_a_reference_person_without_a_number_fails_the_model():
    of = output([0.0], [[0.0, 0.0]], [np.nan])
    with pytest.raises(GraphFailed, match="reference person"):
        explanation.reference_estimate(CHINA_PAR.definition, of)
