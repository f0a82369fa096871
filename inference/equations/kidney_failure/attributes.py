"""What is known alike of the kidney failure risk equations."""

from inference.equations.attributes import not_known, said

_TANGRI = "https://doi.org/10.1001/jama.2011.451"
_MULTINATIONAL = "https://doi.org/10.1001/jama.2015.18202"
_KOREA = "https://doi.org/10.1038/s41598-020-69715-3"
_SINGAPORE = "https://doi.org/10.1186/s12882-019-1643-0"
_ADVANCED = "https://doi.org/10.1681/ASN.2020071077"

SHARED = {
    "intended_use": said(
        "估计慢性肾脏病 G3-G5 期患者 2 年与 5 年内肾衰竭（透析或移植）的风险，供转诊与肾脏替代治"
        "疗准备的讨论",
        "to estimate the risk of kidney failure (dialysis or transplant) within 2 and 5 years in "
        "chronic kidney disease G3-G5, for the talk about referral and about preparing kidney "
        "replacement therapy",
        _TANGRI,
        _MULTINATIONAL,
    ),
    "cautioned_use": said(
        "不用于急性肾损伤、透析或移植后；晚期患者的 5 年风险因死亡这一竞争风险而被高估；在新加坡"
        "基层医疗中重新校准后更准确",
        "not in acute kidney injury, on dialysis or after a transplant; in advanced disease the "
        "five-year risk is over-estimated, for death competes; in primary care of Singapore it "
        "was more accurate when recalibrated",
        _ADVANCED,
        _SINGAPORE,
    ),
    "training_criteria": said(
        "加拿大两个独立队列中的慢性肾脏病 3-5 期患者（一个建模，一个验证）；详细标准我们没有看到",
        "patients with chronic kidney disease of stages 3-5 of two independent Canadian cohorts, "
        "one to derive and one to validate; the detailed criteria were not seen",
        _TANGRI,
    ),
    "training_population": not_known(
        "加拿大患者；性别、年龄、族裔与社会状况的构成我们没有看到",
        "patients in Canada; their make-up by sex, age, ethnicity and social position was not seen",
        _TANGRI,
    ),
    "internal_validity": not_known(
        "建模队列中的 C 统计量我们没有看到",
        "the C statistics in the cohort of the derivation were not seen",
        _TANGRI,
    ),
    "external_data": said(
        "四大洲 31 个多国队列，721357 名 G3-G5 期患者；韩国转诊至肾内科的 13244 名 G3-G5 期患者；"
        "新加坡 9 家基层诊所；欧洲两个晚期慢性肾脏病队列",
        "31 cohorts of four continents with 721,357 patients of G3-G5; 13,244 patients of G3-G5 "
        "referred to nephrology in Korea; 9 primary care clinics in Singapore; two European "
        "cohorts of advanced disease",
        _MULTINATIONAL,
        _KOREA,
        _SINGAPORE,
        _ADVANCED,
    ),
    "external_party": said(
        "方程作者（31 个队列）；韩国、新加坡与欧洲的研究组（韩国研究的作者中有方程作者）",
        "the equation's authors (31 cohorts); groups in Korea, Singapore and Europe (an author "
        "of the equation is among those of the Korean study)",
        _MULTINATIONAL,
        _KOREA,
        _SINGAPORE,
        _ADVANCED,
    ),
    "external_population": said(
        "四大洲的患者；韩国、新加坡与欧洲。性别与社会状况的构成我们没有看到",
        "patients of four continents; Korea, Singapore and Europe. The make-up by sex and social "
        "position was not seen",
        _MULTINATIONAL,
        _KOREA,
        _SINGAPORE,
        _ADVANCED,
    ),
    "external_process": said(
        "C 统计量或 ROC 曲线下面积，预测与观察风险的比较；新加坡以加权 Brier 分数选出校准最好的方"
        "程，欧洲计入死亡这一竞争风险",
        "C statistic or area under the ROC curve, and predicted with observed risk; in Singapore "
        "a weighted Brier score chose the best calibrated equation, in Europe death was counted "
        "as a competing risk",
        _MULTINATIONAL,
        _SINGAPORE,
        _ADVANCED,
    ),
    "external_validity": said(
        "韩国：区分度很好（数值我们没有看到）。新加坡：5 年 Brier 分数平方根，重新校准后最好者 "
        "2.8%，其余（含原方程）4.0%-9.3%。欧洲晚期患者：5 年风险高估",
        "Korea: excellent discrimination (the figures were not seen). Singapore: square root of "
        "the Brier score at 5 years 2.8 % with the best recalibrated equation, 4.0-9.3 % with the "
        "others, those as published among them. Europe, advanced disease: the 5-year risk is "
        "over-estimated",
        _KOREA,
        _SINGAPORE,
        _ADVANCED,
    ),
}
