"""China-PAR: ten-year risk of atherosclerotic cardiovascular disease in Chinese adults."""

from dataclasses import replace

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
    Speaks,
    TaskClass,
    Text,
    WhenAbsent,
)
from inference.equations import inputs, primary_prevention

_VITAL_AGE_DAYS = 365

MODEL = ModelDefinition(
    id="china-par",
    version="1.0.0",
    name=Text("China-PAR", "China-PAR"),
    task_class=TaskClass.PROGNOSTIC,
    question=questions.CARDIOVASCULAR_10Y,
    population=Text(
        "35-74 岁、无动脉粥样硬化性心血管病史的中国成人",
        "Chinese adults aged 35-74 without atherosclerotic cardiovascular disease",
    ),
    # The graph reads its columns in this order.
    inputs=(
        inputs.male(),
        inputs.age(35, 74, reference=50),
        # Chinese hypertension guideline (2018, revised 2024): below 140/90, and below 130/80 where
        # tolerated; at 65-79 years below 140/90 first.
        replace(inputs.systolic_pressure(70, 250, reference=120), asked_at=130),
        inputs.treated(),
        # Chinese lipid guideline 2023, table 2: below 5.2 mmol/L is the reasonable level at low
        # risk. It is no target: those are for LDL cholesterol, which is no input.
        replace(inputs.total_cholesterol(80, 400, reference=170), asked_at=5.2 / 0.02586),
        inputs.hdl_cholesterol(15, 120, reference=50),
        InputSpec(
            "waist",
            "waist",
            Text("腰围", "Waist circumference"),
            "cm",
            50,
            150,
            loinc=("8280-0",),
            max_age_days=_VITAL_AGE_DAYS,
            sd=1.5,
            reference=80,
        ),
        replace(inputs.smoker(), asked_at=0),
        inputs.diabetes(),
        InputSpec(
            "north",
            "lives_north_of_yangtze",
            Text("居住于长江以北", "Lives north of the Yangtze"),
            "1",
            0,
            1,
            when_absent=WhenAbsent.SPAN,
            span=(0.0, 1.0),
            assumed=0.0,
            reference=0,
        ),
        InputSpec(
            "urban",
            "lives_in_city",
            Text("居住于城市", "Lives in a city"),
            "1",
            0,
            1,
            when_absent=WhenAbsent.SPAN,
            span=(0.0, 1.0),
            assumed=0.0,
            reference=0,
        ),
        InputSpec(
            "family_history",
            "family_cvd",
            Text("心血管病家族史", "Family history of cardiovascular disease"),
            "1",
            0,
            1,
            when_absent=WhenAbsent.SPAN,
            span=(0.0, 1.0),
            assumed=0.0,
            reference=0,
        ),
    ),
    outcomes=(
        Outcome(
            "ascvd",
            Text("动脉粥样硬化性心血管病", "atherosclerotic cardiovascular disease"),
            "1",
            horizon_years=10,
        ),
    ),
    scales=(
        CategoryScale(
            "risk-category",
            Text("10 年风险分层", "Ten-year risk category"),
            (
                Category("low", Text("低危（<5%）", "low (<5 %)")),
                Category("moderate", Text("中危（5%-<10%）", "moderate (5 % to <10 %)")),
                Category("high", Text("高危（≥10%）", "high (>=10 %)"), attention=True),
            ),
            Text(
                "《中国心血管病风险评估和管理指南》（2019）：10 年风险 ≥10% 为高危，5%-<10% 为中危",
                "Chinese guideline on assessment and management of cardiovascular risk (2019): "
                "a ten-year risk of 10 % or more is high, 5 % to under 10 % moderate",
            ),
            "Chin J Prev Med 2019;53(1), doi:10.3760/cma.j.issn.0253-9624.2019.01.004; the bounds: "
            "Yang XL, et al. Chronic Dis Transl Med 2016;2:102-109",
            bounds=(0.05, 0.10),
        ),
    ),
    exclusions=(
        Exclusion(
            "prior_cvd",
            Text(
                "已有动脉粥样硬化性心血管病，不适用一级预防方程",
                "atherosclerotic cardiovascular disease is already present; "
                "a primary-prevention equation does not apply",
            ),
            unknown_withholds=True,
        ),
        *primary_prevention.NOT_IN_THE_COHORTS,
    ),
    contribution_scale="log-hazard",
    evidence=(
        PopulationEvidence(
            "CN",
            Evidence.NATIONAL,
            Text(
                "鄞州队列（22.6 万人）c 统计量男 0.74、女 0.78，低估男 20%、女 42%（Chen 2022）；"
                "北京房山农村（5 年）c 0.69、0.71，女性高估 29%（Tang 2019）；内蒙古蒙古族低估",
                "in Yinzhou (226,000 people) c 0.74 in men and 0.78 in women, too low by 20 and "
                "42 % (Chen 2022); in rural Fangshan (five years) c 0.69 and 0.71, too high by "
                "29 % in women (Tang 2019); too low in Mongols of Inner Mongolia",
            ),
        ),
        PopulationEvidence(
            "*",
            Evidence.NONE,
            Text("未见中国以外人群的验证", "no validation outside China was seen"),
        ),
    ),
    limits=(
        Text(
            "2023 中国血脂管理指南用其自有的风险评估流程图，不用 China-PAR：两者分层可能不同",
            "the Chinese lipid guideline of 2023 grades by a flow chart of its own, not by "
            "China-PAR: the two categories may differ",
        ),
        Text(
            "LOINC 8280-0 为脐水平腰围；论文的测量部位未核对",
            "LOINC 8280-0 is the waist at the umbilicus; where the paper measured it was not "
            "checked",
        ),
        Text(
            "系数取自两个相互独立且一致的公开程序；论文补充材料未核对",
            "coefficients taken from two unrelated public programs that agree; "
            "the paper's supplement was not seen",
        ),
        Text(
            "血压、血脂与腰围的取值范围由本产品设定",
            "the ranges of pressure, cholesterol and waist are ours",
        ),
        primary_prevention.NO_COVARIANCE,
    ),
    citation="Yang X, et al. Circulation 2016;134:1430-1440",
    citation_url="https://doi.org/10.1161/CIRCULATIONAHA.116.022367",
    coefficient_provenance=(
        "Two unrelated public implementations agree; men S0 0.9707, women S0 0.9904 "
        "(one source prints 0.99)"
    ),
    licence="Published equation; no licence terms known for the coefficients",
    speaks=Speaks(
        Text(
            "本部署位于中国：China-PAR 由中国人群建立，"
            "《中国心血管病风险评估和管理指南》（2019）采用",
            "this deployment is in China: China-PAR was derived in Chinese people, and the Chinese "
            "guideline on the assessment of cardiovascular risk (2019) uses it",
        ),
        regions=("CN",),
    ),
)
