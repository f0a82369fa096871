"""SCORE2-OP: ten-year risk of cardiovascular disease in Europe from the age of 70."""

from inference import questions
from inference.contract import (
    Evidence,
    ModelDefinition,
    PopulationEvidence,
    Speaks,
    TaskClass,
    Text,
)
from inference.equations import inputs
from inference.equations.score2 import parts

MODEL = ModelDefinition(
    id="score2-op",
    version="1.0.0",
    name=Text("SCORE2-OP", "SCORE2-OP"),
    task_class=TaskClass.PROGNOSTIC,
    question=questions.CARDIOVASCULAR_10Y,
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
                "挪威队列 28,503 人建模，按欧洲四个风险地区重新校准；6 个人群 338,615 人外部验证，"
                "c 统计量 0.63-0.67；韩国人群中高估（Choi 2024）；未在本国单独评估",
                "derived in 28,503 Norwegians, recalibrated to four European regions; validated "
                "in 338,615 people of 6 populations, c 0.63-0.67; too high in Koreans (Choi 2024); "
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
    speaks=Speaks(
        Text(
            "本部署设定了 SCORE2 风险地区：70-89 岁、无糖尿病者由 SCORE2-OP 回答（ESC 2021）",
            "this deployment states a SCORE2 risk region: SCORE2-OP answers for people of 70-89 "
            "without diabetes (ESC 2021)",
        ),
        rank=2,
        when=("score2_region_stated",),
    ),
)
