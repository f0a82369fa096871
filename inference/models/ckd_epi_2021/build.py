"""The torch module that `make models` turns into the CKD-EPI 2021 graph."""

import math

import torch
from torch.nn.functional import embedding

from inference.equations.pieces.graph import Steps, doubles, passed, whole
from inference.models.ckd_epi_2021.definition import MODEL

_COLUMNS = ("male", "age", "creatinine", "acr")
if tuple(spec.name for spec in MODEL.inputs) != _COLUMNS:
    raise ValueError("CKD-EPI: other columns than the graph is written for")
_REFERENCES = {spec.name: spec.reference or math.nan for spec in MODEL.inputs}
_REFERENCE_AGE = _REFERENCES["age"]

# The equation is 142 min(Scr/k,1)^a max(Scr/k,1)^-1.200 0.9938^age [1.012 women]; pairs are
# (women, men).
_KAPPA = (0.7, 0.9)
_ALPHA = (-0.241, -0.302)
_ABOVE = -1.200
_SCALE = (142.0 * 1.012, 142.0)
_YEARLY = 0.9938
_GFR_BOUNDS = (90.0, 60.0, 45.0, 30.0, 15.0)
# KDIGO's heat map: rows G1..G5, columns A1..A3; 0 low, 1 moderate, 2 high, 3 very high.
_HEAT_MAP = ((0, 1, 2), (0, 1, 2), (1, 2, 3), (2, 3, 3), (3, 3, 3), (3, 3, 3))
_NOT_KNOWN = -1


def _reference_terms() -> list[float]:
    """Return what creatinine at its reference adds to the log of eGFR, for women and for men."""
    ln_ratios = [math.log(_REFERENCES["creatinine"]) - math.log(kappa) for kappa in _KAPPA]
    return [min(ln * alpha, ln * _ABOVE) for ln, alpha in zip(ln_ratios, _ALPHA, strict=True)]


class CkdEpi2021(torch.nn.Module):
    """Map the input matrix [n, 4] to eGFR, base, contributions and the three KDIGO categories.

    Contributions are on the log scale of eGFR, against the reference creatinine and age. An
    unknown albumin-to-creatinine ratio is NaN and gives -1 for what depends on it.
    """

    def __init__(self) -> None:
        super().__init__()
        # Buffers, not literals: the exporter would store a Python float as float32.
        yearly = math.log(_YEARLY)
        ln_scale = [math.log(scale) + yearly * _REFERENCE_AGE for scale in _SCALE]
        # By sex: kappa, alpha, creatinine's term for the reference, and all that no input adds.
        by_sex = [
            [math.log(kappa), alpha, term, scale + term]
            for kappa, alpha, term, scale in zip(
                _KAPPA, _ALPHA, _reference_terms(), ln_scale, strict=True
            )
        ]
        self.register_buffer("by_sex", doubles(by_sex))
        self.register_buffer("above", doubles(_ABOVE))
        self.register_buffer("references", doubles([0.0, _REFERENCE_AGE]))
        self.register_buffer("slopes", doubles([0.0, yearly]))
        self.register_buffer("middle", doubles(0.5))
        # Of what is known, eGFR is below some of the bounds and infinity; NaN is below nothing.
        self.register_buffer("below", doubles([*_GFR_BOUNDS, math.inf]))
        self.register_buffer("first", whole(1))
        self.albuminuria = Steps((30.0, passed(300.0)))
        # The first row and the first column are of what is not known.
        heat_map = [(_NOT_KNOWN,) * 3, *_HEAT_MAP]
        flat = [step for row in heat_map for step in (_NOT_KNOWN, *row)]
        self.register_buffer("heat_map", whole(flat))
        self.register_buffer("width", whole(len(flat) // len(heat_map)))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        creatinine, acr = x[:, 2:3], x[:, 3:4]
        own = (x[:, 0] >= self.middle).to(torch.int64)
        ln_kappa, alpha, reference, base = embedding(own, self.by_sex).split(1, dim=1)
        ln_ratio = torch.log(creatinine) - ln_kappa
        # Below kappa the one power is the lesser, above it the other.
        by_creatinine = torch.minimum(ln_ratio * alpha, ln_ratio * self.above) - reference
        # Sex adds nothing of its own, but a sex that is not known leaves no number.
        by_sex_and_age = (x[:, 0:2] - self.references) * self.slopes
        contributions = torch.cat([by_sex_and_age, by_creatinine, base - base], dim=1)
        egfr = torch.exp(base + contributions.sum(dim=1, keepdim=True))
        row = (egfr < self.below).to(torch.int64).sum(dim=1)
        column = self.albuminuria.reached(acr, self.albuminuria.edges)
        risk = self.heat_map.index_select(0, row * self.width + column)
        categories = row - self.first, column - self.first, risk
        return egfr, base, contributions.unsqueeze(1), *categories


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
