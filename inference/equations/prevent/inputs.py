"""The predictors of the PREVENT equations: eleven that all have, and three optional ones.

The graph reads its columns in this order, the optional ones last.
"""

from inference.contract import InputSpec, Text, WhenAbsent

_LAB_AGE_DAYS = 365
_VITAL_AGE_DAYS = 365

MMOL_PER_MG = 0.02586
"""mmol/L of cholesterol per mg/dL, as the paper's calculator has it."""


def basic_inputs(*, oldest: int) -> tuple[InputSpec, ...]:
    """Return the predictors of the base equation, for ages of 30 to `oldest` years."""
    return (
        InputSpec("male", "male", Text("男性", "Male sex"), "1", 0, 1),
        InputSpec("age", "age", Text("年龄", "Age"), "a", 30, oldest, reference=55),
        *_MEASURED,
        *_FACTS,
    )


_MEASURED = (
    InputSpec(
        "total_cholesterol",
        "total_cholesterol",
        Text("总胆固醇", "Total cholesterol"),
        "mg/dL",
        130,
        320,
        loinc=("14647-2", "2093-3"),
        max_age_days=_LAB_AGE_DAYS,
        cv=0.06,
        reference=4.8 / MMOL_PER_MG,
    ),
    InputSpec(
        "hdl_cholesterol",
        "hdl_cholesterol",
        Text("高密度脂蛋白胆固醇", "HDL cholesterol"),
        "mg/dL",
        20,
        100,
        loinc=("14646-4", "2085-9"),
        max_age_days=_LAB_AGE_DAYS,
        cv=0.07,
        reference=1.3 / MMOL_PER_MG,
    ),
    InputSpec(
        "systolic_pressure",
        "sbp",
        Text("收缩压", "Systolic blood pressure"),
        "mm[Hg]",
        90,
        200,
        loinc=("8480-6",),
        max_age_days=_VITAL_AGE_DAYS,
        sd=8.0,  # within-person SD of a clinic reading, 8-10 mm[Hg]
        reference=130,
    ),
    InputSpec(
        "bmi",
        "bmi",
        Text("体质指数", "Body mass index"),
        "kg/m2",
        18.5,
        39.99,
        loinc=("39156-5",),
        max_age_days=_VITAL_AGE_DAYS,
        # The coefficients of BMI are zero in every outcome but heart failure.
        when_absent=WhenAbsent.LIMITS_OUTCOMES,
        needed_for=("heart-failure",),
        cv=0.01,
        reference=25,
    ),
    InputSpec(
        "egfr",
        "egfr",
        Text("估算肾小球滤过率", "Estimated glomerular filtration rate"),
        "mL/min/{1.73_m2}",
        15,
        140,
        loinc=("98979-8",),
        max_age_days=180,
        cv=0.06,
        reference=90,
    ),
)

_FACTS = (
    InputSpec("diabetes", "diabetes", Text("糖尿病", "Diabetes"), "1", 0, 1, reference=0),
    InputSpec(
        "smoker",
        "current_smoker",
        Text("当前吸烟", "Current smoker"),
        "1",
        0,
        1,
        loinc=("72166-2",),
        max_age_days=_VITAL_AGE_DAYS,
        reference=0,
    ),
    InputSpec(
        "treated",
        "antihypertensive",
        Text("正在服用降压药", "On blood-pressure-lowering medication"),
        "1",
        0,
        1,
        reference=0,
    ),
    InputSpec("statin", "statin", Text("正在服用他汀", "On a statin"), "1", 0, 1, reference=0),
)


def acr(when_absent: WhenAbsent) -> InputSpec:
    """Return the urine albumin-to-creatinine ratio; it enters as ln(mg/g).

    The bounds are those of the published calculators. They raise a smaller ratio to 0.1 mg/g; here
    it is refused like any other value outside.
    """
    return InputSpec(
        "acr",
        "acr",
        Text("尿白蛋白/肌酐比值", "Urine albumin-to-creatinine ratio"),
        "mg/g",
        0.1,
        25000,
        loinc=("9318-7", "14959-1", "30000-4", "32294-1"),
        max_age_days=_LAB_AGE_DAYS,
        when_absent=when_absent,
        cv=0.30,
        reference=1,
    )


def hba1c(when_absent: WhenAbsent) -> InputSpec:
    """Return haemoglobin A1c in per cent (NGSP), centred at 5.3.

    The paper's calculator takes 3 to 15 %; a lower bound of 4.5 % is preventr's: below it is what
    haemolysis or another error makes, and it would reassure falsely.
    """
    return InputSpec(
        "hba1c",
        "hba1c",
        Text("糖化血红蛋白", "Haemoglobin A1c"),
        "%",
        4.5,
        15,
        loinc=("4548-4", "17856-6", "59261-8"),
        max_age_days=_LAB_AGE_DAYS,
        when_absent=when_absent,
        # Within-person spread and a certified assay's imprecision are each under 2 %.
        cv=0.02,
        reference=5.3,
    )


def sdi() -> InputSpec:
    """Return the decile of the Social Deprivation Index; it enters as 4-6 and 7-10 against 1-3.

    Many a home has none, in the United States too, and the equation says what to do then.
    """
    return InputSpec(
        "sdi",
        "social_deprivation_decile",
        Text("社会剥夺指数十分位", "Social Deprivation Index, decile"),
        "{decile}",
        1,
        10,
        when_absent=WhenAbsent.MISSING_TERM,
        reference=1,
    )
