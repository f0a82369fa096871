"""What is known of CHA2DS2-VASc beside its definition."""

from inference.equations.attributes import not_known, published, said

_PAPER = "https://doi.org/10.1378/chest.09-1584"
_REVIEW = "https://doi.org/10.1093/europace/euac096"

ATTRIBUTES = published(
    intended_use=said(
        "清点心房颤动患者的卒中危险因素，供口服抗凝的讨论",
        "to count the risk factors for stroke of a patient with atrial fibrillation, for the "
        "talk about oral anticoagulation",
        _PAPER,
    ),
    cautioned_use=said(
        "不用于无心房颤动者，不用于机械瓣膜或中重度二尖瓣狭窄；不给出每年卒中率",
        "not for patients without atrial fibrillation, nor with a mechanical valve or moderate "
        "to severe mitral stenosis; it gives no yearly rate of stroke",
    ),
    training_criteria=said(
        "欧洲心脏调查的心房颤动患者；详细标准我们没有看到",
        "patients with atrial fibrillation of the Euro Heart Survey; the detailed criteria were "
        "not seen",
        _PAPER,
    ),
    training_population=not_known(
        "欧洲患者；性别、年龄、族裔与社会状况的构成我们没有看到",
        "patients in Europe; their make-up by sex, age, ethnicity and social position was not seen",
        _PAPER,
    ),
    fairness_approach=said(
        "女性计 1 分；2024 年指南改用不计性别的 CHA₂DS₂-VA，本产品按后者分层",
        "being a woman counts a point; the guideline of 2024 leaves sex out (CHA2DS2-VA), and "
        "the category here rests on that",
    ),
    internal_validity=said(
        "C 统计量 0.606，见各人群证据",
        "C statistic 0.606, see the evidence by population",
        _PAPER,
    ),
    external_data=said(
        "系统综述：19 个评分的 329 次验证，共 6267728 名心房颤动患者，359373 例缺血性卒中",
        "a systematic review: 329 validations of 19 scores in 6,267,728 patients with atrial "
        "fibrillation, 359,373 ischaemic strokes",
        _REVIEW,
    ),
    external_party=said(
        "独立的综述作者",
        "the authors of the review, apart from those of the score",
        _REVIEW,
    ),
    external_population=not_known(
        "各研究的人群构成我们没有看到",
        "the make-up of the studies was not seen",
        _REVIEW,
    ),
    external_process=said(
        "随机效应荟萃分析合并 C 统计量；以 PROBAST 评价偏倚，各项研究均有方法学偏倚风险",
        "C statistics pooled by a random-effects meta-analysis; by PROBAST there was a risk of "
        "methodological bias in all studies",
        _REVIEW,
    ),
    external_validity=said(
        "合并 C 0.644（0.635-0.653）；校准尚可，但仅 17 项研究报告",
        "pooled C 0.644 (0.635-0.653); calibration reasonable, but told by 17 studies only",
        _REVIEW,
    ),
    checked_against=said(
        "一公开计算器的 128 例",
        "128 cases of a public calculator",
    ),
)
