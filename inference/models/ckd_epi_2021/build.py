"""The torch module that `make models` turns into the CKD-EPI 2021 graph."""

import torch

from inference.models.ckd_epi_2021.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
_REFERENCE_AGE = next(spec.reference for spec in MODEL.inputs if spec.name == "age")

# (men, women); the equation is 142 min(Scr/k,1)^a max(Scr/k,1)^-1.200 0.9938^age [1.012 women].
_TERMS = {
    "kappa": (0.9, 0.7),
    "alpha": (-0.302, -0.241),
    "above": (-1.200, -1.200),
    "scale": (142.0, 142.0 * 1.012),
    "yearly": (0.9938, 0.9938),
}
_GFR_BOUNDS = (90.0, 60.0, 45.0, 30.0, 15.0)
# KDIGO's heat map: rows G1..G5, columns A1..A3; 0 low, 1 moderate, 2 high, 3 very high.
_HEAT_MAP = ((0, 1, 2), (0, 1, 2), (1, 2, 3), (2, 3, 3), (3, 3, 3), (3, 3, 3))


class CkdEpi2021(torch.nn.Module):
    """Map the input matrix [n, 4] to eGFR, base, contributions and the three KDIGO categories.

    Contributions are on the log scale of eGFR, against creatinine at kappa and the reference age.
    An unknown albumin-to-creatinine ratio is NaN and gives -1 for what depends on it.
    """

    def __init__(self) -> None:
        super().__init__()
        for name, pair in _TERMS.items():
            self.register_buffer(f"c_{name}", torch.tensor(pair, dtype=torch.float64))
        self.register_buffer("one", torch.tensor(1.0, dtype=torch.float64))
        self.register_buffer("middle", torch.tensor(0.5, dtype=torch.float64))
        self.register_buffer("reference_age", torch.tensor(_REFERENCE_AGE, dtype=torch.float64))
        self.register_buffer("gfr_bounds", torch.tensor(_GFR_BOUNDS, dtype=torch.float64))
        self.register_buffer("a2_from", torch.tensor(30.0, dtype=torch.float64))
        self.register_buffer("a3_above", torch.tensor(300.0, dtype=torch.float64))
        self.register_buffer("heat_map", torch.tensor(_HEAT_MAP, dtype=torch.int64))
        self.register_buffer("unknown", torch.tensor(-1, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        v = {name: x[:, i] for i, name in enumerate(_COLUMNS)}

        def c(name: str) -> torch.Tensor:
            men_women = getattr(self, f"c_{name}")
            return torch.where(v["male"] > self.middle, men_women[0], men_women[1])

        ratio = v["creatinine"] / c("kappa")
        by_creatinine = c("alpha") * torch.log(torch.minimum(ratio, self.one)) + c(
            "above"
        ) * torch.log(torch.maximum(ratio, self.one))
        by_age = torch.log(c("yearly")) * (v["age"] - self.reference_age)
        base = torch.log(c("scale")) + torch.log(c("yearly")) * self.reference_age
        zero = torch.zeros_like(base)
        contributions = torch.stack([zero, by_age, by_creatinine, zero], dim=1)
        egfr = torch.exp(base + by_age + by_creatinine)

        stage = (egfr[:, None] < self.gfr_bounds[None, :]).to(torch.int64).sum(dim=1)
        acr = v["acr"]
        known = torch.isnan(acr).logical_not()
        column = (acr >= self.a2_from).to(torch.int64) + (acr > self.a3_above).to(torch.int64)
        albuminuria = torch.where(known, column, self.unknown)
        risk = torch.where(known, self.heat_map[stage, column], self.unknown)
        return egfr[:, None], base[:, None], contributions[:, None, :], stage, albuminuria, risk


OUTPUTS = (
    "estimate",
    "base",
    "contributions",
    "gfr-category",
    "albuminuria-category",
    "kdigo-risk",
)


def module() -> torch.nn.Module:
    """Return the module to export."""
    return CkdEpi2021()
