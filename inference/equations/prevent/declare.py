"""What the PREVENT equations (American Heart Association, 2023) have in common, as declared.

There are five sets of predictors (base, with one of three optional predictors, with all three) at
two horizons: each is a model of its own, and this module is what they share.
"""

from typing import Literal

from inference.contract import (
    Category,
    CategoryScale,
    Evidence,
    InputSpec,
    ModelDefinition,
    Outcome,
    PopulationEvidence,
    TaskClass,
    Text,
    Voice,
)
from inference.equations import primary_prevention
from inference.equations.prevent import limits as known_limits
from inference.equations.prevent.inputs import basic_inputs

Horizon = Literal[10, 30]

_OLDEST: dict[Horizon, int] = {10: 79, 30: 59}

_TREATMENT_THRESHOLD = CategoryScale(
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
)

_EVIDENCE = (
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
    found = (primary_prevention.NO_COVARIANCE, known_limits.RANGES)
    if years == 30:
        return (*found, known_limits.OF_THE_BASE, known_limits.THIRTY_YEARS)
    return found if is_base else (*found, known_limits.OF_THE_BASE)


def model(
    *,
    id: str,
    name: Text,
    years: Horizon,
    optional: tuple[InputSpec, ...] = (),
    limits: tuple[Text, ...] = (),
    coefficients: str = "coefficients.csv",
    voice: Voice = Voice.ON_REQUEST,
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
        voice=voice,
    )
