"""The diagnoses and drugs that point scores count, as code sets.

The same rules as in `terminology/code_sets.py` hold. Where the words of a score are wider or
narrower than a code, the code is `unconfirmed`: the score then states its span instead of guessing.
"""

from collections.abc import Mapping
from typing import Final

from terminology.code_set import Rule, Verdict, code_set, listed_sctids
from terminology.code_sets import VESSELS_UNSAID

_SNOMED: Final[Mapping[str, Mapping[str, Verdict]]] = listed_sctids("snomed_score_sets.csv")

_RELATIVES: Final = Rule("not-member", "Z80 Z81 Z82 Z83 Z84", "a relative's")

ATRIAL_FIBRILLATION: Final = code_set(
    "atrial-fibrillation",
    name_en="Atrial fibrillation or flutter",
    name_zh="心房颤动或心房扑动",
    icd10=(
        Rule("member", "I48", "flutter too: ESC 2020 treats its risk of stroke alike"),
        _RELATIVES,
    ),
    sctids=_SNOMED["atrial-fibrillation"],
    keywords=(
        r"房颤", r"房扑", r"心房颤动", r"心房扑动", r"心房纤颤", r"atrial (?:fib|flut)",
        r"\ba-?fib\b", r"\bp?af\b",
    ),
)  # fmt: skip

VALVULAR_AF: Final = code_set(
    "valvular-atrial-fibrillation",
    name_en="Mechanical heart valve or moderate to severe mitral stenosis",
    name_zh="机械瓣膜或中重度二尖瓣狭窄",
    icd10=(
        Rule("member", "Z95.2", "prosthetic (ICD-10-CM: mechanical) heart valve"),
        Rule("not-member", "Z95.3", "of animal tissue"),
        Rule("unconfirmed", "Z95.4", "another replacement of a heart valve, unsaid which"),
        Rule("unconfirmed", "I05.0 I05.2 I34.2", "the severity of a stenosis is not in its code"),
        _RELATIVES,
    ),
    sctids=_SNOMED["valvular-atrial-fibrillation"],
    keywords=(
        r"机械瓣", r"二尖瓣狭窄", r"瓣膜置换", r"换瓣",
        r"mechanical (?:heart |mitral |aortic )?valve", r"mitral (?:valve )?stenosis",
        r"valve replacement",
    ),
)  # fmt: skip

HYPERTENSION: Final = code_set(
    "hypertension",
    name_en="Hypertension",
    name_zh="高血压",
    icd10=(
        Rule(
            "member", "I10 I11 I12 I13 I15 I16 O10 O11", "with its organ damage, in pregnancy too"
        ),
        Rule("unconfirmed", "O13 O14 O15 O16", "it may end with the pregnancy"),
        Rule("not-member", "R03.0", "a reading without the diagnosis"),
        Rule("not-member", "I27 K76.6 G93.2 H40 P29", "of another circulation or cavity"),
        Rule("not-member", "Z13.6", "screening"),
        _RELATIVES,
    ),
    sctids=_SNOMED["hypertension"],
    keywords=(
        r"高血压", r"hypertens", r"\bhtn\b",
    ),
)  # fmt: skip

THROMBOEMBOLISM: Final = code_set(
    "thromboembolism",
    name_en="Stroke, transient ischaemic attack or systemic embolism",
    name_zh="卒中、短暂性脑缺血发作或体循环栓塞",
    icd10=(
        Rule("member", "I63 I64 I69.3 I69.4 G45 I74 Z86.73"),
        Rule("not-member", "G45.4", "transient global amnesia is not ischaemic"),
        Rule("unconfirmed", "I60 I61 I62 I69", "haemorrhage: ischaemia was counted"),
        Rule("unconfirmed", "H34.0 H34.1 H34.2", "occlusion of a retinal artery"),
        Rule("unconfirmed", "Z86.7", "history of a circulatory disease, unsaid which"),
        Rule("not-member", "Z86.71 I26 I80 I81 I82", "venous thrombosis and pulmonary embolism"),
        Rule("not-member", "I65 I66 I67 I68", "a stenosis or another disease, without infarction"),
        Rule("unconfirmed", "G46", "asterisk codes: syndromes of strokes and of stenoses"),
        Rule("not-member", "S06", "traumatic"),
        _RELATIVES,
    ),
    sctids=_SNOMED["thromboembolism"],
    keywords=(
        r"脑梗", r"卒中", r"中风", r"短暂性脑缺血", r"栓塞", r"脑出血", r"\bstroke", r"\btia\b",
        r"cerebral infarct", r"transient isch", r"embol",
    ),
)  # fmt: skip

ANY_STROKE: Final = code_set(
    "any-stroke",
    name_en="Stroke, ischaemic or haemorrhagic",
    name_zh="卒中（缺血性或出血性）",
    icd10=(
        Rule("member", "I60 I61 I63 I64 I69.0 I69.1 I69.3 I69.4"),
        Rule("unconfirmed", "I62 I69", "subdural and other haemorrhage, and their sequelae"),
        Rule("unconfirmed", "Z86.7", "a TIA or a stroke, unsaid which"),
        Rule("unconfirmed", "G46", "asterisk codes: syndromes of strokes and of stenoses"),
        Rule("not-member", "Z86.71 G45 I74 I65 I66 I67 I68 S06", "no stroke"),
        _RELATIVES,
    ),
    sctids=_SNOMED["any-stroke"],
    keywords=(
        r"脑梗", r"卒中", r"中风", r"脑出血", r"蛛网膜下", r"\bstroke", r"cerebral infarct",
        r"intracerebral h", r"subarachnoid h",
    ),
)  # fmt: skip

VASCULAR_DISEASE: Final = code_set(
    "vascular-disease",
    name_en="Myocardial infarction, peripheral artery disease or aortic plaque",
    name_zh="心肌梗死、外周动脉疾病或主动脉斑块",
    icd10=(
        Rule("member", "I21 I22 I23 I25.2", "myocardial infarction, also old"),
        Rule("member", "I70.0 I70.2 I70.3 I70.4 I70.5 I70.6 I70.7 I73.9", "aorta and limbs"),
        Rule("member", "Z95.1 Z95.5 Z98.61", "revascularised (ESC 2020: significant)"),
        Rule("unconfirmed", "I20 I24 I25", "coronary disease, unsaid whether significant"),
        Rule("unconfirmed", "I70.1 I70.8 I70.9 I79.2", "atherosclerosis elsewhere or unsaid where"),
        *VESSELS_UNSAID,
        Rule("not-member", "Z13.6", "screening"),
        _RELATIVES,
    ),
    sctids=_SNOMED["vascular-disease"],
    keywords=(
        r"心肌梗", r"心梗", r"冠心病", r"冠状动脉", r"冠脉", r"心绞痛", r"外周动脉", r"下肢动脉",
        r"间歇性跛行", r"主动脉斑块", r"主动脉粥样", r"myocardial infarct", r"coronary",
        r"angina", r"peripheral (?:arter|vasc)", r"claudication", r"aortic (?:plaque|athero)",
        r"\bcad\b", r"\bpad\b", r"\b[n]?stemi\b",
    ),
)  # fmt: skip

CHRONIC_LIVER_DISEASE: Final = code_set(
    "chronic-liver-disease",
    name_en="Chronic hepatic disease such as cirrhosis",
    name_zh="慢性肝病（如肝硬化）",
    icd10=(
        Rule("member", "K70.3 K70.4 K71.7 K72.1 K74.3 K74.4 K74.5 K74.6 K76.7"),
        Rule("unconfirmed", "K70 K71 K72 K73 K74 K76.6 K76.8 K76.9 B18 I85 I98.2 I98.3 Z94.4 C22",
             "a liver disease that may or may not be of the severity that is meant"),
        Rule("not-member", "K72.0 K76.0 K70.0 B15 B16 B17", "acute, or steatosis alone"),
        _RELATIVES,
    ),
    sctids=_SNOMED["chronic-liver-disease"],
    keywords=(
        r"肝硬化", r"肝衰竭", r"肝功能衰竭", r"慢性肝", r"肝炎", r"肝病", r"cirrho", r"hepati",
        r"liver (?:disease|failure)",
    ),
)  # fmt: skip

BLEEDING: Final = code_set(
    "bleeding",
    name_en="Major bleeding or predisposition to bleeding",
    name_zh="大出血史或出血倾向",
    icd10=(
        Rule("member", "I60 I61 I62 I69.0 I69.1 I69.2", "intracranial"),
        Rule("member", "K25.0 K25.2 K25.4 K25.6 K26.0 K26.2 K26.4 K26.6 K27.0 K27.2 K27.4 K27.6 "
             "K28.0 K28.2 K28.4 K28.6 K29.0 K22.6 I98.3 K66.1 K92.0 K92.1 K92.2",
             "of the gut or into the abdomen"),
        Rule("unconfirmed", "I85.0", "WHO, China: bleeding varices; ICD-10-CM: with or without"),
        Rule("member", "J94.2 I31.2", "haemothorax, haemopericardium"),
        Rule("member", "D66 D67 D68.0 D68.1 D68.2 D68.3 D68.4", "bleeding diathesis"),
        Rule("not-member", "D68.5 D68.6", "thrombophilia"),
        Rule("unconfirmed", "D65 D68 D69", "thrombocytopenia and others, unsaid how severe"),
        Rule("member", "D50 D51 D52 D53 D55 D56 D57 D58 D59 D60 D61 D62 D63 D64", "anaemia"),
        Rule("unconfirmed", "R58 R04 R31 K62.5 N93 H43.1 H35.6 M25.0 S06.4 S06.5 S06.6",
             "a bleeding, unsaid how large"),
        _RELATIVES,
    ),
    sctids=_SNOMED["bleeding"],
    keywords=(
        r"出血", r"贫血", r"血小板减少", r"血友病", r"便血", r"呕血", r"黑便", r"咯血", r"血尿",
        r"h[a]?emorrhag", r"bleed", r"an[a]?emia", r"thrombocytop", r"h[a]?ematemesis",
        r"mel[a]?ena", r"h[a]?emophil",
    ),
)  # fmt: skip

ALCOHOL: Final = code_set(
    "alcohol-excess",
    name_en="Excessive use of alcohol",
    name_zh="过量饮酒",
    icd10=(
        Rule("member", "F10.1 F10.2", "harmful use, dependence"),
        Rule("unconfirmed", "F10 K70 K29.2 K86.0 G62.1 I42.6 Z72.1 T51",
             "alcohol did harm; how much is drunk now is not said"),
        _RELATIVES,
    ),
    sctids=_SNOMED["alcohol-excess"],
    keywords=(
        r"酒精", r"酗酒", r"饮酒", r"嗜酒", r"alcohol",
    ),
)  # fmt: skip

COPD: Final = code_set(
    "copd",
    name_en="Chronic obstructive pulmonary disease",
    name_zh="慢性阻塞性肺疾病",
    icd10=(
        Rule("member", "J44"),
        Rule("unconfirmed", "J41 J42 J43", "bronchitis or emphysema, unsaid whether obstructive"),
        _RELATIVES,
    ),
    sctids=_SNOMED["copd"],
    keywords=(
        r"慢阻肺", r"慢性阻塞性肺", r"肺气肿", r"慢性支气管炎", r"\bcopd\b",
        r"obstructive (?:lung|pulm)", r"emphysema", r"chronic bronchitis",
    ),
)  # fmt: skip

RAISED_GLUCOSE: Final = code_set(
    "raised-glucose",
    name_en="Raised glucose found at any time",
    name_zh="曾发现血糖升高",
    icd10=(
        Rule("member", "R73 O24.4 Z86.32", "raised glucose, also in pregnancy"),
        Rule("unconfirmed", "O24", "diabetes in pregnancy, unsaid whether it was there before"),
        _RELATIVES,
    ),
    sctids=_SNOMED["raised-glucose"],
    keywords=(
        r"血糖", r"糖耐量", r"糖尿病前期", r"妊娠期糖尿病", r"prediabet", r"hyperglyc",
        r"impaired (?:fasting|glucose)", r"gestational diab",
    ),
)  # fmt: skip

FAMILY_DIABETES: Final = code_set(
    "family-diabetes",
    name_en="Family history of diabetes",
    name_zh="糖尿病家族史",
    icd10=(Rule("member", "Z83.3", "the degree of the relative is not in the code"),),
    sctids=_SNOMED["family-diabetes"],
    keywords=(
        r"糖尿病家族史", r"family history",
    ),
)  # fmt: skip

VITAMIN_K_ANTAGONIST: Final = code_set(
    "vitamin-k-antagonist",
    name_en="Vitamin K antagonist",
    name_zh="维生素 K 拮抗剂",
    atc=(Rule("member", "B01AA"),),
    keywords=(
        r"华法林", r"warfarin", r"coumarin", r"coumadin", r"phenprocoumon", r"acenocoumarol",
    ),
)  # fmt: skip

BLEEDING_DRUGS: Final = code_set(
    "bleeding-drugs",
    name_en="Antiplatelet drug or NSAID",
    name_zh="抗血小板药或非甾体抗炎药",
    atc=(
        Rule("member", "B01AC M01A M01B N02BA"),
        Rule("unconfirmed", "B01AC09 B01AC11 B01AC19 B01AC21 B01AC27", "prostacyclins"),
        Rule("unconfirmed", "M01AX", "others; glucosamine and chondroitin are among them"),
        Rule("not-member", "M01AX05 M01AX25", "glucosamine, chondroitin"),
        Rule("member", "C10BX01 C10BX02 C10BX05 C10BX08", "a statin with acetylsalicylic acid"),
        Rule("unconfirmed", "C10BX", "other fixed combinations: look at what is in them"),
        Rule("not-member", "M02A S01BC", "on the skin or in the eye"),
    ),
    keywords=(
        r"阿司匹林", r"乙酰水杨酸", r"氯吡格雷", r"替格瑞洛", r"普拉格雷", r"西洛他唑",
        r"双嘧达莫", r"布洛芬", r"双氯芬酸", r"塞来昔布", r"美洛昔康", r"吲哚美辛", r"萘普生",
        r"洛索洛芬", r"aspirin", r"acetylsalicyl", r"clopidogrel", r"ticagrelor", r"prasugrel",
        r"ibuprofen", r"diclofenac", r"naproxen", r"coxib", r"meloxicam",
    ),
)  # fmt: skip

BETA_BLOCKER: Final = code_set(
    "beta-blocker",
    name_en="Beta-blocker",
    name_zh="β受体阻滞剂",
    atc=(
        Rule("member", "C07"),
        Rule("unconfirmed", "C07AA07", "sotalol: given for arrhythmia"),
        Rule("member", "C09BX02 C09BX04", "perindopril with bisoprolol, with amlodipine too"),
        Rule("unconfirmed", "C09BX C09DX", "fixed combinations: look at what is in them"),
        Rule("not-member", "S01E", "eye drops for glaucoma"),
    ),
    keywords=(
        r"洛尔", r"olol\b", r"carvedilol",
    ),
)  # fmt: skip

RENIN_ANGIOTENSIN: Final = code_set(
    "renin-angiotensin",
    name_en="ACE inhibitor or angiotensin receptor blocker",
    name_zh="ACEI 或 ARB",
    atc=(
        Rule("member", "C09A C09B C09C C09D", "alone or combined, sacubitril/valsartan too"),
        Rule("unconfirmed", "C09X", "renin inhibitors and others"),
        Rule("unconfirmed", "C10BX", "with a statin in one tablet: look at what is in it"),
        Rule("not-member", "C10BX01 C10BX02 C10BX03 C10BX05 C10BX08", "without one"),
    ),
    keywords=(
        r"普利", r"沙坦", r"pril\b", r"sartan\b",
    ),
)  # fmt: skip

ALL: Final = (
    ATRIAL_FIBRILLATION, VALVULAR_AF, HYPERTENSION, THROMBOEMBOLISM, ANY_STROKE, VASCULAR_DISEASE,
    CHRONIC_LIVER_DISEASE, BLEEDING, ALCOHOL, COPD, RAISED_GLUCOSE, FAMILY_DIABETES,
    VITAMIN_K_ANTAGONIST, BLEEDING_DRUGS, BETA_BLOCKER, RENIN_ANGIOTENSIN,
)  # fmt: skip
