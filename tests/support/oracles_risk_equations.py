"""KFRE, PCE, Framingham and FIB-4 once more, in plain Python: what the graphs are compared with."""

import math
from collections.abc import Mapping

Values = Mapping[str, float]

# Tangri 2016: baseline survival by number of variables, years and "in North America".
_KFRE_SURVIVAL = {
    (4, 2, True): 0.9750, (4, 2, False): 0.9832, (4, 5, True): 0.9240, (4, 5, False): 0.9365,
    (8, 2, True): 0.9780, (8, 2, False): 0.9827, (8, 5, True): 0.9301, (8, 5, False): 0.9245,
}  # fmt: skip


def kfre(v: Values, *, variables: int, years: int) -> float:
    """Tangri 2011 and 2016; albumin in g/dL, phosphate and calcium in mg/dL, ratio in mg/g."""
    if variables == 4:
        x = (
            -0.2201 * (v["age"] / 10 - 7.036) + 0.2467 * (v["male"] - 0.5642)
            - 0.5567 * (v["egfr"] / 5 - 7.222) + 0.4510 * (math.log(v["acr"]) - 5.137)
        )  # fmt: skip
    else:
        x = (
            -0.1992 * (v["age"] / 10 - 7.036) + 0.1602 * (v["male"] - 0.5642)
            - 0.4919 * (v["egfr"] / 5 - 7.222) + 0.3364 * (math.log(v["acr"]) - 5.137)
            - 0.3441 * (v["albumin"] - 3.997) + 0.2604 * (v["phosphate"] - 3.916)
            - 0.07354 * (v["bicarbonate"] - 25.57) - 0.2228 * (v["calcium"] - 9.355)
        )  # fmt: skip
    survival: float = _KFRE_SURVIVAL[variables, years, bool(v["north_america"])]
    return 1 - survival ** math.exp(x)


def pce(v: Values) -> float:
    """Goff 2014, ten-year risk of ASCVD; cholesterol in mg/dL."""
    la, lt, lh, ls = (
        math.log(v[name])
        for name in ("age", "total_cholesterol", "hdl_cholesterol", "systolic_pressure")
    )
    treated, smoker, diabetes = bool(v["treated"]), v["smoker"], v["diabetes"]
    if v["black"] and v["male"]:
        x = (
            2.469 * la + 0.302 * lt - 0.307 * lh + (1.916 if treated else 1.809) * ls
            + 0.549 * smoker + 0.645 * diabetes
        )  # fmt: skip
        return 1 - 0.8954 ** math.exp(x - 19.54)
    if v["black"]:
        pressure = (29.291 - 6.432 * la if treated else 27.820 - 6.087 * la) * ls
        x = (
            17.114 * la + 0.940 * lt - 18.920 * lh + 4.475 * la * lh + pressure
            + 0.691 * smoker + 0.874 * diabetes
        )  # fmt: skip
        return 1 - 0.9533 ** math.exp(x - 86.61)
    if v["male"]:
        x = (
            12.344 * la + 11.853 * lt - 2.664 * la * lt - 7.990 * lh + 1.769 * la * lh
            + (1.797 if treated else 1.764) * ls + 7.837 * smoker - 1.795 * la * smoker
            + 0.658 * diabetes
        )  # fmt: skip
        return 1 - 0.9144 ** math.exp(x - 61.18)
    x = (
        -29.799 * la + 4.884 * la**2 + 13.540 * lt - 3.114 * la * lt - 13.578 * lh
        + 3.149 * la * lh + (2.019 if treated else 1.957) * ls + 7.574 * smoker
        - 1.665 * la * smoker + 0.661 * diabetes
    )  # fmt: skip
    return 1 - 0.9665 ** math.exp(x + 29.18)


def framingham(v: Values) -> float:
    """D'Agostino 2008 with lipids, ten-year risk of any CVD; cholesterol in mg/dL."""
    la, lt, lh, ls = (
        math.log(v[name])
        for name in ("age", "total_cholesterol", "hdl_cholesterol", "systolic_pressure")
    )
    if v["male"]:
        x = (
            3.06117 * la + 1.12370 * lt - 0.93263 * lh
            + (1.99881 if v["treated"] else 1.93303) * ls
            + 0.65451 * v["smoker"] + 0.57367 * v["diabetes"]
        )  # fmt: skip
        return 1 - 0.88936 ** math.exp(x - 23.9802)
    x = (
        2.32888 * la + 1.20904 * lt - 0.70833 * lh
        + (2.82263 if v["treated"] else 2.76157) * ls
        + 0.52873 * v["smoker"] + 0.69154 * v["diabetes"]
    )  # fmt: skip
    return 1 - 0.95012 ** math.exp(x - 26.1931)


def fib4(v: Values) -> float:
    """Sterling 2006; enzymes in U/L, platelets in 10^9/L."""
    return v["age"] * v["ast"] / (v["platelets"] * math.sqrt(v["alt"]))
