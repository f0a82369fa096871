"""The torch module that `make models` turns into the graph of FIB-4."""

import math

import torch
from torch.nn.functional import embedding

from inference.equations.pieces.graph import Steps, doubles, passed
from inference.models.fib4.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
# FIB-4 = age x AST / (platelets x sqrt(ALT)): the exponents of the product.
_EXPONENTS = {"age": 1.0, "ast": 1.0, "alt": -0.5, "platelets": -1.0}


class Fib4(torch.nn.Module):
    """Map the input matrix [n, 4] to the index, base, contributions and category.

    Contributions are on the log scale of the index against the reference values.
    """

    def __init__(self) -> None:
        super().__init__()
        ln_reference = [math.log(spec.reference or math.nan) for spec in MODEL.inputs]
        exponents = [_EXPONENTS[name] for name in _COLUMNS]
        base = math.fsum(e * ln for e, ln in zip(exponents, ln_reference, strict=True))
        low, low_over_65, high = MODEL.scales[0].bounds
        self.category = Steps((low, passed(high)))
        young = MODEL.inputs[_COLUMNS.index("age")].low
        # By age: under the one for which it is meant, or at none, the index is on no step.
        edges = [
            [math.inf] * 3,
            [-math.inf, low, passed(high)],
            [-math.inf, low_over_65, passed(high)],
        ]
        # Buffers, not literals: the exporter would store a Python float as float32.
        for name, value in {
            "ln_reference": ln_reference,
            "exponents": exponents,
            "at_reference": base,
            "nothing": 0.0,
            "ages": [young, passed(65.0)],
            "edges": edges,
        }.items():
            self.register_buffer(name, doubles(value))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        contributions = (torch.log(x) - self.ln_reference) * self.exponents
        index = torch.exp(contributions.sum(dim=1, keepdim=True) + self.at_reference)
        # No index is below 0: this is the base of every row.
        base = (index < self.nothing).to(torch.float64) + self.at_reference
        place = _COLUMNS.index("age")
        ages = (x[:, place : place + 1] >= self.ages).to(torch.int64).sum(dim=1)
        category = self.category(index, embedding(ages, self.edges))
        return index, base, contributions.unsqueeze(1), category


OUTPUTS = ("estimate", "base", "contributions", "fib4-category")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Fib4()
