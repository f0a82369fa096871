"""Bad input to every model: refused or flagged with the reason, never a number that looks normal.

The suite runs over the registry: a model that is added is held to it without an edit.
"""

import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from inference.contract import InputSpec, WhenAbsent
from inference.features import kinds
from inference.features.consistency import pairs_of
from inference.prediction import Prediction, Withheld
from inference.registry import LoadedModel
from tests.support.patients import CATALOGUE, NOW, REGISTRY
from tests.support.usual_values import answer, stated, usual

MODELS = {model.definition.id: model for model in REGISTRY}
EVERY = list(MODELS.values())

every_model = pytest.mark.parametrize("model", EVERY, ids=MODELS)


def of(condition) -> pytest.MarkDecorator:
    """Run over each input of each model that fits."""
    pairs = [(m, spec) for m in EVERY for spec in m.definition.inputs if condition(m, spec)]
    ids = [f"{m.definition.id}-{spec.name}" for m, spec in pairs]
    return pytest.mark.parametrize(("model", "spec"), pairs, ids=ids)


def is_given(model: LoadedModel, spec: InputSpec) -> bool:
    return spec.name in usual(model)


def why_absent(found) -> dict[str, str]:
    return {spec.name: gone.reason.code for spec, gone in found.absent}


def assert_not_used(found, spec: InputSpec, *codes: str) -> None:
    """No estimate, or one that says of the input why it is not in it and is not of high level."""
    assert why_absent(found)[spec.name] in codes
    if isinstance(found, Withheld):
        return
    assert spec.name not in found.features
    assert math.isnan(found.inputs[spec.name])
    assert found.confidence.level != "high"
    assert "input-not-known" in {reason.code for reason in found.confidence.reasons}
    assert spec.when_absent is not WhenAbsent.REQUIRED


@every_model
def test_a_usual_patient_gets_an_estimate(model):
    assert isinstance(answer(model, usual(model)), Prediction)


@of(lambda _m, spec: spec.feature == "age")
@pytest.mark.parametrize("end", ["low", "high"])
def test_both_ends_of_the_age_are_in_and_a_year_beyond_is_out(model, spec, end):
    edge = spec.low if end == "low" else spec.high
    beyond = edge - 1 if end == "low" else edge + 1
    for value, inside in ((edge, True), (beyond, False)):
        found = answer(model, usual(model) | {spec.name: stated(spec, value)})
        reasons = why_absent(found)
        assert (spec.name not in reasons) == inside, (value, reasons)
        if not inside:
            assert isinstance(found, Withheld)
            assert found.kind == "not-applicable"
            assert reasons[spec.name] == "outside-domain"


@of(lambda m, spec: is_given(m, spec) and not kinds.is_flag(spec))
def test_a_value_beyond_the_model_s_domain_is_never_in_an_estimate(model, spec):
    step = 1 if kinds.is_whole(spec, CATALOGUE) else 0.01 * (spec.high - spec.low)
    beyond = [spec.high + step] + ([spec.low - step] if spec.low - step > 0 else [])
    for value in beyond:
        found = answer(model, usual(model) | {spec.name: stated(spec, round(value, 6))})
        assert_not_used(found, spec, "outside-domain", "value-unusable")


@of(lambda m, spec: is_given(m, spec) and CATALOGUE.measured(spec.feature) is not None)
@pytest.mark.parametrize("value", ["-1", "0", "1e6", "1e11"])
def test_an_impossible_value_is_never_in_an_estimate(model, spec, value):
    if spec.low <= Decimal(value) <= spec.high:
        pytest.skip(f"{value} {spec.unit} is in the domain of {spec.name}")
    found = answer(model, usual(model) | {spec.name: stated(spec, Decimal(value))})
    assert_not_used(found, spec, "outside-domain", "value-unusable")


@of(lambda _m, spec: spec.when_absent is WhenAbsent.REQUIRED)
def test_a_missing_required_input_is_named_and_leaves_no_estimate(model, spec):
    values = {name: value for name, value in usual(model).items() if name != spec.name}
    found = answer(model, values)
    assert isinstance(found, Withheld)
    assert found.kind == "missing"
    assert why_absent(found) == {spec.name: "no-value"}


@of(lambda m, spec: is_given(m, spec) and spec.when_absent is not WhenAbsent.REQUIRED)
def test_a_missing_input_that_is_not_required_is_said(model, spec):
    values = {name: value for name, value in usual(model).items() if name != spec.name}
    assert_not_used(answer(model, values), spec, "no-value")


@of(lambda m, spec: is_given(m, spec) and spec.max_age_days is not None)
def test_a_value_that_is_too_old_is_not_used(model, spec):
    age = timedelta(days=spec.max_age_days)
    value = usual(model)[spec.name]
    last = answer(model, usual(model) | {spec.name: replace(value, effective=NOW - age)})
    assert spec.name in last.features
    stale = replace(value, effective=NOW - age - timedelta(minutes=1))
    assert_not_used(answer(model, usual(model) | {spec.name: stale}), spec, "value-too-old")


@of(lambda m, spec: is_given(m, spec) and spec.max_age_days is not None)
def test_a_value_of_tomorrow_is_not_used(model, spec):
    ahead = replace(usual(model)[spec.name], effective=NOW + timedelta(days=1))
    found = answer(model, usual(model) | {spec.name: ahead})
    assert_not_used(found, spec, "value-in-future")


@pytest.mark.parametrize(
    ("model", "flag"),
    [(m, e.flag) for m in EVERY for e in m.definition.exclusions],
    ids=[f"{m.definition.id}-{e.flag}" for m in EVERY for e in m.definition.exclusions],
)
def test_a_state_that_excludes_leaves_no_estimate(model, flag):
    found = answer(model, usual(model), **{flag: True})
    assert isinstance(found, Withheld)
    assert found.kind == "not-applicable"
    assert found.excluded_by == (flag,)


PAIRS = [
    (model, bound, part, whole)
    for model in EVERY
    for bound, part, whole in pairs_of(model.definition.inputs)
    if part.high > whole.low  # PREVENT's ranges do not meet
]


@pytest.mark.parametrize(
    ("model", "bound", "part", "whole"),
    PAIRS,
    ids=[f"{p[0].definition.id}-{p[2].name}" for p in PAIRS],
)
def test_a_part_that_is_larger_than_its_whole_is_never_in_an_estimate(model, bound, part, whole):
    """HDL of 3.0 beside a total cholesterol of 2.2: each is possible, one is wrong."""
    assert part.unit == whole.unit
    low, high = max(part.low, whole.low), min(part.high, whole.high)
    for share, is_fit in ((0.5, bound.may_equal), (0.6, False)):
        smaller, larger = (round(low + each * (high - low)) for each in (0.5, share))
        values = usual(model) | {
            part.name: stated(part, larger),
            whole.name: stated(whole, smaller),
        }
        found = answer(model, values)
        assert (part.name not in why_absent(found)) == is_fit
        if not is_fit:
            assert isinstance(found, Withheld)
            assert why_absent(found)[part.name] == "above-its-whole"
