"""The functions of UCUM's special units: those that are no multiple of another unit.

UCUM §3.1: a special unit is a pair of functions, one from the measure to the number on the scale
(`forward`) and its inverse, each on the ratio of the measure to a proper reference unit.
"""

import math
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, DecimalException
from fractions import Fraction
from typing import Final

# Kelvins (of the reference unit's size) between the scale's zero and absolute zero.
OFFSETS: Final[Mapping[str, Fraction]] = {
    "Cel": Fraction("273.15"),
    "degF": Fraction("459.67"),
    "degRe": Fraction("218.52"),
}
TANGENTS: Final = frozenset({"tanTimes100", "100tan"})

# Enough digits that rounding to a double happens once; exponents so that nothing grows without end.
_CONTEXT: Final = Context(prec=50, Emin=-9999, Emax=9999)
# Number on the scale = multiplier x logarithm of the ratio to a base.
_LOGARITHMS: Final[Mapping[str, tuple[int, Decimal]]] = {
    "ln": (1, Decimal(1).exp(_CONTEXT)),
    "ld": (1, Decimal(2)),
    "lg": (1, Decimal(10)),
    "lgTimes2": (2, Decimal(10)),
    "pH": (-1, Decimal(10)),
    "hpX": (-1, Decimal(10)),
    "hpC": (-1, Decimal(100)),
    "hpM": (-1, Decimal(1000)),
    "hpQ": (-1, Decimal(50000)),
}


class OffScale(ValueError):
    """A number for which a special unit's function is not defined or too large to compute."""


def forward(function: str, ratio: Fraction) -> Fraction:
    """Return the number on the scale for a measure; `OffScale` where there is none."""
    if function in OFFSETS:
        return ratio - OFFSETS[function]
    if function in TANGENTS:
        return Fraction(math.tan(float(ratio))) * 100
    if function == "sqrt":
        return _checked(function, ratio, lambda x: x.sqrt(_CONTEXT))
    multiplier, base = _LOGARITHMS[function]
    return multiplier * _checked(
        function, ratio, lambda x: _CONTEXT.divide(x.ln(_CONTEXT), base.ln(_CONTEXT))
    )


def inverse(function: str, number: Fraction) -> Fraction:
    """Return the measure for a number on the scale; `OffScale` where there is none."""
    if function in OFFSETS:
        return number + OFFSETS[function]
    if function in TANGENTS:
        return Fraction(math.atan(float(number / 100)))
    if function == "sqrt":
        return number * number
    multiplier, base = _LOGARITHMS[function]
    return _checked(function, number / multiplier, lambda x: _CONTEXT.power(base, x))


def _checked(function: str, number: Fraction, apply: Callable[[Decimal], Decimal]) -> Fraction:
    try:
        argument = _CONTEXT.divide(Decimal(number.numerator), Decimal(number.denominator))
        result = apply(argument)
    except DecimalException as problem:
        raise OffScale(f"{function} has no value for {float(number):g}") from problem
    if not result.is_finite():
        raise OffScale(f"{function} has no value for {float(number):g}")
    return Fraction(result)
