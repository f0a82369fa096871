"""What the optional predictors of the PREVENT equations leave open, in both languages."""

from typing import Final

from inference.contract import Text

MISSING: Final = Text(
    "可选变量未知时采用方程为“未测量”发表的项，并指明是哪一项；该项代表建模人群中未测者的平均情况",
    "where an optional predictor is not known the equation's published term for a missing one is "
    "used, and the predictor is named; that term stands for those of the cohorts who were not "
    "measured",
)
UACR: Final = Text(
    "尿白蛋白/肌酐比值适用 0.1-25000 mg/g；部分计算器把更小的值提升到 0.1，本产品不截断",
    "UACR from 0.1 to 25000 mg/g; some published calculators raise smaller values to 0.1, which is "
    "not done here",
)
HBA1C: Final = Text(
    "糖化血红蛋白适用 4.5-15%；原计算器从 3% 起，如此低的值多为溶血等误差",
    "HbA1c from 4.5 to 15 %; the paper's calculator begins at 3 %, but a value so low is mostly "
    "haemolysis or another error",
)
SDI: Final = Text(
    "社会剥夺指数只描述美国邮编地区；本产品不含其数据表，十分位须登记在患者资料中",
    "the Social Deprivation Index describes areas of the United States only; its table is not part "
    "of this product, so the decile has to be stated in the Patient",
)
