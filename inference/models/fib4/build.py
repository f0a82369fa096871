"""The torch module that `make models` turns into the graph of FIB-4."""

import math

import torch

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
        # Buffers, not literals: the exporter would store a Python float as float32.
        for name, value in {
            "ln_reference": ln_reference,
            "exponents": exponents,
            "at_reference": [[base]],
            "low": low,
            "low_over_65": low_over_65,
            "high": high,
            "old": 65.0,
            "young": MODEL.inputs[_COLUMNS.index("age")].low,
        }.items():
            self.register_buffer(name, torch.tensor(value, dtype=torch.float64))
        self.register_buffer("unknown", torch.tensor(-1, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        contributions = (torch.log(x) - self.ln_reference) * self.exponents
        base = self.at_reference.expand(x.shape[0], 1)
        index = torch.exp(base + contributions.sum(dim=1, keepdim=True))
        value, age = index[:, 0], x[:, _COLUMNS.index("age")]
        low = torch.where(age > self.old, self.low_over_65, self.low)
        step = (value >= low).to(torch.int64) + (value > self.high).to(torch.int64)
        gone = torch.isnan(value) | (age < self.young)
        return index, base, contributions[:, None, :], torch.where(gone, self.unknown, step)


OUTPUTS = ("estimate", "base", "contributions", "fib4-category")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Fib4()
