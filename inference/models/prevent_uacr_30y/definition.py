"""PREVENT with the urine albumin-to-creatinine ratio: thirty-year risks (AHA, 2023)."""

from inference.contract import Text
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-uacr-30y",
    name=Text("PREVENT 加尿白蛋白/肌酐比值（30 年）", "PREVENT with UACR, 30 years"),
    years=30,
    optional=(inputs.ACR,),
    limits=(limits.NEEDED, limits.UACR),
)
