"""The torch module that `make models` turns into China-PAR's graph.

The linear predictor is a sum of terms in the logarithms of the quantities, the flags, and their
products. So the graph is three steps: logarithms against the reference, products, one matrix
product per sex.
"""

import math

import torch

from inference.models.china_par.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
_REFERENCE = {spec.name: spec.reference for spec in MODEL.inputs}
_QUANTITIES = ("age", "systolic_pressure", "total_cholesterol", "hdl_cholesterol", "waist")
_FLAGS = ("treated", "smoker", "diabetes", "north", "urban", "family_history")

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
_BOUNDS = MODEL.scales[0].bounds
# Terms in the order of the graph: quantities (ln x - ln reference), flags, products.
_TERMS = (
    *_QUANTITIES, *_FLAGS,
    "la sbp", "treated sbp", "la treated", "la smoker", "la family", "treated la sbp",
)  # fmt: skip


def _weights(sex: int) -> dict[tuple[str, str], float]:
    """Return what each term adds to each input's contribution: (term, input) to weight.

    Age comes first: its contribution is taken at the reference values of the rest, and each
    other input's at the patient's age; treatment goes before pressure.
    """
    c = {name: pair[sex] for name, pair in _PUBLISHED.items()}
    ls_reference = math.log(_REFERENCE["systolic_pressure"] or math.nan)
    by_treatment = c["ln_sbp_treated"] - c["ln_sbp_untreated"]
    by_treatment_and_age = c["ln_age_ln_sbp_treated"] - c["ln_age_ln_sbp_untreated"]
    return {
        ("age", "age"): c["ln_age"] + c["ln_age_ln_sbp_untreated"] * ls_reference,
        ("systolic_pressure", "systolic_pressure"): c["ln_sbp_untreated"],
        ("la sbp", "systolic_pressure"): c["ln_age_ln_sbp_untreated"],
        ("treated sbp", "systolic_pressure"): by_treatment,
        ("treated la sbp", "systolic_pressure"): by_treatment_and_age,
        ("treated", "treated"): by_treatment * ls_reference,
        ("la treated", "treated"): by_treatment_and_age * ls_reference,
        ("total_cholesterol", "total_cholesterol"): c["ln_tc"],
        ("hdl_cholesterol", "hdl_cholesterol"): c["ln_hdl"],
        ("waist", "waist"): c["ln_waist"],
        ("smoker", "smoker"): c["smoker"],
        ("la smoker", "smoker"): c["ln_age_smoker"],
        ("diabetes", "diabetes"): c["diabetes"],
        ("north", "north"): c["north"],
        ("urban", "urban"): c["urban"],
        ("family_history", "family_history"): c["family"],
        ("la family", "family_history"): c["ln_age_family"],
    }


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

        def doubles(name: str, values: object) -> None:
            # Buffers, not literals: the exporter would store a Python float as float32.
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

        def places(name: str, names: tuple[str, ...]) -> None:
            positions = [_COLUMNS.index(column) for column in names]
            self.register_buffer(name, torch.tensor(positions, dtype=torch.int64))

        places("quantities", _QUANTITIES)
        places("flags", _FLAGS)
        doubles("ln_reference", [math.log(_REFERENCE[name] or math.nan) for name in _QUANTITIES])
        for sex, name in enumerate(("men", "women")):
            weights = torch.zeros((len(_TERMS), len(_COLUMNS)), dtype=torch.float64)
            for (term, owner), weight in _weights(sex).items():
                weights[_TERMS.index(term), _COLUMNS.index(owner)] = weight
            self.register_buffer(f"weights_{name}", weights)
            doubles(f"base_{name}", _base(sex))
            doubles(f"ln_survival_{name}", math.log(_PUBLISHED["survival"][sex]))
        doubles("middle", 0.5)
        doubles("moderate_from", _BOUNDS[0])
        doubles("high_from", _BOUNDS[1])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        ln = torch.log(x[:, self.quantities])
        against = ln - self.ln_reference
        flags = x[:, self.flags]
        la, sbp = ln[:, 0:1], against[:, 1:2]
        treated, smoker, family = flags[:, 0:1], flags[:, 1:2], flags[:, 5:6]
        la_sbp = la * sbp
        products = (la_sbp, treated * sbp, la * treated, la * smoker, la * family,
                    treated * la_sbp)  # fmt: skip
        terms = torch.cat([against, flags, *products], dim=1)
        male = (x[:, _COLUMNS.index("male")] > self.middle)[:, None]
        contributions = torch.where(male, terms @ self.weights_men, terms @ self.weights_women)
        base = torch.where(male, self.base_men, self.base_women)
        ln_survival = torch.where(male, self.ln_survival_men, self.ln_survival_women)
        predictor = base + contributions.sum(dim=1, keepdim=True)
        risk = -torch.expm1(torch.exp(predictor) * ln_survival)
        category = (risk[:, 0] >= self.moderate_from).to(torch.int64) + (
            risk[:, 0] >= self.high_from
        ).to(torch.int64)
        return risk, base, contributions[:, None, :], category


OUTPUTS = ("estimate", "base", "contributions", "risk-category")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return ChinaPar()
