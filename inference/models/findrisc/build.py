"""The torch module that `make models` turns into the graph of FINDRISC."""

import torch

from inference.equations.points.graph import Points
from inference.models.findrisc.definition import MODEL


class Findrisc(Points):
    """Map the input matrix [n, 9] to the score, base, contributions and the category.

    The form prints "25-30" and "94-102": the upper ends belong to the middle class.
    """

    def __init__(self) -> None:
        super().__init__([spec.name for spec in MODEL.inputs])
        self.doubles("two", 2.0)
        self.doubles("five", 5.0)
        self.table("age", [0.0, 2.0, 3.0, 4.0], at_least=(45.0, 55.0, 65.0))
        self.table("bmi", [0.0, 1.0, 3.0], at_least=(25.0,), above=(30.0,))
        self.table("men", [0.0, 3.0, 4.0], at_least=(94.0,), above=(102.0,))
        self.table("women", [0.0, 3.0, 4.0], at_least=(80.0,), above=(88.0,))
        self.table("family_diabetes", [0.0, 3.0, 5.0], at_least=(1.0, 2.0))
        self.table("diabetes_risk", [0.0] * 5, at_least=MODEL.bounds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        v = self.named(x)
        shares = {name: self.look_up(name, v[name]) for name in ("age", "bmi", "family_diabetes")}
        by_sex = torch.where(
            v["male"] > self.middle,
            self.look_up("men", v["waist"]),
            self.look_up("women", v["waist"]),
        )
        shares["waist"] = self.known(v["male"], by_sex)
        shares["physically_active"] = self.two * (self.one - self.yes(v["physically_active"]))
        shares["daily_vegetables"] = self.one - self.yes(v["daily_vegetables"])
        shares["treated"] = self.two * self.yes(v["treated"])
        shares["high_glucose_history"] = self.five * self.yes(v["high_glucose_history"])
        contributions = self.matrix(shares, v["age"])[:, None, :]
        estimate = contributions.sum(dim=2)
        category = self.category("diabetes_risk", estimate[:, 0])
        return estimate, torch.zeros_like(estimate), contributions, category


OUTPUTS = ("estimate", "base", "contributions", "diabetes-risk")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Findrisc()
