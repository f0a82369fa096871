"""The torch module that `make models` turns into the graph of KFRE with four variables."""

import torch

from inference.equations.kidney_failure import graph
from inference.models.kfre_4.definition import MODEL

_EQUATION = graph.Equation(
    slopes={
        "male": 0.2467,
        "age": -0.2201 / 10,
        "egfr": -0.5567 / 5,
        "acr": 0.4510,
    },
    survival=((0.9240, 0.9365), (0.9750, 0.9832)),
)

OUTPUTS = graph.OUTPUTS


def module() -> torch.nn.Module:
    """Return the module to export."""
    return graph.KidneyFailure(MODEL.inputs, MODEL.scales, _EQUATION)
