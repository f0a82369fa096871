"""What is known of CKD-EPI 2021 beside its definition."""

from inference.equations.attributes import not_known, published, said

_INKER = "https://doi.org/10.1056/NEJMoa2102953"
_DONORS = "https://doi.org/10.1016/j.xkme.2022.100558"

ATTRIBUTES = published(
    funding=said(
        "研究由美国国家糖尿病、消化与肾脏疾病研究所资助；技术实现的资金来源未知",
        "the study was funded by the National Institute of Diabetes and Digestive and Kidney "
        "Diseases; of the technical implementation no source is known to us",
        _INKER,
    ),
    intended_use=said(
        "由血肌酐、年龄与性别估计成人肾小球滤过率，并按 KDIGO 分期，供慢性肾脏病的评估与用药剂量"
        "的考虑",
        "to estimate an adult's glomerular filtration rate from creatinine, age and sex and to "
        "place it in the KDIGO categories, for the assessment of chronic kidney disease and of "
        "doses",
        _INKER,
    ),
    cautioned_use=said(
        "不用于急性肾损伤、透析与妊娠；一次结果不足以诊断慢性肾脏病",
        "not in acute kidney injury, on dialysis or in pregnancy; one result is no diagnosis of "
        "chronic kidney disease",
    ),
    training_criteria=said(
        "有实测肾小球滤过率的 10 项研究；详细标准我们没有看到",
        "10 studies with a measured filtration rate; the detailed criteria were not seen",
        _INKER,
    ),
    training_population=said(
        "8254 人，其中黑人 31.5%；亚裔比例、语言与社会状况我们没有看到",
        "8,254 people, 31.5 % of them Black; the share of Asians, language and social position "
        "were not seen",
        _INKER,
    ),
    fairness_approach=said(
        "方程不含种族：作者认为肾功能方程中的种族是社会而非生物学的概念",
        "race is no input: the authors hold that race in equations of kidney function is a "
        "social and not a biological construct",
        _INKER,
    ),
    internal_validity=not_known(
        "建模数据中的结果我们没有看到",
        "the results in the data of the derivation were not seen",
        _INKER,
    ),
    external_data=said(
        "另外 12 项研究，4050 人；另有一家三级医院 637 名活体肾供者候选人（碘海醇清除率，"
        "2016-2020）",
        "12 further studies, 4,050 people; and 637 potential living kidney donors of one "
        "tertiary hospital (iohexol clearance, 2016-2020)",
        _INKER,
        _DONORS,
    ),
    external_party=said(
        "CKD-EPI 协作组，即方程作者（12 项研究）；独立的研究组（肾供者）",
        "the CKD-EPI collaboration, the equation's authors (12 studies); another group (donors)",
        _INKER,
        _DONORS,
    ),
    external_population=said(
        "12 项研究中黑人占 14.3%；亚裔比例与社会状况我们没有看到",
        "14.3 % Black in the 12 studies; the share of Asians and social position were not seen",
        _INKER,
    ),
    external_process=said(
        "与实测滤过率比较：偏差的中位数，以及估计值在实测值 30% 以内的比例",
        "compared with the measured rate: the median difference, and the share of estimates "
        "within 30 % of it",
        _INKER,
    ),
    external_validity=said(
        "85% 或更多的估计值在实测值的 30% 以内；肾供者中低估 2.8 mL/min/1.73m²（中位）",
        "85 % or more of the estimates lay within 30 % of the measured rate; in donors it "
        "under-estimated by a median of 2.8 mL/min/1.73m²",
        _INKER,
        _DONORS,
    ),
    external_fairness=said(
        "黑人低估 3.6（1.8-5.5），非黑人高估 3.9（3.4-4.4）mL/min/1.73m²（中位）；肾供者中黑人低"
        "估 9.0。亚裔的结果我们没有看到",
        "by a median it under-estimated in Black people by 3.6 (1.8-5.5) and over-estimated in "
        "others by 3.9 (3.4-4.4) mL/min/1.73m²; in Black donors it under-estimated by 9.0. "
        "Results in Asians were not seen",
        _INKER,
        _DONORS,
    ),
    checked_against=said(
        "150 行公开程序的结果，至其印出的 6 位小数",
        "150 rows of a public program to their 6 printed decimals",
    ),
)
