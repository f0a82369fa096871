"""The torch module that `make models` turns into the graph of FINDRISC."""

import torch

from inference.equations.pieces.graph import Steps, doubles
from inference.equations.points.graph import Points, Table, no, yes
from inference.models.findrisc.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
# The form prints "25-30" and "94-102": the upper ends belong to the middle class.
_BOTH = {
    "age": Table((0.0, 2.0, 3.0, 4.0), at_least=(45.0, 55.0, 65.0)),
    "bmi": Table((0.0, 1.0, 3.0), at_least=(25.0,), above=(30.0,)),
    "physically_active": no(2.0),
    "daily_vegetables": no(1.0),
    "treated": yes(2.0),
    "high_glucose_history": yes(5.0),
    "family_diabetes": Table((0.0, 3.0, 5.0), at_least=(1.0, 2.0)),
}
_MEN = {"waist": Table((0.0, 3.0, 4.0), at_least=(94.0,), above=(102.0,))}
_WOMEN = {"waist": Table((0.0, 3.0, 4.0), at_least=(80.0,), above=(88.0,))}


class Findrisc(Points):
    """Map the input matrix [n, 9] to the score, base, contributions and the category."""

    def __init__(self) -> None:
        super().__init__(MODEL.inputs, men=_BOTH | _MEN, women=_BOTH | _WOMEN)
        self.register_buffer("middle", doubles(0.5))
        self.category = Steps(MODEL.bounds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        reached = self.reached(x)
        place = _COLUMNS.index("male")
        male = x[:, place : place + 1] > self.middle
        points = torch.where(male, self.points(reached, "men"), self.points(reached, "women"))
        contributions = self.known(x, points)
        score = contributions.sum(dim=1, keepdim=True)
        return score, self.base(score), contributions.unsqueeze(1), self.category(score)


OUTPUTS = ("estimate", "base", "contributions", "diabetes-risk")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Findrisc()
