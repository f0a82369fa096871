"""What is known alike of the SCORE2 models."""

from inference.equations.attributes import not_known, said

SHARED = {
    "cautioned_use": said(
        "不用于二级预防，也不用于指南所列的其他高危情况（慢性肾脏病、家族性高胆固醇血症等），不用"
        "于妊娠期；风险地区不由患者地址推断",
        "not for secondary prevention, nor for the other high-risk states that the guideline "
        "names (chronic kidney disease, familial hypercholesterolaemia), nor in pregnancy; the "
        "risk region is not derived from a patient's address",
    ),
    "external_party": said(
        "方程作者，用建模以外的资料；独立研究组的验证我们没有收集",
        "the equation's authors, on data apart from the derivation; validations by other groups "
        "were not gathered",
    ),
    "external_population": not_known(
        "除国家以外的构成（性别、年龄、族裔、社会状况）我们没有看到",
        "beside the countries, the make-up by sex, age, ethnicity and social position was not seen",
    ),
    "external_process": said(
        "在每个外部队列计算 C 统计量，并按地区比较预测与观察的发病率",
        "the C statistic in each external cohort, and expected with observed incidence by region",
    ),
}
