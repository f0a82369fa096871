"""What is known of the eight-variable KFRE beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.kidney_failure.attributes import SHARED

ATTRIBUTES = published(
    **SHARED
    | {
        "checked_against": said(
            "8 名患者的结果，由一公开程序（kfre 0.1.18）算出（1e-11）；没有逐行对照的大样本参考结"
            "果",
            "8 patients by a public program (kfre 0.1.18, 1e-11); there is no large set of "
            "reference rows",
        ),
    }
)
