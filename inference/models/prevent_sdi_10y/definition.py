"""PREVENT with the Social Deprivation Index: ten-year risks (AHA, 2023)."""

from inference.contract import Text
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-sdi-10y",
    name=Text("PREVENT 加社会剥夺指数", "PREVENT with SDI"),
    years=10,
    optional=(inputs.SDI,),
    limits=(limits.MISSING_SDI, limits.SDI),
)
