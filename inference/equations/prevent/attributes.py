"""What is known alike of the PREVENT equations."""

from inference.equations.attributes import said

_KHAN = "https://doi.org/10.1161/CIRCULATIONAHA.123.067626"
_NHANES = "https://doi.org/10.1001/jamanetworkopen.2024.38311"

SHARED = {
    "cautioned_use": said(
        "不用于已有心血管病或心力衰竭者；未经重新校准不作中国患者决策的依据",
        "not for people with cardiovascular disease or heart failure; without recalibration no "
        "ground for decisions on patients in China",
    ),
    "training_criteria": said(
        "美国 30-79 岁、既往无心血管病者的个体数据：25 个数据集，1992-2017 年",
        "individual data of people of 30-79 years in the United States without known "
        "cardiovascular disease: 25 data sets, 1992-2017",
        _KHAN,
    ),
    "training_population": said(
        "建模 3281919 人；连同验证共 6612004 人，平均 53 岁，女性 56%，平均随访 4.8 年，211515 例"
        "事件。种族与社会状况的构成我们没有看到",
        "3,281,919 people; with those of the validation 6,612,004, mean age 53, 56 % women, mean "
        "follow-up 4.8 years, 211,515 events. Their make-up by race and social position was not "
        "seen",
        _KHAN,
    ),
    "fairness_approach": said(
        "方程不含种族，男女分别建模；社会剥夺指数作为可选预测项",
        "race is no input, and there is one equation for each sex; the Social Deprivation Index "
        "is an optional predictor",
        _KHAN,
    ),
    "external_data": said(
        "美国另外 21 个数据集，3330085 人；另有 NHANES 1999-2010，代表美国非住院人群（结局为心血"
        "管死亡）",
        "21 further data sets of the United States, 3,330,085 people; and NHANES 1999-2010, "
        "which represents the people of the United States outside institutions (the outcome was "
        "cardiovascular death)",
        _KHAN,
        _NHANES,
    ),
    "external_party": said(
        "方程作者（21 个数据集）；NHANES 研究的作者",
        "the equations' authors (21 data sets); the authors of the study of NHANES",
        _KHAN,
        _NHANES,
    ),
    "external_population": said(
        "见建模人群；NHANES 平均 45.0 岁，女性 52.1%。种族的构成我们没有看到",
        "as in the derivation; in NHANES mean age 45.0, 52.1 % women. The make-up by race was "
        "not seen",
        _KHAN,
        _NHANES,
    ),
    "external_process": said(
        "每个数据集的 Harrell C 统计量与按十分位的观察对预测斜率，再作荟萃分析",
        "Harrell's C and the slope of observed on predicted risk by tenths in each data set, "
        "then a meta-analysis",
        _KHAN,
    ),
    "external_validity": said(
        "10 年基础方程（心血管病）：C 中位数女 0.794（0.763-0.809）、男 0.757（0.727-0.778）；斜"
        "率女 1.03（0.81-1.16）、男 0.94（0.81-1.13）",
        "the ten-year base equation (cardiovascular disease): median C 0.794 (0.763-0.809) in "
        "women, 0.757 (0.727-0.778) in men; slope 1.03 (0.81-1.16) in women, 0.94 (0.81-1.13) in "
        "men",
        _KHAN,
    ),
    "external_fairness": said(
        "按性别见上；按种族与社会状况的结果我们没有看到",
        "by sex as above; results by race and social position were not seen",
        _KHAN,
    ),
}
