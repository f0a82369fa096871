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

_QUANTITIES = ("age", "total_cholesterol", "hdl_cholesterol", "systolic_pressure")
_FLAGS = ("treated", "smoker", "diabetes")
_STRATA = ("male", "black")
# Terms in the order of the graph: quantities (ln x - ln reference), flags, what tells the stratum
# (without weight, but not known it leaves no number), products with the logarithm of age (la).
_PRODUCTS = (
    "la squared", "la tc", "la hdl", "la sbp", "treated sbp", "treated la sbp", "la treated",
    "la smoker",
)  # fmt: skip


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
        known_by = [name for name in _STRATA if name in columns]
        ln_reference = {
            spec.name: math.log(spec.reference)
            for spec in inputs
            if spec.name in _QUANTITIES and spec.reference is not None
        }

        def doubles(name: str, values: object) -> None:
            # Buffers, not literals: the exporter would store a Python float as float32.
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

        def places(name: str, names: Sequence[str]) -> None:
            positions = [columns.index(column) for column in names]
            self.register_buffer(name, torch.tensor(positions, dtype=torch.int64))

        places("quantities", _QUANTITIES)
        places("flags", _FLAGS)
        places("known_by", known_by)
        doubles("ln_reference", [ln_reference[name] for name in _QUANTITIES])
        terms = (*_QUANTITIES, *_FLAGS, *known_by, *_PRODUCTS)
        for number, stratum in enumerate(strata):
            weights = torch.zeros((len(terms), len(columns)), dtype=torch.float64)
            for (term, owner), weight in _weights(stratum, ln_reference).items():
                weights[terms.index(term), columns.index(owner)] = weight
            self.register_buffer(f"weights_{number}", weights)
        doubles("bases", [[_base(stratum, ln_reference)] for stratum in strata])
        doubles("powers", [[float(1 << place)] for place in range(len(known_by))])
        doubles("middle", 0.5)
        doubles("category_from", scale.bounds)
        self.register_buffer("unknown", torch.tensor(-1, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        ln = torch.log(x[:, self.quantities])
        against = ln - self.ln_reference
        flags = x[:, self.flags]
        la, la_reference = ln[:, 0:1], self.ln_reference[0]
        treated, smoker = flags[:, 0:1], flags[:, 1:2]
        tc, hdl, sbp = against[:, 1:2], against[:, 2:3], against[:, 3:4]
        la_sbp = la * sbp
        products = (
            la * la - la_reference * la_reference, la * tc, la * hdl, la_sbp, treated * sbp,
            treated * la_sbp, la * treated, la * smoker,
        )  # fmt: skip
        stratum = x[:, self.known_by]
        terms = torch.cat([against, flags, stratum, *products], dim=1)
        number = (stratum > self.middle).to(torch.float64) @ self.powers
        contributions, base = terms @ self.weights_0, self.bases[0].expand(x.shape[0], 1)
        for place in range(1, len(self.bases)):
            here = number > place - self.middle
            contributions = torch.where(
                here, terms @ getattr(self, f"weights_{place}"), contributions
            )
            base = torch.where(here, self.bases[place], base)
        risk = -torch.expm1(-torch.exp(base + contributions.sum(dim=1, keepdim=True)))
        steps = (risk >= self.category_from).to(torch.int64).sum(dim=1)
        category = torch.where(torch.isnan(risk[:, 0]), self.unknown, steps)
        return risk, base, contributions[:, None, :], category


def _weights(c: Stratum, ln_reference: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Return what each term adds to each input's contribution: (term, input) to weight.

    Age comes first: its contribution is taken at the reference values of the rest, and each other
    input's at the patient's age; treatment goes before pressure.
    """
    ls_reference = ln_reference["systolic_pressure"]
    by_treatment = c.ln_sbp_treated - c.ln_sbp_untreated
    by_treatment_and_age = c.ln_age_ln_sbp_treated - c.ln_age_ln_sbp_untreated
    by_age = (
        c.ln_age
        + c.ln_age_ln_tc * ln_reference["total_cholesterol"]
        + c.ln_age_ln_hdl * ln_reference["hdl_cholesterol"]
        + c.ln_age_ln_sbp_untreated * ls_reference
    )
    return {
        ("age", "age"): by_age,
        ("la squared", "age"): c.ln_age_squared,
        ("total_cholesterol", "total_cholesterol"): c.ln_tc,
        ("la tc", "total_cholesterol"): c.ln_age_ln_tc,
        ("hdl_cholesterol", "hdl_cholesterol"): c.ln_hdl,
        ("la hdl", "hdl_cholesterol"): c.ln_age_ln_hdl,
        ("systolic_pressure", "systolic_pressure"): c.ln_sbp_untreated,
        ("la sbp", "systolic_pressure"): c.ln_age_ln_sbp_untreated,
        ("treated sbp", "systolic_pressure"): by_treatment,
        ("treated la sbp", "systolic_pressure"): by_treatment_and_age,
        ("treated", "treated"): by_treatment * ls_reference,
        ("la treated", "treated"): by_treatment_and_age * ls_reference,
        ("smoker", "smoker"): c.smoker,
        ("la smoker", "smoker"): c.ln_age_smoker,
        ("diabetes", "diabetes"): c.diabetes,
    }


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
