"""BODE: body mass, obstruction, dyspnoea and exercise in chronic obstructive pulmonary disease."""

from inference import questions
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
)
from inference.equations.points.inputs import SCORE_UNIT, SINGLE_PEER, body_mass_index, grade

_FEV1 = InputSpec(
    "fev1_percent",
    "fev1_percent",
    Text("FEV1 占预计值百分比", "FEV1, percent of predicted"),
    "%",
    5,
    200,
    loinc=("20152-5",),
    max_age_days=365,
    cv=0.08,  # week to week in COPD up to 20 % is no change (ATS/ERS 2005, table 12)
    reference=80,
)
_WALK = InputSpec(
    "six_minute_walk",
    "six_minute_walk",
    Text("6 分钟步行距离", "Six-minute walk distance"),
    "m",
    0,
    1200,
    loinc=("64098-7",),
    max_age_days=365,
    cv=0.08,  # ATS statement 2002
    reference=400,
)

MODEL = ModelDefinition(
    id="bode",
    version="1.0.0",
    name=Text("BODE 指数", "BODE index"),
    task_class=TaskClass.SCORE,
    question=questions.COPD_MORTALITY,
    population=Text("慢性阻塞性肺疾病患者", "patients with chronic obstructive pulmonary disease"),
    inputs=(
        body_mass_index(10, 100, reference=25),
        _FEV1,
        grade(
            "mmrc_dyspnoea",
            Text("mMRC 呼吸困难分级", "mMRC dyspnoea grade"),
            "{grade}",
            0,
            4,
            days=180,
        ),
        _WALK,
    ),
    outcomes=(Outcome("bode", Text("BODE 指数", "BODE index"), SCORE_UNIT),),
    scales=(
        CategoryScale(
            "quartile",
            Text("BODE 四分位", "BODE quartile"),
            (
                Category("1", Text("第 1 四分位（0-2）", "quartile 1 (0-2)")),
                Category("2", Text("第 2 四分位（3-4）", "quartile 2 (3-4)")),
                Category("3", Text("第 3 四分位（5-6）", "quartile 3 (5-6)"), attention=True),
                Category("4", Text("第 4 四分位（7-10）", "quartile 4 (7-10)"), attention=True),
            ),
            Text("原论文的四分位，非治疗指南", "quartiles of the paper, no guideline on treatment"),
            "Celli BR, et al. N Engl J Med 2004;350:1005-1012",
            bounds=(3.0, 5.0, 7.0),
        ),
    ),
    exclusions=(
        Exclusion(
            "no_copd",
            Text(
                "无慢性阻塞性肺疾病记录：该指数仅用于此病",
                "no chronic obstructive pulmonary disease on record: the index is for it only",
            ),
            unknown_withholds=True,
        ),
    ),
    contribution_scale="points",
    evidence=(
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text(
                "国外患者中建立；另两队列的 3 年死亡率：瑞士低估 36%，西班牙高估 39%"
                "（Puhan 2009）；未见中国验证",
                "made in patients abroad; in two later cohorts its three-year mortality was too "
                "low by 36 % (Swiss) and too high by 39 % (Spanish; Puhan 2009); no Chinese "
                "validation was seen",
            ),
        ),
    ),
    limits=(
        SINGLE_PEER,
        Text(
            "论文用支气管扩张剂后的 FEV1；LOINC 20152-5 不说明用药前后，请核对",
            "the paper takes the FEV1 after a bronchodilator; LOINC 20152-5 does not say whether "
            "before or after: look",
        ),
        Text(
            "仅读取改良 MRC（0-4 级）；旧 MRC（1-5 级）的编码不读取",
            "only the modified MRC scale (grades 0-4) is read; the older one (1-5) is not",
        ),
        Text(
            "论文印整数界值：FEV1 35% 与 36% 之间按 >35 计，步行 149 与 150 米之间按 <150 计",
            "the paper prints whole bounds: between 35 and 36 % the FEV1 counts as over 35, "
            "between 149 and 150 m the walk counts as under 150",
        ),
        Text(
            "不给出生存率：论文仅以曲线图给出",
            "no survival is given: the paper shows it as curves only",
        ),
    ),
    citation="Celli BR, et al. N Engl J Med 2004;350:1005-1012",
    citation_url="https://doi.org/10.1056/NEJMoa021322",
    coefficient_provenance="Points as printed in table 2; one public program agrees (125 cases)",
    licence="Published score; no licence terms known for the points",
    on_request=Text(
        "需要 6 分钟步行试验和呼吸困难分级，检查之后再点名计算",
        "it needs a six-minute walk and a grade of dyspnoea: to be asked for after both",
    ),
)
