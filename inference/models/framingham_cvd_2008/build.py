"""The torch module that `make models` turns into the graph of Framingham 2008."""

import math

import torch

from inference.models.framingham_cvd_2008.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
_REFERENCE = {spec.name: spec.reference or 0.0 for spec in MODEL.inputs}
_QUANTITIES = ("age", "total_cholesterol", "hdl_cholesterol", "systolic_pressure")
# The published coefficients, (men, women), of the logarithms and of the flags.
_PUBLISHED = {
    "age": (3.06117, 2.32888),
    "total_cholesterol": (1.12370, 1.20904),
    "hdl_cholesterol": (-0.93263, -0.70833),
    "untreated": (1.93303, 2.76157),
    "treated": (1.99881, 2.82263),
    "smoker": (0.65451, 0.52873),
    "diabetes": (0.57367, 0.69154),
    "mean": (23.9802, 26.1931),
    "survival": (0.88936, 0.95012),
}


def _weights(sex: int) -> dict[str, float]:
    """Return what each column adds, pressure as if untreated and treatment at its reference."""
    c = {name: pair[sex] for name, pair in _PUBLISHED.items()}
    ln_pressure = math.log(_REFERENCE["systolic_pressure"])
    return c | {
        "male": 0.0,
        "systolic_pressure": c["untreated"],
        "treated": (c["treated"] - c["untreated"]) * ln_pressure,
    }


def _base(sex: int) -> float:
    """Return ln(-ln survival) of the reference profile."""
    weights = _weights(sex)
    terms = [weights[name] * math.log(_REFERENCE[name]) for name in _QUANTITIES]
    survival = _PUBLISHED["survival"][sex]
    return math.fsum((*terms, -_PUBLISHED["mean"][sex], math.log(-math.log(survival))))


class FraminghamCvd(torch.nn.Module):
    """Map the input matrix [n, 8] to risk, base, contributions and category.

    Contributions are on the log scale of the cumulative hazard against the reference profile.
    """

    def __init__(self) -> None:
        super().__init__()

        def doubles(name: str, values: object) -> None:
            # Buffers, not literals: the exporter would store a Python float as float32.
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

        doubles("one", 1.0)
        doubles("middle", 0.5)
        is_quantity = [name in _QUANTITIES for name in _COLUMNS]
        self.register_buffer("is_quantity", torch.tensor(is_quantity))
        self.register_buffer(
            "is_pressure", torch.tensor([name == "systolic_pressure" for name in _COLUMNS])
        )
        doubles("ln_reference", [math.log(_REFERENCE[name]) if name in _QUANTITIES else 0.0
                                 for name in _COLUMNS])  # fmt: skip
        doubles("weights", [[_weights(sex)[name] for name in _COLUMNS] for sex in (0, 1)])
        doubles("by_treatment", [_PUBLISHED["treated"][sex] - _PUBLISHED["untreated"][sex]
                                 for sex in (0, 1)])  # fmt: skip
        doubles("bases", [_base(sex) for sex in (0, 1)])
        doubles("from_", MODEL.scales[0].bounds)
        self.register_buffer("unknown", torch.tensor(-1, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        logs = torch.log(torch.where(self.is_quantity, x, self.one))
        terms = torch.where(self.is_quantity, logs, x) - self.ln_reference
        male = x[:, 0:1] > self.middle
        weights = torch.where(male, self.weights[0], self.weights[1])
        by_treatment = torch.where(male, self.by_treatment[0], self.by_treatment[1])
        treated = x[:, _COLUMNS.index("treated")][:, None]
        # Sex has no weight, but a sex that is not known leaves no number.
        contributions = terms * torch.where(
            self.is_pressure, weights + treated * by_treatment, weights
        )
        base = torch.where(male, self.bases[0], self.bases[1])
        risk = -torch.expm1(-torch.exp(base + contributions.sum(dim=1, keepdim=True)))
        steps = (risk >= self.from_).to(torch.int64).sum(dim=1)
        category = torch.where(torch.isnan(risk[:, 0]), self.unknown, steps)
        return risk, base, contributions[:, None, :], category


OUTPUTS = ("estimate", "base", "contributions", "framingham-category")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return FraminghamCvd()
