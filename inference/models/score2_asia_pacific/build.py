"""The torch module that `make models` turns into the graph of SCORE2 Asia-Pacific."""

import torch

from inference.equations.score2 import equation, graph
from inference.models.score2_asia_pacific.definition import MODEL

# The Asia-Pacific regions, low to very high, as the paper's supplement has them.
_SCALES = (
    (
        (-0.375229965, 0.62020875),
        (0.284885676, 0.778128607),
        (0.778231091, 0.844985356),
        (0.608975204, 0.679014197),
    ),
    (
        (-0.986572446, 0.536743779),
        (0.08278687, 0.718980326),
        (0.611474287, 0.703624072),
        (0.502751798, 0.555577072),
    ),
)

_EQUATION = equation.Equation(
    terms=equation.SCORE2_TERMS,
    survival=equation.SCORE2_SURVIVAL,
    scales=_SCALES,
    thresholds=equation.ESC_2021_THRESHOLDS,
)

OUTPUTS = graph.OUTPUTS


def module() -> torch.nn.Module:
    """Return the module to export."""
    return graph.Score2(MODEL.inputs, _EQUATION)
