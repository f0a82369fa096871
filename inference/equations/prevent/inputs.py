"""The predictors of the PREVENT equations: eleven that all have, and three optional ones.

The graph reads its columns in this order, the optional ones last. Every bound is the equation's
own (Khan 2024).
"""

from dataclasses import replace

from inference.contract import InputSpec, Text, WhenAbsent
from inference.equations import inputs

MMOL_PER_MG = 0.02586
"""mmol/L of cholesterol per mg/dL, as the paper's calculator has it."""


def basic_inputs(*, oldest: int) -> tuple[InputSpec, ...]:
    """Return the predictors of the base equation, for ages of 30 to `oldest` years."""
    return (
        inputs.male(),
        inputs.age(30, oldest, reference=55),
        # NCEP ATP III, Circulation 2002;106:3143: below 200 mg/dL is desirable.
        replace(
            inputs.total_cholesterol(130, 320, reference=4.8 / MMOL_PER_MG),
            asked_at=200,
        ),
        inputs.hdl_cholesterol(20, 100, reference=1.3 / MMOL_PER_MG),
        # AHA/ACC high blood pressure guideline 2025: the goal is below 130/80.
        replace(inputs.systolic_pressure(90, 200, reference=130), asked_at=130),
        _BMI,
        _EGFR,
        inputs.diabetes(),
        replace(inputs.smoker(), asked_at=0),
        inputs.treated(),
        InputSpec("statin", "statin", Text("正在服用他汀", "On a statin"), "1", 0, 1, reference=0),
    )


# Asked nowhere else: the coefficients of BMI are zero in every outcome but heart failure.
_BMI = replace(
    inputs.laboratory(
        "bmi",
        Text("体质指数", "Body mass index"),
        "kg/m2",
        (18.5, 39.99),
        loinc=("39156-5",),
        max_age_days=365,
        cv=inputs.BODY_MASS_CV,
        reference=25,
    ),
    when_absent=WhenAbsent.LIMITS_OUTCOMES,
    needed_for=("heart-failure",),
)

_EGFR = inputs.laboratory(
    "egfr",
    Text("估算肾小球滤过率", "Estimated glomerular filtration rate"),
    "mL/min/{1.73_m2}",
    (15, 140),
    loinc=("98979-8",),
    max_age_days=180,
    cv=inputs.EGFR_CV,
    reference=90,
)

ACR = inputs.laboratory(
    "acr",
    Text("尿白蛋白/肌酐比值", "Urine albumin-to-creatinine ratio"),
    "mg/g",
    (0.1, 25000),
    loinc=("9318-7", "14959-1", "30000-4", "32294-1"),
    max_age_days=365,
    cv=0.30,
    reference=1,
)
"""The urine albumin-to-creatinine ratio in mg/g; it enters as its logarithm."""

HBA1C = replace(
    inputs.laboratory(
        "hba1c",
        Text("糖化血红蛋白", "Haemoglobin A1c"),
        "%",
        (3, 15),
        loinc=("4548-4", "17856-6", "59261-8"),
        max_age_days=365,
        # Ours, for the spread within a person and of a certified assay.
        cv=0.02,
        reference=5.3,
    ),
    asked_at=7,  # ADA Standards of Care 2025, section 6: below 7 % (53 mmol/mol)
)
"""Haemoglobin A1c in per cent (NGSP), centred at 5.3, with and without diabetes."""

SDI = InputSpec(
    "sdi",
    "social_deprivation_decile",
    Text("社会剥夺指数十分位", "Social Deprivation Index, decile"),
    "{decile}",
    1,
    10,
    when_absent=WhenAbsent.MISSING_TERM,
    reference=1,
)
"""The decile of the Social Deprivation Index; it enters as 4-6 and 7-10 against 1-3.

Many a home has none, in the United States too, and the equation says what to do then.
"""
