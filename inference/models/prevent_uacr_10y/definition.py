"""PREVENT with the urine albumin-to-creatinine ratio: ten-year risks (AHA, 2023)."""

from inference.contract import Text
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-uacr-10y",
    name=Text("PREVENT 加尿白蛋白/肌酐比值", "PREVENT with UACR"),
    years=10,
    optional=(inputs.ACR,),
    limits=(limits.NEEDED, limits.UACR),
)
