"""What is known of the 10-year PREVENT equation (base) beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.prevent.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计首次心血管病、动脉粥样硬化性心血管病、心力衰竭、冠心病与卒中的 10 年风险（基础预"
            "测项），供一级预防的讨论",
            "to estimate the 10-year risk of a first cardiovascular disease, atherosclerotic "
            "disease, heart failure, coronary disease and stroke (the base predictors), for the "
            "talk about primary prevention",
        ),
        "checked_against": said(
            "200 行公开程序的结果（五个结局，1e-9）与发表的算例；公开程序之间的差异见局限",
            "200 rows of a public program (five outcomes, 1e-9) and the published example; where "
            "public programs disagree is among the limits",
        ),
    }
)
