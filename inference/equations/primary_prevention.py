"""What equations of a first cardiovascular event have in common."""

from typing import Final

from inference.contract import Exclusion, Text

# Neither state was in the cohorts, and in both pressure and lipids mean something else (the ESC
# guideline of 2021 leaves both out of SCORE2).
NOT_IN_THE_COHORTS: Final = (
    Exclusion(
        "dialysis",
        Text(
            "透析患者不适用该方程（心血管风险已属很高）",
            "the patient is on dialysis: the equation was not made for that, and the "
            "cardiovascular risk is very high without it",
        ),
        unknown_withholds=False,
    ),
    Exclusion(
        "pregnancy",
        Text("妊娠期不适用该方程", "the equation does not apply in pregnancy"),
        unknown_withholds=False,
    ),
)

EXCLUSIONS: Final = (
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
    *NOT_IN_THE_COHORTS,
)

NO_COVARIANCE = Text(
    "区间不含系数的协方差（未发表）",
    "the interval leaves out the coefficients' covariance, which is unpublished",
)
