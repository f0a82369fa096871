"""What is known of the 10-year PREVENT equation (full) beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.prevent.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计首次心血管病、动脉粥样硬化性心血管病、心力衰竭、冠心病与卒中的 10 年风险（三项可"
            "选预测项均加入），供一级预防的讨论",
            "to estimate the 10-year risk of a first cardiovascular disease, atherosclerotic "
            "disease, heart failure, coronary disease and stroke (all three optional predictors "
            "added), for the talk about primary prevention",
        ),
        "checked_against": said(
            "没有逐行对照的参考结果；发表的算例，以及 AHAprevent 的少数结果；公开程序之间的差异见"
            "局限",
            "no reference rows; the published example, and a few outputs of AHAprevent; where "
            "public programs disagree is among the limits",
        ),
    }
)
