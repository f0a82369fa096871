"""The torch module that `make models` turns into the graph of HAS-BLED."""

import torch

from inference.equations.points.graph import Points
from inference.models.has_bled.definition import MODEL

_FLAGS = (
    "renal_replacement", "chronic_liver_disease", "stroke", "bleeding_history", "labile_inr",
    "bleeding_drugs", "alcohol_excess",
)  # fmt: skip


class HasBled(Points):
    """Map the input matrix [n, 10] to the score, base, contributions and the category.

    Abnormal renal function is one item: creatinine counts where nothing replaces the kidneys.
    """

    def __init__(self) -> None:
        super().__init__([spec.name for spec in MODEL.inputs])
        self.table("systolic_pressure", [0.0, 1.0], above=(160.0,))
        self.table("creatinine", [0.0, 1.0], at_least=(200.0,))
        self.table("age", [0.0, 1.0], above=(65.0,))
        self.table("bleeding_risk", [0.0, 1.0], at_least=MODEL.bounds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        v = self.named(x)
        shares = {name: self.yes(v[name]) for name in _FLAGS}
        shares |= {name: self.look_up(name, v[name]) for name in ("systolic_pressure", "age")}
        by_creatinine = self.look_up("creatinine", v["creatinine"])
        shares["creatinine"] = by_creatinine * (self.one - shares["renal_replacement"])
        contributions = self.matrix(shares, v["age"])[:, None, :]
        estimate = contributions.sum(dim=2)
        category = self.category("bleeding_risk", estimate[:, 0])
        return estimate, torch.zeros_like(estimate), contributions, category


OUTPUTS = ("estimate", "base", "contributions", "bleeding-risk")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return HasBled()
