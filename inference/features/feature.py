"""A model input with everything needed to trace it, or the reason why there is none."""

from dataclasses import dataclass
from datetime import datetime

from inference.reasons import Reason

_DECIMALS = 1
_MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Feature:
    """One value for a model, in `unit`.

    `reported` is the value as its source wrote it; `effective` is None for facts without a time,
    such as sex. `cautions` lower the confidence and are said on the card.
    """

    name: str
    value: float
    unit: str
    reported: str
    sources: tuple[str, ...]
    effective: datetime | None = None
    conversion: str | None = None
    cautions: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no usable value of this feature, and why."""

    name: str
    reason: Reason


def written(value: float, unit: str) -> str:
    """Return a value with its unit; never as a round figure that it does not reach.

    Scales and domains have their bounds at whole and half figures: an eGFR of 59.96 written as
    60.0 would contradict its own stage.
    """
    for places in range(_DECIMALS, _MOST_DECIMALS):
        figure = f"{value:.{places}f}"
        if not (2 * float(figure)).is_integer() or float(figure) == value:
            break
    return f"{figure} {unit}"


def converted(reported: str, value: float, unit: str) -> str:
    """Return a value as it was reported, and in the model's unit too where that is another.

    "9.05 mmol/L is outside 130-320 mg/dL" would read as if it lay below.
    """
    if unit in ("1", "a") or reported.endswith(f" {unit}"):
        return reported
    return f"{reported} = {value:.6g} {unit}"
