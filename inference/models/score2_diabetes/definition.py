"""SCORE2-Diabetes: ten-year risk of cardiovascular disease in type 2 diabetes at 40-69 years."""

import math
from dataclasses import replace

from inference import questions
from inference.contract import (
    Category,
    CategoryScale,
    Evidence,
    Exclusion,
    InputSpec,
    ModelDefinition,
    PopulationEvidence,
    Speaks,
    TaskClass,
    Text,
)
from inference.equations import inputs
from inference.equations.score2 import parts

MODEL = ModelDefinition(
    id="score2-diabetes",
    version="1.0.0",
    name=Text("SCORE2-Diabetes", "SCORE2-Diabetes"),
    task_class=TaskClass.PROGNOSTIC,
    question=questions.CARDIOVASCULAR_10Y,
    population=Text(
        "40-69 岁、患 2 型糖尿病、无动脉粥样硬化性心血管病及严重靶器官损害的成人（欧洲人群建模）",
        "adults aged 40-69 with type 2 diabetes, without atherosclerotic cardiovascular disease "
        "and without severe target-organ damage (derived in Europe)",
    ),
    # The graph reads its columns in this order.
    inputs=(
        inputs.male(),
        inputs.age(40, 69, reference=60),
        parts.EUROPE,
        parts.SMOKER,
        parts.systolic_pressure(reference=120),
        parts.total_cholesterol(asked_at=parts.ESC_CHOLESTEROL),
        parts.hdl_cholesterol(reference=1.3),
        InputSpec(
            "age_at_diagnosis",
            "type_2_diabetes_onset_age",
            Text("诊断 2 型糖尿病时的年龄", "Age at diagnosis of type 2 diabetes"),
            "a",
            18,
            69,
            reference=50,
        ),
        replace(
            inputs.laboratory(
                "hba1c",
                Text("糖化血红蛋白", "Haemoglobin A1c"),
                "mmol/mol",
                (20, 150),
                loinc=("59261-8", "4548-4", "17856-6"),
                max_age_days=365,
                # 2 % of the NGSP figure, as of the other models: 0.14 of 7 % is 1.5 of 53 mmol/mol,
                # whose zero is another.
                cv=0.03,
                reference=31,
            ),
            asked_at=53,  # 7 %, ESC guideline on diabetes 2023
        ),
        inputs.laboratory(
            "egfr",
            Text("估算肾小球滤过率", "Estimated glomerular filtration rate"),
            "mL/min/{1.73_m2}",
            # Below 45 the damage to the kidney is severe, and the risk very high without a score.
            (45, 150),
            loinc=("98979-8",),
            max_age_days=180,
            cv=inputs.EGFR_CV,
            reference=math.exp(4.5),
        ),
    ),
    outcomes=(parts.CVD,),
    scales=(
        CategoryScale(
            "risk-category",
            Text("10 年心血管病风险分层", "Ten-year cardiovascular risk category"),
            (
                Category("low", Text("低危（<5%）", "low (<5 %)")),
                Category("moderate", Text("中危（5%-<10%）", "moderate (5 % to <10 %)")),
                Category("high", Text("高危（10%-<20%）", "high (10 % to <20 %)"), attention=True),
                Category("very-high", Text("极高危（≥20%）", "very high (>=20 %)"), attention=True),
            ),
            Text(
                "2023 ESC 糖尿病心血管病管理指南：5%、10%、20% 为中危、高危、极高危阈值",
                "2023 ESC guideline on cardiovascular disease in diabetes: moderate from 5 %, high "
                "from 10 %, very high from 20 %",
            ),
            "Eur Heart J 2023;44:4043-4140",
            bounds=(0.05, 0.10, 0.20),
        ),
    ),
    exclusions=(
        *parts.EXCLUSIONS,
        Exclusion(
            "without_type_2_diabetes",
            Text(
                "未记录 2 型糖尿病，该方程仅用于 2 型糖尿病患者",
                "no type 2 diabetes is recorded; the equation is for people with it",
            ),
            unknown_withholds=True,
        ),
    ),
    contribution_scale="log-hazard",
    evidence=(
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text(
                "按欧洲四个风险地区重新校准，在瑞典、西班牙、马耳他、克罗地亚登记资料 217,036 人"
                "中验证，c 统计量比 SCORE2 高 0.009-0.031；未在本国评估",
                "recalibrated to four European regions, validated in 217,036 people of registries "
                "of Sweden, Spain, Malta and Croatia, with a c 0.009-0.031 above that of SCORE2; "
                "not judged for another country",
            ),
        ),
    ),
    limits=(
        Text(
            "ESC 指南将严重靶器官损害者直接归为极高危：eGFR <45 时本模型不作估计；"
            "eGFR 45-59 伴白蛋白尿、白蛋白/肌酐 >300 mg/g、三处及以上微血管病变须由医生判断",
            "the ESC guideline counts severe target-organ damage as very high risk without a "
            "score: below an eGFR of 45 no estimate is made; an eGFR of 45-59 with albuminuria, "
            "an albumin-to-creatinine ratio above 300 mg/g and microvascular disease at three "
            "sites are for the physician to see",
        ),
        Text(
            "阈值为 2023 ESC 糖尿病指南的，不是 2021 年按年龄分的（后者用于无糖尿病者）",
            "the thresholds are those of the 2023 guideline on diabetes, not those by age of "
            "2021, which are for people without diabetes",
        ),
        Text(
            "论文所用的 eGFR 公式未核对；本软件用 CKD-EPI 2021",
            "which equation for eGFR the paper used was not checked; here it is CKD-EPI 2021",
        ),
        *parts.COMMON_LIMITS,
    ),
    citation="SCORE2-Diabetes working group. Eur Heart J 2023;44:2544-2556",
    citation_url="https://doi.org/10.1093/eurheartj/ehad260",
    coefficient_provenance=parts.PROVENANCE,
    licence=parts.LICENCE,
    speaks=Speaks(
        Text(
            "本部署设定了 SCORE2 风险地区：40-69 岁的 2 型糖尿病患者"
            "由 SCORE2-Diabetes 回答（ESC 2023）",
            "this deployment states a SCORE2 risk region: SCORE2-Diabetes answers for people of "
            "40-69 with type 2 diabetes (ESC 2023)",
        ),
        rank=3,
        when=("score2_region_stated",),
    ),
)
