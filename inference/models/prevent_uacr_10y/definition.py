"""PREVENT with the urine albumin-to-creatinine ratio: ten-year risks of cardiovascular disease (AHA)."""

from inference.contract import Text, WhenAbsent
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-uacr-10y",
    name=Text("PREVENT 加尿白蛋白/肌酐比值", "PREVENT with UACR"),
    years=10,
    optional=(inputs.acr(WhenAbsent.REQUIRED),),
    limits=(limits.UACR,),
    provenance="coefficients.csv beside this file: the paper's supplemental tables",
)
