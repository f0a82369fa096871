"""PREVENT with the urine albumin-to-creatinine ratio: thirty-year risks of cardiovascular disease (AHA)."""

from inference.contract import Text, WhenAbsent
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-uacr-30y",
    name=Text("PREVENT 加尿白蛋白/肌酐比值（30 年）", "PREVENT with UACR, 30 years"),
    years=30,
    optional=(inputs.acr(WhenAbsent.REQUIRED),),
    limits=(limits.UACR,),
    provenance="coefficients.csv beside this file: the paper's supplemental tables",
)
