"""PREVENT with all three optional predictors: thirty-year risks (AHA, 2023)."""

from inference.contract import Text
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-full-30y",
    name=Text("PREVENT 完整模型（30 年）", "PREVENT full, 30 years"),
    years=30,
    optional=(inputs.ACR, inputs.HBA1C, inputs.SDI),
    limits=(limits.FULL_NEEDED, limits.UACR, limits.HBA1C, limits.SDI, limits.NO_PEER_FOR_30_YEARS),
)
