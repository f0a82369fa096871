"""SCORE2-OP: ten-year risk of cardiovascular disease in Europe from the age of 70."""

from inference.contract import (
    Evidence,
    ModelDefinition,
    PopulationEvidence,
    TaskClass,
    Text,
    Voice,
)
from inference.equations import inputs
from inference.equations.score2 import parts

MODEL = ModelDefinition(
    id="score2-op",
    version="1.0.0",
    name=Text("SCORE2-OP", "SCORE2-OP"),
    task_class=TaskClass.PROGNOSTIC,
    population=Text(
        "70-89 岁、无心血管病且无糖尿病的成人（欧洲人群建模）",
        "adults aged 70-89 without cardiovascular disease and without diabetes (derived in Europe)",
    ),
    # The graph reads its columns in this order.
    inputs=(
        inputs.male(),
        inputs.age(70, 89, reference=73),
        parts.EUROPE,
        parts.SMOKER,
        parts.systolic_pressure(reference=150),
        inputs.diabetes(),
        parts.total_cholesterol(asked_at=parts.ESC_CHOLESTEROL),
        parts.hdl_cholesterol(reference=1.4),
    ),
    outcomes=(parts.CVD,),
    scales=(parts.ESC_2021_FROM_70,),
    exclusions=parts.WITHOUT_DIABETES,
    contribution_scale="log-hazard",
    evidence=(
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text(
                "挪威队列建模，按欧洲四个风险地区重新校准；未在本国单独评估",
                "derived in a Norwegian cohort, recalibrated to four European regions; "
                "not judged for this country on its own",
            ),
        ),
    ),
    limits=(
        Text(
            "论文自 65 岁起建模并含糖尿病患者；ESC 指南自 70 岁起用于无糖尿病者，本模型从之",
            "the paper derived it from the age of 65 and with people who have diabetes; the ESC "
            "guideline uses it from 70 and without diabetes, and so does this model",
        ),
        *parts.LIMITS_WITHOUT_DIABETES,
    ),
    citation="SCORE2-OP working group. Eur Heart J 2021;42:2455-2467",
    citation_url="https://doi.org/10.1093/eurheartj/ehab312",
    coefficient_provenance=parts.PROVENANCE,
    licence=parts.LICENCE,
    voice=Voice.ON_REQUEST,
)
