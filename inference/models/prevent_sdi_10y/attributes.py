"""What is known of the 10-year PREVENT equation (sdi) beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.prevent.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计首次心血管病、动脉粥样硬化性心血管病、心力衰竭、冠心病与卒中的 10 年风险（加社会"
            "剥夺指数），供一级预防的讨论",
            "to estimate the 10-year risk of a first cardiovascular disease, atherosclerotic "
            "disease, heart failure, coronary disease and stroke (the Social Deprivation Index "
            "added), for the talk about primary prevention",
        ),
        "checked_against": said(
            "75 行公开程序的结果（五个结局，1e-9；部分无十分位）与 AHAprevent 的若干人（均无十分"
            "位）；公开程序之间的差异见局限",
            "75 rows of a public program (five outcomes, 1e-9; some without a decile) and people "
            "of AHAprevent, all without a decile; where public programs disagree is among the "
            "limits",
        ),
    }
)
