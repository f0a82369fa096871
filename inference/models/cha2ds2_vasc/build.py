"""The torch module that `make models` turns into the graph of CHA2DS2-VASc."""

import torch

from inference.equations.pieces.graph import Steps
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
        super().__init__(MODEL.inputs, all=_WITHOUT_SEX | _SEX)
        columns = [spec.name for spec in MODEL.inputs]
        left_out = [[False] * len(columns), [name in _SEX for name in columns]]
        self.register_buffer("left_out", torch.tensor(left_out))
        self.category = Steps((1.0, 2.0))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        points = self.known(x, self.points(self.reached(x), "all"))
        contributions = torch.where(self.left_out, self.nothing, points.unsqueeze(1))
        estimate = contributions.sum(dim=2)
        return estimate, self.base(estimate), contributions, self.category(estimate[:, 1:2])


OUTPUTS = ("estimate", "base", "contributions", "anticoagulation")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Cha2ds2Vasc()
