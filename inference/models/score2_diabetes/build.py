"""The torch module that `make models` turns into the graph of SCORE2-Diabetes."""

import torch

from inference.equations.score2 import equation, graph
from inference.equations.score2.equation import Term
from inference.models.score2_diabetes.definition import MODEL

# SCORE2-Diabetes working group, Eur Heart J 2023;44:2544-2556, supplement. Everybody whom the
# model is for has diabetes: its own term is the constant, and its product with the age is part of
# the age's.
_DIABETES = (0.6457, 0.8096)
_DIABETES_BY_AGE = (-0.0983, -0.1272)
_AGE = (0.5368, 0.6624)

_TERMS = {
    "age": Term((_AGE[0] + _DIABETES_BY_AGE[0], _AGE[1] + _DIABETES_BY_AGE[1]), centre=60, step=5),
    "smoker": Term((0.4774, 0.6139), by_age=(-0.0672, -0.1122)),
    "systolic_pressure": Term((0.1322, 0.1421), by_age=(-0.0268, -0.0167), centre=120, step=20),
    "total_cholesterol": Term((0.1102, 0.1127), by_age=(-0.0181, -0.0200), centre=6),
    "hdl_cholesterol": Term((-0.1087, -0.1568), by_age=(0.0095, 0.0186), centre=1.3, step=0.5),
    "age_at_diagnosis": Term((-0.0998, -0.118), centre=50, step=5),
    "hba1c": Term((0.0955, 0.1173), by_age=(-0.0134, -0.0196), centre=31, step=9.34),
    "egfr": Term(
        (-0.0591, -0.0640),
        by_age=(0.0115, 0.0169),
        square=(0.0058, 0.0062),
        centre=4.5,
        step=0.15,
        logarithm=True,
    ),
}

_EQUATION = equation.Equation(
    terms=_TERMS,
    survival=equation.SCORE2_SURVIVAL,
    constant=_DIABETES,
    scales=equation.EUROPEAN_SCALES,
    # ESC guideline on cardiovascular disease in diabetes, Eur Heart J 2023;44:4043-4140.
    thresholds=((40, (0.05, 0.10, 0.20)),),
)

OUTPUTS = graph.OUTPUTS


def module() -> torch.nn.Module:
    """Return the module to export."""
    return graph.Score2(MODEL.inputs, _EQUATION)
