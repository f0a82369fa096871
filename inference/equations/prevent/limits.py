"""What the PREVENT equations leave open and where their public programs disagree, in words."""

from typing import Final

from inference.contract import Text

RANGES: Final = Text(
    "输入范围按方程本身（收缩压 90-200 mmHg，eGFR 15-140，糖化血红蛋白 3-15%）；"
    "preventr 0.9 只接受收缩压不超过 180、糖化血红蛋白不低于 4.5%，"
    "AHAprevent 对 eGFR 只要求大于 0，早期的 pyprevent 会不加说明地截断超范围值；"
    "本产品拒绝超范围值",
    "the ranges are the equation's own (systolic pressure 90-200, eGFR 15-140, HbA1c 3-15 %); "
    "preventr 0.9 takes pressures to 180 and HbA1c from 4.5 % only, AHAprevent any eGFR above 0, "
    "and an early pyprevent silently clipped values outside, which are refused here",
)
APART: Final = Text(
    "五种结局各有方程：少数患者（多为肥胖者；NHANES 中约 0.6%）"
    "心力衰竭的风险会高于包含它的心血管病风险",
    "each outcome has an equation of its own: in a few people (mostly with obesity; about 0.6 % in "
    "NHANES) the risk of heart failure comes out above that of cardiovascular disease, which "
    "includes it",
)
OF_THE_BASE: Final = Text(
    "上列 c 统计量与 AUC 是 10 年基础模型的，不是本方程的",
    "the c statistics and AUC given are those of the ten-year base model, not of this equation",
)
THIRTY_YEARS: Final = Text(
    "30 年风险没有我们所知的指南界值，因此不分层；建模队列平均随访不足 5 年，"
    "30 年风险未经同等长度的随访验证；preventr 0.10 对 59 岁以上者给出 30 年风险并警告，本产品拒绝",
    "no guideline threshold is known to us for the 30-year risk, so it is put in no category; the "
    "cohorts' mean follow-up was under five years, so it was not validated over 30 years; above "
    "the age of 59 preventr 0.10 gives a 30-year risk with a warning, which is refused here",
)
NEEDED: Final = Text(
    "没有该项检验结果时不作估计，请用基础模型。AHAprevent 此时采用“未测量”项，"
    "preventr 改用基础模型：在已发表的算例（50 岁糖尿病女性）中，"
    "10 年心血管病风险基础模型为 14.7%，缺尿白蛋白/肌酐比值的“未测量”项给出 9.1%，"
    "缺糖化血红蛋白的给出 10.4%",
    "without its measurement no estimate is made: the base model is the one to ask. AHAprevent "
    "would use the term for “not measured”, preventr the base model: for the published "
    "example (woman of 50 with diabetes) the base model gives 14.7 % in ten years, the term for a "
    "missing UACR 9.1 % and that for a missing HbA1c 10.4 %",
)
FULL_NEEDED: Final = Text(
    "缺尿白蛋白/肌酐比值或糖化血红蛋白时不作估计，请用只需已知项的方程：“未测量”项代表建模人群中未测者，"
    "估计值会明显偏低。已发表的算例（50 岁糖尿病女性）"
    "三项均未知时 10 年风险为 6.8%，而基础模型为 14.7%。"
    "AHAprevent 照此给出，preventr 在三项中已知不足两项时不用本方程",
    "without UACR or without HbA1c no estimate is made: the equation that needs only what is known "
    "is the one to ask. The terms for “not measured” stand for those of the cohorts who were not "
    "measured, and the estimate would be clearly lower: for the published example (woman of 50 "
    "with diabetes) it is 6.8 % in ten years with all three unknown, where the base model gives "
    "14.7 %. AHAprevent gives it; with fewer than two of the three known preventr does not use "
    "this equation",
)
MISSING_SDI: Final = Text(
    "十分位未知时采用方程为“未知”发表的项并指明；preventr 此时改用基础模型",
    "where the decile is not known the equation's published term for a missing one is used and "
    "said; preventr takes the base model then",
)
UACR: Final = Text(
    "尿白蛋白/肌酐比值适用 0.1-25000 mg/g；AHAprevent 把更小的值提升到 0.1，本产品拒绝",
    "UACR from 0.1 to 25000 mg/g; AHAprevent raises smaller values to 0.1, which are refused here",
)
HBA1C: Final = Text(
    "溶血或输血后糖化血红蛋白偏低，会使估计值偏低",
    "haemolysis or a transfusion lowers HbA1c, and with it the estimate",
)
SDI: Final = Text(
    "社会剥夺指数只描述美国邮编地区；本产品不含其数据表，十分位须登记在患者资料中",
    "the Social Deprivation Index describes areas of the United States only; its table is not part "
    "of this product, so the decile has to be stated in the Patient",
)
NO_PEER: Final = Text(
    "参考程序的逐行对照不含本方程；已与 AHAprevent 的少数结果（心血管病、"
    "动脉粥样硬化性心血管病、心力衰竭）核对，10 年方程另与发表的算例核对",
    "the large set of reference rows does not hold this equation: it was checked against a few "
    "outputs of AHAprevent (CVD, ASCVD and heart failure) and, at ten years, the published example",
)
NO_PEER_FOR_30_YEARS: Final = Text(
    "没有可逐行对照的参考结果：系数表由两套独立书写的计算核对",
    "there are no reference results for this equation: the coefficients were checked by two "
    "computations written apart",
)
