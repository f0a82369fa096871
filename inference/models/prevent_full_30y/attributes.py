"""What is known of the 30-year PREVENT equation (full) beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.prevent.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计首次心血管病、动脉粥样硬化性心血管病、心力衰竭、冠心病与卒中的 30 年风险（三项可"
            "选预测项均加入），供一级预防的讨论",
            "to estimate the 30-year risk of a first cardiovascular disease, atherosclerotic "
            "disease, heart failure, coronary disease and stroke (all three optional predictors "
            "added), for the talk about primary prevention",
        ),
        "checked_against": said(
            "没有逐行对照的参考结果；AHAprevent 的少数结果，其余由两套独立书写的计算核对；公开程"
            "序之间的差异见局限",
            "no reference rows; a few outputs of AHAprevent, for the rest two computations "
            "written apart; where public programs disagree is among the limits",
        ),
    }
)
