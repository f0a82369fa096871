"""PREVENT base: ten-year risks of cardiovascular disease (American Heart Association, 2023)."""

from inference.contract import (
    Category,
    CategoryScale,
    Evidence,
    Exclusion,
    InputSpec,
    ModelDefinition,
    Outcome,
    PopulationEvidence,
    TaskClass,
    Text,
    WhenAbsent,
)

_LAB_AGE_DAYS = 365
_VITAL_AGE_DAYS = 365

MODEL = ModelDefinition(
    id="prevent-base-10y",
    version="1.0.0",
    name=Text("PREVENT 基础模型", "PREVENT base"),
    task_class=TaskClass.PROGNOSTIC,
    population=Text(
        "30-79 岁、无心血管病史的成人（美国人群建模）",
        "adults aged 30-79 without cardiovascular disease (derived in the United States)",
    ),
    # The graph reads its columns in this order.
    inputs=(
        InputSpec("male", "male", Text("男性", "Male sex"), "1", 0, 1),
        InputSpec("age", "age", Text("年龄", "Age"), "a", 30, 79, reference=55),
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
            reference=4.8 / 0.02586,
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
            reference=1.3 / 0.02586,
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
    ),
    outcomes=(
        Outcome("cvd", Text("心血管病", "cardiovascular disease"), "1", 10),
        Outcome(
            "ascvd",
            Text("动脉粥样硬化性心血管病", "atherosclerotic cardiovascular disease"),
            "1",
            10,
        ),
        Outcome("heart-failure", Text("心力衰竭", "heart failure"), "1", 10),
        Outcome("chd", Text("冠心病", "coronary heart disease"), "1", 10),
        Outcome("stroke", Text("脑卒中", "stroke"), "1", 10),
    ),
    scales=(
        CategoryScale(
            "treatment-threshold",
            Text("10 年心血管病风险", "Ten-year cardiovascular risk"),
            (
                Category("below", Text("低于 7.5%", "below 7.5 %")),
                Category("at-or-above", Text("≥7.5%", "7.5 % or more"), attention=True),
            ),
            Text(
                "2025 AHA/ACC 高血压指南：PREVENT 10 年心血管病风险 ≥7.5% 为用药评估阈值",
                "2025 AHA/ACC high blood pressure guideline: a PREVENT ten-year risk of 7.5 % "
                "or more is the threshold for considering medication",
            ),
            "Circulation 2025;152:e114-e218",
            bounds=(0.075,),
        ),
    ),
    exclusions=(
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
    ),
    contribution_scale="log-odds",
    evidence=(
        PopulationEvidence(
            "US",
            Evidence.NATIONAL,
            Text("美国队列外部验证 c 统计量 0.76-0.79", "validated in US cohorts, c 0.76-0.79"),
        ),
        PopulationEvidence(
            "CN",
            Evidence.FOREIGN,
            Text(
                "美国人群建模；中国队列 c 统计量 0.61，未重新校准前不宜用于中国患者的决策",
                "derived in the US; c 0.61 in a Chinese cohort: "
                "not for decisions on Chinese patients without recalibration",
            ),
        ),
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text("美国人群建模，未在本地人群校准", "derived in the US, not calibrated locally"),
        ),
    ),
    limits=(
        Text(
            "区间不含系数的协方差（未发表）",
            "the interval leaves out the coefficients' covariance, which is unpublished",
        ),
    ),
    citation="Khan SS, et al. Circulation 2024;149:430-449",
    citation_url="https://doi.org/10.1161/CIRCULATIONAHA.123.067626",
    coefficient_provenance="coefficients_10y.csv beside this file: the paper's supplemental tables",
    licence="Coefficients in print; the AHA publishes licence terms for its own code",
)
