"""PREVENT with haemoglobin A1c: ten-year risks (AHA, 2023)."""

from inference.contract import Text
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-hba1c-10y",
    name=Text("PREVENT 加糖化血红蛋白", "PREVENT with HbA1c"),
    years=10,
    optional=(inputs.HBA1C,),
    limits=(limits.NEEDED, limits.HBA1C, limits.NO_PEER),
)
