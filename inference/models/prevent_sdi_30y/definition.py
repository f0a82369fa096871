"""PREVENT with the Social Deprivation Index: thirty-year risks (AHA, 2023)."""

from inference.contract import Text
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-sdi-30y",
    name=Text("PREVENT 加社会剥夺指数（30 年）", "PREVENT with SDI, 30 years"),
    years=30,
    optional=(inputs.SDI,),
    limits=(limits.MISSING_SDI, limits.SDI),
)
