"""Pooled cohort equations (ACC/AHA 2013): ten-year risk of a first hard ASCVD event."""

from dataclasses import replace

from inference import questions
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
)
from inference.equations import inputs
from inference.equations.primary_prevention import EXCLUSIONS, NO_COVARIANCE

_BLACK = InputSpec(
    "black",
    "black",
    Text("种族：黑人（非裔美国人）", "Race: Black (African American)"),
    "1",
    0,
    1,
)

MODEL = ModelDefinition(
    id="pce-2013",
    version="1.0.0",
    name=Text("PCE 2013（合并队列方程）", "PCE 2013 (pooled cohort equations)"),
    task_class=TaskClass.PROGNOSTIC,
    question=questions.CARDIOVASCULAR_10Y,
    population=Text(
        "40-79 岁、无动脉粥样硬化性心血管病的美国非拉丁裔白人与黑人",
        "non-Hispanic White and Black adults of the United States aged 40-79 without "
        "atherosclerotic cardiovascular disease",
    ),
    # The graph reads its columns in this order. Ranges are those of the ACC/AHA calculator; the
    # reference profile holds its optimal risk factors, whatever the sex and race.
    inputs=(
        inputs.male(),
        _BLACK,
        inputs.age(40, 79, reference=55),
        replace(inputs.total_cholesterol(130, 320, reference=170), asked_at=200),
        inputs.hdl_cholesterol(20, 100, reference=50),
        replace(inputs.systolic_pressure(90, 200, reference=110), asked_at=130),
        inputs.treated(),
        replace(inputs.smoker(), asked_at=0),
        inputs.diabetes(),
    ),
    outcomes=(
        Outcome(
            "ascvd",
            Text(
                "动脉粥样硬化性心血管病（冠心病死亡、非致死性心肌梗死或卒中）",
                "atherosclerotic cardiovascular disease (coronary death, non-fatal myocardial "
                "infarction or stroke)",
            ),
            "1",
            10,
        ),
    ),
    scales=(
        CategoryScale(
            "pce-category",
            Text("10 年风险分层", "Ten-year risk category"),
            (
                Category("low", Text("低危（<5%）", "low (<5 %)")),
                Category("borderline", Text("临界（5%-<7.5%）", "borderline (5 % to <7.5 %)")),
                Category(
                    "intermediate",
                    Text("中危（7.5%-<20%）", "intermediate (7.5 % to <20 %)"),
                    attention=True,
                ),
                Category("high", Text("高危（≥20%）", "high (>=20 %)"), attention=True),
            ),
            Text(
                "2019 ACC/AHA 心血管病一级预防指南：<5%、5%-<7.5%、7.5%-<20%、≥20%",
                "2019 ACC/AHA guideline on primary prevention: below 5 %, 5 to under 7.5 %, "
                "7.5 to under 20 %, 20 % or more",
            ),
            "Circulation 2019;140:e596-e646",
            bounds=(0.05, 0.075, 0.20),
        ),
    ),
    exclusions=EXCLUSIONS,
    contribution_scale="log-hazard",
    evidence=(
        PopulationEvidence(
            "US",
            Evidence.NATIONAL,
            Text(
                "美国队列建模；REGARDS 中 c 统计量 0.72（Muntner 2014），加州 23.2 万人中各族群"
                "0.66-0.83，高估 20%-60%（Rodriguez 2019）",
                "derived in US cohorts; c 0.72 in REGARDS (Muntner 2014), 0.66-0.83 by group in "
                "232,000 Californians, over-predicting by 20-60 % (Rodriguez 2019)",
            ),
        ),
        PopulationEvidence(
            "CN",
            Evidence.FOREIGN,
            Text(
                "美国人群建模；鄞州队列（22.6 万人，5 年）男性高估 63%、女性低估 34%，"
                "北京房山农村男女均低估 76%-88%；误差方向不定，仅供比较，不作决策依据",
                "derived in the US; in Yinzhou (226,000 people, five years) too high by 63 % in "
                "men and too low by 34 % in women, in rural Fangshan too low by 76-88 % in both: "
                "wrong in either direction, for comparison only, no ground for decisions",
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
            "仅就非拉丁裔白人与黑人发表；ACC/AHA 对其他人群允许采用白人方程（IIb 类），"
            "采用时另行提示；未登记种族时不作估计",
            "published for non-Hispanic White and Black people only; for others ACC/AHA allow the "
            "equation of White people (class IIb), which is said where it is used; where race is "
            "not stated no estimate is made",
        ),
        Text(
            "登记为白人或黑人而未登记是否拉丁裔者，按非拉丁裔计算",
            "White or Black people whose ethnicity is not recorded count as non-Hispanic",
        ),
        Text(
            "在美国华裔中预测与观察之比为 1.9（Rodriguez 2019）",
            "in Chinese Americans predicted to observed events were 1.9 to 1 (Rodriguez 2019)",
        ),
        Text(
            "公开程序之间有差异：150 行（女性）中一程序全部一致，另一程序有 56 行不同"
            "（黑人至多 0.44、白人至多 0.08 个百分点，1 行分层不同）",
            "public programs disagree: of 150 rows (women) one repeats all, another differs in 56 "
            "(by up to 0.44 points in Black and 0.08 in White women; one row in category)",
        ),
        NO_COVARIANCE,
    ),
    citation="Goff DC Jr, et al. Circulation 2014;129(25 Suppl 2):S49-S73",
    citation_url="https://doi.org/10.1161/01.cir.0000437741.48606.98",
    coefficient_provenance=(
        "As printed in the paper, and as an unrelated public program has them; the paper's four "
        "worked examples and 150 rows (women) of a public program are repeated"
    ),
    licence="Published equation; no licence terms known for the coefficients",
    on_request=Text(
        "仅供比较：美国已改用 PREVENT，在中国人群明显高估",
        "for comparison only: in the United States PREVENT has taken its place, and it "
        "over-predicts in China",
    ),
)
