"""Items of point scores as inputs, and the sentences that all scores share.

An item that is not known adds nothing to the figure that is stated; the span says what it could
add. `assumed` is therefore the answer without points.
"""

from inference.contract import InputSpec, Text, WhenAbsent
from inference.equations.inputs import BODY_MASS_CV

SCORE_UNIT = "{score}"

UNKNOWN_ITEMS = Text(
    "未知的项目在所示分值中不计分；区间给出其可能的影响",
    "an item that is not known adds nothing to the score shown; the span says what it could add",
)
SINGLE_PEER = Text(
    "分值取自论文，仅与一个独立程序核对",
    "points taken from the paper and checked against a single independent program",
)


def item(
    name: str,
    label: Text,
    *,
    feature: str | None = None,
    without_points: float = 0.0,
    asked_at: float | None = None,
) -> InputSpec:
    """Return a yes-or-no item; `without_points` is the answer that adds nothing."""
    return InputSpec(
        name,
        feature or name,
        label,
        "1",
        0,
        1,
        when_absent=WhenAbsent.SPAN,
        span=(0.0, 1.0),
        assumed=without_points,
        reference=without_points,
        asked_at=asked_at,
    )


def grade(
    name: str,
    label: Text,
    unit: str,
    low: int,
    high: int,
    *,
    days: int | None = None,
    required: bool = True,
) -> InputSpec:
    """Return an ordered grade from `low`, which adds nothing, to `high`."""
    span = tuple(float(step) for step in range(low, high + 1))
    return InputSpec(
        name,
        name,
        label,
        unit,
        low,
        high,
        max_age_days=days,
        when_absent=WhenAbsent.REQUIRED if required else WhenAbsent.SPAN,
        span=() if required else span,
        assumed=None if required else float(low),
        reference=low,
    )


def body_mass_index(
    low: float, high: float, *, reference: float, asked_at: float | None = None
) -> InputSpec:
    """Return the body mass index in kg/m2."""
    return InputSpec(
        "bmi",
        "bmi",
        Text("体质指数", "Body mass index"),
        "kg/m2",
        low,
        high,
        loinc=("39156-5",),
        max_age_days=365,
        cv=BODY_MASS_CV,
        reference=reference,
        asked_at=asked_at,
    )


DIABETES = item("diabetes", Text("糖尿病", "Diabetes"))
