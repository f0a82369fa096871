"""What is known of the 30-year PREVENT equation (hba1c) beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.prevent.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计首次心血管病、动脉粥样硬化性心血管病、心力衰竭、冠心病与卒中的 30 年风险（加糖化"
            "血红蛋白），供一级预防的讨论",
            "to estimate the 30-year risk of a first cardiovascular disease, atherosclerotic "
            "disease, heart failure, coronary disease and stroke (HbA1c added), for the talk "
            "about primary prevention",
        ),
        "checked_against": said(
            "没有逐行对照的参考结果；AHAprevent 的 1 人；公开程序之间的差异见局限",
            "no reference rows; 1 person of AHAprevent; where public programs disagree is among "
            "the limits",
        ),
    }
)
