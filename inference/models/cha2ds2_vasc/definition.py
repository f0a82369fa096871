"""CHA2DS2-VASc and CHA2DS2-VA: the risk factors for stroke in atrial fibrillation, counted."""

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
from inference.equations.inputs import age, male
from inference.equations.points.inputs import DIABETES, SCORE_UNIT, UNKNOWN_ITEMS, item

MODEL = ModelDefinition(
    id="cha2ds2-vasc",
    version="1.0.0",
    name=Text("CHA₂DS₂-VASc", "CHA2DS2-VASc"),
    task_class=TaskClass.SCORE,
    question=questions.STROKE_IN_ATRIAL_FIBRILLATION,
    population=Text(
        "有心房颤动或心房扑动、无机械瓣膜及中重度二尖瓣狭窄的成人",
        "adults with atrial fibrillation or flutter, without a mechanical valve or moderate to "
        "severe mitral stenosis",
    ),
    inputs=(
        male(reference=1),
        age(18, 120, reference=50),
        item("heart_failure", Text("心力衰竭", "Heart failure")),
        item("hypertension", Text("高血压", "Hypertension")),
        DIABETES,
        item(
            "thromboembolism",
            Text(
                "卒中、短暂性脑缺血发作或体循环栓塞史",
                "Previous stroke, TIA or systemic embolism",
            ),
        ),
        item(
            "vascular_disease",
            Text(
                "血管疾病（心肌梗死、外周动脉疾病、主动脉斑块）",
                "Vascular disease (infarction, peripheral artery disease, aortic plaque)",
            ),
        ),
    ),
    outcomes=(
        Outcome("cha2ds2-vasc", Text("CHA₂DS₂-VASc 评分", "CHA2DS2-VASc score"), SCORE_UNIT),
        Outcome(
            "cha2ds2-va",
            Text("CHA₂DS₂-VA 评分（不计性别）", "CHA2DS2-VA score (without sex)"),
            SCORE_UNIT,
        ),
    ),
    scales=(
        # Men 0, 1, 2 and women 1, 2, 3 (ESC 2020) are CHA2DS2-VA 0, 1, 2 (ESC 2024).
        CategoryScale(
            "anticoagulation",
            Text("除性别外的卒中危险因素", "Risk factors for stroke beside sex"),
            (
                Category("none", Text("无（CHA₂DS₂-VA 0 分）", "none (CHA2DS2-VA 0)")),
                Category(
                    "one",
                    Text(
                        "1 分：指南建议考虑口服抗凝",
                        "1: the guideline says to consider oral anticoagulation",
                    ),
                    attention=True,
                ),
                Category(
                    "two-or-more",
                    Text(
                        "≥2 分：指南推荐口服抗凝",
                        "2 or more: the guideline recommends oral anticoagulation",
                    ),
                    attention=True,
                ),
            ),
            Text(
                "ESC 2020（男 ≥1、女 ≥2 考虑，男 ≥2、女 ≥3 推荐）与 "
                "ESC 2024（CHA₂DS₂-VA 1 考虑，≥2 推荐）",
                "ESC 2020 (consider at 1 in men and 2 in women, recommended at 2 and 3) and "
                "ESC 2024 (consider at a CHA2DS2-VA of 1, recommended at 2 or more)",
            ),
            "Eur Heart J 2021;42:373-498; Eur Heart J 2024;45:3314-3414",
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
        Exclusion(
            "valvular_af",
            Text(
                "机械瓣膜或中重度二尖瓣狭窄：抗凝不取决于该评分",
                "mechanical valve or moderate to severe mitral stenosis: anticoagulation does not "
                "depend on this score",
            ),
            unknown_withholds=False,
        ),
    ),
    contribution_scale="points",
    evidence=(
        PopulationEvidence(
            "*",
            Evidence.FOREIGN,
            Text(
                "由既往方案改写（非队列推导），在欧洲心脏调查 1,084 例中检验，c 统计量 0.606；"
                "多项验证合并 c 0.644（van der Endt 2022）",
                "an older scheme reworded, not fitted to a cohort; tested in 1,084 patients of the "
                "Euro Heart Survey, c 0.606; pooled over later validations c 0.644 (van der Endt "
                "2022)",
            ),
        ),
    ),
    limits=(
        UNKNOWN_ITEMS,
        Text(
            "不给出每年卒中率：已发表的队列相互不一致",
            "no yearly rate of stroke is given: the published cohorts disagree with each other",
        ),
        Text(
            "冠心病编码不说明狭窄是否显著，颅内出血不作缺血性卒中计：两者均作未知处理",
            "a code of coronary disease does not tell whether it is significant, and an "
            "intracranial haemorrhage is not taken for ischaemia: both are treated as not known",
        ),
        Text(
            "仅有降压药而无高血压诊断时作未知处理；左室射血分数未读取",
            "drugs that lower blood pressure without a diagnosis leave hypertension open; the "
            "ejection fraction is not read",
        ),
    ),
    citation="Lip GYH, et al. Chest 2010;137:263-272",
    citation_url="https://doi.org/10.1378/chest.09-1584",
    coefficient_provenance="Points as printed; checked against a public calculator (128 cases)",
    licence="Published score; no licence terms known for the points",
    on_request=Text(
        "较新指南改用其他计分（中国 2023：CHA2DS2-VASc-60；ESC 2024：CHA2DS2-VA），"
        "仅在点名时计算本评分",
        "newer guidelines count otherwise (China 2023: CHA2DS2-VASc-60; ESC 2024: "
        "CHA2DS2-VA): this one is for whoever asks for it",
    ),
)
