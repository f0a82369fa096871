"""The torch module that `make models` turns into the graph of HAS-BLED."""

import torch

from inference.equations.pieces.graph import Steps
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
        self.category = Steps(MODEL.bounds)
        # What replaces the kidneys takes the point of creatinine away, where it has one.
        self.change_all[
            self.column == _COLUMNS.index("renal_replacement"), _COLUMNS.index("creatinine")
        ] = -1.0

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        points = torch.relu(self.points(self.reached(x), "all"))
        contributions = self.known(x, points)
        score = contributions.sum(dim=1, keepdim=True)
        return score, self.base(score), contributions.unsqueeze(1), self.category(score)


OUTPUTS = ("estimate", "base", "contributions", "bleeding-risk")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return HasBled()
