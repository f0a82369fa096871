"""The torch module that `make models` turns into the graph of SCORE2-OP."""

import torch

from inference.equations.score2 import equation, graph
from inference.equations.score2.equation import Term
from inference.models.score2_op.definition import MODEL

# SCORE2-OP working group, Eur Heart J 2021;42:2455-2467, supplement; pressure per mm[Hg].
_TERMS = {
    "age": Term((0.0634, 0.0789), centre=73),
    "smoker": Term((0.3524, 0.4921), by_age=(-0.0247, -0.0255)),
    "systolic_pressure": Term((0.0094, 0.0102), by_age=(-0.0005, -0.0004), centre=150),
    "diabetes": Term((0.4245, 0.6010), by_age=(-0.0174, -0.0107)),
    "total_cholesterol": Term((0.0850, 0.0605), by_age=(0.0073, -0.0009), centre=6),
    "hdl_cholesterol": Term((-0.3564, -0.3040), by_age=(0.0091, 0.0154), centre=1.4),
}

_EQUATION = equation.Equation(
    terms=_TERMS,
    survival=(0.7576, 0.8082),
    mean=(0.0929, 0.229),
    scales=(
        ((-0.34, 1.19), (0.01, 1.25), (0.08, 1.15), (0.05, 0.7)),
        ((-0.52, 1.01), (-0.1, 1.1), (0.38, 1.09), (0.38, 0.69)),
    ),
    thresholds=equation.ESC_2021_THRESHOLDS_OLDER,
)

OUTPUTS = graph.OUTPUTS


def module() -> torch.nn.Module:
    """Return the module to export."""
    return graph.Score2(MODEL.inputs, _EQUATION)
