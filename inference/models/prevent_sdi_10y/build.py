"""The graph of PREVENT sdi, ten years, from its coefficients."""

from pathlib import Path

import torch

from inference.equations.prevent import graph
from inference.models.prevent_sdi_10y.definition import MODEL

OUTPUTS = graph.outputs(MODEL)


def module() -> torch.nn.Module:
    """Return the module to export."""
    return graph.Prevent(MODEL, Path(__file__).with_name("coefficients.csv"))
