"""The graph of PREVENT base, ten years, from its coefficients."""

from pathlib import Path

import torch

from inference.equations.prevent import graph
from inference.models.prevent_base.definition import MODEL

OUTPUTS = graph.outputs(MODEL)


def module() -> torch.nn.Module:
    """Return the module to export."""
    coefficients = Path(__file__).with_name("coefficients_10y.csv")
    return graph.Prevent(MODEL, coefficients)
