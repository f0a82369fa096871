"""What the kidney failure risk equations (KFRE) of four and of eight variables have in common."""

import math

from inference.contract import (
    Category,
    CategoryScale,
    Evidence,
    Exclusion,
    InputSpec,
    Outcome,
    PopulationEvidence,
    Text,
)
from inference.equations import inputs
from inference.equations.primary_prevention import NO_COVARIANCE

# The centres of the published equation; contributions are measured against them.
_CENTRE_AGE = 70.36
_CENTRE_EGFR = 36.11
_CENTRE_LN_ACR = 5.137

POPULATION = Text(
    "eGFR<60、未透析且未移植的成人慢性肾脏病患者（G3-G5 期）",
    "adults with chronic kidney disease and an eGFR below 60 (G3-G5), not on dialysis "
    "and without a transplant",
)

# The papers state eGFR below 60 and adults; the other ends are ours, wide about their cohorts.
# No input has a target: KDIGO 2024 asks for a relative fall of albuminuria and for no one figure.
SEX_AND_AGE = (inputs.male(reference=0), inputs.age(18, 100, reference=_CENTRE_AGE))
KIDNEY = (
    inputs.laboratory(
        "egfr",
        Text("估算肾小球滤过率", "Estimated glomerular filtration rate"),
        "mL/min/{1.73_m2}",
        (5, 59.99),
        loinc=("98979-8",),
        max_age_days=180,
        cv=inputs.EGFR_CV,
        reference=_CENTRE_EGFR,
    ),
    inputs.laboratory(
        "acr",
        Text("尿白蛋白/肌酐比值", "Urine albumin-to-creatinine ratio"),
        "mg/g",
        (0.1, 25000),
        loinc=("9318-7", "14959-1", "30000-4", "32294-1"),
        max_age_days=365,
        cv=0.30,
        reference=math.exp(_CENTRE_LN_ACR),
    ),
)
# Which of the two published baseline risks holds is a fact of the deployment, so it has no
# reference: it moves the base and is no patient's contribution.
CALIBRATION = InputSpec(
    "north_america",
    "north_america",
    Text("北美基线风险（按部署地区）", "North American baseline risk (by the server's region)"),
    "1",
    0,
    1,
)

OUTCOMES = (
    Outcome("kidney-failure-5y", Text("肾衰竭（透析或移植）", "kidney failure "
            "(dialysis or transplant)"), "1", 5),
    Outcome("kidney-failure-2y", Text("肾衰竭（透析或移植）", "kidney failure "
            "(dialysis or transplant)"), "1", 2),
)  # fmt: skip

_KDIGO_CITATION = "Kidney Int 2024;105(4S):S117-S314"
SCALES = (
    CategoryScale(
        "kfre-referral",
        Text("5 年肾衰竭风险分层", "Five-year kidney failure risk"),
        (
            Category("below-3", Text("5 年风险 <3%", "5-year risk below 3 %")),
            Category(
                "3-to-5", Text("5 年风险 3%-<5%", "5-year risk of 3 to under 5 %"), attention=True
            ),
            Category(
                "5-or-more", Text("5 年风险 ≥5%", "5-year risk of 5 % or more"), attention=True
            ),
        ),
        Text(
            "KDIGO 2024：5 年风险 3%-5% 可用于判断是否转诊肾内科（并结合 eGFR 与白蛋白尿标准）",
            "KDIGO 2024: a five-year risk of 3-5 % can be used to determine the need for "
            "nephrology referral, in addition to criteria of eGFR and albuminuria",
        ),
        _KDIGO_CITATION,
        bounds=(0.03, 0.05),
    ),
    CategoryScale(
        "kfre-planning",
        Text("2 年肾衰竭风险分层", "Two-year kidney failure risk"),
        (
            Category("up-to-10", Text("2 年风险 ≤10%", "2-year risk up to 10 %")),
            Category(
                "above-10",
                Text("2 年风险 >10%-40%", "2-year risk above 10 to 40 %"),
                attention=True,
            ),
            Category("above-40", Text("2 年风险 >40%", "2-year risk above 40 %"), attention=True),
        ),
        Text(
            "KDIGO 2024：2 年风险 >10% 可用于启动多学科管理，>40% 可用于肾脏替代治疗的准备",
            "KDIGO 2024: a two-year risk above 10 % can be used to time multidisciplinary care, "
            "above 40 % to time the preparation of kidney replacement therapy",
        ),
        _KDIGO_CITATION,
        bounds=(0.10, 0.40),
        outcome="kidney-failure-2y",
    ),
)

EXCLUSIONS = (
    Exclusion(
        "dialysis",
        Text("正在接受透析，结局已经发生", "on dialysis: the outcome has already come about"),
        unknown_withholds=True,
    ),
    Exclusion(
        "kidney_transplant",
        Text(
            "肾移植后不适用该方程",
            "the equation was not made for people with a kidney transplant",
        ),
        unknown_withholds=True,
    ),
)

_NORTH_AMERICA = Text(
    "加拿大两队列建模与验证；四大洲 31 个队列 721,357 人再验证；采用北美基线风险",
    "derived and validated in two Canadian cohorts, and again in 721,357 people of 31 cohorts on "
    "four continents; with the North American baseline risk",
)
EVIDENCE = (
    PopulationEvidence("US", Evidence.NATIONAL, _NORTH_AMERICA),
    PopulationEvidence("CA", Evidence.NATIONAL, _NORTH_AMERICA),
    PopulationEvidence(
        "CN",
        Evidence.FOREIGN,
        Text(
            "中国一沿海城市社区队列：4 变量（4,587 例）c 统计量 2 年 0.75、5 年 0.77，8 变量"
            "（1,414 例）0.76、0.77，区间很宽（0.62-0.91），作者称校准可接受；采用北美以外的基线"
            "风险，该研究所用基线未核对",
            "in one Chinese coastal city c 0.75 at 2 and 0.77 at 5 years with four variables "
            "(4,587 patients), 0.76 and 0.77 with eight (1,414), with wide intervals (0.62-0.91); "
            "its authors call the calibration acceptable. Here with the baseline risk for outside "
            "North America; which one that study took was not checked",
        ),
    ),
    PopulationEvidence(
        "*",
        Evidence.FOREIGN,
        Text(
            "多国队列验证；采用北美以外的基线风险，未在本地人群校准",
            "validated in cohorts of many countries; with the baseline risk for outside North "
            "America, not calibrated locally",
        ),
    ),
)

LIMITS = (
    Text(
        "方程以 CKD-EPI 2009 的 eGFR 建立；2021 公式的 eGFR 偏高（斯德哥尔摩中位 3.9），"
        "估计的风险因此偏低",
        "made with the eGFR of CKD-EPI 2009; that of 2021 is higher (by a median of 3.9 in "
        "Stockholm), so that the estimated risk is lower",
    ),
    Text(
        "未考虑死亡这一竞争风险：高龄与晚期患者的 5 年风险被高估",
        "death as a competing risk is left out: five-year risks of the old and of advanced disease "
        "are too high",
    ),
    Text(
        "急性肾损伤时不适用；eGFR<60 须持续 3 个月以上",
        "not for acute kidney injury: an eGFR below 60 must have lasted over three months",
    ),
    Text(
        "论文未给出年龄上限、eGFR 下限与化验值范围，所用范围为本产品设定",
        "the papers state no upper age, no lower eGFR and no laboratory ranges: "
        "those used are ours",
    ),
    Text(
        "基线风险按部署所在国家选取：美国与加拿大用北美值，其余（含中国）用北美以外的值",
        "the baseline risk follows the country of the deployment: the North American one in the "
        "United States and Canada, the other elsewhere, China included",
    ),
    NO_COVARIANCE,
)

CITATION = "Tangri N, et al. JAMA 2016;315:164-174 (JAMA 2011;305:1553-1559)"
CITATION_URL = "https://doi.org/10.1001/jama.2015.18202"
LICENCE = "Published equation; no licence terms known for the coefficients"
