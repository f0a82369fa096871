"""MAGGIC: death within one and three years in chronic heart failure."""

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
    WhenAbsent,
)
from inference.equations.inputs import CREATININE_CV, SMOKING_AGE_DAYS, age, male, systolic_pressure
from inference.equations.points.inputs import (
    DIABETES,
    SCORE_UNIT,
    SINGLE_PEER,
    UNKNOWN_ITEMS,
    body_mass_index,
    grade,
    item,
)

_EJECTION_FRACTION = InputSpec(
    "lvef",
    "lvef",
    Text("左心室射血分数", "Left ventricular ejection fraction"),
    "%",
    5,
    90,
    loinc=("10230-1", "18043-0"),
    max_age_days=365,
    sd=5.0,  # ours: two readers of one echocardiogram differ by some points
    reference=50,
)
_CREATININE = InputSpec(
    "creatinine",
    "creatinine",
    Text("肌酐", "Creatinine"),
    "umol/L",
    20,
    1400,
    loinc=("14682-9", "2160-0"),
    max_age_days=180,
    cv=CREATININE_CV,
    reference=80,
)
_SMOKER = InputSpec(
    "smoker",
    "current_smoker",
    Text("当前吸烟", "Current smoker"),
    "1",
    0,
    1,
    loinc=("72166-2",),
    max_age_days=SMOKING_AGE_DAYS,
    when_absent=WhenAbsent.SPAN,
    span=(0.0, 1.0),
    assumed=0.0,
    reference=0,
    asked_at=0,
)
_DEATH_1Y = Text("1 年内任何原因死亡", "death from any cause within 1 year")
_DEATH_3Y = Text("3 年内任何原因死亡", "death from any cause within 3 years")
_STEPS = ("0-16", "17-20", "21-24", "25-28", "29-32", "≥33")

MODEL = ModelDefinition(
    id="maggic",
    version="1.0.0",
    name=Text("MAGGIC", "MAGGIC"),
    task_class=TaskClass.SCORE,
    question=questions.HEART_FAILURE_MORTALITY,
    population=Text("心力衰竭成人患者", "adults with heart failure"),
    # The domains are those of the authors' calculator where it has one.
    inputs=(
        male(reference=0),
        age(18, 110, reference=50),
        _EJECTION_FRACTION,
        systolic_pressure(50, 250, reference=150),
        body_mass_index(10, 50, reference=30),
        _CREATININE,
        grade("nyha_class", Text("NYHA 心功能分级", "NYHA class"), "{class}", 1, 4, days=180),
        _SMOKER,
        DIABETES,
        item("copd", Text("慢性阻塞性肺疾病", "Chronic obstructive pulmonary disease")),
        item(
            "heart_failure_18_months",
            Text("心力衰竭确诊超过 18 个月", "Heart failure diagnosed more than 18 months ago"),
        ),
        item("beta_blocker", Text("β受体阻滞剂", "Beta-blocker"), without_points=1),
        item("renin_angiotensin", Text("ACEI 或 ARB", "ACE inhibitor or ARB"), without_points=1),
    ),
    outcomes=(
        Outcome("maggic", Text("MAGGIC 评分", "MAGGIC score"), SCORE_UNIT),
        Outcome("death-1y", _DEATH_1Y, "1", horizon_years=1),
        Outcome("death-3y", _DEATH_3Y, "1", horizon_years=3),
    ),
    scales=(
        CategoryScale(
            "risk-group",
            Text("MAGGIC 风险组", "MAGGIC risk group"),
            tuple(
                Category(
                    str(group),
                    Text(f"第 {group} 组（{span} 分）", f"group {group} ({span} points)"),
                    attention=group >= 4,
                )
                for group, span in enumerate(_STEPS, 1)
            ),
            Text(
                "原论文的六个风险组，非治疗指南", "six groups of the paper, no treatment guideline"
            ),
            "Pocock SJ, et al. Eur Heart J 2013;34:1404-1413",
            bounds=(17.0, 21.0, 25.0, 29.0, 33.0),
        ),
    ),
    exclusions=(
        Exclusion(
            "no_heart_failure",
            Text(
                "无心力衰竭记录：该评分仅用于心力衰竭",
                "no heart failure on record: the score is for heart failure only",
            ),
            unknown_withholds=True,
        ),
    ),
    contribution_scale="points",
    evidence=(
        PopulationEvidence(
            "CN",
            Evidence.FOREIGN,
            Text(
                "国外建模；北京 675 例 ≥70 岁出院患者：c 统计量 0.67，1 年死亡率预测（中位）18%，"
                "实际 10.5%（Cheng 2021）",
                "derived abroad; in 675 patients of 70 and over discharged in Beijing c 0.67, with "
                "a predicted one-year mortality of 18 % (median) where 10.5 % died (Cheng 2021)",
            ),
        ),
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text(
                "30 项研究 39,372 例推导；瑞典登记处 51,043 例验证，c 统计量 0.741，"
                "3 年死亡率观察/预测 1.08（高危者低估、低危者高估）",
                "derived in 39,372 patients of 30 studies; validated in 51,043 of the Swedish "
                "registry, c 0.741, three-year deaths observed to expected 1.08 (too low in high "
                "risk, too high in low)",
            ),
        ),
    ),
    limits=(
        UNKNOWN_ITEMS,
        SINGLE_PEER,
        Text(
            "病程分值给予确诊超过 18 个月者；有公开程序给反",
            "the points for duration go to a diagnosis more than 18 months ago; some public "
            "programs give them the wrong way round",
        ),
        Text(
            "论文印“<55”与“56-59”：55 岁按后者计，与核对程序一致",
            "the paper prints “<55” and “56-59”: an age of 55 counts with the latter, as in the "
            "program it was checked with",
        ),
        Text(
            "死亡率表止于 50 分；更高分值给出 50 分的死亡率，为其下限",
            "the table of mortality ends at 50 points; a higher score gets that of 50, which is "
            "then a lower bound",
        ),
        Text(
            "队列早于 SGLT2 抑制剂与沙库巴曲缬沙坦；今日死亡率可能更低",
            "the cohorts are older than SGLT2 inhibitors and sacubitril/valsartan; mortality may "
            "be lower today",
        ),
    ),
    citation="Pocock SJ, et al. Eur Heart J 2013;34:1404-1413",
    citation_url="https://doi.org/10.1093/eurheartj/ehs337",
    coefficient_provenance=(
        "Points and mortality by score as in the paper; the points agree with one public program "
        "(150 cases), the mortality table with several public transcriptions"
    ),
    licence="Published score; no licence terms known for the points",
    on_request=Text(
        "需要 NYHA 分级和射血分数等心力衰竭专科资料，由专科医生点名计算",
        "it needs what heart-failure care collects (NYHA class, ejection fraction), and "
        "its physicians ask for it",
    ),
)
