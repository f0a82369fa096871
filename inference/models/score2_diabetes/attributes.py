"""What is known of SCORE2-Diabetes beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.score2.attributes import SHARED

_PAPER = "https://doi.org/10.1093/eurheartj/ehad260"

ATTRIBUTES = published(
    **SHARED
    | {
        "cautioned_use": said(
            "不用于二级预防、1 型或未分型糖尿病、严重靶器官损害（指南直接归为极高危）与妊娠期；风"
            "险地区不由患者地址推断",
            "not for secondary prevention, type 1 or untyped diabetes, severe target-organ "
            "damage (which the guideline counts as very high risk without a score), nor in "
            "pregnancy; the risk region is not derived from a patient's address",
        ),
        "intended_use": said(
            "估计欧洲 40-69 岁 2 型糖尿病患者首次心血管事件的 10 年风险，供一级预防的讨论",
            "to estimate the ten-year risk of a first cardiovascular event in Europeans of 40-69 "
            "years with type 2 diabetes, for the talk about primary prevention",
            _PAPER,
        ),
        "training_criteria": said(
            "40 岁以上、患 2 型糖尿病、既往无心血管病者的个体数据：7 国 4 个大型数据集",
            "individual data of people over 40 with type 2 diabetes and without cardiovascular "
            "disease: 4 large data sets of 7 countries",
            _PAPER,
        ),
        "training_population": said(
            "229460 人，43706 例事件（英格兰、威尔士、苏格兰、法国、德国、意大利、美国）；男女分"
            "别建模。族裔与社会状况的构成我们没有看到",
            "229,460 people with 43,706 events (England, Wales, Scotland, France, Germany, "
            "Italy, United States); one equation for each sex. Their make-up by ethnicity and "
            "social position was not seen",
            _PAPER,
        ),
        "external_data": said(
            "瑞典、西班牙、马耳他、克罗地亚的 4 个登记库：217036 人，38602 例事件",
            "4 registries of Sweden, Spain, Malta and Croatia: 217,036 people, 38,602 events",
            _PAPER,
        ),
        "external_validity": said(
            "较 SCORE2 的 C 提高 0.009 至 0.031，各地区校准令人满意；C 的绝对值我们没有看到",
            "C 0.009 to 0.031 higher than that of SCORE2, calibration by region satisfactory; "
            "the C itself was not seen",
            _PAPER,
        ),
        "checked_against": said(
            "160 行公开程序的结果（1e-9）、8 个算例与摘要的 2 个算例",
            "160 rows of a public program (1e-9), 8 worked examples and the 2 of the abstract",
        ),
    }
)
