"""PREVENT with haemoglobin A1c: thirty-year risks of cardiovascular disease (AHA)."""

from inference.contract import Text, WhenAbsent
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-hba1c-30y",
    name=Text("PREVENT 加糖化血红蛋白（30 年）", "PREVENT with HbA1c, 30 years"),
    years=30,
    optional=(inputs.hba1c(WhenAbsent.REQUIRED),),
    limits=(limits.HBA1C,),
    provenance="coefficients.csv beside this file: the paper's supplemental tables",
)
