"""What is known of SCORE2 beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.score2.attributes import SHARED

_PAPER = "https://doi.org/10.1093/eurheartj/ehab309"

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计 40-69 岁欧洲成人首次致死或非致死心血管事件的 10 年风险，供一级预防的讨论",
            "to estimate the ten-year risk of a first fatal or non-fatal cardiovascular event in "
            "Europeans of 40-69 years, for the talk about primary prevention",
            _PAPER,
        ),
        "training_criteria": said(
            "既往无心血管病、无糖尿病者的个体数据：13 国 45 个队列；中位随访 10.7 年（第 5、95 百"
            "分位 5.0、18.6 年）",
            "individual data of people without cardiovascular disease or diabetes: 45 cohorts of "
            "13 countries; median follow-up 10.7 years (5th and 95th percentile 5.0 and 18.6)",
            _PAPER,
        ),
        "training_population": said(
            "677684 人，30121 例心血管事件；男女分别建模，按竞争风险调整；四个地区按 10776466 人"
            "的资料重新校准。族裔与社会状况的构成我们没有看到",
            "677,684 people with 30,121 events; one equation for each sex, adjusted for "
            "competing risks; recalibrated to four regions by data on 10,776,466 people. Their "
            "make-up by ethnicity and social position was not seen",
            _PAPER,
        ),
        "external_data": said(
            "欧洲 15 国另外 25 个队列：1133181 人，43492 例事件",
            "25 further cohorts of 15 European countries: 1,133,181 people, 43,492 events",
            _PAPER,
        ),
        "external_validity": said(
            "外部队列 C 0.67（0.65-0.68）至 0.81（0.76-0.86）",
            "C from 0.67 (0.65-0.68) to 0.81 (0.76-0.86) in the external cohorts",
            _PAPER,
        ),
        "checked_against": said(
            "95 行公开程序的结果（1e-9）；四个地区的 8 个算例与摘要的算例，至印出的位数",
            "95 rows of a public program (1e-9); 8 worked examples of all four regions and those "
            "of the abstract, to the printed figure",
        ),
    }
)
