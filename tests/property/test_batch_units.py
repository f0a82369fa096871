"""Units of a table: converted as on a card, or refused; never a number that looks normal."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.batch.errors import BatchRefused
from inference.batch.plan import make_plan
from inference.batch.reading import read
from inference.contract import ModelDefinition, Text
from inference.equations.inputs import laboratory
from inference.prediction import Prediction
from terminology.unit_table import UNITS
from terminology.units import UnitRefused, convert
from tests.support.batch import CHINA_PAR, model, scored, scored_numbers
from tests.support.patients import (
    CATALOGUE,
    REGISTRY,
    condition,
    observation,
    patient,
    predictor,
    snapshot,
    usual_results,
    without,
)

# What people really mix up: the unit in which a value was measured, the one that was written, and
# the values that come up on a ward, in the first.
SWAPS = [
    ("creatinine", "umol/L", "mg/dL", (35, 1500)),
    ("creatinine", "mg/dL", "umol/L", (0.4, 14)),
    ("total_cholesterol", "mmol/L", "mg/dL", (2, 12)),
    ("total_cholesterol", "mg/dL", "mmol/L", (80, 460)),
    ("hdl_cholesterol", "mmol/L", "mg/dL", (0.4, 3)),
    ("hdl_cholesterol", "mg/dL", "mmol/L", (15, 116)),
    ("sbp", "kPa", "mm[Hg]", (10, 32)),
    ("sbp", "mm[Hg]", "kPa", (75, 240)),
    ("waist", "m", "cm", (0.5, 1.6)),
    ("waist", "cm", "m", (50, 160)),
    ("egfr", "mL/s/{1.73_m2}", "mL/min/{1.73_m2}", (0.1, 0.99)),
    ("glucose_fasting", "mmol/L", "mg/dL", (2, 17)),
    ("glucose_fasting", "mg/dL", "mmol/L", (61, 400)),
    ("hba1c", "mmol/mol", "%", (21, 160)),
]
STEPS = 150


def definition(analyte: str, unit: str) -> ModelDefinition:
    """Return a model that reads one laboratory value, as far as a body can have it."""
    found = CATALOGUE.analyte(analyte)
    low, high = (
        float(convert(end, unit=found.canonical_unit, analyte=found, to=unit).value)
        for end in (found.plausible_low, found.plausible_high)
    )
    label = Text(found.name_zh, found.name_en)
    only = laboratory(
        analyte, label, unit, (low, high), loinc=(), max_age_days=365, cv=0.0, reference=low
    )
    base = model("china-par").definition
    return replace(base, inputs=(only,), exclusions=())


def column(analyte: str, written: str, unit: str):
    made = make_plan(
        definition(analyte, unit), [f"{analyte}[{written}]"], catalogue=CATALOGUE, units={}
    )
    (found,) = made.inputs
    return found


@pytest.mark.parametrize(("analyte", "measured", "written", "usual"), SWAPS)
def test_units_that_people_mix_up_are_converted_or_refused(analyte, measured, written, usual):
    # 14 mix-ups with 150 values each: 2,100 cases as they are, 2,100 mixed up.
    values = np.linspace(*usual, STEPS).round(3)
    for model_unit in dict.fromkeys((measured, written)):
        right = read(column(analyte, measured, model_unit), values)
        assert right.faults == {}
        of = CATALOGUE.analyte(analyte)
        expected = [
            float(convert(Decimal(repr(v)), unit=measured, analyte=of, to=model_unit).value)
            for v in values.tolist()
        ]
        assert right.values == pytest.approx(expected, rel=1e-12)
        mixed_up = read(column(analyte, written, model_unit), values)
        assert set(mixed_up.faults) == set(range(STEPS)), values[
            [place for place in range(STEPS) if place not in mixed_up.faults]
        ]
        assert np.isnan(mixed_up.values).all()


ANALYTES = [analyte.id for analyte in CATALOGUE.analytes if not analyte.is_coded]


@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from(ANALYTES),
    st.sampled_from(sorted(UNITS)),
    st.decimals("0.001", "5000", places=3),
    st.booleans(),
)
def test_every_unit_of_every_analyte_is_converted_exactly_or_refused(analyte, written, value, text):
    of = CATALOGUE.analyte(analyte)
    try:
        exact = convert(value, unit=written, analyte=of)
    except UnitRefused:
        with pytest.raises(BatchRefused):
            column(analyte, written, of.canonical_unit)
        return
    cells = [str(value)] if text else np.array([float(value)])
    found = read(column(analyte, written, of.canonical_unit), cells)
    if of.is_plausible(exact.value):
        assert found.values[0] == pytest.approx(float(exact.value), rel=1e-14)
        assert found.faults == {}
    else:
        assert found.faults == {0: "implausible"}
        assert np.isnan(found.values[0])


PRESSURES = st.decimals(60, 260, places=0)
CHOLESTEROLS = st.decimals("1.8", "11", places=2)
MG_DL = st.decimals(70, 410, places=1)


@settings(max_examples=300, deadline=None)
@given(
    PRESSURES,
    st.one_of(CHOLESTEROLS.map(lambda v: (v, "mmol/L")), MG_DL.map(lambda v: (v, "mg/dL"))),
)
def test_a_row_is_scored_exactly_where_a_card_would_say_a_number(pressure, cholesterol):
    total, unit = cholesterol
    results = [
        *without(usual_results(), "tc", "sbp"),
        observation("tc", "14647-2" if unit == "mmol/L" else "2093-3", str(total), unit),
        observation("sbp", "8480-6", str(pressure), "mm[Hg]"),
    ]
    conditions = [condition("E11.900"), condition("Z82.400")]
    patients = snapshot(of=patient(), observations=results, conditions=conditions)
    answer = predictor().answer(REGISTRY.get("china-par"), patients)
    row = {name: cell for name, cell in CHINA_PAR.items() if "total" not in name}
    row |= {"sbp[mm[Hg]]": str(pressure), f"total_cholesterol[{unit}]": str(total)}
    for found in (scored("china-par", [row]), scored_numbers("china-par", [row])):
        assert (len(found.rows) == 1) == isinstance(answer, Prediction)
        if isinstance(answer, Prediction):
            assert found.estimate[0, 0] == pytest.approx(answer.primary.value, abs=1e-13)
            (placed,) = answer.placements
            (step,) = placed.steps
            bit = 1 << placed.scale.steps.index(step)
            assert found.steps["risk-category"][0] == bit
