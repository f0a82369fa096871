"""What is known of the Framingham profile of 2008 beside its definition."""

from inference.equations.attributes import published, said

_PAPER = "https://doi.org/10.1161/CIRCULATIONAHA.107.699579"
_ALBACETE = "https://pmc.ncbi.nlm.nih.gov/articles/PMC3764050"

ATTRIBUTES = published(
    intended_use=said(
        "估计首次心血管病（冠心病、脑血管病、外周动脉疾病、心力衰竭）的 10 年风险；在本产品中供比"
        "较",
        "to estimate the ten-year risk of a first cardiovascular disease (coronary, "
        "cerebrovascular, peripheral, heart failure); in this product, for comparison",
        _PAPER,
    ),
    cautioned_use=said(
        "不作中国患者决策的依据；不用于二级预防；结局较宽，不与其他方程的数值直接比较",
        "no ground for decisions on patients in China; not for secondary prevention; its outcome "
        "is wide, so its figures are not those of other equations",
    ),
    training_criteria=said(
        "Framingham 研究中 30-74 岁、无心血管病、参加常规检查者，随访 12 年",
        "participants of the Framingham study of 30-74 years without cardiovascular disease who "
        "came to a routine examination, followed for 12 years",
        _PAPER,
    ),
    training_population=said(
        "8491 人（女 4522 人），平均 49 岁，1174 人发病（女 456 人）；几乎均为白人",
        "8,491 people (4,522 women), mean age 49, of whom 1,174 (456 women) had an event; nearly "
        "all White",
        _PAPER,
    ),
    internal_validity=said(
        "C 统计量男 0.763、女 0.793",
        "C statistic 0.763 in men, 0.793 in women",
        _PAPER,
    ),
    internal_fairness=said(
        "仅按性别：男 0.763、女 0.793。其他分组未见",
        "by sex only: 0.763 in men, 0.793 in women. No other groups were seen",
        _PAPER,
    ),
    external_data=said(
        "西班牙阿尔瓦塞特随机抽样的 959 人，30-74 岁，随访 10 年",
        "959 people of 30-74 years drawn at random in Albacete, Spain, followed for 10 years",
        _ALBACETE,
    ),
    external_party=said(
        "独立的研究组",
        "a group other than the authors",
        _ALBACETE,
    ),
    external_population=said(
        "代表当地人群的男女；族裔与社会状况的构成我们没有看到",
        "men and women who represent the town; their make-up by ethnicity and social position "
        "was not seen",
        _ALBACETE,
    ),
    external_process=said(
        "ROC 曲线；按风险三分位比较预测与观察（Hosmer-Lemeshow）",
        "ROC curves; predicted with observed risk by thirds (Hosmer-Lemeshow)",
        _ALBACETE,
    ),
    external_validity=said(
        "ROC 曲线下面积女 0.789（0.716-0.863）、男 0.780（0.713-0.847）",
        "area under the ROC curve 0.789 (0.716-0.863) in women, 0.780 (0.713-0.847) in men",
        _ALBACETE,
    ),
    external_fairness=said(
        "老年女性与中年男性高估。其他分组未见",
        "over-estimated in older women and in middle-aged men. No other groups were seen",
        _ALBACETE,
    ),
    checked_against=said(
        "125 行公开程序的结果（男性，1e-9）与论文的 2 个算例",
        "125 rows of a public program (men, 1e-9) and the paper's 2 worked examples",
    ),
)
