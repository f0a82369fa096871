"""What equations of a first cardiovascular event have in common."""

from inference.contract import Exclusion, Text

EXCLUSIONS = (
    Exclusion(
        "prior_cvd",
        Text(
            "已有心血管病，不适用一级预防方程",
            "cardiovascular disease is already present; "
            "a primary-prevention equation does not apply",
        ),
        unknown_withholds=True,
    ),
    Exclusion(
        "heart_failure",
        Text(
            "已有心力衰竭，不适用一级预防方程",
            "heart failure is already present; a primary-prevention equation does not apply",
        ),
        unknown_withholds=True,
    ),
)

NO_COVARIANCE = Text(
    "区间不含系数的协方差（未发表）",
    "the interval leaves out the coefficients' covariance, which is unpublished",
)
