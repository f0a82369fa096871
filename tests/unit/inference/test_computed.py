"""A computed value is written on its own side of the round figures at which scales have bounds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.features.feature import converted, written
from inference.prediction import Withheld
from tests.support.patients import (
    REGISTRY,
    observation,
    predictor,
    snapshot,
    usual_results,
    without,
)


@pytest.mark.parametrize(
    ("value", "said"),
    [(59.963, "59.96"), (60.0, "60.0"), (60.02, "60.02"), (44.97, "44.97"), (18.46, "18.46"),
     (83.27, "83.3")],
)  # fmt: skip
def test_a_value_near_a_bound_keeps_the_decimals_that_show_its_side(value, said):
    assert written(value, "u") == f"{said} u"


@given(st.floats(5, 150))
def test_what_is_written_lies_on_the_value_s_side_of_every_whole_and_half(value):
    figure = float(written(value, "u").split()[0])
    for half in (round(2 * value) / 2, 60.0, 45.0, 18.5):
        if abs(value - half) > 1e-5:
            assert (figure >= half) == (value >= half)


def test_two_cards_of_one_patient_say_the_same_egfr():
    """A man of 58 with 120.84 umol/L: G3a by CKD-EPI; KFRE's card said 60.0 and asks for less."""
    results = [
        *without(usual_results(), "crea"),
        observation("crea", "14682-9", "120.84", "umol/L"),
    ]
    named = [REGISTRY.get(name) for name in ("ckd-epi-2021", "kfre-4")]
    ckd_epi, kfre = predictor().answer_named(named, snapshot(observations=results))
    assert 59.95 < ckd_epi.primary.value < 60
    assert ckd_epi.placements[0].steps[0].id == "G3a"
    assert kfre.features["egfr"].reported.startswith("59.95 ")


def test_a_value_outside_a_domain_is_told_in_the_domain_s_unit_too():
    """9.05 mmol/L of cholesterol is above PREVENT's 130-320 mg/dL, and its number below both."""
    results = [*without(usual_results(), "tc"), observation("tc", "14647-2", "9.05", "mmol/L")]
    found = predictor().answer(REGISTRY.get("prevent-base-10y"), snapshot(observations=results))
    assert isinstance(found, Withheld)
    (reason,) = [missing.reason for spec, missing in found.absent]
    assert re.fullmatch(r"9\.05 mmol/L = 349\.9\d+ mg/dL", reason.values["value"])
    assert converted("350 mg/dL", 350.0, "mg/dL") == "350 mg/dL"
    assert converted("82", 82.0, "a") == "82"
