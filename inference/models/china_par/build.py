"""The torch module that `make models` turns into China-PAR's graph.

The linear predictor is a sum of terms in the logarithms of the quantities, the flags, and their
products with that of age. So each input has a slope that is linear in ln age, by sex and treatment.
"""

import math

import torch
from torch.nn.functional import embedding

from inference.equations.pieces.graph import (
    Flags,
    Logarithms,
    Steps,
    Strata,
    Stratum,
    by_stratum,
    doubles,
    slopes_of,
)
from inference.models.china_par.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
_REFERENCE = {spec.name: spec.reference for spec in MODEL.inputs}
_QUANTITIES = ("age", "systolic_pressure", "total_cholesterol", "hdl_cholesterol", "waist")
_MEN, _WOMEN = 0, 1

# The published coefficients, (men, women); `treated` and `untreated` multiply ln SBP.
_PUBLISHED = {
    "ln_age": (31.97, 24.87),
    "ln_sbp_treated": (27.39, 20.71),
    "ln_sbp_untreated": (26.15, 19.98),
    "ln_tc": (0.62, 0.06),
    "ln_hdl": (-0.69, -0.22),
    "ln_waist": (-0.71, 1.48),
    "smoker": (3.96, 0.49),
    "diabetes": (0.36, 0.57),
    "north": (0.48, 0.54),
    "urban": (-0.16, 0.0),
    "family": (6.22, 0.0),
    "ln_age_ln_sbp_treated": (-6.02, -4.53),
    "ln_age_ln_sbp_untreated": (-5.73, -4.36),
    "ln_age_smoker": (-0.94, 0.0),
    "ln_age_family": (-1.53, 0.0),
    "mean": (140.68, 117.26),
    "survival": (0.9707, 0.9904),
}


def _stratum(sex: int, treated: int) -> Stratum:
    """Return the coefficients of (men, women) with pressure untreated or treated.

    Age comes first: its contribution is taken at the reference values of the rest, and each
    other input's at the patient's age; treatment goes before pressure. Published are products with
    ln age; ours are with ln age less ln of the reference age, which adds to the slopes.
    """
    c = {name: pair[sex] for name, pair in _PUBLISHED.items()}
    ln = {name: math.log(_REFERENCE[name] or math.nan) for name in _QUANTITIES}
    by_treatment = c["ln_sbp_treated"] - c["ln_sbp_untreated"]
    by_treatment_and_age = c["ln_age_ln_sbp_treated"] - c["ln_age_ln_sbp_untreated"]
    by_age = {
        "systolic_pressure": c["ln_age_ln_sbp_untreated"] + treated * by_treatment_and_age,
        "treated": by_treatment_and_age * ln["systolic_pressure"],
        "smoker": c["ln_age_smoker"],
        "family_history": c["ln_age_family"],
    }
    at_age_1 = {
        "age": c["ln_age"] + c["ln_age_ln_sbp_untreated"] * ln["systolic_pressure"],
        "systolic_pressure": c["ln_sbp_untreated"] + treated * by_treatment,
        "treated": by_treatment * ln["systolic_pressure"],
        "total_cholesterol": c["ln_tc"],
        "hdl_cholesterol": c["ln_hdl"],
        "waist": c["ln_waist"],
        "smoker": c["smoker"],
        "diabetes": c["diabetes"],
        "north": c["north"],
        "urban": c["urban"],
        "family_history": c["family"],
    }
    slope = {name: at + by_age.get(name, 0.0) * ln["age"] for name, at in at_age_1.items()}
    return Stratum(
        base=_base(sex),
        slope=slopes_of(slope, _QUANTITIES),
        by_age=slopes_of(by_age, _QUANTITIES),
    )


def _base(sex: int) -> float:
    """Return the linear predictor of the reference profile, less the published mean."""
    c = {name: pair[sex] for name, pair in _PUBLISHED.items()}
    ln = {name: math.log(_REFERENCE[name] or math.nan) for name in _QUANTITIES}
    return math.fsum(
        (
            c["ln_age"] * ln["age"],
            c["ln_sbp_untreated"] * ln["systolic_pressure"],
            c["ln_tc"] * ln["total_cholesterol"],
            c["ln_hdl"] * ln["hdl_cholesterol"],
            c["ln_waist"] * ln["waist"],
            c["ln_age_ln_sbp_untreated"] * ln["age"] * ln["systolic_pressure"],
            -c["mean"],
        )
    )


class ChinaPar(torch.nn.Module):
    """Map the input matrix [n, 12] to estimate, base, contributions and risk category.

    Contributions are on the log-hazard scale; they and `base` add up to the linear predictor
    less its mean.
    """

    def __init__(self) -> None:
        super().__init__()
        references = {name: _REFERENCE[name] or math.nan for name in _QUANTITIES}
        self.inputs = Logarithms(_COLUMNS, references)
        self.stratum = Flags(_COLUMNS, {"male": 2, "treated": 1})
        kinds = [(sex, treated) for sex in (_WOMEN, _MEN) for treated in (0, 1)]
        self.strata = Strata(_COLUMNS, [_stratum(*kind) for kind in kinds])
        ln_survival = [math.log(_PUBLISHED["survival"][sex]) for sex, _ in kinds]
        self.register_buffer("ln_survival", by_stratum(ln_survival))
        self.register_buffer("one", doubles(1.0))
        self.category = Steps(MODEL.scales[0].bounds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        number = self.stratum(x)
        contributions = self.strata.contributions(self.inputs(x), number)
        base = self.strata.base(number)
        hazard_ratio = torch.exp(base + contributions.sum(dim=1, keepdim=True))
        risk = self.one - torch.exp(hazard_ratio * embedding(number, self.ln_survival))
        return risk, base, contributions.unsqueeze(1), self.category(risk)


OUTPUTS = ("estimate", "base", "contributions", "risk-category")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return ChinaPar()
