"""What is known of FIB-4 beside its definition."""

from inference.equations.attributes import published, said

_PAPER = "https://doi.org/10.1002/hep.21178"
_JAKARTA = "https://doi.org/10.1186/s12879-020-05069-5"

ATTRIBUTES = published(
    intended_use=said(
        "由年龄、转氨酶与血小板提示进展期肝纤维化的可能性，供是否做弹性成像或转诊的讨论",
        "to point to the likelihood of advanced liver fibrosis from age, transaminases and "
        "platelets, for the talk about elastography or referral",
        _PAPER,
    ),
    cautioned_use=said(
        "不替代弹性成像或肝活检；不用于急性肝损伤，不用于 35 岁以下；病毒性肝炎的阈值不同",
        "it replaces neither elastography nor a biopsy; not in acute liver injury, not below 35 "
        "years; in viral hepatitis other cut-offs hold",
    ),
    training_criteria=said(
        "HIV 与丙型肝炎病毒合并感染、有肝活检者的回顾性分析，随机分为建模（555 人）与验证（277 人"
        "）",
        "a retrospective analysis of people with HIV and hepatitis C who had a liver biopsy, at "
        "random to derive (555) and to validate (277)",
        _PAPER,
    ),
    training_population=said(
        "832 名合并感染者；性别、族裔与社会状况的构成我们没有看到",
        "832 people with coinfection; their make-up by sex, ethnicity and social position was "
        "not seen",
        _PAPER,
    ),
    internal_validity=said(
        "区分 Ishak 0-3 与 4-6 期的 AUROC 0.765；验证组 <1.45 的阴性预测值 90%、敏感度 70%，"
        ">3.25 的阳性预测值 65%、特异度 97%",
        "AUROC 0.765 between Ishak stages 0-3 and 4-6; in the validation part below 1.45 a "
        "negative predictive value of 90 % and a sensitivity of 70 %, above 3.25 a positive "
        "predictive value of 65 % and a specificity of 97 %",
        _PAPER,
    ),
    external_data=said(
        "雅加达一家三级医院的 223 名合并感染者（2014-2019）；欧洲脂肪肝患者的结果见各人群证据",
        "223 people with coinfection of a tertiary hospital in Jakarta (2014-2019); for "
        "Europeans with fatty liver see the evidence by population",
        _JAKARTA,
    ),
    external_party=said(
        "独立的研究组",
        "a group other than the authors",
        _JAKARTA,
    ),
    external_population=said(
        "男性 91.5%，平均 37 岁，28.7% 为肝硬化；社会状况我们没有看到",
        "91.5 % men, mean age 37, 28.7 % with cirrhosis; social position was not seen",
        _JAKARTA,
    ),
    external_process=said(
        "以瞬时弹性成像（≥12.5 kPa）为标准的 ROC 曲线",
        "ROC curve against transient elastography (12.5 kPa or more)",
        _JAKARTA,
    ),
    external_validity=said(
        "肝硬化的曲线下面积 0.73（0.65-0.81），最佳阈值 1.66（特异度 92.5%，敏感度 53.1%）",
        "area under the curve for cirrhosis 0.73 (0.65-0.81), best cut-off 1.66 (specificity "
        "92.5 %, sensitivity 53.1 %)",
        _JAKARTA,
    ),
    checked_against=said(
        "125 行公开程序的结果，至其印出的 6 位小数",
        "125 rows of a public program to their 6 printed decimals",
    ),
)
