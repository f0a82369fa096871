"""Printed figures: never rounded across a bound, never to a bare zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_hooks.render.figures import amount, at, label
from cds_hooks.wording import Wording
from inference.contract import Outcome, Text
from tests.support.patients import REGISTRY

RISK = Outcome("r", Text("r", "r"), "1", 10)
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
    ("value", "printed"), [(59.7, "59.7 "), (60.2, "60 "), (59.96, "59.96 "), (88.4, "88 ")]
)
def test_an_egfr_just_below_60_is_not_printed_as_60(value, printed):
    assert amount(EGFR, value, (90, 60, 45, 30, 15)).startswith(printed)


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_the_printed_risk_says_the_same_about_the_bound_as_the_risk(value, bound):
    printed = float(amount(RISK, value, (bound,)).rstrip("%"))
    if abs(value - bound) > 1e-7:
        assert (printed >= 100 * bound) == (value >= bound)


@pytest.mark.parametrize(
    ("language", "told"), [("zh-CN", ("性别", "男", "女")), ("en", ("sex", "male", "female"))]
)
def test_the_share_of_sex_is_told_against_the_other_sex(language, told):
    (spec,) = (each for each in REGISTRY.get("kfre-4").definition.inputs if each.name == "male")
    wording = Wording(language, [REGISTRY.get("kfre-4").definition])
    said = label(spec, wording), at(spec, None, 1.0, wording), at(spec, None, 0.0, wording)
    assert said == told
