"""CKD-EPI 2021: glomerular filtration rate from creatinine, with the KDIGO categories."""

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
from inference.equations.inputs import CREATININE_CV

_KDIGO = Text(
    "KDIGO 2024 慢性肾脏病评估与管理指南：按 GFR 与白蛋白尿分层",
    "KDIGO 2024 guideline for evaluation and management of CKD: categories by GFR and albuminuria",
)
_KDIGO_CITATION = "Kidney Int 2024;105(4S):S117-S314"

MODEL = ModelDefinition(
    id="ckd-epi-2021",
    version="1.0.0",
    name=Text("CKD-EPI 2021", "CKD-EPI 2021"),
    task_class=TaskClass.DIAGNOSTIC,
    question=questions.KIDNEY_FUNCTION,
    population=Text(
        "18 岁及以上、肾功能稳定的成人", "adults of 18 years and over in a stable state"
    ),
    # The graph reads its columns in this order.
    inputs=(
        InputSpec("male", "male", Text("男性", "Male sex"), "1", 0, 1),
        InputSpec("age", "age", Text("年龄", "Age"), "a", 18, 120, reference=50),
        InputSpec(
            "creatinine",
            "creatinine",
            Text("血肌酐", "Serum creatinine"),
            "mg/dL",
            0.1,
            25,
            loinc=("14682-9", "2160-0"),
            max_age_days=180,
            # Between the kappas of women and men, 0.7 and 0.9: a usual creatinine of either.
            reference=0.8,
            cv=CREATININE_CV,
        ),
        InputSpec(
            "acr",
            "acr",
            Text("尿白蛋白/肌酐比值", "Urine albumin-to-creatinine ratio"),
            "mg/g",
            0,
            30000,
            loinc=("9318-7", "14959-1", "30000-4", "32294-1"),
            max_age_days=365,
            when_absent=WhenAbsent.OPTIONAL,
            cv=0.30,
        ),
    ),
    outcomes=(
        Outcome(
            "egfr",
            Text("估算肾小球滤过率", "estimated glomerular filtration rate"),
            "mL/min/{1.73_m2}",
            provides="egfr",
        ),
    ),
    scales=(
        CategoryScale(
            "gfr-category",
            Text("GFR 分期", "GFR category"),
            (
                Category("G1", Text("G1（≥90）", "G1 (>=90)")),
                Category("G2", Text("G2（60-89）", "G2 (60-89)")),
                Category("G3a", Text("G3a（45-59）", "G3a (45-59)"), attention=True),
                Category("G3b", Text("G3b（30-44）", "G3b (30-44)"), attention=True),
                Category("G4", Text("G4（15-29）", "G4 (15-29)"), attention=True),
                Category("G5", Text("G5（<15）", "G5 (<15)"), attention=True),
            ),
            _KDIGO,
            _KDIGO_CITATION,
            bounds=(90, 60, 45, 30, 15),
        ),
        CategoryScale(
            "albuminuria-category",
            Text("白蛋白尿分期", "Albuminuria category"),
            (
                Category("A1", Text("A1（<30 mg/g）", "A1 (<30 mg/g)")),
                Category("A2", Text("A2（30-300 mg/g）", "A2 (30-300 mg/g)"), attention=True),
                Category("A3", Text("A3（>300 mg/g）", "A3 (>300 mg/g)"), attention=True),
            ),
            _KDIGO,
            _KDIGO_CITATION,
        ),
        CategoryScale(
            "kdigo-risk",
            Text("KDIGO 预后风险", "KDIGO prognostic risk"),
            (
                Category("low", Text("低危", "low")),
                Category("moderate", Text("中度升高", "moderately increased"), attention=True),
                Category("high", Text("高危", "high"), attention=True),
                Category("very-high", Text("极高危", "very high"), attention=True),
            ),
            _KDIGO,
            _KDIGO_CITATION,
        ),
    ),
    exclusions=(
        Exclusion(
            "dialysis",
            Text(
                "正在接受透析，肌酐不反映肾小球滤过率",
                "on dialysis: creatinine does not reflect filtration",
            ),
            unknown_withholds=False,
        ),
        Exclusion(
            "pregnancy",
            Text("妊娠期不适用该方程", "the equation does not hold in pregnancy"),
            unknown_withholds=False,
        ),
    ),
    contribution_scale="log-value",
    evidence=(
        PopulationEvidence(
            "*",
            Evidence.NATIONAL,
            Text(
                "KDIGO 2024 要求使用经验证的方程（1D），NKF-ASN 2021 采用本方程；"
                "韩国 1,654 例中高于实测值（中位 4.8），误差 30% 以内者占 76%（Jeong 2023）；"
                "未见 2021 版的中国验证",
                "KDIGO 2024 asks for a validated equation (1D), NKF-ASN 2021 adopted this one; "
                "in 1,654 Koreans above measured filtration by a median of 4.8, 76 % within 30 % "
                "of it (Jeong 2023); no Chinese validation of the 2021 version was seen",
            ),
        ),
    ),
    limits=(
        Text(
            "急性肾损伤、极端肌肉量或特殊饮食时不可靠",
            "unreliable in acute kidney injury, at extremes of muscle mass or on special diets",
        ),
        Text(
            "一次 eGFR<60 不等于慢性肾脏病，需持续 3 个月以上",
            "one eGFR below 60 is not chronic kidney disease: it must last over three months",
        ),
        # 30 and 300 mg/g are 3.39 and 33.9 mg/mmol; KDIGO prints 3 and 30 beside them.
        Text(
            "白蛋白尿按 mg/g 分期；KDIGO 并列的 mg/mmol 界值（3、30）经过取整："
            "3-3.4 与 30-34 mg/mmol 之间按该界值会高一期",
            "albuminuria is graded in mg/g; the bounds in mg/mmol that KDIGO prints beside them (3 "
            "and 30) are rounded: between 3 and 3.4 and between 30 and 34 mg/mmol they would give "
            "one category more",
        ),
    ),
    citation="Inker LA, et al. N Engl J Med 2021;385:1737-1749",
    citation_url="https://doi.org/10.1056/NEJMoa2102953",
    coefficient_provenance="As printed in the paper (2021 creatinine equation, without race)",
    licence="Public domain",
    speaks=Speaks(
        Text(
            "KDIGO 2024 认可的成人肌酐方程",
            "a creatinine equation for adults that KDIGO 2024 accepts",
        )
    ),
)
