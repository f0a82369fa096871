"""The torch module that `make models` turns into the graph of CHA2DS2-VASc."""

import torch

from inference.equations.points.graph import Points
from inference.models.cha2ds2_vasc.definition import MODEL

_DOUBLE = ("thromboembolism",)
_SINGLE = ("heart_failure", "hypertension", "diabetes", "vascular_disease")


class Cha2ds2Vasc(Points):
    """Map the input matrix [n, 7] to both scores, base, contributions and the category."""

    def __init__(self) -> None:
        super().__init__([spec.name for spec in MODEL.inputs])
        self.doubles("two", 2.0)
        self.table("age", [0.0, 1.0, 2.0], at_least=(65.0, 75.0))
        self.table("anticoagulation", [0.0, 1.0, 2.0], at_least=(1.0, 2.0))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        v = self.named(x)
        shares = {"age": self.look_up("age", v["age"])}
        shares |= {name: self.yes(v[name]) for name in _SINGLE}
        shares |= {name: self.two * self.yes(v[name]) for name in _DOUBLE}
        without_sex = self.matrix(shares, v["age"])
        woman = self.matrix({"male": self.one - self.yes(v["male"])}, v["age"])
        contributions = torch.stack([without_sex + woman, without_sex], dim=1)
        estimate = contributions.sum(dim=2)
        category = self.category("anticoagulation", estimate[:, 1])
        return estimate, torch.zeros_like(estimate), contributions, category


OUTPUTS = ("estimate", "base", "contributions", "anticoagulation")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Cha2ds2Vasc()
