"""What the SCORE2 models declare alike: inputs, the outcome, exclusions and scales."""

from typing import Final

from inference.contract import (
    Category,
    CategoryScale,
    Exclusion,
    InputSpec,
    Outcome,
    Text,
)

_LAB_AGE_DAYS = 365
_VITAL_AGE_DAYS = 365

SEX: Final = InputSpec("male", "male", Text("男性", "Male sex"), "1", 0, 1)

SYSTOLIC_PRESSURE: Final = InputSpec(
    "systolic_pressure",
    "sbp",
    Text("收缩压", "Systolic blood pressure"),
    "mm[Hg]",
    70,
    250,
    loinc=("8480-6",),
    max_age_days=_VITAL_AGE_DAYS,
    sd=8.0,  # within-person SD of a clinic reading, 8-10 mm[Hg]
    reference=120,
)

TOTAL_CHOLESTEROL: Final = InputSpec(
    "total_cholesterol",
    "total_cholesterol",
    Text("总胆固醇", "Total cholesterol"),
    "mmol/L",
    2,
    11,
    loinc=("14647-2", "2093-3"),
    max_age_days=_LAB_AGE_DAYS,
    cv=0.06,
    reference=6,
)

HDL_CHOLESTEROL: Final = InputSpec(
    "hdl_cholesterol",
    "hdl_cholesterol",
    Text("高密度脂蛋白胆固醇", "HDL cholesterol"),
    "mmol/L",
    0.4,
    3.5,
    loinc=("14646-4", "2085-9"),
    max_age_days=_LAB_AGE_DAYS,
    cv=0.07,
    reference=1.3,
)

SMOKER: Final = InputSpec(
    "smoker",
    "current_smoker",
    Text("当前吸烟", "Current smoker"),
    "1",
    0,
    1,
    loinc=("72166-2",),
    max_age_days=_VITAL_AGE_DAYS,
    reference=0,
)

DIABETES: Final = InputSpec(
    "diabetes", "diabetes", Text("糖尿病", "Diabetes"), "1", 0, 1, reference=0
)

EUROPE: Final = InputSpec(
    "region",
    "score2_region",
    Text("SCORE2 风险地区（欧洲）", "SCORE2 risk region (Europe)"),
    "1",
    0,
    3,
)

ASIA_PACIFIC: Final = InputSpec(
    "region",
    "score2_asia_pacific_region",
    Text("SCORE2 亚太版风险地区", "SCORE2 Asia-Pacific risk region"),
    "1",
    0,
    3,
)

CVD: Final = Outcome(
    "cvd",
    Text(
        "心血管病（心血管死亡、非致死性心肌梗死或卒中）",
        "cardiovascular disease (cardiovascular death, non-fatal myocardial infarction or stroke)",
    ),
    "1",
    horizon_years=10,
)

PRIOR_CVD: Final = Exclusion(
    "prior_cvd",
    Text(
        "已有动脉粥样硬化性心血管病，不适用一级预防方程",
        "atherosclerotic cardiovascular disease is already present; "
        "a primary-prevention equation does not apply",
    ),
    unknown_withholds=True,
)

WITH_DIABETES: Final = Exclusion(
    "diabetes",
    Text(
        "患有糖尿病：该方程及其阈值仅用于无糖尿病者",
        "diabetes is present: the equation and its thresholds are for people without it",
    ),
    unknown_withholds=True,
)

DIABETES_TERM: Final = Text(
    "方程含糖尿病项（为重新校准所需），但不用于糖尿病患者：记录有糖尿病时不作估计",
    "the equation has a term for diabetes, which its recalibration needed, and is not for people "
    "with diabetes: where it is recorded no estimate is made",
)

OWN_BOUNDS: Final = Text(
    "论文未给出血压与血脂的上下限，本模型的取值范围由本软件设定",
    "the papers print no bounds for pressure and lipids; those of this model are our own",
)

STATED_REGION: Final = Text(
    "风险地区由部署设置给出，不按国家推断",
    "the risk region is what the deployment states; it is not derived from a country",
)

NO_COVARIANCE: Final = Text(
    "区间不含系数的协方差（未发表）",
    "the interval leaves out the coefficients' covariance, which is unpublished",
)


def age(low: int, high: int, reference: int) -> InputSpec:
    """Return the input for an age of `low` to `high` completed years."""
    return InputSpec("age", "age", Text("年龄", "Age"), "a", low, high, reference=reference)


def esc_2021(guideline: Text, bounds: tuple[float, ...]) -> CategoryScale:
    """Return the scale of the ESC guideline of 2021, whose thresholds depend on the age.

    `bounds` are all thresholds of the ages that the model takes.
    """
    return CategoryScale(
        "risk-category",
        Text("10 年心血管病风险分层", "Ten-year cardiovascular risk category"),
        (
            Category("low-to-moderate", Text("低至中危", "low to moderate")),
            Category("high", Text("高危", "high"), attention=True),
            Category("very-high", Text("极高危", "very high"), attention=True),
        ),
        guideline,
        "Eur Heart J 2021;42:3227-3337",
        bounds=bounds,
    )


ESC_2021_BELOW_70: Final = esc_2021(
    Text(
        "2021 ESC 心血管病预防指南：<50 岁 2.5%/7.5%，50-69 岁 5%/10% 为高危/极高危阈值",
        "2021 ESC prevention guideline: high and very high from 2.5 % and 7.5 % below the age of "
        "50, from 5 % and 10 % at 50-69",
    ),
    (0.025, 0.05, 0.075, 0.10),
)

ESC_2021_FROM_70: Final = esc_2021(
    Text(
        "2021 ESC 心血管病预防指南：≥70 岁 7.5%/15% 为高危/极高危阈值",
        "2021 ESC prevention guideline: from the age of 70 high from 7.5 %, very high from 15 %",
    ),
    (0.075, 0.15),
)
