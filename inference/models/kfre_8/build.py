"""The torch module that `make models` turns into the graph of KFRE with eight variables."""

import torch

from inference.equations.kidney_failure import graph
from inference.models.kfre_8.definition import MODEL

_EQUATION = graph.Equation(
    slopes={
        "male": 0.1602,
        "age": -0.1992 / 10,
        "egfr": -0.4919 / 5,
        "acr": 0.3364,
        "albumin": -0.3441,
        "phosphate": 0.2604,
        "bicarbonate": -0.07354,
        "calcium": -0.2228,
    },
    survival=((0.9301, 0.9245), (0.9780, 0.9827)),
)

OUTPUTS = graph.OUTPUTS


def module() -> torch.nn.Module:
    """Return the module to export."""
    return graph.KidneyFailure(MODEL.inputs, MODEL.scales, _EQUATION)
