"""What is known of SCORE2 Asia-Pacific beside its definition."""

from inference.equations.attributes import published, said
from inference.equations.score2.attributes import SHARED

_PAPER = "https://doi.org/10.1093/eurheartj/ehae609"

ATTRIBUTES = published(
    **SHARED
    | {
        "intended_use": said(
            "估计亚太地区 40-69 岁成人首次心血管事件的 10 年风险，供一级预防的讨论",
            "to estimate the ten-year risk of a first cardiovascular event in people of 40-69 "
            "years in Asia-Pacific, for the talk about primary prevention",
            _PAPER,
        ),
        "training_criteria": said(
            "预测项取自欧洲的 SCORE2（既往无心血管病、无糖尿病者），按亚太四个风险地区的发病率与"
            "危险因素分布重新校准",
            "the predictor is that of SCORE2, made in Europeans without cardiovascular disease "
            "or diabetes; recalibrated to incidence and risk factors of four regions of "
            "Asia-Pacific",
            _PAPER,
        ),
        "training_population": said(
            "校准所用发病率资料：8405574 人，556421 例事件。族裔与社会状况的构成我们没有看到",
            "the incidence used for recalibration: 8,405,574 people, 556,421 events. Their "
            "make-up by ethnicity and social position was not seen",
            _PAPER,
        ),
        "external_data": said(
            "12 国 13 项前瞻性研究：9560266 人，350550 例事件",
            "13 prospective studies of 12 countries: 9,560,266 people, 350,550 events",
            _PAPER,
        ),
        "external_validity": said(
            "合并 C 0.710（0.677-0.744），各队列 0.605（0.597-0.613）至 0.840（0.771-0.909）",
            "pooled C 0.710 (0.677-0.744), by cohort from 0.605 (0.597-0.613) to 0.840 "
            "(0.771-0.909)",
            _PAPER,
        ),
        "checked_against": said(
            "160 行公开程序的结果（1e-9）、8 个算例与摘要的算例",
            "160 rows of a public program (1e-9), 8 worked examples and those of the abstract",
        ),
    }
)
