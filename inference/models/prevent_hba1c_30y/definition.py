"""PREVENT with haemoglobin A1c: thirty-year risks (AHA, 2023)."""

from inference.contract import Text
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-hba1c-30y",
    name=Text("PREVENT 加糖化血红蛋白（30 年）", "PREVENT with HbA1c, 30 years"),
    years=30,
    optional=(inputs.HBA1C,),
    limits=(limits.NEEDED, limits.HBA1C, limits.NO_PEER),
)
