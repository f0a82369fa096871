"""Printed figures: never rounded across a bound, never to a bare zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_hooks.render.figures import amount, at, label, share
from cds_hooks.wording import Wording
from inference.contract import Outcome, Text
from tests.support.patients import REGISTRY

RISK = Outcome("r", Text("r", "r"), "1", 10)
INDEX = Outcome("i", Text("i", "i"), "{index}")
EGFR = Outcome("e", Text("e", "e"), "mL/min/{1.73_m2}")


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (0.074626, "7.46%"),
        (0.075, "7.5%"),
        (0.0749999, "7.49999%"),
        (0.0766, "7.7%"),
        (0.2345, "23.4%"),
        (0.0004, "<0.1%"),
    ],
)
def test_a_risk_is_printed_on_its_side_of_the_threshold(value, printed):
    assert amount(RISK, value, (0.075,)) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [(59.7, "59.7 "), (60.2, "60.2 "), (60.0, "60 "), (59.96, "59.96 "), (88.4, "88 ")],
)
def test_an_egfr_just_below_60_is_not_printed_as_60(value, printed):
    assert amount(EGFR, value, (90, 60, 45, 30, 15)).startswith(printed)


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_the_printed_risk_says_the_same_about_the_bound_as_the_risk(value, bound):
    printed = float(amount(RISK, value, (bound,)).rstrip("%"))
    if abs(value - bound) > 1e-7:
        assert (printed >= 100 * bound) == (value >= bound)


@pytest.mark.parametrize(
    ("value", "printed"), [(0.1004, "10.04%"), (0.1, "10.0%"), (0.096, "9.6%")]
)
def test_a_two_year_risk_above_10_percent_is_not_printed_as_10_percent(value, printed):
    """KDIGO's step is "above 10 %": with "10.0%" beside it the card would contradict itself."""
    assert amount(RISK, value, (0.10, 0.40)) == printed


def test_a_fib_4_just_above_2_67_is_printed_above_it():
    assert amount(INDEX, 2.6712, (1.3, 2.0, 2.67)) == "2.671"


def test_the_parts_of_an_index_have_its_decimals():
    """1.00 and +0.22 are 1.22; "+0.2" would not lead there."""
    assert share(INDEX, 0.2249, Wording("en", ())) == "+0.22"


@pytest.mark.parametrize(
    ("language", "told"), [("zh-CN", ("性别", "男", "女")), ("en", ("sex", "male", "female"))]
)
def test_the_share_of_sex_is_told_against_the_other_sex(language, told):
    (spec,) = (each for each in REGISTRY.get("kfre-4").definition.inputs if each.name == "male")
    wording = Wording(language, [REGISTRY.get("kfre-4").definition])
    said = label(spec, wording), at(spec, None, 1.0, wording), at(spec, None, 0.0, wording)
    assert said == told
