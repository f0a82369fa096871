"""The torch module that `make models` turns into the graph of SCORE2."""

import torch

from inference.equations.score2 import equation, graph
from inference.models.score2.definition import MODEL

_EQUATION = equation.Equation(
    terms=equation.SCORE2_TERMS,
    survival=equation.SCORE2_SURVIVAL,
    scales=equation.EUROPEAN_SCALES,
    thresholds=equation.ESC_2021_THRESHOLDS,
)

OUTPUTS = graph.OUTPUTS


def module() -> torch.nn.Module:
    """Return the module to export."""
    return graph.Score2(MODEL.inputs, _EQUATION)
