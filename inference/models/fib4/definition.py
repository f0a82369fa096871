"""FIB-4: an index of advanced liver fibrosis from age, transaminases and platelets."""

from inference import questions
from inference.contract import (
    Category,
    CategoryScale,
    Evidence,
    Exclusion,
    ModelDefinition,
    Outcome,
    PopulationEvidence,
    TaskClass,
    Text,
)
from inference.equations import inputs

_LAB_AGE_DAYS = 180

MODEL = ModelDefinition(
    id="fib-4",
    version="1.0.0",
    name=Text("FIB-4 指数", "FIB-4 index"),
    task_class=TaskClass.SCORE,
    question=questions.LIVER_FIBROSIS,
    population=Text(
        "36 岁及以上、有慢性肝病或其危险因素（脂肪肝、病毒性肝炎）的成人",
        "adults of 36 and over with chronic liver disease or at risk of it (steatotic liver, "
        "viral hepatitis)",
    ),
    # The graph reads its columns in this order. At 35 and below the index fails (AUROC 0.60, the
    # group of 35 and under of McPherson 2017); the other ends are ours: above them the enzymes
    # speak of acute injury. The references only fix what contributions are measured against.
    # Spread within a person: round figures of ours.
    inputs=(
        inputs.age(36, 120, reference=50),
        inputs.laboratory(
            "ast",
            Text("天门冬氨酸氨基转移酶（AST）", "Aspartate aminotransferase (AST)"),
            "U/L",
            (5, 500),
            loinc=("1920-8",),
            max_age_days=_LAB_AGE_DAYS,
            cv=0.12,
            reference=25,
        ),
        inputs.laboratory(
            "alt",
            Text("丙氨酸氨基转移酶（ALT）", "Alanine aminotransferase (ALT)"),
            "U/L",
            (5, 500),
            loinc=("1742-6",),
            max_age_days=_LAB_AGE_DAYS,
            cv=0.12,
            reference=25,
        ),
        inputs.laboratory(
            "platelets",
            Text("血小板计数", "Platelet count"),
            "10*9/L",
            (10, 1000),
            loinc=("777-3", "26515-7"),
            max_age_days=_LAB_AGE_DAYS,
            cv=0.08,
            reference=250,
        ),
    ),
    outcomes=(Outcome("fib-4", Text("FIB-4 指数", "FIB-4 index"), "{index}"),),
    scales=(
        CategoryScale(
            "fib4-category",
            Text("进展期肝纤维化的可能性", "Likelihood of advanced fibrosis"),
            (
                Category(
                    "low", Text("低（<1.3；65 岁以上 <2.0）", "low (<1.3; over 65 years <2.0)")
                ),
                Category(
                    "indeterminate",
                    Text("不确定（至 2.67）", "indeterminate (up to 2.67)"),
                    attention=True,
                ),
                Category("high", Text("高（>2.67）", "high (>2.67)"), attention=True),
            ),
            Text(
                "EASL-EASD-EASO 2024 与 AASLD 2023：<1.3（65 岁以上 <2.0）可排除，"
                "1.3-2.67 宜进一步做弹性成像，>2.67 宜转诊",
                "EASL-EASD-EASO 2024 and AASLD 2023: below 1.3 (2.0 over 65 years) advanced "
                "fibrosis is unlikely, up to 2.67 elastography is next, above 2.67 referral",
            ),
            "J Hepatol 2024;81:492-542; Hepatology 2023;77:1797-1835",
            bounds=(1.3, 2.0, 2.67),
        ),
    ),
    exclusions=(
        Exclusion(
            "pregnancy",
            Text(
                "妊娠期血小板与转氨酶改变，指数未经验证",
                "pregnancy changes platelets and transaminases; the index was not validated in it",
            ),
            unknown_withholds=False,
        ),
    ),
    contribution_scale="log-value",
    evidence=(
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text(
                "由 HIV/HCV 合并感染者建立（Sterling 2006），65 岁以上的 2.0 取自欧洲 634 例"
                "脂肪肝患者（35 岁以上 AUROC 0.77-0.84，McPherson 2017）；未在本地校准",
                "derived in HIV/HCV coinfection (Sterling 2006), the 2.0 over 65 from 634 "
                "Europeans with fatty liver (AUROC 0.77-0.84 above 35, McPherson 2017); not "
                "calibrated locally",
            ),
        ),
    ),
    limits=(
        Text(
            "35 岁及以下不可靠（AUROC 0.60），不作估计",
            "unreliable at 35 years and below (AUROC 0.60): no estimate is made",
        ),
        Text(
            "低阈值 2.0 在建立时用于 65 岁及以上，指南写作 65 岁以上：满 65 岁者按 1.3 判读",
            "the cut-off of 2.0 was derived from 65 years on, the guidelines say over 65: at 65 "
            "completed years 1.3 is used",
        ),
        Text(
            "病毒性肝炎的阈值为 1.45 与 3.25（Sterling 2006），与本分层不同",
            "in viral hepatitis the cut-offs are 1.45 and 3.25 (Sterling 2006), not those used",
        ),
        Text(
            "急性肝损伤、非肝源性转氨酶升高、血液病或脾切除后不可靠",
            "unreliable in acute liver injury, with transaminases from elsewhere, in disorders of "
            "the blood and after splenectomy",
        ),
        Text(
            "三项化验可能不是同日所测；论文未给出化验值范围，所用范围为本产品设定",
            "the three results may be of different days; the papers state no laboratory ranges: "
            "those used are ours",
        ),
    ),
    citation="Sterling RK, et al. Hepatology 2006;43:1317-1325",
    citation_url="https://doi.org/10.1002/hep.21178",
    coefficient_provenance="As printed in the paper; 125 rows of a public program are repeated",
    licence="Published formula; no licence terms known",
    on_request=Text(
        "用于筛查有肝病风险的患者（如 2 型糖尿病、代谢相关脂肪性肝病），由医生决定是否计算",
        "it screens people at risk of liver disease (such as type 2 diabetes or fatty "
        "liver): who that is, the physician decides",
    ),
)
