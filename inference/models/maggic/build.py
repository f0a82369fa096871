"""The torch module that `make models` turns into the graph of the MAGGIC score."""

import torch

from inference.equations.points.graph import Points
from inference.models.maggic.definition import MODEL

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
_SCORES = tuple(float(score) for score in range(1, 51))
_PER_FLAG = {"male": 1.0, "smoker": 1.0, "diabetes": 3.0, "copd": 2.0,
             "heart_failure_18_months": 2.0}  # fmt: skip
_PER_LACK = {"beta_blocker": 3.0, "renin_angiotensin": 1.0}
_TABLES = ("lvef", "bmi", "creatinine", "nyha_class")


class Maggic(Points):
    """Map the input matrix [n, 13] to score and mortality, base, contributions and the group.

    The points of age and pressure depend on the ejection fraction: they are theirs at the
    patient's own. Base and contributions of a mortality are those of the score it is read by.
    """

    def __init__(self) -> None:
        super().__init__([spec.name for spec in MODEL.inputs])
        for name, points in (_PER_FLAG | _PER_LACK).items():
            self.doubles(f"each_{name}", points)
        self.register_buffer("ages", torch.tensor(len(_AGE[0]), dtype=torch.int64))
        self.register_buffer("pressures", torch.tensor(len(_PRESSURE[0]), dtype=torch.int64))
        self.table("tier", [0.0] * 3, at_least=(30.0, 40.0))
        self.table("age", sum(_AGE, ()), at_least=(55.0, 60.0, 65.0, 70.0, 75.0, 80.0))
        self.table("sbp", sum(_PRESSURE, ()), at_least=(110.0, 120.0, 130.0, 140.0, 150.0))
        self.table("lvef", [7.0, 6.0, 5.0, 3.0, 2.0, 0.0], at_least=(20.0, 25.0, 30.0, 35.0, 40.0))
        self.table("bmi", [6.0, 5.0, 3.0, 2.0, 0.0], at_least=(15.0, 20.0, 25.0, 30.0))
        self.table(
            "creatinine",
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
            at_least=(90.0, 110.0, 130.0, 150.0, 170.0, 210.0, 250.0),
        )
        self.table("nyha_class", [0.0, 2.0, 6.0, 8.0], at_least=(2.0, 3.0, 4.0))
        self.table("one_year", _ONE_YEAR, at_least=_SCORES)
        self.table("three_years", _THREE_YEARS, at_least=_SCORES)
        self.table("risk_group", [0.0] * 6, at_least=MODEL.bounds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        v = self.named(x)
        shares = {name: self.look_up(name, v[name]) for name in _TABLES}
        tier = self.step("tier", v["lvef"])
        age = self.age_points[tier * self.ages + self.step("age", v["age"])]
        pressure = v["systolic_pressure"]
        by_pressure = self.sbp_points[tier * self.pressures + self.step("sbp", pressure)]
        shares["age"] = self.known(v["age"], age)
        shares["systolic_pressure"] = self.known(pressure, by_pressure)
        for name in _PER_FLAG:
            shares[name] = getattr(self, f"each_{name}") * self.yes(v[name])
        for name in _PER_LACK:
            shares[name] = getattr(self, f"each_{name}") * (self.one - self.yes(v[name]))
        points = self.matrix(shares, v["age"])
        score = points.sum(dim=1)
        mortality = [self.look_up(name, score) for name in ("one_year", "three_years")]
        estimate = torch.stack([score, *mortality], dim=1)
        contributions = torch.stack([points] * len(MODEL.outcomes), dim=1)
        category = self.category("risk_group", score)
        return estimate, torch.zeros_like(estimate), contributions, category


OUTPUTS = ("estimate", "base", "contributions", "risk-group")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return Maggic()
