"""The form that all SCORE2 equations share, as data.

    x = sum of b z + c a z + q z^2,  r = 1 - S0^exp(x - mean)
    risk = 1 - exp(-exp(scale1 + scale2 ln(-ln(1 - r))))

with z an input less its centre over its step and a the age so written. As ln(-ln(1 - r)) is
ln(-ln S0) + x - mean, the logarithm of the calibrated cumulative hazard is linear in x: the
contributions are exact on the scale of the risk that is told, not of the one before calibration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MEN, WOMEN = 0, 1
BySex = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Term:
    """What one input adds, each number for (men, women).

    z is (x - centre) / step, with ln x in the place of x where `logarithm`; `slope` multiplies
    it, `by_age` its product with the centred age, `square` its square.
    """

    slope: BySex
    by_age: BySex = (0.0, 0.0)
    square: BySex = (0.0, 0.0)
    centre: float = 0.0
    step: float = 1.0
    logarithm: bool = False


@dataclass(frozen=True, slots=True)
class Equation:
    """One published equation; `scales` are (scale1, scale2) of the four regions for each sex.

    `constant` is added to x. `thresholds` are (first age, the values at which the category
    rises), the youngest ages first.
    """

    terms: Mapping[str, Term]
    survival: BySex
    scales: tuple[tuple[BySex, ...], tuple[BySex, ...]]
    thresholds: tuple[tuple[int, tuple[float, ...]], ...]
    mean: BySex = (0.0, 0.0)
    constant: BySex = (0.0, 0.0)


# SCORE2 working group, Eur Heart J 2021;42:2439-2454, supplement; Asia-Pacific keeps these.
SCORE2_TERMS: Final = {
    "age": Term((0.3742, 0.4648), centre=60, step=5),
    "smoker": Term((0.6012, 0.7744), by_age=(-0.0755, -0.1088)),
    "systolic_pressure": Term((0.2777, 0.3131), by_age=(-0.0255, -0.0277), centre=120, step=20),
    "diabetes": Term((0.6457, 0.8096), by_age=(-0.0983, -0.1272)),
    "total_cholesterol": Term((0.1458, 0.1002), by_age=(-0.0281, -0.0226), centre=6),
    "hdl_cholesterol": Term(
        (-0.2698, -0.2606), by_age=(0.0426, 0.0613), centre=1.3, step=0.5
    ),
}  # fmt: skip
SCORE2_SURVIVAL: Final = (0.9605, 0.9776)

# The regions of Europe, low to very high; SCORE2-Diabetes is recalibrated with the same.
EUROPEAN_SCALES: Final = (
    ((-0.5699, 0.7476), (-0.1565, 0.8009), (0.3207, 0.9360), (0.5836, 0.8294)),
    ((-0.7380, 0.7019), (-0.3143, 0.7701), (0.5710, 0.9369), (0.9412, 0.8329)),
)

# ESC guideline on prevention, Eur Heart J 2021;42:3227-3337, table 5.
ESC_2021_THRESHOLDS: Final = ((40, (0.025, 0.075)), (50, (0.05, 0.10)))
ESC_2021_THRESHOLDS_OLDER: Final = ((70, (0.075, 0.15)),)
