"""Inputs that several equations ask for: one label, one list of LOINC codes, one spread.

Each function takes the model's own domain, ends included, and the value that contributions are
measured against, both in the unit that the function names.
"""

from inference.contract import InputSpec, Text

_LAB_AGE_DAYS = 365
_VITAL_AGE_DAYS = 365
CREATININE_CV = 0.055
"""Ours, for spread within a person and of the assay."""
EGFR_CV = 0.066
"""That of creatinine as an eGFR passes it on: to the power of 1.200 (CKD-EPI 2021, above kappa)."""
BODY_MASS_CV = 0.015
"""Ours, of a weight and a height."""
SMOKING_AGE_DAYS = 730
"""How old a smoking status may be, in the record and in a stated answer alike."""


def male(*, reference: float | None = None) -> InputSpec:
    """Return sex: 1 for male, 0 for female."""
    return InputSpec("male", "male", Text("男性", "Male sex"), "1", 0, 1, reference=reference)


def age(low: float, high: float, *, reference: float) -> InputSpec:
    """Return the age in completed years."""
    return InputSpec("age", "age", Text("年龄", "Age"), "a", low, high, reference=reference)


def total_cholesterol(low: float, high: float, *, reference: float) -> InputSpec:
    """Return total cholesterol in mg/dL."""
    return InputSpec(
        "total_cholesterol",
        "total_cholesterol",
        Text("总胆固醇", "Total cholesterol"),
        "mg/dL",
        low,
        high,
        loinc=("14647-2", "2093-3"),
        max_age_days=_LAB_AGE_DAYS,
        cv=0.06,
        reference=reference,
    )


def hdl_cholesterol(low: float, high: float, *, reference: float) -> InputSpec:
    """Return HDL cholesterol in mg/dL."""
    return InputSpec(
        "hdl_cholesterol",
        "hdl_cholesterol",
        Text("高密度脂蛋白胆固醇", "HDL cholesterol"),
        "mg/dL",
        low,
        high,
        loinc=("14646-4", "2085-9"),
        max_age_days=_LAB_AGE_DAYS,
        cv=0.07,
        reference=reference,
    )


def systolic_pressure(low: float, high: float, *, reference: float) -> InputSpec:
    """Return the systolic blood pressure in mm[Hg]."""
    return InputSpec(
        "systolic_pressure",
        "sbp",
        Text("收缩压", "Systolic blood pressure"),
        "mm[Hg]",
        low,
        high,
        loinc=("8480-6",),
        max_age_days=_VITAL_AGE_DAYS,
        sd=8.0,  # of one clinic reading: 8-10 mm[Hg], of which this is the low end
        reference=reference,
    )


def treated() -> InputSpec:
    """Return whether the patient takes medication that lowers blood pressure."""
    label = Text("正在服用降压药", "On blood-pressure-lowering medication")
    return InputSpec("treated", "antihypertensive", label, "1", 0, 1, reference=0)


def smoker() -> InputSpec:
    """Return whether the patient smokes now."""
    return InputSpec(
        "smoker",
        "current_smoker",
        Text("当前吸烟", "Current smoker"),
        "1",
        0,
        1,
        loinc=("72166-2",),
        max_age_days=SMOKING_AGE_DAYS,
        reference=0,
    )


def diabetes() -> InputSpec:
    """Return whether the patient has diabetes."""
    return InputSpec("diabetes", "diabetes", Text("糖尿病", "Diabetes"), "1", 0, 1, reference=0)


def laboratory(
    feature: str,
    label: Text,
    unit: str,
    domain: tuple[float, float],
    *,
    loinc: tuple[str, ...],
    max_age_days: int,
    cv: float,
    reference: float,
) -> InputSpec:
    """Return any other laboratory value, named by its analyte."""
    low, high = domain
    return InputSpec(
        feature,
        feature,
        label,
        unit,
        low,
        high,
        loinc=loinc,
        max_age_days=max_age_days,
        cv=cv,
        reference=reference,
    )
