"""The torch module that `make models` turns into the graph of PREVENT base, ten years."""

import csv
from pathlib import Path

import torch

from inference.models.prevent_base.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
_FILE_OUTCOMES = ("total_cvd", "ascvd", "heart_failure", "chd", "stroke")
_ROWS = {
    "age": "Age, per 10 years",
    "non_hdl": "non-HDL-C per 1 mmol/L",
    "hdl": "HDL-C per 0.3 mmol/L",
    "sbp_low": "SBP <110 per 20 mmHg",
    "sbp": "SBP ≥110 per 20 mmHg",
    "diabetes": "Diabetes",
    "smoker": "Current smoking",
    "bmi_low": "BMI <30, per 5 kg/m2",
    "bmi": "BMI 30+, per 5 kg/m2",
    "egfr_low": "eGFR <60, per -15 ml",
    "egfr": "eGFR 60+, per -15 ml",
    "treated": "Anti-hypertensive use",
    "statin": "Statin use",
    "treated_sbp": "Treated SBP ≥110 mm Hg per 20 mm Hg",
    "statin_non_hdl": "Treated non-HDL-C",
    "age_non_hdl": "Age per 10yr * non-HDL-C per 1 mmol/L",
    "age_hdl": "Age per 10yr * HDL-C per 0.3 mmol/L",
    "age_sbp": "Age per 10yr * SBP ≥110 mm Hg per 20 mmHg",
    "age_diabetes": "Age per 10yr * diabetes",
    "age_smoker": "Age per 10yr * current smoking",
    "age_bmi": "Age per 10yr * BMI 30+ per 5 kg/m2",
    "age_egfr_low": "Age per 10yr * eGFR <60, per -15 ml",
    "constant": "Constant",
}
# Centres and scales of the published terms (mmol/L, mm[Hg], kg/m2, mL/min/1.73 m2).
_NUMBERS = {
    "mmol": 0.02586, "age_centre": 55.0, "age_scale": 10.0, "non_hdl_centre": 3.5,
    "hdl_centre": 1.3, "hdl_scale": 0.3, "sbp_knot": 110.0, "sbp_centre": 130.0,
    "sbp_scale": 20.0, "bmi_knot": 30.0, "bmi_centre": 25.0, "bmi_scale": 5.0,
    "egfr_knot": 60.0, "egfr_centre": 90.0, "egfr_scale": -15.0, "middle": 0.5, "zero": 0.0,
    "threshold": 0.075, "not_known": float("nan"),
}  # fmt: skip


def _coefficients() -> dict[str, list[list[float]]]:
    """Read the table: term -> [men, women], each a value per outcome."""
    path = Path(__file__).with_name("coefficients_10y.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["beta_coefficients"]: row for row in csv.DictReader(file)}
    return {
        term: [
            [float(rows[label][f"{sex}_{o}"]) for o in _FILE_OUTCOMES] for sex in ("male", "female")
        ]
        for term, label in _ROWS.items()
    }


class PreventBase(torch.nn.Module):
    """Map the input matrix [n, 11] to five risks, their bases, contributions and the threshold.

    Contributions are on the log-odds scale against the equation's own centres, age first: an
    interaction with age belongs to the other input, treated pressure to the pressure and
    non-HDL cholesterol under a statin to the cholesterol. They and `base` add up to the logit.
    An unknown body mass index is NaN and leaves out heart failure alone.
    """

    def __init__(self) -> None:
        super().__init__()
        for term, table in _coefficients().items():
            self.register_buffer(f"c_{term}", torch.tensor(table, dtype=torch.float64))
        for name, value in _NUMBERS.items():
            self.register_buffer(name, torch.tensor(value, dtype=torch.float64))

    def _coefficient(self, term: str, male: torch.Tensor) -> torch.Tensor:
        """Return [n, 5] coefficients for each row's sex."""
        men_women = getattr(self, f"c_{term}")
        return torch.where(
            (male > self.middle)[:, None], men_women[0][None, :], men_women[1][None, :]
        )

    def _pieces(self, v: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the centred and scaled published terms, [n, 1] each."""
        bmi = torch.where(torch.isnan(v["bmi"]), self.bmi_centre, v["bmi"])
        pieces = {
            "age": (v["age"] - self.age_centre) / self.age_scale,
            "tc": v["total_cholesterol"] * self.mmol - (self.non_hdl_centre + self.hdl_centre),
            "hdl_mmol": v["hdl_cholesterol"] * self.mmol - self.hdl_centre,
            "sbp_low": (torch.minimum(v["systolic_pressure"], self.sbp_knot) - self.sbp_knot)
            / self.sbp_scale,
            "sbp": (torch.maximum(v["systolic_pressure"], self.sbp_knot) - self.sbp_centre)
            / self.sbp_scale,
            "bmi_low": (torch.minimum(bmi, self.bmi_knot) - self.bmi_centre) / self.bmi_scale,
            "bmi": (torch.maximum(bmi, self.bmi_knot) - self.bmi_knot) / self.bmi_scale,
            "egfr_low": (torch.minimum(v["egfr"], self.egfr_knot) - self.egfr_knot)
            / self.egfr_scale,
            "egfr": (torch.maximum(v["egfr"], self.egfr_knot) - self.egfr_centre) / self.egfr_scale,
        }
        return {name: piece[:, None] for name, piece in pieces.items()}

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        v = {name: x[:, i] for i, name in enumerate(_COLUMNS)}
        p = self._pieces(v)
        flag = {name: v[name][:, None] for name in ("diabetes", "smoker", "treated", "statin")}

        def c(term: str) -> torch.Tensor:
            return self._coefficient(term, v["male"])

        age = p["age"]
        by_non_hdl = c("non_hdl") + c("age_non_hdl") * age + c("statin_non_hdl") * flag["statin"]
        by_sbp = c("sbp") + c("age_sbp") * age + c("treated_sbp") * flag["treated"]
        base = c("constant")
        contributions = {
            "male": torch.zeros_like(base),
            "age": c("age") * age,
            "total_cholesterol": by_non_hdl * p["tc"],
            "hdl_cholesterol": (c("hdl") + c("age_hdl") * age) * p["hdl_mmol"] / self.hdl_scale
            - by_non_hdl * p["hdl_mmol"],
            "systolic_pressure": c("sbp_low") * p["sbp_low"] + by_sbp * p["sbp"],
            "bmi": c("bmi_low") * p["bmi_low"] + (c("bmi") + c("age_bmi") * age) * p["bmi"],
            "egfr": (c("egfr_low") + c("age_egfr_low") * age) * p["egfr_low"]
            + c("egfr") * p["egfr"],
            "diabetes": (c("diabetes") + c("age_diabetes") * age) * flag["diabetes"],
            "smoker": (c("smoker") + c("age_smoker") * age) * flag["smoker"],
            "treated": c("treated") * flag["treated"],
            "statin": c("statin") * flag["statin"],
        }
        stacked = torch.stack([contributions[name] for name in _COLUMNS], dim=2)
        risk = torch.sigmoid(base + stacked.sum(dim=2))
        depends_on_bmi = (c("bmi") != self.zero) | (c("bmi_low") != self.zero)
        unknown = torch.isnan(v["bmi"])[:, None] & depends_on_bmi
        risk = torch.where(unknown, self.not_known, risk)
        category = (risk[:, 0] >= self.threshold).to(torch.int64)
        return risk, base, stacked, category


OUTPUTS = ("estimate", "base", "contributions", "treatment-threshold")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return PreventBase()
