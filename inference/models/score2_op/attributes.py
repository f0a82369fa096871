"""What is known of SCORE2-OP beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.score2.attributes import SHARED

_PAPER = "https://doi.org/10.1093/eurheartj/ehab312"
_BARCELONA = "https://pubmed.ncbi.nlm.nih.gov/39657030/"

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计 70 岁及以上欧洲成人首次心血管事件的 10 年风险，供一级预防的讨论",
            "to estimate the ten-year risk of a first cardiovascular event in Europeans of 70 "
            "years and over, for the talk about primary prevention",
            _PAPER,
        ),
        "training_criteria": said(
            "挪威队列（CONOR）中 65 岁以上、既往无动脉粥样硬化性心血管病者",
            "people over 65 of the Cohort of Norway (CONOR) without atherosclerotic "
            "cardiovascular disease",
            _PAPER,
        ),
        "training_population": said(
            "28503 人，10089 例事件；男女分别建模，按竞争风险调整。族裔与社会状况的构成我们没有看"
            "到",
            "28,503 people with 10,089 events; one equation for each sex, adjusted for competing "
            "risks. Their make-up by ethnicity and social position was not seen",
            _PAPER,
        ),
        "external_data": said(
            "另外 6 个研究人群：338615 人，33219 例事件；另有巴塞罗那基层医疗 65 岁及以上 791 人"
            "（中位随访 11.8 年）",
            "6 further study populations: 338,615 people, 33,219 events; and 791 people of 65 "
            "and over in primary care in Barcelona (median follow-up 11.8 years)",
            _PAPER,
            _BARCELONA,
        ),
        "external_party": said(
            "方程作者（6 个人群）；独立的研究组（巴塞罗那）",
            "the equation's authors (the 6 populations); another group (Barcelona)",
            _PAPER,
            _BARCELONA,
        ),
        "external_validity": said(
            "外部队列 C 0.63（0.61-0.65）至 0.67（0.64-0.69），各地区预测与观察之比令人满意；巴塞"
            "罗那 C 0.706（0.659-0.753）",
            "C from 0.63 (0.61-0.65) to 0.67 (0.64-0.69) in the external cohorts, calibration by "
            "region satisfactory; C 0.706 (0.659-0.753) in Barcelona",
            _PAPER,
            _BARCELONA,
        ),
        "external_fairness": said(
            "按性别（巴塞罗那）：女性低估（预测/观察 0.77），男性略高估（1.06）。其他分组未见",
            "by sex (Barcelona): women under-estimated (expected to observed 0.77), men a little "
            "over-estimated (1.06). No other groups were seen",
            _BARCELONA,
        ),
        "checked_against": said(
            "65 行公开程序的结果（1e-9），仅含低危与高危地区；低危地区的 2 个算例。该程序在 70 岁"
            "由 SCORE2 转为 SCORE2-OP，本产品亦如此",
            "65 rows of a public program (1e-9), of the low and the high risk region only; 2 "
            "worked examples of the low risk region. That program changes from SCORE2 to "
            "SCORE2-OP at 70, and so does this product",
        ),
    }
)
