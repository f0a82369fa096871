"""What the three chronic-disease risk services share: the values that they ask the client for."""

from inference.contract import Text

ANALYTES = (
    "creatinine",
    "acr",
    "egfr",
    "total_cholesterol",
    "hdl_cholesterol",
    "sbp",
    "waist",
    "bmi",
    "weight",
    "height",
    "smoking_status",
)

DESCRIPTION = Text(
    "慢性病风险评估：CKD-EPI 2021 肾功能与 KDIGO 分层、China-PAR 与 PREVENT 10 年心血管风险；"
    "每张卡片附可信度，决定权属于执业医师。",
    "Chronic-disease risk: CKD-EPI 2021 with KDIGO category, China-PAR and PREVENT ten-year "
    "cardiovascular risk; every card carries a confidence, and the decision is the physician's.",
)

USAGE = Text(
    "需要 patient 与 observations；conditions 与 medications 缺失时，相应模型会说明缺少什么。",
    "patient and observations are required; without conditions and medications the models that "
    "need them say what is missing.",
)
