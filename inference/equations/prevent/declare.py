"""What the PREVENT equations (American Heart Association, 2023) have in common, as declared.

There are five sets of predictors (base, with one of three optional predictors, with all three) at
two horizons: each is a model of its own, and this module is what they share.
"""

from typing import Literal

from inference import questions
from inference.contract import (
    Category,
    CategoryScale,
    Evidence,
    InputSpec,
    ModelDefinition,
    Outcome,
    PopulationEvidence,
    Speaks,
    TaskClass,
    Text,
)
from inference.equations import primary_prevention
from inference.equations.prevent import limits as known_limits
from inference.equations.prevent.inputs import basic_inputs

Horizon = Literal[10, 30]

_OLDEST: dict[Horizon, int] = {10: 79, 30: 59}
_QUESTIONS = {10: questions.CARDIOVASCULAR_10Y, 30: questions.CARDIOVASCULAR_30Y}

_TREATMENT_THRESHOLD = CategoryScale(
    "treatment-threshold",
    Text("10 年心血管病风险", "Ten-year cardiovascular risk"),
    (
        Category("below", Text("低于 7.5%", "below 7.5 %")),
        Category("at-or-above", Text("≥7.5%", "7.5 % or more"), attention=True),
    ),
    Text(
        "2025 AHA/ACC 高血压指南：血压 ≥130/80 mmHg 且 PREVENT 10 年心血管病风险 ≥7.5% "
        "者建议开始降压药物治疗；血压较低者无此阈值",
        "2025 AHA/ACC high blood pressure guideline: at a pressure of 130/80 mmHg or more a "
        "PREVENT ten-year CVD risk of 7.5 % or more is a ground for starting medication; for "
        "lower pressures it is no threshold",
    ),
    "Circulation 2025;152:e114-e218",
    bounds=(0.075,),
)

_EVIDENCE = (
    PopulationEvidence(
        "US",
        Evidence.NATIONAL,
        Text(
            "美国 21 个数据集 333 万人外部验证，心血管病 c 统计量中位女 0.794、男 0.757，"
            "校准斜率 1.03、0.94",
            "validated in 21 US data sets (3.3 million people): median c for CVD 0.794 in women "
            "and 0.757 in men, calibration slopes 1.03 and 0.94",
        ),
    ),
    PopulationEvidence(
        "CN",
        Evidence.FOREIGN,
        Text(
            "美国人群建模；CHARLS（≥45 岁，10,068 人）AUC 男 0.61、女 0.62（Fan 2026），"
            "未重新校准前不宜用于中国患者的决策",
            "derived in the US; AUC 0.61 in men and 0.62 in women of CHARLS (10,068 people of 45 "
            "and over, Fan 2026): not for decisions on Chinese patients without recalibration",
        ),
    ),
    PopulationEvidence(
        "*",
        Evidence.FOREIGN,
        Text("美国人群建模，未在本地人群校准", "derived in the US, not calibrated locally"),
    ),
)


def _outcomes(years: Horizon) -> tuple[Outcome, ...]:
    names = {
        "cvd": Text("心血管病", "cardiovascular disease"),
        "ascvd": Text("动脉粥样硬化性心血管病", "atherosclerotic cardiovascular disease"),
        "heart-failure": Text("心力衰竭", "heart failure"),
        "chd": Text("冠心病", "coronary heart disease"),
        "stroke": Text("脑卒中", "stroke"),
    }
    return tuple(Outcome(id, name, "1", years) for id, name in names.items())


def _limits(years: Horizon, *, is_base: bool) -> tuple[Text, ...]:
    found = (primary_prevention.NO_COVARIANCE, known_limits.RANGES, known_limits.APART)
    if years == 30:
        return (*found, known_limits.OF_THE_BASE, known_limits.THIRTY_YEARS)
    return found if is_base else (*found, known_limits.OF_THE_BASE)


def _on_request(years: Horizon) -> Text:
    if years == 30:
        return Text(
            "30 年风险供医生与较年轻患者讨论更长时期时点名使用",
            "a 30-year risk is for a physician who wants to talk of a longer time with a younger "
            "person",
        )
    return Text(
        "PREVENT 基础模型主动回答；本变体用于已因临床需要测得其附加项目的患者",
        "PREVENT base answers unasked; this one is for patients in whom what it adds was measured "
        "for a clinical reason",
    )


def model(
    *,
    id: str,
    name: Text,
    years: Horizon,
    optional: tuple[InputSpec, ...] = (),
    limits: tuple[Text, ...] = (),
    coefficients: str = "coefficients.csv",
    speaks: Speaks | None = None,
) -> ModelDefinition:
    """Return one equation's definition: the base predictors, then `optional`, in this order.

    The scale of the ten-year risk is the guideline's; a 30-year risk has none.
    """
    oldest = _OLDEST[years]
    return ModelDefinition(
        id=id,
        version="1.0.0",
        name=name,
        task_class=TaskClass.PROGNOSTIC,
        question=_QUESTIONS[years],
        population=Text(
            f"30-{oldest} 岁、无心血管病史的成人（美国人群建模）",
            f"adults aged 30-{oldest} without cardiovascular disease "
            "(derived in the United States)",
        ),
        inputs=(*basic_inputs(oldest=oldest), *optional),
        outcomes=_outcomes(years),
        scales=(_TREATMENT_THRESHOLD,) if years == 10 else (),
        exclusions=primary_prevention.EXCLUSIONS,
        contribution_scale="log-odds",
        evidence=_EVIDENCE,
        limits=(*_limits(years, is_base=not optional), *limits),
        citation="Khan SS, et al. Circulation 2024;149:430-449",
        citation_url="https://doi.org/10.1161/CIRCULATIONAHA.123.067626",
        coefficient_provenance=f"{coefficients} beside this file: the paper's supplemental tables",
        licence="Coefficients in print; the AHA publishes licence terms for its own code",
        speaks=speaks,
        on_request=None if speaks else _on_request(years),
    )
