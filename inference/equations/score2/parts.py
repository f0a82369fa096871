"""What the SCORE2 models declare alike: inputs, the outcome, exclusions and scales."""

from dataclasses import replace
from typing import Final

from inference.contract import (
    Category,
    CategoryScale,
    Exclusion,
    InputSpec,
    Outcome,
    Text,
)
from inference.equations import inputs, primary_prevention

SMOKER: Final = replace(inputs.smoker(), asked_at=0)

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

CVD: Final = Outcome("cvd", Text("心血管病", "cardiovascular disease"), "1", horizon_years=10)

_WHAT_IS_MEANT: Final = Text(
    "结局为心血管死亡、非致死性心肌梗死或非致死性卒中，不含非致死性心力衰竭和血运重建",
    "the outcome is cardiovascular death, non-fatal myocardial infarction or non-fatal stroke; "
    "non-fatal heart failure and revascularisation are not in it",
)

_WITH_DIABETES: Final = Exclusion(
    "diabetes",
    Text(
        "患有糖尿病：该方程及其阈值仅用于无糖尿病者",
        "diabetes is present: the equation and its thresholds are for people without it",
    ),
    unknown_withholds=True,
)

EXCLUSIONS: Final = primary_prevention.EXCLUSIONS
WITHOUT_DIABETES: Final = (*EXCLUSIONS, _WITH_DIABETES)

_DIABETES_TERM: Final = Text(
    "方程含糖尿病项（为重新校准所需），但不用于糖尿病患者：记录有糖尿病时不作估计",
    "the equation has a term for diabetes, which its recalibration needed, and is not for people "
    "with diabetes: where it is recorded no estimate is made",
)

_OTHER_HIGH_RISK: Final = Text(
    "ESC 指南不对慢性肾脏病、家族性高胆固醇血症及其他遗传性或罕见血脂、血压疾病用该评分；"
    "本软件不检查这些情况，须由医生判断",
    "the ESC guideline does not use the score in chronic kidney disease, familial "
    "hypercholesterolaemia and other genetic or rare disorders of lipids or blood pressure; they "
    "are not looked for here and are for the physician to see",
)

_STATED_REGION: Final = Text(
    "风险地区由部署设置给出，不按国家推断",
    "the risk region is what the deployment states; it is not derived from a country",
)

_OWN_BOUNDS: Final = Text(
    "论文未给出血压与血脂的上下限，本模型的取值范围由本软件设定",
    "the papers print no bounds for pressure and lipids; those of this model are our own",
)

_NOT_SEEN: Final = Text(
    "系数取自公开程序，与论文摘要及示例一致；论文补充材料未核对",
    "coefficients taken from public programs, which repeat the papers' own examples; "
    "the papers' supplements were not seen",
)

COMMON_LIMITS: Final = (
    _WHAT_IS_MEANT,
    _STATED_REGION,
    _OWN_BOUNDS,
    _NOT_SEEN,
    primary_prevention.NO_COVARIANCE,
)
LIMITS_WITHOUT_DIABETES: Final = (_DIABETES_TERM, _OTHER_HIGH_RISK, *COMMON_LIMITS)

PROVENANCE: Final = (
    "The paper's supplement as public programs carry it; the supplement itself was not seen"
)
LICENCE: Final = "Published equation; no licence terms known for the coefficients"


# The targets of 2021 are for LDL; this is the last one of ESC for the total, in mmol/L and for
# low or moderate risk (Eur Heart J 2012;33:1635-1701).
ESC_CHOLESTEROL: Final = 5.0


def systolic_pressure(*, reference: float) -> InputSpec:
    """Return the systolic pressure in mm[Hg], asked again at 130 (ESC guideline of 2021)."""
    return replace(inputs.systolic_pressure(70, 250, reference=reference), asked_at=130)


def total_cholesterol(*, asked_at: float) -> InputSpec:
    """Return total cholesterol in mmol/L, the unit of the papers."""
    found = inputs.total_cholesterol(2, 11, reference=6)
    return replace(found, unit="mmol/L", asked_at=asked_at)


def hdl_cholesterol(*, reference: float) -> InputSpec:
    """Return HDL cholesterol in mmol/L; no target, as raising it is no aim of treatment."""
    return replace(inputs.hdl_cholesterol(0.4, 3.5, reference=reference), unit="mmol/L")


def _esc_2021(guideline: Text, bounds: tuple[float, ...]) -> CategoryScale:
    """Return the scale of the ESC guideline of 2021, whose thresholds depend on the age.

    `bounds` are all thresholds of the ages that the model takes; the graph knows which hold.
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


ESC_2021_BELOW_70: Final = _esc_2021(
    Text(
        "2021 ESC 心血管病预防指南：<50 岁 2.5%/7.5%，50-69 岁 5%/10% 为高危/极高危阈值",
        "2021 ESC prevention guideline: high and very high from 2.5 % and 7.5 % below the age of "
        "50, from 5 % and 10 % at 50-69",
    ),
    (0.025, 0.05, 0.075, 0.10),
)

ESC_2021_FROM_70: Final = _esc_2021(
    Text(
        "2021 ESC 心血管病预防指南：≥70 岁 7.5%/15% 为高危/极高危阈值",
        "2021 ESC prevention guideline: from the age of 70 high from 7.5 %, very high from 15 %",
    ),
    (0.075, 0.15),
)
