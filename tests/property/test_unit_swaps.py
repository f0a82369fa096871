"""Units at the doors of one patient: a right one is converted, a swapped one is never believed."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.prediction import Prediction, Withheld
from terminology.unit_doubt import rival_unit
from terminology.unit_table import UNITS
from terminology.units import UnitRefused, convert
from tests.property.test_batch_units import SWAPS
from tests.support.patients import (
    CATALOGUE,
    REGISTRY,
    observation,
    predictor,
    snapshot,
    usual_results,
    without,
)
from tests.support.usual_values import answer, stated, usual

MODELS = {model.definition.id: model for model in REGISTRY}
QUANTITIES = [
    (model, spec)
    for model in MODELS.values()
    for spec in model.definition.inputs
    if CATALOGUE.measured(spec.feature) is not None and spec.name in usual(model)
]
# Mix-ups as in tables, and those of what only these models read: number and unit of a ward.
MIX_UPS = [
    *SWAPS,
    ("hba1c", "%", "mmol/mol", (4, 14)),
    ("albumin", "g/L", "g/dL", (20, 50)),
    ("albumin", "g/dL", "g/L", (2, 5)),
    ("calcium", "mmol/L", "mg/dL", (1.8, 3)),
    ("calcium", "mg/dL", "mmol/L", (7.6, 12)),
    ("phosphate", "mmol/L", "mg/dL", (0.6, 2)),
    ("platelets", "10*9/L", "/uL", (20, 450)),
]


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(QUANTITIES), st.floats(0, 1), st.sampled_from(sorted(UNITS)))
def test_a_value_restated_in_another_unit_gives_the_same_estimate_or_is_refused(pair, share, unit):
    model, spec = pair
    analyte = CATALOGUE.analyte(spec.feature)
    value = Decimal(repr(round(spec.low + share * (spec.high - spec.low), 3)))
    value = min(max(value, Decimal(repr(spec.low))), Decimal(repr(spec.high)))
    try:
        # What the other laboratory would have printed, to 25 digits.
        restated = convert(value, unit=spec.unit, analyte=analyte, to=unit).value
        back = convert(restated, unit=unit, analyte=analyte, to=spec.unit).value
    except UnitRefused:
        return
    if not spec.low <= float(back) <= spec.high:
        return
    first, second = (
        answer(model, usual(model) | {spec.name: stated(spec, number, written)})
        for number, written in ((value, spec.unit), (restated, unit))
    )
    assert type(first) is type(second)
    if isinstance(first, Prediction):
        for one, other in zip(first.estimates, second.estimates, strict=True):
            assert other.value == pytest.approx(one.value, rel=1e-9, abs=1e-12)


CASES = [
    (model, spec, measured, written, usual_range)
    for model, spec in QUANTITIES
    for analyte, measured, written, usual_range in MIX_UPS
    if spec.feature == analyte
]


@settings(max_examples=2000, deadline=None)
@given(st.sampled_from(CASES), st.floats(0, 1))
def test_a_number_under_a_unit_that_is_not_its_own_is_refused_or_doubted(case, share):
    model, spec, _, written, (low, high) = case
    number = Decimal(repr(round(low + share * (high - low), 3)))
    found = answer(model, usual(model) | {spec.name: stated(spec, number, written)})
    gone = {each.name: absent.reason.code for each, absent in found.absent}
    if spec.name in gone:
        assert gone[spec.name] in ("outside-domain", "value-unusable")
    else:
        # 2 mg/dL of phosphate exists and may be 2 mmol/L: it is used as written, and doubted.
        (doubt,) = [r for r in found.confidence.reasons if r.code == "unit-rival"]
        assert doubt.values["rival"] == case[2]
        assert spec.feature == "phosphate"
    if isinstance(found, Prediction):
        assert found.confidence.level != "high"


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(MIX_UPS), st.floats(0.1, 0.9))
def test_an_ordinary_value_under_its_own_unit_is_not_doubted(mix_up, share):
    analyte, measured, _, (low, high) = mix_up
    middle = Decimal(repr(round(low + (0.35 + 0.3 * share) * (high - low), 3)))
    of = CATALOGUE.analyte(analyte)
    assert rival_unit(middle, unit=measured, analyte=of) is None


RESULTS = {
    "total_cholesterol": ("tc", {"mmol/L": "14647-2", "mg/dL": "2093-3"}),
    "hdl_cholesterol": ("hdl", {"mmol/L": "14646-4", "mg/dL": "2085-9"}),
    "creatinine": ("crea", {"umol/L": "14682-9", "mg/dL": "2160-0"}),
    "sbp": ("sbp", {"mm[Hg]": "8480-6", "kPa": "8480-6"}),
    "waist": ("waist", {"cm": "8280-0", "m": "8280-0"}),
}
RECORDED = [case for case in SWAPS if case[0] in RESULTS]


@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from(RECORDED),
    st.floats(0, 1),
    st.booleans(),
    st.sampled_from(["CN", "US", "CA"]),
)
def test_a_result_under_a_wrong_unit_is_on_no_card(case, share, code_of_the_unit, region):
    analyte, measured, written, (low, high) = case
    id, codes = RESULTS[analyte]
    number = str(round(low + share * (high - low), 3))
    # The laboratory's code may be that of the unit that was meant, or of the one that was written.
    code = codes[written if code_of_the_unit else measured]
    results = [*without(usual_results(), id), observation(id, code, number, written)]
    right = snapshot(observations=[*without(usual_results(), id),
                                   observation(id, codes[measured], number, measured)])  # fmt: skip
    for found in predictor(region=region).answer_all(snapshot(observations=results)).given:
        used = [s for s in found.model.inputs if s.feature == analyte]
        if isinstance(found, Withheld):
            continue
        assert not [s for s in used if s.name in found.features], found.features
    # The same number under its own unit is read.
    table = predictor(region=region).answer_all(right).given
    reasons = {
        absent.reason.code
        for found in table
        for spec, absent in found.absent
        if spec.feature == analyte
    }
    assert reasons <= {"outside-domain"}
