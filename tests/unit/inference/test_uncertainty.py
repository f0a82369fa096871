"""The draws around a reading have the declared spread, and the interval is the usual quantile."""

import numpy as np
import pytest

from inference.registry import ModelRegistry
from inference.uncertainty import DRAWS, corner_count, interval, rows

SPECS = {m.definition.id: m.definition.inputs for m in ModelRegistry.discover()}["china-par"]
NAMES = [spec.name for spec in SPECS]
POINT = [1, 58, 152, 1, 224, 41, 94, 0, 1, 1, 1, 0]
KNOWN = [False] * len(SPECS)
UNKNOWN_FAMILY = [name == "family_history" for name in NAMES]


def column(matrix: np.ndarray, name: str) -> np.ndarray:
    return matrix[:, NAMES.index(name)]


def draws(absent=KNOWN) -> np.ndarray:
    return rows(SPECS, POINT, absent)[1 + corner_count(SPECS, absent) :]


def test_the_first_row_is_the_point_itself():
    assert rows(SPECS, POINT, KNOWN)[0].tolist() == POINT
    assert len(draws()) == DRAWS


def test_a_reading_of_the_pressure_spreads_by_8_mm_hg():
    pressure = column(draws(), "systolic_pressure")
    assert pressure.mean() == pytest.approx(152, abs=0.5)
    assert pressure.std() == pytest.approx(8, rel=0.05)


def test_cholesterol_spreads_by_6_percent():
    spread = np.log(column(draws(), "total_cholesterol") / 224)
    assert spread.mean() == pytest.approx(0, abs=0.005)
    assert spread.std() == pytest.approx(0.06, rel=0.05)


@pytest.mark.parametrize("name", ["male", "age", "treated", "smoker", "diabetes", "north"])
def test_facts_do_not_spread(name):
    assert set(column(draws(), name)) == {POINT[NAMES.index(name)]}


def test_an_unknown_fact_takes_each_of_its_values_equally_often():
    family = column(draws(UNKNOWN_FAMILY), "family_history")
    assert corner_count(SPECS, UNKNOWN_FAMILY) == 2
    assert sorted(set(family)) == [0, 1]
    assert family.mean() == 0.5


def test_a_small_reading_never_spreads_below_zero():
    low = list(POINT)
    low[NAMES.index("systolic_pressure")] = 5
    found = column(rows(SPECS, low, KNOWN), "systolic_pressure")
    assert (found > 0).all()


def test_the_interval_is_the_linear_quantile():
    values = np.random.default_rng(7).normal(size=(256, 5))
    low, high = interval(values)
    assert low == pytest.approx(np.quantile(values, 0.05, axis=0, method="hazen"), abs=1e-12)
    assert high == pytest.approx(np.quantile(values, 0.95, axis=0, method="hazen"), abs=1e-12)
