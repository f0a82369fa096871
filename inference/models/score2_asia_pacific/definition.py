"""SCORE2 Asia-Pacific: SCORE2 recalibrated to four regions of Asia and Oceania."""

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
    id="score2-asia-pacific",
    version="1.0.0",
    name=Text("SCORE2 亚太版", "SCORE2 Asia-Pacific"),
    task_class=TaskClass.PROGNOSTIC,
    question=questions.CARDIOVASCULAR_10Y,
    population=Text(
        "亚太地区 40-69 岁、无心血管病且无糖尿病的成人",
        "adults of the Asia-Pacific region aged 40-69 without cardiovascular disease and without "
        "diabetes",
    ),
    # The graph reads its columns in this order.
    inputs=(
        inputs.male(),
        inputs.age(40, 69, reference=60),
        parts.ASIA_PACIFIC,
        parts.SMOKER,
        parts.systolic_pressure(reference=120),
        inputs.diabetes(),
        # The reasonable level at low risk, Chinese lipid guideline 2023, table 2: no target.
        parts.total_cholesterol(asked_at=5.2),
        parts.hdl_cholesterol(reference=1.3),
    ),
    outcomes=(parts.CVD,),
    scales=(parts.ESC_2021_BELOW_70,),
    exclusions=parts.WITHOUT_DIABETES,
    contribution_scale="log-hazard",
    evidence=(
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text(
                "亚太 12 国 13 项前瞻性研究外部验证，合并 c 统计量 0.710（各队列 0.605-0.840）；"
                "未见本国单独结果",
                "validated in 13 prospective studies of 12 Asia-Pacific countries, pooled c 0.710 "
                "(cohorts 0.605-0.840); no result for this country on its own was seen",
            ),
        ),
    ),
    limits=(
        Text(
            "论文将中国列为高危地区；部署须自行设定地区",
            "the paper counts China among the high-risk region; the deployment must state it",
        ),
        Text(
            "分层阈值取自 2021 ESC 指南，未针对亚太地区制定",
            "the thresholds are those of the ESC guideline of 2021, not made for Asia-Pacific",
        ),
        *parts.LIMITS_WITHOUT_DIABETES,
    ),
    citation="SCORE2 Asia-Pacific writing group. Eur Heart J 2025;46:702-715",
    citation_url="https://doi.org/10.1093/eurheartj/ehae609",
    coefficient_provenance=parts.PROVENANCE,
    licence=parts.LICENCE,
    speaks=Speaks(
        Text(
            "本部署设定了 SCORE2 亚太版风险地区，且没有为本国家建立的方程",
            "this deployment states a SCORE2 Asia-Pacific risk region, and no equation made for "
            "its country ships",
        ),
        rank=4,
        when=("score2_asia_pacific_region_stated",),
    ),
)
