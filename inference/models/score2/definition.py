"""SCORE2: ten-year risk of cardiovascular disease in Europe at 40-69 years."""

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
    id="score2",
    version="1.0.0",
    name=Text("SCORE2", "SCORE2"),
    task_class=TaskClass.PROGNOSTIC,
    question=questions.CARDIOVASCULAR_10Y,
    population=Text(
        "40-69 岁、无心血管病且无糖尿病的成人（欧洲人群建模）",
        "adults aged 40-69 without cardiovascular disease and without diabetes (derived in Europe)",
    ),
    # The graph reads its columns in this order.
    inputs=(
        inputs.male(),
        inputs.age(40, 69, reference=60),
        parts.EUROPE,
        parts.SMOKER,
        parts.systolic_pressure(reference=120),
        inputs.diabetes(),
        parts.total_cholesterol(asked_at=parts.ESC_CHOLESTEROL),
        parts.hdl_cholesterol(reference=1.3),
    ),
    outcomes=(parts.CVD,),
    scales=(parts.ESC_2021_BELOW_70,),
    exclusions=parts.WITHOUT_DIABETES,
    contribution_scale="log-hazard",
    evidence=(
        PopulationEvidence(
            "CN",
            Evidence.FOREIGN,
            Text(
                "欧洲人群建模；欧洲风险地区不含中国，韩国 32.4 万人中各年龄均高估（低危版，"
                "Choi 2024）；中国患者宜用 SCORE2 亚太版或 China-PAR",
                "derived in Europe; none of its risk regions is China's, and in 324,000 Koreans it "
                "was too high at every age (low-risk version, Choi 2024): for Chinese patients "
                "there are SCORE2 Asia-Pacific and China-PAR",
            ),
        ),
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text(
                "欧洲 15 国 25 个队列外部验证，c 统计量 0.67-0.81；未在本国单独评估",
                "validated in 25 cohorts of 15 European countries, c 0.67-0.81; "
                "not judged for this country on its own",
            ),
        ),
    ),
    limits=parts.LIMITS_WITHOUT_DIABETES,
    citation="SCORE2 working group. Eur Heart J 2021;42:2439-2454",
    citation_url="https://doi.org/10.1093/eurheartj/ehab309",
    coefficient_provenance=parts.PROVENANCE,
    licence=parts.LICENCE,
    speaks=Speaks(
        Text(
            "本部署设定了 SCORE2 风险地区：40-69 岁、无糖尿病者由 SCORE2 回答（ESC 2021）",
            "this deployment states a SCORE2 risk region: SCORE2 answers for people of 40-69 "
            "without diabetes (ESC 2021)",
        ),
        when=("score2_region_stated",),
    ),
)
