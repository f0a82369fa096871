"""The torch module of the cardiovascular equations in the form that Framingham gave them.

A Cox model of logarithms: age, total and HDL cholesterol and pressure enter as logarithms, some
of them multiplied by that of age; pressure has two coefficients, treated and untreated. Framingham
2008 has two strata (sex), the pooled cohort equations four (sex and race).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from inference.contract import CategoryScale, InputSpec
from inference.equations.pieces import graph as pieces
from inference.equations.pieces.graph import Flags, Logarithms, Steps, Strata, doubles, slopes_of

_QUANTITIES = ("age", "total_cholesterol", "hdl_cholesterol", "systolic_pressure")
# What tells the stratum, the first twice and the second four times what treatment weighs.
_STRATA = ("male", "black")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stratum:
    """The published coefficients of one stratum; `mean` and `survival` centre them."""

    ln_age: float
    ln_age_squared: float = 0.0
    ln_tc: float
    ln_age_ln_tc: float = 0.0
    ln_hdl: float
    ln_age_ln_hdl: float = 0.0
    ln_sbp_treated: float
    ln_age_ln_sbp_treated: float = 0.0
    ln_sbp_untreated: float
    ln_age_ln_sbp_untreated: float = 0.0
    smoker: float
    ln_age_smoker: float = 0.0
    diabetes: float
    mean: float
    survival: float


class FirstEvent(torch.nn.Module):
    """Map the input matrix [n, k] to risk, base, contributions and category.

    `strata` is (women, men), or (White women, White men, Black women, Black men). Contributions
    are on the log scale of the cumulative hazard against the reference profile of the stratum.
    """

    def __init__(
        self, inputs: Sequence[InputSpec], scale: CategoryScale, strata: Sequence[Stratum]
    ) -> None:
        super().__init__()
        columns = [spec.name for spec in inputs]
        references = {s.name: s.reference or math.nan for s in inputs if s.name in _QUANTITIES}
        ln = {name: math.log(reference) for name, reference in references.items()}
        known_by = [name for name in _STRATA if name in columns]
        weights = {"treated": 1} | {name: 2 << place for place, name in enumerate(known_by)}
        self.inputs = Logarithms(columns, references)
        self.stratum = Flags(columns, weights)
        kinds = [(stratum, treated) for stratum in strata for treated in (0, 1)]
        self.strata = Strata(columns, [_slopes(stratum, treated, ln) for stratum, treated in kinds])
        self.register_buffer("one", doubles(1.0))
        self.category = Steps(scale.bounds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        number = self.stratum(x)
        contributions = self.strata.contributions(self.inputs(x), number)
        base = self.strata.base(number)
        hazard = torch.exp(base + contributions.sum(dim=1, keepdim=True))
        risk = self.one - torch.exp(-hazard)
        return risk, base, contributions.unsqueeze(1), self.category(risk)


def _slopes(c: Stratum, treated: int, ln: Mapping[str, float]) -> pieces.Stratum:
    """Return the coefficients of a stratum with pressure untreated or treated.

    Age comes first: its contribution is taken at the reference values of the rest, and each other
    input's at the patient's age; treatment goes before pressure. Published are products with
    ln age; ours are with ln age less `ln` of the reference age, which adds to the slopes.
    """
    by_treatment = c.ln_sbp_treated - c.ln_sbp_untreated
    by_treatment_and_age = c.ln_age_ln_sbp_treated - c.ln_age_ln_sbp_untreated
    by_age = {
        "age": c.ln_age_squared,
        "total_cholesterol": c.ln_age_ln_tc,
        "hdl_cholesterol": c.ln_age_ln_hdl,
        "systolic_pressure": c.ln_age_ln_sbp_untreated + treated * by_treatment_and_age,
        "treated": by_treatment_and_age * ln["systolic_pressure"],
        "smoker": c.ln_age_smoker,
    }
    at_age_1 = {
        # The square of ln age less that of its reference has the slope of a product twice.
        "age": c.ln_age
        + c.ln_age_squared * ln["age"]
        + c.ln_age_ln_tc * ln["total_cholesterol"]
        + c.ln_age_ln_hdl * ln["hdl_cholesterol"]
        + c.ln_age_ln_sbp_untreated * ln["systolic_pressure"],
        "total_cholesterol": c.ln_tc,
        "hdl_cholesterol": c.ln_hdl,
        "systolic_pressure": c.ln_sbp_untreated + treated * by_treatment,
        "treated": by_treatment * ln["systolic_pressure"],
        "smoker": c.smoker,
        "diabetes": c.diabetes,
    }
    slope = {name: at + by_age.get(name, 0.0) * ln["age"] for name, at in at_age_1.items()}
    return pieces.Stratum(
        base=_base(c, ln),
        slope=slopes_of(slope, _QUANTITIES),
        by_age=slopes_of(by_age, _QUANTITIES),
    )


def _base(c: Stratum, ln_reference: Mapping[str, float]) -> float:
    """Return ln(-ln survival) of the reference profile, untreated."""
    la = ln_reference["age"]
    return math.fsum(
        (
            c.ln_age * la,
            c.ln_age_squared * la * la,
            (c.ln_tc + c.ln_age_ln_tc * la) * ln_reference["total_cholesterol"],
            (c.ln_hdl + c.ln_age_ln_hdl * la) * ln_reference["hdl_cholesterol"],
            (c.ln_sbp_untreated + c.ln_age_ln_sbp_untreated * la)
            * ln_reference["systolic_pressure"],
            -c.mean,
            math.log(-math.log(c.survival)),
        )
    )
