"""The torch module that `make models` turns into the graph of Framingham 2008."""

import torch

from inference.equations.first_event import graph
from inference.models.framingham_cvd_2008.definition import MODEL

# D'Agostino 2008, table 2.
_WOMEN = graph.Stratum(
    ln_age=2.32888,
    ln_tc=1.20904,
    ln_hdl=-0.70833,
    ln_sbp_untreated=2.76157,
    ln_sbp_treated=2.82263,
    smoker=0.52873,
    diabetes=0.69154,
    mean=26.1931,
    survival=0.95012,
)
_MEN = graph.Stratum(
    ln_age=3.06117,
    ln_tc=1.12370,
    ln_hdl=-0.93263,
    ln_sbp_untreated=1.93303,
    ln_sbp_treated=1.99881,
    smoker=0.65451,
    diabetes=0.57367,
    mean=23.9802,
    survival=0.88936,
)

OUTPUTS = ("estimate", "base", "contributions", "framingham-category")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return graph.FirstEvent(MODEL.inputs, MODEL.scales[0], (_WOMEN, _MEN))
