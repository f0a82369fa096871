"""What is known of the four-variable KFRE beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.kidney_failure.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "checked_against": said(
            "150 行公开程序的结果，含两个时限与两种基线风险（1e-9）",
            "150 rows of a public program, of both horizons and both baseline risks (1e-9)",
        ),
    }
)
