"""The torch module of the kidney failure risk equations, whatever their number of variables."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from inference.contract import CategoryScale, InputSpec

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

        def doubles(name: str, values: object) -> None:
            # Buffers, not literals: the exporter would store a Python float as float32.
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

        self.north_america = columns.index("north_america")
        self.register_buffer("is_acr", torch.tensor([name == "acr" for name in columns]))
        doubles("centres", [_centre(spec) for spec in inputs])
        doubles("slopes", [equation.slopes.get(name, 0.0) for name in columns])
        shift = equation.slopes["male"] * _MALE
        doubles("base_north_america", [_ln_hazard(there) - shift for there, _ in equation.survival])
        doubles("base_elsewhere", [_ln_hazard(else_) - shift for _, else_ in equation.survival])
        doubles("referral_from", scales[0].bounds)
        doubles("planning_above", scales[1].bounds)
        doubles("one", 1.0)
        doubles("middle", 0.5)
        self.register_buffer("unknown", torch.tensor(-1, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        values = torch.where(self.is_acr, torch.log(torch.where(self.is_acr, x, self.one)), x)
        # The region has no slope, but a region that is not stated leaves no number.
        contributions = (values - self.centres) * self.slopes
        there = x[:, self.north_america][:, None] > self.middle
        base = torch.where(there, self.base_north_america, self.base_elsewhere)
        predictor = base + contributions.sum(dim=1, keepdim=True)
        risk = -torch.expm1(-torch.exp(predictor))
        five, two = risk[:, 0:1], risk[:, 1:2]
        referral = (five >= self.referral_from).to(torch.int64).sum(dim=1)
        planning = (two > self.planning_above).to(torch.int64).sum(dim=1)
        gone = torch.isnan(risk[:, 0])
        return (
            risk,
            base,
            torch.stack([contributions, contributions], dim=1),
            torch.where(gone, self.unknown, referral),
            torch.where(gone, self.unknown, planning),
        )


def _centre(spec: InputSpec) -> float:
    reference = spec.reference or 0.0
    return math.log(reference) if spec.name == "acr" else reference


def _ln_hazard(survival: float) -> float:
    return math.log(-math.log(survival))
