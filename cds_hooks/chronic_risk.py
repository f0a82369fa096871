"""What the three chronic-disease risk services share: the values that they ask the client for."""

from typing import Final

from inference import folders
from inference.contract import Text
from terminology import catalogue

# What else an input may be read from than an analyte of its own name.
_READ_FROM: Final = {"bmi": ("bmi", "weight", "height"), "current_smoker": ("smoking_status",)}


def _analytes() -> tuple[str, ...]:
    """Return what the shipped models that answer unasked read from Observations.

    A release installed later is served from the same: what it reads beyond that is missing on its
    card, and named.
    """
    known = {analyte.id for analyte in catalogue.load().analytes}
    definitions = (folders.definition(name) for name in folders.names())
    features = (
        spec.feature for found in definitions if found.speaks is not None for spec in found.inputs
    )
    wanted = (name for feature in features for name in _READ_FROM.get(feature, (feature,)))
    return tuple(name for name in dict.fromkeys(wanted) if name in known)


ANALYTES: Final = _analytes()

DESCRIPTION = Text(
    "慢性病风险评估：CKD-EPI 2021 肾功能与 KDIGO 分层、肾衰竭风险，"
    "以及按地区选择的 10 年心血管风险模型（中国为 China-PAR）；"
    "每张卡片附可信度，决定权属于执业医师。",
    "Chronic-disease risk: CKD-EPI 2021 with KDIGO category, kidney failure, and ten-year "
    "cardiovascular risk by the model of the region (in China China-PAR); every card carries a "
    "confidence, and the decision is the physician's.",
)

USAGE = Text(
    "需要 patient 与 observations；conditions 与 medications 缺失时，相应模型会说明缺少什么；"
    "statements 与 family 可补充患者自述用药与家族史。",
    "patient and observations are required; without conditions and medications the models that "
    "need them say what is missing; statements and family add drugs and relatives that the other "
    "lists lack.",
)
