"""Intervals of people with and without a value: ordered, repeated, never narrower for a gap."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inference.prediction import Withheld
from tests.support.patients import REGISTRY, predictor
from tests.support.stated import stated

MODELS = [
    REGISTRY.get(id)
    for id in ("china-par", "framingham-cvd-2008", "pce-2013", "score2-asia-pacific")
]
GAPS = ["systolic_pressure", "total_cholesterol", "hdl_cholesterol", "waist"]
UNCHANGED = {"north": 1, "urban": 0, "family_history": 0, "region": 2, "black": 0, "diabetes": 0}

people = st.fixed_dictionaries(
    {
        "male": st.integers(0, 1),
        "age": st.integers(40, 69),
        "systolic_pressure": st.integers(95, 195),
        "total_cholesterol": st.floats(3.5, 8),
        "hdl_cholesterol": st.floats(0.6, 2.4),
        "waist": st.integers(60, 140),
        "treated": st.integers(0, 1),
        "smoker": st.integers(0, 1),
    }
)


def answered(model, values, *gone):
    definition = model.definition
    in_its_units = {
        spec.name: values[spec.name] * (38.6664 if spec.unit == "mg/dL" else 1)
        for spec in definition.inputs
        if spec.name in values and spec.name not in gone
    }
    said = {s.name: UNCHANGED[s.name] for s in definition.inputs if s.name in UNCHANGED}
    known = stated(definition, in_its_units | said)
    return predictor(region="US").answer_stated(model, known, impute=True), in_its_units | said


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.definition.id)
@settings(max_examples=60, deadline=None)
@given(people, st.lists(st.sampled_from(GAPS), min_size=1, max_size=2, unique=True))
def test_a_gap_never_narrows_what_is_known(model, person, gaps):
    names = {spec.name for spec in model.definition.inputs}
    gone = [gap for gap in gaps if gap in names]
    assume(gone)
    gap, known = answered(model, person, *gone)
    if isinstance(gap, Withheld):
        # A rare body: too many like it lie outside what the model was made for.
        assert [reason.code for reason in gap.reasons] == ["imputation-outside-domain"]
        return
    assert set(gap.imputed) == set(gone)
    assert gap.primary.low <= gap.primary.value <= gap.primary.high
    for spec in model.definition.inputs:
        if spec.name in gap.imputed:
            found = gap.imputed[spec.name]
            assert spec.low <= found.low < found.value < found.high <= spec.high
    again, _ = answered(model, person, *gone)
    assert again == gap
    # The same person with the middle values measured has the same estimate, known better.
    middle = {name: found.value for name, found in gap.imputed.items()}
    whole = predictor(region="US").answer_stated(model, stated(model.definition, known | middle))
    assert whole.primary.value == gap.primary.value
    ends = [each.primary.high - each.primary.low for each in (whole, gap)]
    # An input that hardly counts adds less than the 256 draws are uneven.
    assert ends[0] <= ends[1] * 1.03
