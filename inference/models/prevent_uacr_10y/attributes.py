"""What is known of the 10-year PREVENT equation (uacr) beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.prevent.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计首次心血管病、动脉粥样硬化性心血管病、心力衰竭、冠心病与卒中的 10 年风险（加尿白"
            "蛋白/肌酐比值），供一级预防的讨论",
            "to estimate the 10-year risk of a first cardiovascular disease, atherosclerotic "
            "disease, heart failure, coronary disease and stroke (the urine "
            "albumin-to-creatinine ratio added), for the talk about primary prevention",
        ),
        "checked_against": said(
            "75 行公开程序的结果（五个结局，1e-9）、发表的算例与 AHAprevent 的 2 人；公开程序之间"
            "的差异见局限",
            "75 rows of a public program (five outcomes, 1e-9), the published example and 2 "
            "people of AHAprevent; where public programs disagree is among the limits",
        ),
    }
)
