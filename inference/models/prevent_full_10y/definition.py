"""PREVENT with all three optional predictors: ten-year risks of cardiovascular disease (AHA)."""

from inference.contract import Text, WhenAbsent
from inference.equations.prevent import declare, inputs, limits

MODEL = declare.model(
    id="prevent-full-10y",
    name=Text("PREVENT 完整模型", "PREVENT full"),
    years=10,
    optional=(
        inputs.acr(WhenAbsent.MISSING_TERM),
        inputs.hba1c(WhenAbsent.MISSING_TERM),
        inputs.sdi(),
    ),
    limits=(limits.MISSING, limits.UACR, limits.HBA1C, limits.SDI),
    provenance="coefficients.csv beside this file: the paper's supplemental tables",
)
