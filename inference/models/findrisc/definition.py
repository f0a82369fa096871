"""FINDRISC: the Finnish questionnaire on the risk of type 2 diabetes within ten years."""

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
from inference.equations.inputs import age, male
from inference.equations.points.inputs import (
    SCORE_UNIT,
    SINGLE_PEER,
    UNKNOWN_ITEMS,
    body_mass_index,
    grade,
    item,
)

_WAIST = InputSpec(
    "waist",
    "waist",
    Text("腰围", "Waist circumference"),
    "cm",
    40,
    250,
    loinc=("8280-0",),
    max_age_days=365,
    sd=1.5,
    reference=75,
)

MODEL = ModelDefinition(
    id="findrisc",
    version="1.0.0",
    name=Text("FINDRISC", "FINDRISC"),
    task_class=TaskClass.SCORE,
    question=questions.TYPE_2_DIABETES,
    population=Text("未患糖尿病的成人", "adults without diabetes"),
    inputs=(
        male(),
        age(18, 110, reference=40),
        # 23.9 is the upper end of normal weight in China (WS/T 428-2013), below the score's 25.
        body_mass_index(10, 100, reference=22, asked_at=23.9),
        _WAIST,
        item(
            "physically_active",
            Text("每日体力活动 ≥30 分钟", "Physically active for 30 minutes a day"),
            without_points=1,
            asked_at=1,
        ),
        item(
            "daily_vegetables",
            Text("每日食用蔬菜、水果或浆果", "Vegetables, fruit or berries every day"),
            without_points=1,
            asked_at=1,
        ),
        item(
            "treated",
            Text("曾规律服用降压药", "Medication for high blood pressure, regularly"),
            feature="antihypertensive",
        ),
        item("high_glucose_history", Text("曾发现血糖升高", "Raised glucose found at any time")),
        grade(
            "family_diabetes",
            Text(
                "亲属糖尿病（1 二级亲属，2 一级亲属）",
                "Relative with diabetes (1 second degree, 2 first degree)",
            ),
            "{degree}",
            0,
            2,
            required=False,
        ),
    ),
    outcomes=(Outcome("findrisc", Text("FINDRISC 评分", "FINDRISC score"), SCORE_UNIT),),
    scales=(
        CategoryScale(
            "diabetes-risk",
            Text("10 年糖尿病风险分层", "Ten-year risk category of diabetes"),
            (
                Category("low", Text("低（<7；问卷估计 1%）", "low (under 7; the form says 1 %)")),
                Category(
                    "slightly-elevated",
                    Text(
                        "略高（7-11；问卷估计 4%）", "slightly elevated (7-11; the form says 4 %)"
                    ),
                ),
                Category(
                    "moderate",
                    Text("中（12-14；问卷估计 17%）", "moderate (12-14; the form says 17 %)"),
                ),
                Category(
                    "high",
                    Text("高（15-20；问卷估计 33%）", "high (15-20; the form says 33 %)"),
                    attention=True,
                ),
                Category(
                    "very-high",
                    Text("很高（>20；问卷估计 50%）", "very high (over 20; the form says 50 %)"),
                    attention=True,
                ),
            ),
            Text("芬兰糖尿病协会问卷的分层", "steps of the Finnish Diabetes Association's form"),
            "Lindström J, Tuomilehto J. Diabetes Care 2003;26:725-731",
            bounds=(7.0, 12.0, 15.0, 21.0),
        ),
    ),
    exclusions=(
        Exclusion(
            "diabetes",
            Text("已患糖尿病", "diabetes is already present"),
            unknown_withholds=True,
        ),
        Exclusion(
            "pregnancy",
            Text("妊娠期体重与腰围不适用", "weight and waist of a pregnancy do not apply"),
            unknown_withholds=False,
        ),
    ),
    contribution_scale="points",
    evidence=(
        PopulationEvidence(
            "CN",
            Evidence.FOREIGN,
            Text(
                "芬兰建模；在中国仅见对未诊断糖尿病的识别：AUC 0.68（CHNS 2009，7,277 例）、"
                "0.62（广州，2,970 例）；未见对新发糖尿病的验证",
                "derived in Finland; in China only the finding of undiagnosed diabetes was seen: "
                "AUC 0.68 (CHNS 2009, 7,277 people) and 0.62 (Guangzhou, 2,970), not incidence",
            ),
        ),
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text(
                "在芬兰 35-64 岁 4,435 人中推导，另一芬兰队列验证；挪威 47,804 人中 c 统计量 0.77",
                "derived in 4,435 Finns of 35-64 and validated in a second Finnish cohort; c 0.77 "
                "in 47,804 Norwegians",
            ),
        ),
    ),
    limits=(
        UNKNOWN_ITEMS,
        SINGLE_PEER,
        Text(
            "核对程序的全部病例为男性：女性腰围界值（80、88 cm）仅按论文",
            "all cases of that program are men: the bounds of women's waists (80 and 88 cm) "
            "rest on the paper alone",
        ),
        Text(
            "体质指数与腰围界值为欧洲人群所定；亚洲人在更低数值即有风险",
            "the bounds of body mass index and waist were set for Europeans; Asians are at risk "
            "below them",
        ),
        Text(
            "问卷所印百分数偏高：挪威 ≥15 分者 10 年内仅 13.5% 发病（Jølle 2019），"
            "中国无相应数字；结局为用药的糖尿病",
            "the percentages that the form prints are too high elsewhere: of Norwegians with 15 or "
            "more 13.5 % fell ill in ten years (Jølle 2019), and for China there are none; the "
            "outcome was diabetes treated with drugs",
        ),
        Text(
            "论文在肋弓与髂嵴中点量腰围；LOINC 8280-0 为脐水平",
            "the paper measured the waist midway between rib and iliac crest; LOINC 8280-0 is at "
            "the umbilicus",
        ),
        Text(
            "推导年龄为 35-64 岁；之外的年龄分值来自问卷而非推导",
            "derived at 35-64; the points of other ages come from the form, not from the cohort",
        ),
        Text(
            "降压药条目为“曾经规律服用”，本服务仅见当前处方",
            "the item on medication means ever; this service sees prescriptions of now",
        ),
    ),
    citation="Lindström J, Tuomilehto J. Diabetes Care 2003;26:725-731",
    citation_url="https://doi.org/10.2337/diacare.26.3.725",
    coefficient_provenance=(
        "Points of the Finnish Diabetes Association's form, which adds to the paper the points for "
        "ages over 64, inactivity, diet and relatives; one public program agrees (150 cases)"
    ),
    licence="Published score; no licence terms known for the points",
    on_request=Text(
        "需要问诊得到的生活方式，病历中少有记录",
        "it needs habits that are asked in person and that a record seldom holds",
    ),
)
