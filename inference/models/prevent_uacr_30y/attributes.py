"""What is known of the 30-year PREVENT equation (uacr) beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.prevent.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计首次心血管病、动脉粥样硬化性心血管病、心力衰竭、冠心病与卒中的 30 年风险（加尿白"
            "蛋白/肌酐比值），供一级预防的讨论",
            "to estimate the 30-year risk of a first cardiovascular disease, atherosclerotic "
            "disease, heart failure, coronary disease and stroke (the urine "
            "albumin-to-creatinine ratio added), for the talk about primary prevention",
        ),
        "checked_against": said(
            "42 行公开程序的结果（五个结局，1e-9）；公开程序之间的差异见局限",
            "42 rows of a public program (five outcomes, 1e-9); where public programs disagree "
            "is among the limits",
        ),
    }
)
