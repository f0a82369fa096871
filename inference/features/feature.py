"""A model input with everything needed to trace it, or the reason why there is none."""

from dataclasses import dataclass
from datetime import datetime

from inference.reasons import Reason


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
