"""HAS-BLED: the risk factors for major bleeding under anticoagulation, counted."""

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
from inference.equations.inputs import CREATININE_CV, age
from inference.equations.points.inputs import SCORE_UNIT, UNKNOWN_ITEMS, item

MODEL = ModelDefinition(
    id="has-bled",
    version="1.0.0",
    name=Text("HAS-BLED", "HAS-BLED"),
    task_class=TaskClass.SCORE,
    question=questions.BLEEDING_IN_ATRIAL_FIBRILLATION,
    population=Text(
        "有心房颤动或心房扑动、正在或考虑抗凝的成人",
        "adults with atrial fibrillation or flutter for whom anticoagulation is given or "
        "considered",
    ),
    inputs=(
        InputSpec(
            "systolic_pressure",
            "sbp",
            Text("收缩压（>160 mmHg 计分）", "Systolic blood pressure (counts above 160 mmHg)"),
            "mm[Hg]",
            50,
            300,
            loinc=("8480-6",),
            max_age_days=90,  # the item is *uncontrolled* hypertension: of now
            sd=8.0,  # of one clinic reading: 8-10 mm[Hg], of which this is the low end
            reference=120,
            asked_at=130,
        ),
        InputSpec(
            "creatinine",
            "creatinine",
            Text("肌酐（≥200 μmol/L 计分）", "Creatinine (counts from 200 μmol/L)"),
            "umol/L",
            15,
            3000,
            loinc=("14682-9", "2160-0"),
            max_age_days=180,
            when_absent=WhenAbsent.SPAN,
            span=(80.0, 250.0),
            assumed=80.0,
            cv=CREATININE_CV,
            reference=80,
        ),
        item("renal_replacement", Text("透析或肾移植", "Dialysis or kidney transplant")),
        item(
            "chronic_liver_disease",
            Text("慢性肝病（如肝硬化）", "Chronic hepatic disease such as cirrhosis"),
        ),
        item("stroke", Text("卒中史", "Previous stroke"), feature="any_stroke"),
        item(
            "bleeding_history",
            Text("大出血史或出血倾向（含贫血）", "Bleeding or predisposition to it (anaemia too)"),
        ),
        item("labile_inr", Text("INR 不稳定", "Labile INR"), asked_at=0),
        age(18, 120, reference=50),
        item(
            "bleeding_drugs",
            Text("抗血小板药或非甾体抗炎药", "Antiplatelet drug or NSAID"),
            asked_at=0,
        ),
        item("alcohol_excess", Text("过量饮酒", "Excessive alcohol"), asked_at=0),
    ),
    outcomes=(Outcome("has-bled", Text("HAS-BLED 评分", "HAS-BLED score"), SCORE_UNIT),),
    scales=(
        CategoryScale(
            "bleeding-risk",
            Text("出血风险", "Risk of bleeding"),
            (
                Category("not-high", Text("<3 分", "under 3")),
                Category(
                    "high",
                    Text(
                        "≥3 分：高出血风险，应纠正可改变的因素并加强随访",
                        "3 or more: high, correct what can be corrected and review more often",
                    ),
                    attention=True,
                ),
            ),
            Text(
                "ESC 2020 与 ACC/AHA 2023：评分用于找出可纠正的出血因素，"
                "不应单独作为拒绝抗凝的理由",
                "ESC 2020 and ACC/AHA 2023: the score finds bleeding factors that can be "
                "corrected; on its own it is no reason to withhold anticoagulation",
            ),
            "Eur Heart J 2021;42:373-498; Circulation 2024;149:e1-e156",
            bounds=(3.0,),
        ),
    ),
    exclusions=(
        Exclusion(
            "no_atrial_fibrillation",
            Text(
                "无心房颤动记录：该评分仅用于心房颤动",
                "no atrial fibrillation on record: the score is for atrial fibrillation only",
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
                "在欧洲心脏调查 3,978 例（大出血仅 53 例）中推导，c 统计量 0.72；未见中国验证",
                "derived in 3,978 patients of the Euro Heart Survey with only 53 major bleeds, "
                "c 0.72; no Chinese validation was seen",
            ),
        ),
    ),
    limits=(
        UNKNOWN_ITEMS,
        Text(
            "肝功能异常仅按慢性肝病诊断计；胆红素与转氨酶结果未读取，请自行核对",
            "abnormal liver function counts by the diagnosis of a chronic liver disease; results "
            "of bilirubin and enzymes are not read: look at them",
        ),
        Text(
            "出血倾向按诊断计；血红蛋白与血小板结果未读取，请自行核对",
            "predisposition to bleeding counts by diagnosis; results of haemoglobin and platelets "
            "are not read: look at them",
        ),
        Text(
            "INR 在治疗范围内的时间不由本服务计算：使用维生素 K 拮抗剂时需记录其答案",
            "time in the therapeutic range is not computed: on a vitamin K antagonist the answer "
            "has to be recorded",
        ),
        Text(
            "酒精：本条目的原始定义为每周 ≥8 杯；诊断编码仅能确认，不能否认",
            "alcohol: the item means 8 or more drinks a week; a diagnosis can confirm it, its lack "
            "denies nothing",
        ),
        Text(
            "未经处方的非甾体抗炎药不在处方清单中",
            "NSAIDs bought without a prescription are on no list of prescriptions",
        ),
        Text(
            "不给出每年出血率：已发表的队列相互不一致",
            "no yearly bleeding rate is given: the published cohorts disagree",
        ),
    ),
    citation="Pisters R, et al. Chest 2010;138:1093-1100",
    citation_url="https://doi.org/10.1378/chest.10-0134",
    coefficient_provenance="Points as printed; checked against a public calculator (256 cases)",
    licence="Published score; no licence terms known for the points",
    on_request=Text(
        "供考虑抗凝的医生查找可纠正的出血因素，由其点名计算",
        "it shows what raises the risk of bleeding to a physician who thinks of "
        "anticoagulation, and who asks for it",
    ),
)
