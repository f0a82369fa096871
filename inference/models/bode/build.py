"""The torch module that `make models` turns into the graph of the BODE index."""

import torch

from inference.equations.points.graph import Points
from inference.models.bode.definition import MODEL


class Bode(Points):
    """Map the input matrix [n, 4] to the index, base, contributions and the quartile."""

    def __init__(self) -> None:
        super().__init__([spec.name for spec in MODEL.inputs])
        self.table("bmi", [1.0, 0.0], above=(21.0,))
        self.table("fev1_percent", [3.0, 2.0, 1.0, 0.0], at_least=(50.0, 65.0), above=(35.0,))
        self.table("mmrc_dyspnoea", [0.0, 1.0, 2.0, 3.0], at_least=(2.0, 3.0, 4.0))
        self.table("six_minute_walk", [3.0, 2.0, 1.0, 0.0], at_least=(150.0, 250.0, 350.0))
        self.table("quartile", [0.0] * 4, at_least=MODEL.bounds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        v = self.named(x)
        shares = {name: self.look_up(name, value) for name, value in v.items()}
        contributions = self.matrix(shares, v["bmi"])[:, None, :]
        estimate = contributions.sum(dim=2)
        category = self.category("quartile", estimate[:, 0])
        return estimate, torch.zeros_like(estimate), contributions, category


OUTPUTS = ("estimate", "base", "contributions", "quartile")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Bode()
