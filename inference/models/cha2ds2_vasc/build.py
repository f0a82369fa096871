"""The torch module that `make models` turns into the graph of CHA2DS2-VASc."""

import torch

from inference.equations.points.graph import Points, Table, no, yes
from inference.models.cha2ds2_vasc.definition import MODEL

_WITHOUT_SEX = {
    "heart_failure": yes(1.0),
    "hypertension": yes(1.0),
    "age": Table((0.0, 1.0, 2.0), at_least=(65.0, 75.0)),
    "diabetes": yes(1.0),
    "thromboembolism": yes(2.0),
    "vascular_disease": yes(1.0),
}
_SEX = {"male": no(1.0)}


class Cha2ds2Vasc(Points):
    """Map the input matrix [n, 7] to both scores, base, contributions and the category.

    The second score leaves sex out, also where it is not known.
    """

    def __init__(self) -> None:
        super().__init__(MODEL.inputs, vasc=_WITHOUT_SEX | _SEX, va=_WITHOUT_SEX)
        columns = [spec.name for spec in MODEL.inputs]
        self.doubles("counted", [float(name not in _SEX) for name in columns])
        self.doubles("zero", 0.0)
        self.doubles("steps", (1.0, 2.0))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        reached = self.reached(x)
        vasc = self.known(x, self.points(reached, "vasc"))
        counted = torch.where(self.counted > self.zero, x, self.zero)
        va = self.known(counted, self.points(reached, "va"))
        contributions = torch.stack([vasc, va], dim=1)
        estimate = contributions.sum(dim=2)
        category = self.category(estimate[:, 1], self.steps)
        return estimate, torch.zeros_like(estimate), contributions, category


OUTPUTS = ("estimate", "base", "contributions", "anticoagulation")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Cha2ds2Vasc()
