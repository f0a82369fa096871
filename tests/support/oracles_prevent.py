"""The PREVENT equations once more, term by term: what the graphs are compared with."""

import csv
import math
from functools import cache
from importlib import resources

OUTCOMES = {
    "cvd": "total_cvd", "ascvd": "ascvd", "heart-failure": "heart_failure", "chd": "chd",
    "stroke": "stroke",
}  # fmt: skip


def prevent(v: dict[str, float], folder: str) -> dict[str, float]:
    """Khan 2024: the five risks of one person by the coefficients of a model's folder.

    Cholesterol in mg/dL; an optional predictor is NaN, or left out, where it was not measured.
    """
    table = _table(folder)
    terms = _terms(v)
    sex = "male" if v["male"] else "female"
    risks = {}
    for outcome, column in OUTCOMES.items():
        x = math.fsum(float(row[f"{sex}_{column}"]) * terms[name] for name, row in table.items())
        risks[outcome] = 1 / (1 + math.exp(-x))
    return risks


@cache
def _table(folder: str) -> dict[str, dict[str, str]]:
    found = resources.files(f"inference.models.{folder}")
    name = "coefficients_10y.csv" if folder == "prevent_base" else "coefficients.csv"
    with (found / name).open(encoding="utf-8") as file:
        return {row["beta_coefficients"]: row for row in csv.DictReader(file)}


def _terms(v: dict[str, float]) -> dict[str, float]:
    a = (v["age"] - 55) / 10
    non_hdl = (v["total_cholesterol"] - v["hdl_cholesterol"]) * 0.02586 - 3.5
    hdl = (v["hdl_cholesterol"] * 0.02586 - 1.3) / 0.3
    sbp = (max(v["systolic_pressure"], 110) - 130) / 20
    bmi = (max(v["bmi"], 30) - 30) / 5
    egfr_low = (min(v["egfr"], 60) - 60) / -15
    dm, smoker, treated, statin = v["diabetes"], v["smoker"], v["treated"], v["statin"]
    return {
        "Age, per 10 years": a,
        "Age, 10 years": a,
        "Age squared": a**2,
        "non-HDL-C per 1 mmol/L": non_hdl,
        "HDL-C per 0.3 mmol/L": hdl,
        "SBP <110 per 20 mmHg": (min(v["systolic_pressure"], 110) - 110) / 20,
        "SBP ≥110 per 20 mmHg": sbp,
        "Diabetes": dm,
        "Current smoking": smoker,
        "BMI <30, per 5 kg/m2": (min(v["bmi"], 30) - 25) / 5,
        "BMI 30+, per 5 kg/m2": bmi,
        "eGFR <60, per -15 ml": egfr_low,
        "eGFR 60+, per -15 ml": (max(v["egfr"], 60) - 90) / -15,
        "Anti-hypertensive use": treated,
        "Statin use": statin,
        "Treated SBP ≥110 mm Hg per 20 mm Hg": treated * sbp,
        "Treated non-HDL-C": statin * non_hdl,
        "Age per 10yr * non-HDL-C per 1 mmol/L": a * non_hdl,
        "Age per 10yr * HDL-C per 0.3 mmol/L": a * hdl,
        "Age per 10yr * SBP ≥110 mm Hg per 20 mmHg": a * sbp,
        "Age per 10yr * diabetes": a * dm,
        "Age per 10yr * current smoking": a * smoker,
        "Age per 10yr * BMI 30+ per 5 kg/m2": a * bmi,
        "Age per 10yr * eGFR <60, per -15 ml": a * egfr_low,
        "Constant": 1.0,
    } | _optional_terms(v)


def _optional_terms(v: dict[str, float]) -> dict[str, float]:
    acr, hba1c, sdi = (v.get(name, math.nan) for name in ("acr", "hba1c", "sdi"))
    above = 0.0 if math.isnan(hba1c) else hba1c - 5.3
    return {
        "ln-ACR, mg/g, per 1 ln unit": 0.0 if math.isnan(acr) else math.log(acr),
        "Missing ACR/PCR/Dipstick": float(math.isnan(acr)),
        "HbA1c in DM, per 1%": above if v["diabetes"] else 0.0,
        "HbA1c no DM, per 1%": 0.0 if v["diabetes"] else above,
        "Missing HbA1c": float(math.isnan(hba1c)),
        "SDI decile categories 4-6 vs. 1-3": float(4 <= sdi <= 6),
        "SDI decile categories 7-10 vs. 1-3": float(sdi >= 7),
        "Missing SDI": float(math.isnan(sdi)),
    }
