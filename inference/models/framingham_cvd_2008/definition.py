"""Framingham general cardiovascular risk profile (D'Agostino 2008): ten-year risk."""

from dataclasses import replace

from inference import questions
from inference.contract import (
    Category,
    CategoryScale,
    Evidence,
    ModelDefinition,
    Outcome,
    PopulationEvidence,
    Speaks,
    TaskClass,
    Text,
)
from inference.equations import inputs
from inference.equations.primary_prevention import EXCLUSIONS, NO_COVARIANCE

MODEL = ModelDefinition(
    id="framingham-cvd-2008",
    version="1.0.0",
    name=Text("Framingham 2008（心血管病）", "Framingham 2008 (general CVD)"),
    task_class=TaskClass.PROGNOSTIC,
    question=questions.CARDIOVASCULAR_10Y,
    population=Text(
        "30-74 岁、无心血管病史的成人（美国 Framingham 队列，几乎均为白人）",
        "adults aged 30-74 without cardiovascular disease (Framingham, US; nearly all White)",
    ),
    # The graph reads its columns in this order. The paper states no range but that of age; the
    # others are ours, about the span of its point tables.
    inputs=(
        inputs.male(),
        inputs.age(30, 74, reference=50),
        replace(inputs.total_cholesterol(100, 405, reference=180), asked_at=200),
        inputs.hdl_cholesterol(10, 100, reference=45),
        replace(inputs.systolic_pressure(90, 200, reference=125), asked_at=130),
        inputs.treated(),
        replace(inputs.smoker(), asked_at=0),
        inputs.diabetes(),
    ),
    outcomes=(
        Outcome(
            "cvd",
            Text(
                "心血管病（含冠心病、脑卒中、心力衰竭与外周动脉疾病）",
                "cardiovascular disease (coronary, cerebrovascular, heart failure, "
                "peripheral artery)",
            ),
            "1",
            10,
        ),
    ),
    scales=(
        CategoryScale(
            "framingham-category",
            Text("10 年风险分层", "Ten-year risk category"),
            (
                Category("low", Text("低危（<10%）", "low (<10 %)")),
                Category(
                    "intermediate",
                    Text("中危（10%-<20%）", "intermediate (10 % to <20 %)"),
                    attention=True,
                ),
                Category("high", Text("高危（≥20%）", "high (>=20 %)"), attention=True),
            ),
            Text(
                "2021 加拿大心血管学会血脂指南：按 Framingham 10 年风险分为 <10%、10%-<20%、≥20%",
                "2021 Canadian Cardiovascular Society dyslipidemia guideline: Framingham ten-year "
                "risk below 10 %, 10 to under 20 %, 20 % or more",
            ),
            "Can J Cardiol 2021;37:1129-1150",
            bounds=(0.10, 0.20),
        ),
    ),
    exclusions=EXCLUSIONS,
    contribution_scale="log-hazard",
    evidence=(
        PopulationEvidence(
            "US",
            Evidence.NATIONAL,
            Text(
                "在 Framingham 8,491 人中建模，c 统计量男 0.763、女 0.793（同一队列）；"
                "近年人群高估",
                "derived in 8,491 people of Framingham, c 0.763 in men and 0.793 in women (the "
                "same cohort); over-predicts in later cohorts",
            ),
        ),
        PopulationEvidence(
            "CN",
            Evidence.FOREIGN,
            Text(
                "美国人群建模；未见本方程在中国的校准结果，马来西亚队列校准差（Kasim 2023）；"
                "仅供比较，不作决策依据",
                "derived in the US; no calibration of this equation in China was seen, and in a "
                "Malaysian cohort it was poor (Kasim 2023): for comparison only, no ground for "
                "decisions",
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
            "加拿大指南按早发心血管病家族史修正该评分，本模型不修正",
            "the Canadian guideline modifies the score for a family history of premature disease; "
            "this model does not",
        ),
        Text(
            "结局较 China-PAR、PCE 宽（含心力衰竭、心绞痛等），数值不可直接比较",
            "its outcome is wider than that of China-PAR and PCE (heart failure, angina and more): "
            "the figures are not to be compared directly",
        ),
        Text(
            "论文未给出血压与血脂范围，所用范围为本产品设定",
            "the paper states no ranges of pressure and cholesterol: those used are ours",
        ),
        NO_COVARIANCE,
    ),
    citation="D'Agostino RB Sr, et al. Circulation 2008;117:743-753",
    citation_url="https://doi.org/10.1161/CIRCULATIONAHA.107.699579",
    coefficient_provenance=(
        "As printed in the paper; its two worked examples and 125 rows (men) of a public program "
        "are repeated"
    ),
    licence="Published equation; no licence terms known for the coefficients",
    speaks=Speaks(
        Text(
            "本部署位于加拿大：加拿大心血管学会 2021 年血脂指南采用 Framingham 评分",
            "this deployment is in Canada: the dyslipidaemia guideline of the Canadian "
            "Cardiovascular Society (2021) uses the Framingham score",
        ),
        regions=("CA",),
    ),
)
