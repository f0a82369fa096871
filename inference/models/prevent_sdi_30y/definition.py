"""PREVENT with the Social Deprivation Index: thirty-year risks of cardiovascular disease (AHA)."""

from inference.contract import Text
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-sdi-30y",
    name=Text("PREVENT 加社会剥夺指数（30 年）", "PREVENT with SDI, 30 years"),
    years=30,
    optional=(inputs.sdi(),),
    limits=(limits.MISSING, limits.SDI),
    provenance="coefficients.csv beside this file: the paper's supplemental tables",
)
