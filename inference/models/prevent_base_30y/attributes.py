"""What is known of the 30-year PREVENT equation (base) beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.prevent.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计首次心血管病、动脉粥样硬化性心血管病、心力衰竭、冠心病与卒中的 30 年风险（基础预"
            "测项），供一级预防的讨论",
            "to estimate the 30-year risk of a first cardiovascular disease, atherosclerotic "
            "disease, heart failure, coronary disease and stroke (the base predictors), for the "
            "talk about primary prevention",
        ),
        "checked_against": said(
            "114 行公开程序的结果（五个结局，1e-9）、发表的算例与 AHAprevent 的 3 人；公开程序之"
            "间的差异见局限",
            "114 rows of a public program (five outcomes, 1e-9), the published example and 3 "
            "people of AHAprevent; where public programs disagree is among the limits",
        ),
    }
)
