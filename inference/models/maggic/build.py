"""The torch module that `make models` turns into the graph of the MAGGIC score."""

import math

import torch
from torch.nn.functional import embedding

from inference.equations.pieces.graph import Steps, doubles
from inference.equations.points.graph import Points, Table, no, yes
from inference.models.maggic.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
# Points by ejection fraction (below 30, 30-39, 40 and more), then by age and by pressure.
_AGE = (
    (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0),
    (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 13.0),
    (0.0, 3.0, 5.0, 7.0, 9.0, 12.0, 15.0),
)
_PRESSURE = (
    (5.0, 4.0, 3.0, 2.0, 1.0, 0.0),
    (3.0, 2.0, 1.0, 1.0, 0.0, 0.0),
    (2.0, 1.0, 1.0, 0.0, 0.0, 0.0),
)
# Probability of death by score, 0 to 50.
_ONE_YEAR = (
    0.015, 0.016, 0.018, 0.020, 0.022, 0.024, 0.027, 0.029, 0.032, 0.036, 0.039, 0.043, 0.048,
    0.052, 0.058, 0.063, 0.070, 0.077, 0.084, 0.093, 0.102, 0.111, 0.122, 0.134, 0.147, 0.160,
    0.175, 0.191, 0.209, 0.227, 0.248, 0.269, 0.292, 0.316, 0.342, 0.369, 0.398, 0.427, 0.458,
    0.490, 0.523, 0.557, 0.591, 0.625, 0.659, 0.692, 0.725, 0.757, 0.787, 0.816, 0.842,
)  # fmt: skip
_THREE_YEARS = (
    0.039, 0.043, 0.048, 0.052, 0.058, 0.063, 0.070, 0.077, 0.084, 0.092, 0.102, 0.111, 0.122,
    0.134, 0.146, 0.160, 0.175, 0.191, 0.209, 0.227, 0.247, 0.269, 0.292, 0.316, 0.342, 0.369,
    0.397, 0.427, 0.458, 0.490, 0.523, 0.556, 0.590, 0.625, 0.658, 0.692, 0.725, 0.756, 0.787,
    0.815, 0.842, 0.866, 0.889, 0.908, 0.926, 0.941, 0.953, 0.964, 0.973, 0.980, 0.985,
)  # fmt: skip
_AGES = (55.0, 60.0, 65.0, 70.0, 75.0, 80.0)
_PRESSURES = (110.0, 120.0, 130.0, 140.0, 150.0)
_TABLES = {
    "male": yes(1.0),
    "lvef": Table((7.0, 6.0, 5.0, 3.0, 2.0, 0.0), at_least=(20.0, 25.0, 30.0, 35.0, 40.0)),
    "bmi": Table((6.0, 5.0, 3.0, 2.0, 0.0), at_least=(15.0, 20.0, 25.0, 30.0)),
    "creatinine": Table(
        (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0),
        at_least=(90.0, 110.0, 130.0, 150.0, 170.0, 210.0, 250.0),
    ),
    "nyha_class": Table((0.0, 2.0, 6.0, 8.0), at_least=(2.0, 3.0, 4.0)),
    "smoker": yes(1.0),
    "diabetes": yes(3.0),
    "copd": yes(2.0),
    "heart_failure_18_months": yes(2.0),
    "beta_blocker": no(3.0),
    "renin_angiotensin": no(1.0),
}


def _by_fraction(column: int) -> dict[str, Table]:
    """Return all tables for one range of the ejection fraction."""
    return _TABLES | {
        "age": Table(_AGE[column], at_least=_AGES),
        "systolic_pressure": Table(_PRESSURE[column], at_least=_PRESSURES),
    }


class Maggic(Points):
    """Map the input matrix [n, 13] to score and mortality, base, contributions and the group.

    The points of age and pressure depend on the ejection fraction: they are theirs at the
    patient's own. Base and contributions of a mortality are those of the score it is read by.
    """

    def __init__(self) -> None:
        low, middle, high = (_by_fraction(column) for column in range(3))
        super().__init__(MODEL.inputs, low=low, middle=middle, high=high)
        self.register_buffer("middle_from", doubles(30.0))
        self.register_buffer("high_from", doubles(40.0))
        # The first line is of a score that is not known; the paper's table ends at 50 points: more
        # than that reads as 50.
        lines = [(math.nan, math.nan), *zip(_ONE_YEAR, _THREE_YEARS, strict=True)]
        self.register_buffer("mortality", doubles(lines))
        self.register_buffer("scores", doubles([-math.inf, *range(1, len(_ONE_YEAR))]))
        self.register_buffer("nothing_more", doubles([[0.0] * len(_COLUMNS)] * len(MODEL.outcomes)))
        self.group = Steps(MODEL.bounds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        reached = self.reached(x)
        place = _COLUMNS.index("lvef")
        fraction = x[:, place : place + 1]
        low, middle, high = (self.points(reached, name) for name in ("low", "middle", "high"))
        reduced = torch.where(fraction >= self.middle_from, middle, low)
        points = self.known(x, torch.where(fraction >= self.high_from, high, reduced))
        score = points.sum(dim=1, keepdim=True)
        line = (score >= self.scores).to(torch.int64).sum(dim=1)
        estimate = torch.cat([score, embedding(line, self.mortality)], dim=1)
        contributions = points.unsqueeze(1) + self.nothing_more
        return estimate, self.base(estimate), contributions, self.group(score)


OUTPUTS = ("estimate", "base", "contributions", "risk-group")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Maggic()
