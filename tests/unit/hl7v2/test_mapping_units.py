"""OBX-6 of senders that print a power of ten with the separator of components."""

import pytest

from tests.unit.hl7v2.examples import observation, obx


@pytest.mark.parametrize(
    ("sent", "shown", "ucum"),
    [
        ("10^9/L", "10^9/L", "10*9/L"),
        ("×10^9/L", "×10^9/L", "10*9/L"),
        ("x10^12/L", "x10^12/L", "10*12/L"),
        ("10\\S\\9/L", "10^9/L", "10*9/L"),
        ("10*9/L", "10*9/L", "10*9/L"),
        ("10^6", "10^6", None),
        ("mmol/L^毫摩尔/升", "毫摩尔/升", "mmol/L"),
        ("10^次", "次", None),
    ],
)
def test_a_white_cell_count_in_billions_is_not_shown_in_ninths(sent, shown, ucum):
    quantity = observation(obx(f5="6.50", f6=sent))["valueQuantity"]
    assert (quantity["unit"], quantity.get("code")) == (shown, ucum)
