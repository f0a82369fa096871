"""The SCORE2 equations once more, in plain Python, in the two steps that the papers print."""

import math

SCORE2 = {
    "men": ((-0.5699, 0.7476), (-0.1565, 0.8009), (0.3207, 0.9360), (0.5836, 0.8294)),
    "women": ((-0.7380, 0.7019), (-0.3143, 0.7701), (0.5710, 0.9369), (0.9412, 0.8329)),
}
ASIA_PACIFIC = {
    "men": ((-0.375229965, 0.62020875), (0.284885676, 0.778128607), (0.778231091, 0.844985356),
            (0.608975204, 0.679014197)),
    "women": ((-0.986572446, 0.536743779), (0.08278687, 0.718980326), (0.611474287, 0.703624072),
              (0.502751798, 0.555577072)),
}  # fmt: skip
OP = {
    "men": ((-0.34, 1.19), (0.01, 1.25), (0.08, 1.15), (0.05, 0.7)),
    "women": ((-0.52, 1.01), (-0.1, 1.1), (0.38, 1.09), (0.38, 0.69)),
}


def score2(v: dict[str, float], scales=SCORE2) -> float:
    """Ten-year CVD risk at 40-69; cholesterol in mmol/L, region 0 (low) to 3 (very high)."""
    a, s = (v["age"] - 60) / 5, (v["systolic_pressure"] - 120) / 20
    t, h = v["total_cholesterol"] - 6, (v["hdl_cholesterol"] - 1.3) / 0.5
    smk, dm = v["smoker"], v["diabetes"]
    if v["male"]:
        x = (
            0.3742 * a + 0.6012 * smk + 0.2777 * s + 0.6457 * dm + 0.1458 * t - 0.2698 * h
            - 0.0755 * a * smk - 0.0255 * a * s - 0.0281 * a * t + 0.0426 * a * h - 0.0983 * a * dm
        )  # fmt: skip
        return _calibrated(1 - 0.9605 ** math.exp(x), scales["men"][int(v["region"])])
    x = (
        0.4648 * a + 0.7744 * smk + 0.3131 * s + 0.8096 * dm + 0.1002 * t - 0.2606 * h
        - 0.1088 * a * smk - 0.0277 * a * s - 0.0226 * a * t + 0.0613 * a * h - 0.1272 * a * dm
    )  # fmt: skip
    return _calibrated(1 - 0.9776 ** math.exp(x), scales["women"][int(v["region"])])


def score2_asia_pacific(v: dict[str, float]) -> float:
    """SCORE2 with the scales of the Asia-Pacific regions."""
    return score2(v, ASIA_PACIFIC)


def score2_op(v: dict[str, float]) -> float:
    """Ten-year CVD risk from 70; cholesterol in mmol/L."""
    a, s = v["age"] - 73, v["systolic_pressure"] - 150
    t, h = v["total_cholesterol"] - 6, v["hdl_cholesterol"] - 1.4
    smk, dm = v["smoker"], v["diabetes"]
    if v["male"]:
        x = (
            0.0634 * a + 0.4245 * dm + 0.3524 * smk + 0.0094 * s + 0.0850 * t - 0.3564 * h
            - 0.0174 * a * dm - 0.0247 * a * smk - 0.0005 * a * s + 0.0073 * a * t + 0.0091 * a * h
        )  # fmt: skip
        r = 1 - 0.7576 ** math.exp(x - 0.0929)
        return _calibrated(r, OP["men"][int(v["region"])])
    x = (
        0.0789 * a + 0.6010 * dm + 0.4921 * smk + 0.0102 * s + 0.0605 * t - 0.3040 * h
        - 0.0107 * a * dm - 0.0255 * a * smk - 0.0004 * a * s - 0.0009 * a * t + 0.0154 * a * h
    )  # fmt: skip
    return _calibrated(1 - 0.8082 ** math.exp(x - 0.229), OP["women"][int(v["region"])])


def score2_diabetes(v: dict[str, float]) -> float:
    """Ten-year CVD risk in type 2 diabetes; HbA1c in mmol/mol, eGFR in mL/min/1.73 m2."""
    a, s = (v["age"] - 60) / 5, (v["systolic_pressure"] - 120) / 20
    t, h = v["total_cholesterol"] - 6, (v["hdl_cholesterol"] - 1.3) / 0.5
    d, g = (v["age_at_diagnosis"] - 50) / 5, (v["hba1c"] - 31) / 9.34
    e = (math.log(v["egfr"]) - 4.5) / 0.15
    smk, dm = v["smoker"], 1.0
    if v["male"]:
        x = (
            0.5368 * a + 0.4774 * smk + 0.1322 * s + 0.6457 * dm + 0.1102 * t - 0.1087 * h
            - 0.0672 * a * smk - 0.0268 * a * s - 0.0983 * a * dm - 0.0181 * a * t + 0.0095 * a * h
            - 0.0998 * dm * d + 0.0955 * g - 0.0591 * e + 0.0058 * e**2 - 0.0134 * g * a
            + 0.0115 * e * a
        )  # fmt: skip
        return _calibrated(1 - 0.9605 ** math.exp(x), SCORE2["men"][int(v["region"])])
    x = (
        0.6624 * a + 0.6139 * smk + 0.1421 * s + 0.8096 * dm + 0.1127 * t - 0.1568 * h
        - 0.1122 * a * smk - 0.0167 * a * s - 0.1272 * a * dm - 0.0200 * a * t + 0.0186 * a * h
        - 0.118 * dm * d + 0.1173 * g - 0.0640 * e + 0.0062 * e**2 - 0.0196 * g * a
        + 0.0169 * e * a
    )  # fmt: skip
    return _calibrated(1 - 0.9776 ** math.exp(x), SCORE2["women"][int(v["region"])])


def _calibrated(r: float, scales: tuple[float, float]) -> float:
    return 1 - math.exp(-math.exp(scales[0] + scales[1] * math.log(-math.log(1 - r))))
