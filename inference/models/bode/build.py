"""The torch module that `make models` turns into the graph of the BODE index."""

import torch

from inference.equations.pieces.graph import Steps
from inference.equations.points.graph import Points, Table
from inference.models.bode.definition import MODEL

_TABLES = {
    "bmi": Table((1.0, 0.0), above=(21.0,)),
    "fev1_percent": Table((3.0, 2.0, 1.0, 0.0), at_least=(50.0, 65.0), above=(35.0,)),
    "mmrc_dyspnoea": Table((0.0, 1.0, 2.0, 3.0), at_least=(2.0, 3.0, 4.0)),
    "six_minute_walk": Table((3.0, 2.0, 1.0, 0.0), at_least=(150.0, 250.0, 350.0)),
}


class Bode(Points):
    """Map the input matrix [n, 4] to the index, base, contributions and the quartile."""

    def __init__(self) -> None:
        super().__init__(MODEL.inputs, all=_TABLES)
        self.quartile = Steps(MODEL.bounds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        contributions = self.known(x, self.points(self.reached(x), "all"))
        index = contributions.sum(dim=1, keepdim=True)
        return index, self.base(index), contributions.unsqueeze(1), self.quartile(index)


OUTPUTS = ("estimate", "base", "contributions", "quartile")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Bode()
