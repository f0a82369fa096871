"""The clinical flags that the risk models ask for, as code sets.

ICD-10 rules hold for WHO's ICD-10, ICD-10-CM and the Chinese clinical and insurance editions,
which agree down to the fourth character; a rule with a fifth character is ICD-10-CM's. A code
tells what was diagnosed, not when: whether a diagnosis still counts is for the reader of the
Condition's status and dates to say.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from terminology.code_set import CodeSet, Rule, Verdict, code_set, listed_sctids

__all__ = [
    "ALL",
    "ANTIHYPERTENSIVE",
    "DIABETES",
    "DIALYSIS",
    "FAMILY_CVD",
    "HEART_FAILURE",
    "KIDNEY_TRANSPLANT",
    "PREGNANCY",
    "PRIOR_CVD",
    "STATIN",
    "TYPE_1_DIABETES",
    "TYPE_2_DIABETES",
    "VESSELS_UNSAID",
    "CodeSet",
]


@cache
def _snomed() -> Mapping[str, Mapping[str, Verdict]]:
    """Read the listed SNOMED CT codes by set, all of them from the Global Patient Set."""
    return listed_sctids("snomed_code_sets.csv")


_DIABETES_WORDS: Final = (
    r"糖尿病", r"消渴", r"diabet", r"\bt[12]?dm\b", r"\bdm[12]?\b", r"\b[n]?iddm\b",
)  # fmt: skip

DIABETES: Final = code_set(
    "diabetes",
    name_en="Diabetes mellitus",
    name_zh="糖尿病",
    icd10=(
        Rule("member", "E10 E11 E12 E13 E14"),
        Rule("member", "E08 E09", "ICD-10-CM's secondary diabetes, E13 in WHO's ICD-10"),
        Rule(
            "member",
            "G59.0 G63.2 H28.0 H36.0 M14.2 N08.3",
            "asterisk codes: the complication in diabetes mellitus, sent without its dagger code",
        ),
        Rule(
            "unconfirmed",
            "O24.0 O24.1 O24.2 O24.3 O24.8 O24.9",
            "diabetes in pregnancy, pre-existing or unspecified: it may have begun there",
        ),
        Rule("unconfirmed", "Z79.4 Z79.84", "treated with insulin or oral drugs, unsaid for what"),
        Rule("not-member", "O24.4", "gestational: the models' diabetes outlasts a pregnancy"),
        Rule("not-member", "E23.2 N25.1", "diabetes insipidus"),
        Rule("not-member", "R73", "raised glucose and prediabetes: below the diagnosis"),
        Rule("not-member", "Z83.3 Z13.1 P70 Z86.32", "a relative's, a screening, a newborn's"),
    ),
    sctids=_snomed()["diabetes"],
    keywords=_DIABETES_WORDS,
)

TYPE_1_DIABETES: Final = code_set(
    "type-1-diabetes",
    name_en="Type 1 diabetes mellitus",
    name_zh="1 型糖尿病",
    icd10=(Rule("member", "E10"),),
    sctids=_snomed()["type-1-diabetes"],
    keywords=_DIABETES_WORDS,
)

TYPE_2_DIABETES: Final = code_set(
    "type-2-diabetes",
    name_en="Type 2 diabetes mellitus",
    name_zh="2 型糖尿病",
    icd10=(
        Rule("member", "E11"),
        Rule("unconfirmed", "E14", "diabetes, unsaid of which type"),
        Rule(
            "unconfirmed",
            "G59.0 G63.2 H28.0 H36.0 M14.2 N08.3",
            "asterisk codes: the complication in diabetes of any type, sent without its dagger",
        ),
        Rule("unconfirmed", "O24", "diabetes in pregnancy: a type that outlasts it is not sure"),
        Rule("unconfirmed", "Z79.4 Z79.84", "treated with insulin or oral drugs, unsaid for what"),
        Rule("not-member", "O24.4", "gestational: it may end with the pregnancy"),
        Rule("not-member", "E10 E12 E13 E08 E09", "another type"),
        Rule("not-member", "E23.2 N25.1", "diabetes insipidus"),
        Rule("not-member", "R73", "raised glucose and prediabetes: below the diagnosis"),
        Rule("not-member", "Z83.3 Z13.1 P70 Z86.32", "a relative's, a screening, a newborn's"),
    ),
    sctids=_snomed()["type-2-diabetes"],
    keywords=_DIABETES_WORDS,
)

VESSELS_UNSAID: Final = (
    Rule("unconfirmed", "E08.5 E09.5 E10.5 E11.5 E12.5 E13.5 E14.5",
         "diabetes with a circulatory complication: angiopathy or ulcer, unsaid which"),
    Rule("not-member", "E08= E09= E10= E11= E12= E13= E14=",
         "diabetes, without a word of complications"),
    Rule("unconfirmed", "Z95.8 Z95.9 Z98.62", "a stent or graft, unsaid in which vessel"),
    Rule("not-member", "Z95.810 Z95.811 Z95.812 Z95.818", "ICD-10-CM: devices of the heart"),
)  # fmt: skip
"""Codes that leave open which vessels are diseased, or whether any is."""

PRIOR_CVD: Final = code_set(
    "prior-cvd",
    name_en="Prior atherosclerotic cardiovascular disease",
    name_zh="既往动脉粥样硬化性心血管病",
    icd10=(
        Rule("member", "I20 I21 I22 I23 I24 I25", "ischaemic heart disease"),
        Rule("member", "I60 I61 I62 I63 I64 I69", "stroke and its sequelae"),
        Rule("member", "G45", "transient ischaemic attack"),
        Rule("not-member", "G45.4", "transient global amnesia is not ischaemic"),
        Rule("member", "I70.2 I70.3 I70.4 I70.5 I70.6 I70.7 I73.9", "arteries of the limbs"),
        Rule("member", "Z95.1 Z95.5 Z98.61", "bypass, stent or angioplasty of a coronary artery"),
        Rule("member", "Z86.73", "ICD-10-CM: history of TIA or cerebral infarction"),
        Rule("unconfirmed", "Z86.7", "history of a circulatory disease, unsaid which"),
        Rule("not-member", "Z86.71", "ICD-10-CM: history of venous thrombosis"),
        Rule("unconfirmed", "I65 I66 I67.2", "stenosis of a cerebral artery without infarction"),
        Rule("unconfirmed", "I70.0 I70.1 I70.8 I70.9", "atherosclerosis without an event"),
        Rule("unconfirmed", "I67.9", "cerebrovascular disease, unsaid which"),
        Rule("unconfirmed", "G46", "asterisk codes: syndromes of strokes and of stenoses"),
        Rule("member", "I79.2", "asterisk code: peripheral angiopathy in diabetes"),
        Rule("member", "E08.51 E08.52 E09.51 E09.52 E10.51 E10.52 E11.51 E11.52 E13.51 E13.52",
             "ICD-10-CM: diabetes with peripheral angiopathy"),
        *VESSELS_UNSAID,
        Rule("not-member", "Z82 Z83", "a relative's"),
        Rule("not-member", "S06", "traumatic intracranial haemorrhage"),
        Rule("not-member", "Z13.6", "screening"),
    ),
    sctids=_snomed()["prior-cvd"],
    keywords=(
        r"心肌梗", r"心梗", r"心绞痛", r"冠心病", r"冠状动脉", r"缺血性心脏病", r"冠脉",
        r"脑梗", r"脑卒中", r"中风(?!险)", r"脑出血", r"蛛网膜下", r"短暂性脑缺血", r"外周动脉",
        r"腔梗", r"腔隙性梗", r"脑血栓", r"脑栓塞", r"脑血管意外", r"搭桥",
        r"心絞痛", r"冠狀動脈", r"腦梗", r"中風", r"腦出血", r"蛛網膜下",
        r"腦缺血", r"[周週]邊動脈",
        r"下肢动脉", r"间歇性跛行", r"heart attack", r"cerebrovascular", r"\bcva\b",
        r"(?:brain|stem|cerebell\w*|lacunar|thalam\w*|pont\w*|medull\w*|occipital) infarct",
        r"infarct\w* of (?:the )?(?:brain|cereb|basal|thalam)", r"limb isch",
        r"myocardial infarct", r"\bangina", r"coronary", r"\bstroke",
        r"isch[a]?emic heart", r"cerebral infarct", r"intracerebral h", r"subarachnoid h",
        r"transient isch", r"peripheral (?:arter|vasc)", r"claudication", r"\bstemi\b",
        r"\bnstemi\b", r"\bami\b", r"\bcad\b", r"\btia\b", r"\bcabg\b", r"\bpci\b",
    ),
)  # fmt: skip

HEART_FAILURE: Final = code_set(
    "heart-failure",
    name_en="Heart failure",
    name_zh="心力衰竭",
    icd10=(
        Rule("member", "I50"),
        Rule("member", "I11.0 I13.0 I13.2", "hypertensive heart disease with heart failure"),
        Rule("member", "I09.81", "ICD-10-CM: rheumatic heart failure"),
        Rule("not-member", "I11.9 I13.1 I13.9", "hypertensive heart disease without it"),
        Rule("not-member", "Z82 Z83", "a relative's"),
        Rule("not-member", "P29.0", "of a newborn"),
    ),
    sctids=_snomed()["heart-failure"],
    keywords=(
        r"心力衰竭", r"心衰", r"心功能不全", r"心臟衰竭", r"(?:heart|cardiac|ventricular) failure",
        r"\bchf\b", r"\bhf[rmp]ef\b",
    ),
)  # fmt: skip

DIALYSIS: Final = code_set(
    "dialysis",
    name_en="Dialysis",
    name_zh="透析",
    icd10=(
        Rule("member", "Z99.2 Z49.1 Z49.2 Z49.3", "dependence on dialysis, care with dialysis"),
        Rule("unconfirmed", "Z49.0", "preparation: dialysis has not begun"),
        Rule("unconfirmed", "N18.6", "end-stage disease is not dialysis, but often goes with it"),
        Rule(
            "unconfirmed", "N18.0", "end-stage disease in the earlier ICD-10 and Chinese editions"
        ),
        Rule("unconfirmed", "Y84.1 T82.4", "a complication of dialysis or of its access"),
    ),
    sctids=_snomed()["dialysis"],
    keywords=(r"透析", r"血透", r"腹透", r"dialysis", r"\bcapd\b"),
)

KIDNEY_TRANSPLANT: Final = code_set(
    "kidney-transplant",
    name_en="Kidney transplant",
    name_zh="肾移植",
    icd10=(
        Rule("member", "Z94.0"),
        Rule("unconfirmed", "T86.1", "failure or rejection: the graft may be lost"),
    ),
    sctids=_snomed()["kidney-transplant"],
    keywords=(
        r"肾移植",
        r"腎移植",
        r"移植肾",
        r"(?:kidney|renal) transplant",
        r"transplant\w* (?:of )?kidney",
    ),
)

PREGNANCY: Final = code_set(
    "pregnancy",
    name_en="Pregnancy",
    name_zh="妊娠",
    icd10=(
        Rule("member", " ".join(f"O{block}" for block in range(10))),
        Rule("unconfirmed", "O85 O86 O87 O88 O89 O90 O91 O92", "puerperium: the pregnancy is over, "
             "its effect on blood pressure, lipids and kidney lasts weeks"),
        Rule("unconfirmed", "Z37 Z39", "delivery and care after it, as the puerperium"),
        Rule("not-member", "O94 O96 O97", "sequelae and late death"),
        Rule("member", "Z33 Z34 Z35 Z36 Z3A", "pregnant state, supervision, antenatal screening"),
        Rule("unconfirmed", "Z32", "a test; the result is not in the chapter's code"),
        Rule("member", "Z32.01 Z32.1", "pregnancy confirmed (ICD-10-CM, WHO)"),
        Rule("not-member", "Z32.02", "ICD-10-CM: test negative"),
        Rule("not-member", "Z30 Z31 N97 Z86 Z87 P", "contraception, infertility, history, newborn"),
    ),
    sctids=_snomed()["pregnancy"],
    keywords=(
        r"妊娠", r"怀孕", r"懷孕", r"孕妇", r"孕婦", r"孕期", r"孕周", r"早孕", r"孕\d",
        r"宫内孕", r"产后", r"产褥",
        r"pregnan", r"\bgravid", r"gestation", r"puerper", r"post-?partum",
    ),
)  # fmt: skip

FAMILY_CVD: Final = code_set(
    "family-cvd",
    name_en="Family history of cardiovascular disease",
    name_zh="心血管病家族史",
    icd10=(
        Rule("member", "Z82.3 Z82.4", "stroke; ischaemic heart and other circulatory disease"),
        Rule("not-member", "Z80 Z81 Z82.0 Z82.1 Z82.2 Z82.5 Z82.6 Z82.7 Z82.8 Z83 Z84",
             "family history of something else"),
    ),
    sctids=_snomed()["family-cvd"],
    keywords=(
        r"家族史", r"(?:父|母|兄|弟|姐|妹).{0,6}(?:冠心病|心梗|心肌梗|卒中|中风|脑梗|脑出血)",
        r"family history", r"\bfhx?\b",
    ),
)  # fmt: skip

ANTIHYPERTENSIVE: Final = code_set(
    "antihypertensive",
    name_en="Blood-pressure-lowering medication",
    name_zh="降压药",
    atc=(
        Rule("member", "C02 C03 C07 C08 C09"),
        Rule("member", "C10BX03 C10BX04 C10BX06 C10BX07 C10BX09 C10BX10 C10BX11 C10BX12 C10BX13 "
             "C10BX14 C10BX15 C10BX16 C10BX17 C10BX18 C10BX19",
             "statin with an antihypertensive in one tablet"),
        Rule("unconfirmed", "C10BX", "other fixed combinations: look at what is in them"),
        Rule("not-member", "C10BX01 C10BX02 C10BX05 C10BX08", "statin with acetylsalicylic acid"),
        Rule("not-member", "C02KX", "pulmonary arterial hypertension: another circulation"),
        Rule("not-member", "C03XA", "vaptans: given for hyponatraemia"),
        Rule("unconfirmed", "C03C C03EB", "loop diuretics: given for congestion rather than for "
             "blood pressure"),
        Rule("unconfirmed", "C03DA05", "finerenone: given for diabetic kidney disease"),
        Rule("unconfirmed", "C07AA07", "sotalol: given for arrhythmia"),
        Rule("unconfirmed", "C08CA06", "nimodipine: given after subarachnoid haemorrhage"),
        Rule("unconfirmed", "C08E", "given for angina"),
        Rule("unconfirmed", "G04CA03", "terazosin: ATC knows it for the prostate, China also for "
             "blood pressure"),
        Rule("not-member", "S01E", "eye drops for glaucoma, timolol among them"),
    ),
    keywords=(
        r"降压", r"沙坦", r"普利", r"地平", r"洛尔", r"噻嗪", r"吲达帕胺", r"螺内酯", r"利血平",
        r"sartan\b", r"pril\b", r"dipine\b", r"olol\b", r"thiazide", r"indapamide", r"spironolact",
    ),
)  # fmt: skip

STATIN: Final = code_set(
    "statin",
    name_en="Statin",
    name_zh="他汀类药物",
    atc=(
        Rule("member", "C10AA C10BA C10BX"),
        Rule("not-member", "C10BA10", "bempedoic acid and ezetimibe"),
        Rule("member", "A10BH51 A10BH52", "a gliptin with a statin in one tablet"),
    ),
    keywords=(r"他汀", r"血脂康", r"vastatin", r"\bstatins?\b"),
)

ALL: Final = (
    DIABETES, PRIOR_CVD, HEART_FAILURE, DIALYSIS, KIDNEY_TRANSPLANT, PREGNANCY, FAMILY_CVD,
    ANTIHYPERTENSIVE, STATIN, TYPE_1_DIABETES, TYPE_2_DIABETES,
)  # fmt: skip
