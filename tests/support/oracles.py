"""The published equations once more, in plain Python: what the graphs are compared with."""

import csv
import math
from importlib import resources


def china_par(v: dict[str, float]) -> float:
    """Yang 2016, ten-year ASCVD risk; cholesterol in mg/dL, waist in cm."""
    la, ls = math.log(v["age"]), math.log(v["systolic_pressure"])
    lt, lh = math.log(v["total_cholesterol"]), math.log(v["hdl_cholesterol"])
    lw = math.log(v["waist"])
    treated = bool(v["treated"])
    if v["male"]:
        x = (
            31.97 * la + (27.39 if treated else 26.15) * ls + 0.62 * lt - 0.69 * lh - 0.71 * lw
            + 3.96 * v["smoker"] + 0.36 * v["diabetes"] + 0.48 * v["north"] - 0.16 * v["urban"]
            + 6.22 * v["family_history"] + (-6.02 if treated else -5.73) * la * ls
            - 0.94 * la * v["smoker"] - 1.53 * la * v["family_history"]
        )  # fmt: skip
        return 1 - 0.9707 ** math.exp(x - 140.68)
    x = (
        24.87 * la + (20.71 if treated else 19.98) * ls + 0.06 * lt - 0.22 * lh + 1.48 * lw
        + 0.49 * v["smoker"] + 0.57 * v["diabetes"] + 0.54 * v["north"]
        + (-4.53 if treated else -4.36) * la * ls
    )  # fmt: skip
    return 1 - 0.9904 ** math.exp(x - 117.26)


def ckd_epi_2021(v: dict[str, float]) -> float:
    """Inker 2021, eGFR in mL/min/1.73 m2; creatinine in mg/dL."""
    kappa, alpha, sex = (0.9, -0.302, 1.0) if v["male"] else (0.7, -0.241, 1.012)
    ratio = v["creatinine"] / kappa
    return 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938 ** v["age"] * sex


def prevent_base(v: dict[str, float]) -> dict[str, float]:
    """Khan 2024, base model, ten years, all five outcomes; cholesterol in mg/dL."""
    return {
        outcome: _prevent(v, column)
        for outcome, column in (
            ("cvd", "total_cvd"), ("ascvd", "ascvd"), ("heart-failure", "heart_failure"),
            ("chd", "chd"), ("stroke", "stroke"),
        )
    }  # fmt: skip


def _prevent(v: dict[str, float], column: str) -> float:
    a = (v["age"] - 55) / 10
    non_hdl = (v["total_cholesterol"] - v["hdl_cholesterol"]) * 0.02586 - 3.5
    hdl = (v["hdl_cholesterol"] * 0.02586 - 1.3) / 0.3
    sbp_low = (min(v["systolic_pressure"], 110) - 110) / 20
    sbp = (max(v["systolic_pressure"], 110) - 130) / 20
    bmi_low, bmi = (min(v["bmi"], 30) - 25) / 5, (max(v["bmi"], 30) - 30) / 5
    egfr_low, egfr = (min(v["egfr"], 60) - 60) / -15, (max(v["egfr"], 60) - 90) / -15
    dm, smoker, treated, statin = v["diabetes"], v["smoker"], v["treated"], v["statin"]
    terms = (
        a, non_hdl, hdl, sbp_low, sbp, dm, smoker, bmi_low, bmi, egfr_low, egfr, treated, statin,
        treated * sbp, statin * non_hdl, a * non_hdl, a * hdl, a * sbp, a * dm, a * smoker,
        a * bmi, a * egfr_low, 1.0,
    )  # fmt: skip
    table = resources.files("inference.models.prevent_base") / "coefficients_10y.csv"
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sex = "male" if v["male"] else "female"
    coefficients = [float(row[f"{sex}_{column}"]) for row in rows]
    x = math.fsum(c * t for c, t in zip(coefficients, terms, strict=True))
    return 1 / (1 + math.exp(-x))
