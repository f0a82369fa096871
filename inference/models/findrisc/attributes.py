"""What is known of FINDRISC beside its definition."""

from inference.equations.attributes import published, said

_PAPER = "https://doi.org/10.2337/diacare.26.3.725"

ATTRIBUTES = published(
    intended_use=said(
        "不经化验提示 10 年内患 2 型糖尿病的风险，供是否检测血糖与改变生活方式的讨论",
        "to point without a laboratory to the risk of type 2 diabetes within 10 years, for the "
        "talk about measuring glucose and about lifestyle",
        _PAPER,
    ),
    cautioned_use=said(
        "不用于已患糖尿病者，不替代血糖检测，不用于妊娠期；推导的结局仅为用药的糖尿病",
        "not for people with diabetes, no replacement for measuring glucose, not in pregnancy; "
        "the outcome of the derivation is diabetes treated with drugs only",
        _PAPER,
    ),
    training_criteria=said(
        "1987 年随机抽取、当时未用降糖药的 35-64 岁芬兰人，随访 10 年；资料完整者 4435 人，182 人"
        "发病",
        "Finns of 35-64 years drawn at random in 1987 who took no antidiabetic drug, followed "
        "for 10 years; 4,435 with complete data, 182 cases",
        _PAPER,
    ),
    training_population=said(
        "芬兰三个地区的男女，参加率 82%；族裔与社会状况的构成我们没有看到",
        "men and women of three areas of Finland, 82 % of those drawn; their make-up by "
        "ethnicity and social position was not seen",
        _PAPER,
    ),
    internal_validity=said(
        "≥9 分：敏感度 0.78、特异度 0.77、阳性预测值 0.13",
        "9 points or more: sensitivity 0.78, specificity 0.77, positive predictive value 0.13",
        _PAPER,
    ),
    external_data=said(
        "1992 年的独立抽样（4615 人，参加率 76%），随访 5 年",
        "an independent survey of 1992 (4,615 people, 76 % of those drawn), followed for 5 years",
        _PAPER,
    ),
    external_party=said(
        "评分作者",
        "the authors of the score",
        _PAPER,
    ),
    external_population=said(
        "芬兰同样地区及赫尔辛基的男女；族裔与社会状况的构成我们没有看到",
        "men and women of the same areas of Finland and of Helsinki; their make-up by ethnicity "
        "and social position was not seen",
        _PAPER,
    ),
    external_process=said(
        "以登记的用药糖尿病为结局，计算敏感度与特异度",
        "sensitivity and specificity for diabetes treated with drugs, by register",
        _PAPER,
    ),
    external_validity=said(
        "≥9 分：敏感度 0.81、特异度 0.76、阳性预测值 0.05",
        "9 points or more: sensitivity 0.81, specificity 0.76, positive predictive value 0.05",
        _PAPER,
    ),
    checked_against=said(
        "一公开程序的 150 例，全部为男性；没有第二个独立程序",
        "150 cases of a public program, all of them men; there is no second independent program",
    ),
)
