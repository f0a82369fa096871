"""The torch module that `make models` turns into the graph of each SCORE2 model."""

import math
from collections.abc import Sequence

import torch

from inference.contract import InputSpec
from inference.equations.pieces.graph import Steps, Strata, Stratum, doubles, whole
from inference.equations.score2.equation import MEN, WOMEN, Equation, Term

# Sex and region choose coefficients and scales; they add nothing of their own.
_NO_TERM = Term((0.0, 0.0))
# What a man weighs in the code of a stratum, a region being itself: no two pairs of whole numbers
# have the same code.
_MAN = math.sqrt(2.0)


class Score2(torch.nn.Module):
    """Map the input matrix [n, k] to estimate, base, contributions and risk category.

    Contributions are on the log-hazard scale after calibration: they and `base` add up to
    ln(-ln(1 - risk)). Whatever is not a number, a sex that is not 0 or 1 or a region that is not
    0 to 3 makes the estimate NaN and the category -1.
    """

    def __init__(self, inputs: Sequence[InputSpec], equation: Equation) -> None:
        super().__init__()
        columns = [spec.name for spec in inputs]
        self._age = columns.index("age")
        terms = {name: equation.terms.get(name, _NO_TERM) for name in columns}
        weights = {"male": _MAN, "region": 1.0}
        kinds = [(sex, region) for sex in (WOMEN, MEN) for region in range(4)]
        # Buffers, not literals: the exporter would store a Python float as float32.
        self.register_buffer("weights", doubles([[weights.get(name, 0.0)] for name in columns]))
        codes = [region + (_MAN if sex == MEN else 0.0) for sex, region in kinds]
        self.register_buffer("codes", doubles(codes))
        self.register_buffer("numbers", whole(list(range(1, len(kinds) + 1))))
        self.register_buffer("no_number", whole(0))
        self._by_logarithm = any(term.logarithm for term in terms.values())
        self.register_buffer("logarithm", torch.tensor([t.logarithm for t in terms.values()]))
        self.register_buffer("centre", doubles([term.centre for term in terms.values()]))
        self.strata = Strata(columns, [_stratum(equation, terms, *kind) for kind in kinds])
        self.register_buffer("one", doubles(1.0))
        (_, first), *older = equation.thresholds
        self.category = Steps(first)
        self._older = len(older)
        for place, (age, bounds) in enumerate(older):
            self.register_buffer(f"from_age_{place}", doubles(age))
            self.register_buffer(f"edges_{place}", doubles([-math.inf, *bounds]))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        own = x @ self.weights == self.codes
        number = torch.where(own, self.numbers, self.no_number).sum(dim=1)
        z = torch.where(self.logarithm, torch.log(x), x) if self._by_logarithm else x
        contributions = self.strata.contributions(z - self.centre, number)
        base = self.strata.base(number)
        hazard = torch.exp(base + contributions.sum(dim=1, keepdim=True))
        risk = self.one - torch.exp(-hazard)
        category = self.category(risk, self._edges(x[:, self._age : self._age + 1]))
        return risk, base, contributions.unsqueeze(1), category

    def _edges(self, age: torch.Tensor) -> torch.Tensor | None:
        edges = self.category.edges if self._older else None
        for place in range(self._older):
            older = age >= getattr(self, f"from_age_{place}")
            edges = torch.where(older, getattr(self, f"edges_{place}"), edges)
        return edges


def _stratum(equation: Equation, terms: dict[str, Term], sex: int, region: int) -> Stratum:
    """Return the coefficients of inputs less their centres, calibrated for the region."""
    scale1, scale2 = equation.scales[sex][region]
    years = terms["age"].step
    own = math.log(-math.log(equation.survival[sex]))
    start = own - equation.mean[sex] + equation.constant[sex]
    return Stratum(
        base=scale1 + scale2 * start,
        slope={name: scale2 * t.slope[sex] / t.step for name, t in terms.items()},
        by_age={name: scale2 * t.by_age[sex] / (t.step * years) for name, t in terms.items()},
        square={name: scale2 * t.square[sex] / t.step**2 for name, t in terms.items()},
    )


OUTPUTS = ("estimate", "base", "contributions", "risk-category")
