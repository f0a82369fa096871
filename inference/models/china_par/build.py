"""The torch module that `make models` turns into China-PAR's graph."""

import torch

from inference.models.china_par.definition import MODEL

_LN = torch.log
_COLUMNS = [spec.name for spec in MODEL.inputs]
_REFERENCE = {spec.name: spec.reference for spec in MODEL.inputs}

# Terms of the linear predictor, (men, women); `treated` and `untreated` multiply ln SBP.
_TERMS = {
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
    "moderate_from": (0.05, 0.05),
    "high_from": (0.10, 0.10),
}


class ChinaPar(torch.nn.Module):
    """Map the input matrix [n, 12] to estimate, base, contributions and risk category.

    Contributions are on the log-hazard scale, taken with age first: age at reference values of
    the rest, then each other input at the patient's age. They and `base` (the linear predictor
    of the reference profile, less the mean) add up to the linear predictor exactly.
    """

    def __init__(self) -> None:
        super().__init__()
        for name, pair in _TERMS.items():
            self.register_buffer(f"c_{name}", torch.tensor(pair, dtype=torch.float64))
        for name, value in _REFERENCE.items():
            if value is not None:
                self.register_buffer(f"r_{name}", torch.tensor(value, dtype=torch.float64))
        # Buffers, not literals: the exporter would store a Python float as float32.
        self.register_buffer("one", torch.tensor(1.0, dtype=torch.float64))
        self.register_buffer("middle", torch.tensor(0.5, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        v = {name: x[:, i] for i, name in enumerate(_COLUMNS)}
        male = v["male"]

        def c(name: str) -> torch.Tensor:
            men_women = getattr(self, f"c_{name}")
            return torch.where(male > self.middle, men_women[0], men_women[1])

        la, la_ref = _LN(v["age"]), _LN(self.r_age)
        ls, ls_ref = _LN(v["systolic_pressure"]), _LN(self.r_systolic_pressure)
        by_pressure_untreated = c("ln_sbp_untreated") + c("ln_age_ln_sbp_untreated") * la
        by_pressure_treated = c("ln_sbp_treated") + c("ln_age_ln_sbp_treated") * la
        treated = v["treated"]
        by_pressure = by_pressure_untreated + treated * (
            by_pressure_treated - by_pressure_untreated
        )
        contributions = {
            "male": torch.zeros_like(la),
            "age": (c("ln_age") + c("ln_age_ln_sbp_untreated") * ls_ref) * (la - la_ref),
            "systolic_pressure": by_pressure * (ls - ls_ref),
            "treated": treated * (by_pressure_treated - by_pressure_untreated) * ls_ref,
            "total_cholesterol": c("ln_tc")
            * (_LN(v["total_cholesterol"]) - _LN(self.r_total_cholesterol)),
            "hdl_cholesterol": c("ln_hdl")
            * (_LN(v["hdl_cholesterol"]) - _LN(self.r_hdl_cholesterol)),
            "waist": c("ln_waist") * (_LN(v["waist"]) - _LN(self.r_waist)),
            "smoker": v["smoker"] * (c("smoker") + c("ln_age_smoker") * la),
            "diabetes": v["diabetes"] * c("diabetes"),
            "north": v["north"] * c("north"),
            "urban": v["urban"] * c("urban"),
            "family_history": v["family_history"] * (c("family") + c("ln_age_family") * la),
        }
        base = (
            c("ln_age") * la_ref
            + c("ln_sbp_untreated") * ls_ref
            + c("ln_tc") * _LN(self.r_total_cholesterol)
            + c("ln_hdl") * _LN(self.r_hdl_cholesterol)
            + c("ln_waist") * _LN(self.r_waist)
            + c("ln_age_ln_sbp_untreated") * la_ref * ls_ref
            - c("mean")
        )
        stacked = torch.stack([contributions[name] for name in _COLUMNS], dim=1)
        predictor = base + stacked.sum(dim=1)
        risk = self.one - torch.exp(torch.exp(predictor) * _LN(c("survival")))
        category = (risk >= c("moderate_from")).to(torch.int64) + (risk >= c("high_from")).to(
            torch.int64
        )
        return risk[:, None], base[:, None], stacked[:, None, :], category


OUTPUTS = ("estimate", "base", "contributions", "risk-category")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return ChinaPar()
