"""The torch module that `make models` turns into the graph of HAS-BLED."""

import torch

from inference.equations.points.graph import Points, Table, yes
from inference.models.has_bled.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
_FLAGS = (
    "renal_replacement", "chronic_liver_disease", "stroke", "bleeding_history", "labile_inr",
    "bleeding_drugs", "alcohol_excess",
)  # fmt: skip
_TABLES = {
    **{name: yes(1.0) for name in _FLAGS},
    "systolic_pressure": Table((0.0, 1.0), above=(160.0,)),
    "creatinine": Table((0.0, 1.0), at_least=(200.0,)),
    "age": Table((0.0, 1.0), above=(65.0,)),
}


class HasBled(Points):
    """Map the input matrix [n, 10] to the score, base, contributions and the category.

    Abnormal renal function is one item: creatinine counts where nothing replaces the kidneys.
    """

    def __init__(self) -> None:
        super().__init__(MODEL.inputs, all=_TABLES)
        self.doubles("high_from", MODEL.bounds)
        self.doubles("one", 1.0)
        self.doubles("creatinine", [float(name == "creatinine") for name in _COLUMNS])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        points = self.points(self.reached(x), "all")
        place = _COLUMNS.index("renal_replacement")
        replaced = points[:, place : place + 1]
        contributions = self.known(x, points * (self.one - replaced * self.creatinine))
        score = contributions.sum(dim=1)
        estimate = score[:, None]
        category = self.category(score, self.high_from)
        return estimate, torch.zeros_like(estimate), contributions[:, None, :], category


OUTPUTS = ("estimate", "base", "contributions", "bleeding-risk")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return HasBled()
