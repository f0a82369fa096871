"""The torch module of the kidney failure risk equations, whatever their number of variables."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from inference.contract import CategoryScale, InputSpec
from inference.equations.pieces.graph import doubles, passed, whole

OUTPUTS = ("estimate", "base", "contributions", "kfre-referral", "kfre-planning")

# The share of the cohort that is male: the published equations centre on it.
_MALE = 0.5642


@dataclass(frozen=True, slots=True)
class Equation:
    """One published equation.

    `slopes` are per unit of each input, that of the ratio per unit of its logarithm. `survival` is
    (North America, elsewhere) at five years, then at two.
    """

    slopes: Mapping[str, float]
    survival: tuple[tuple[float, float], tuple[float, float]]


class KidneyFailure(torch.nn.Module):
    """Map the input matrix [n, k] to both risks, bases, contributions and both categories.

    Contributions are on the log scale of the cumulative hazard, against the centres of the
    published equation and a woman; the bases hold the baseline risk of the region.
    """

    def __init__(
        self, inputs: Sequence[InputSpec], scales: Sequence[CategoryScale], equation: Equation
    ) -> None:
        super().__init__()
        columns = [spec.name for spec in inputs]
        self._region = columns.index("north_america")
        self._acr = columns.index("acr")
        # Buffers, not literals: the exporter would store a Python float as float32.
        self.register_buffer("is_acr", torch.tensor([name == "acr" for name in columns]))
        self.register_buffer("centres", doubles([_centre(spec) for spec in inputs]))
        # Both risks have the same slopes. The region has none, but one not stated leaves no number.
        slopes = [equation.slopes.get(name, 0.0) for name in columns]
        self.register_buffer("slopes", doubles([slopes, slopes]))
        shift = equation.slopes["male"] * _MALE
        there, elsewhere = zip(*equation.survival, strict=True)
        self.register_buffer("base_there", doubles([_ln_hazard(s) - shift for s in there]))
        self.register_buffer("base_elsewhere", doubles([_ln_hazard(s) - shift for s in elsewhere]))
        self.register_buffer("middle", doubles(0.5))
        self.register_buffer("one", doubles(1.0))
        # Referral rises at each bound of five years, planning above each of two.
        five, two = scales[0].bounds, [passed(bound) for bound in scales[1].bounds]
        self.register_buffer("edges", doubles([[-math.inf, *five], [-math.inf, *two]]))
        self.register_buffer("first", whole(1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        ln_acr = torch.log(x[:, self._acr : self._acr + 1])
        values = torch.where(self.is_acr, ln_acr, x) - self.centres
        contributions = values.unsqueeze(1) * self.slopes
        there = x[:, self._region : self._region + 1] > self.middle
        base = torch.where(there, self.base_there, self.base_elsewhere)
        risk = self.one - torch.exp(-torch.exp(base + contributions.sum(dim=2)))
        # What is known is at least the first edge of its outcome; NaN is at least nothing.
        reached = risk.unsqueeze(2) >= self.edges
        steps = reached.to(torch.int64).sum(dim=2) - self.first
        return risk, base, contributions, steps[:, 0], steps[:, 1]


def _centre(spec: InputSpec) -> float:
    reference = spec.reference or 0.0
    return math.log(reference) if spec.name == "acr" else reference


def _ln_hazard(survival: float) -> float:
    return math.log(-math.log(survival))
