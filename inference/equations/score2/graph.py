"""The torch module that `make models` turns into the graph of each SCORE2 model."""

from collections.abc import Sequence

import torch

from inference.contract import InputSpec
from inference.equations.score2.equation import MEN, WOMEN, Equation, Term

# Sex and region choose coefficients and scales; they add nothing of their own.
_NO_TERM = Term((0.0, 0.0))


class Score2(torch.nn.Module):
    """Map the input matrix [n, k] to estimate, base, contributions and risk category.

    Contributions are on the log-hazard scale after calibration: they and `base` add up to
    ln(-ln(1 - risk)). Whatever is not a number, a sex that is not 0 or 1 or a region that is not
    0 to 3 makes the estimate NaN and the category -1.
    """

    def __init__(self, inputs: Sequence[InputSpec], equation: Equation) -> None:
        super().__init__()
        columns = [spec.name for spec in inputs]
        self._age, self._male = columns.index("age"), columns.index("male")
        self._region = columns.index("region")
        terms = [equation.terms.get(name, _NO_TERM) for name in columns]

        def doubles(name: str, values: object) -> None:
            # Buffers, not literals: the exporter would store a Python float as float32.
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

        self.register_buffer("logarithm", torch.tensor([term.logarithm for term in terms]))
        doubles("centre", [term.centre for term in terms])
        doubles("step", [term.step for term in terms])
        for sex, name in ((MEN, "men"), (WOMEN, "women")):
            doubles(f"slope_{name}", [term.slope[sex] for term in terms])
            doubles(f"by_age_{name}", [term.by_age[sex] for term in terms])
            doubles(f"square_{name}", [term.square[sex] for term in terms])
            survival = torch.tensor(equation.survival[sex], dtype=torch.float64)
            own = torch.log(-torch.log(survival))
            doubles(f"start_{name}", own.item() - equation.mean[sex] + equation.constant[sex])
            doubles(f"scale1_{name}", [pair[0] for pair in equation.scales[sex]])
            doubles(f"scale2_{name}", [pair[1] for pair in equation.scales[sex]])
        doubles("regions", [0.0, 1.0, 2.0, 3.0])
        doubles("man", 1.0)
        doubles("woman", 0.0)
        doubles("not_known", float("nan"))
        doubles("from_age", [first for first, _ in equation.thresholds])
        doubles("thresholds", [bounds for _, bounds in equation.thresholds])
        self.register_buffer("no_category", torch.tensor(-1, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        age, male = x[:, self._age : self._age + 1], x[:, self._male : self._male + 1]
        man = male == self.man
        z = (torch.where(self.logarithm, torch.log(x), x) - self.centre) / self.step
        a = z[:, self._age : self._age + 1]
        slope, by_age, square, start, scale1, scale2 = (
            torch.where(man, getattr(self, f"{name}_men"), getattr(self, f"{name}_women"))
            for name in ("slope", "by_age", "square", "start", "scale1", "scale2")
        )
        own = x[:, self._region : self._region + 1] == self.regions
        known = own.any(dim=1, keepdim=True) & (man | (male == self.woman))
        zero = torch.zeros_like(scale1)
        factor = torch.where(own, scale2, zero).sum(dim=1, keepdim=True)
        shift = torch.where(own, scale1, zero).sum(dim=1, keepdim=True)
        contributions = factor * z * (slope + by_age * a + square * z)
        base = torch.where(known, shift + factor * start, self.not_known)
        hazard = torch.exp(base + contributions.sum(dim=1, keepdim=True))
        risk = -torch.expm1(-hazard)
        return risk, base, contributions[:, None, :], self._category(age, risk)

    def _category(self, age: torch.Tensor, risk: torch.Tensor) -> torch.Tensor:
        bounds = self.thresholds[0:1, :].expand(age.shape[0], -1)
        for row in range(1, self.thresholds.shape[0]):
            bounds = torch.where(age >= self.from_age[row], self.thresholds[row], bounds)
        category = (risk >= bounds).to(torch.int64).sum(dim=1)
        return torch.where(torch.isnan(risk[:, 0]), self.no_category, category)


OUTPUTS = ("estimate", "base", "contributions", "risk-category")
