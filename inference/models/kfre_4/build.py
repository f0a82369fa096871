"""The torch module that `make models` turns into the graph of KFRE with four variables."""

import math

import torch

from inference.equations.kidney_failure import CENTRE_LN_ACR, PLANNING_ABOVE
from inference.models.kfre_4.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
# Published slopes per unit of each input; that of the ratio is per unit of its logarithm.
_SLOPES = {
    "male": 0.2467,
    "age": -0.2201 / 10,
    "egfr": -0.5567 / 5,
    "acr": 0.4510,
    "north_america": 0.0,
}
# The share of the cohort that is male: the published equation centres on it.
_MALE = 0.5642
# Baseline survival at five and at two years: (North America, elsewhere).
_SURVIVAL = ((0.9240, 0.9365), (0.9750, 0.9832))


def _ln_hazard(survival: float) -> float:
    return math.log(-math.log(survival))


class Kfre4(torch.nn.Module):
    """Map the input matrix [n, 5] to both risks, bases, contributions and both categories.

    Contributions are on the log scale of the cumulative hazard, against the centres of the
    published equation, a woman, and the baseline risk outside North America.
    """

    def __init__(self) -> None:
        super().__init__()

        def doubles(name: str, values: object) -> None:
            # Buffers, not literals: the exporter would store a Python float as float32.
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

        centres = [spec.reference for spec in MODEL.inputs]
        centres[_COLUMNS.index("acr")] = CENTRE_LN_ACR
        doubles("centres", centres)
        doubles("slopes", [_SLOPES[name] for name in _COLUMNS])
        doubles("base", [_ln_hazard(s) - _SLOPES["male"] * _MALE for _, s in _SURVIVAL])
        doubles("north_america", [_ln_hazard(n) - _ln_hazard(s) for n, s in _SURVIVAL])
        self.register_buffer("is_acr", torch.tensor([name == "acr" for name in _COLUMNS]))
        self.register_buffer(
            "is_calibration", torch.tensor([name == "north_america" for name in _COLUMNS])
        )
        doubles("referral_from", MODEL.scales[0].bounds)
        doubles("planning_above", PLANNING_ABOVE)
        doubles("one", 1.0)
        self.register_buffer("unknown", torch.tensor(-1, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        values = torch.where(self.is_acr, torch.log(torch.where(self.is_acr, x, self.one)), x)
        linear = (values - self.centres) * self.slopes
        baseline = x[:, None, :] * self.north_america[None, :, None]
        contributions = torch.where(self.is_calibration, baseline, linear[:, None, :])
        base = self.base.expand(x.shape[0], -1)
        risk = -torch.expm1(-torch.exp(base + contributions.sum(dim=2)))
        five, two = risk[:, 0:1], risk[:, 1:2]
        referral = (five >= self.referral_from).to(torch.int64).sum(dim=1)
        planning = (two > self.planning_above).to(torch.int64).sum(dim=1)
        gone = torch.isnan(risk[:, 0])
        referral = torch.where(gone, self.unknown, referral)
        planning = torch.where(gone, self.unknown, planning)
        return risk, base, contributions, referral, planning


OUTPUTS = ("estimate", "base", "contributions", "kfre-referral", "kfre-planning")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Kfre4()
