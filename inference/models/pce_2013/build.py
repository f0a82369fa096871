"""The torch module that `make models` turns into the graph of the pooled cohort equations."""

import torch

from inference.equations.first_event import graph
from inference.models.pce_2013.definition import MODEL

# Goff 2014, appendix 7, table A.
_WHITE_WOMEN = graph.Stratum(
    ln_age=-29.799,
    ln_age_squared=4.884,
    ln_tc=13.540,
    ln_age_ln_tc=-3.114,
    ln_hdl=-13.578,
    ln_age_ln_hdl=3.149,
    ln_sbp_treated=2.019,
    ln_sbp_untreated=1.957,
    smoker=7.574,
    ln_age_smoker=-1.665,
    diabetes=0.661,
    mean=-29.18,
    survival=0.9665,
)
_WHITE_MEN = graph.Stratum(
    ln_age=12.344,
    ln_tc=11.853,
    ln_age_ln_tc=-2.664,
    ln_hdl=-7.990,
    ln_age_ln_hdl=1.769,
    ln_sbp_treated=1.797,
    ln_sbp_untreated=1.764,
    smoker=7.837,
    ln_age_smoker=-1.795,
    diabetes=0.658,
    mean=61.18,
    survival=0.9144,
)
_BLACK_WOMEN = graph.Stratum(
    ln_age=17.114,
    ln_tc=0.940,
    ln_hdl=-18.920,
    ln_age_ln_hdl=4.475,
    ln_sbp_treated=29.291,
    ln_age_ln_sbp_treated=-6.432,
    ln_sbp_untreated=27.820,
    ln_age_ln_sbp_untreated=-6.087,
    smoker=0.691,
    diabetes=0.874,
    mean=86.61,
    survival=0.9533,
)
_BLACK_MEN = graph.Stratum(
    ln_age=2.469,
    ln_tc=0.302,
    ln_hdl=-0.307,
    ln_sbp_treated=1.916,
    ln_sbp_untreated=1.809,
    smoker=0.549,
    diabetes=0.645,
    mean=19.54,
    survival=0.8954,
)

OUTPUTS = ("estimate", "base", "contributions", "pce-category")


def module() -> torch.nn.Module:
    """Return the module to export."""
    strata = (_WHITE_WOMEN, _WHITE_MEN, _BLACK_WOMEN, _BLACK_MEN)
    return graph.FirstEvent(MODEL.inputs, MODEL.scales[0], strata)
