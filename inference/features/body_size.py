"""The body mass index: as it was reported, or from a newer weight and a height."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta, tzinfo
from typing import Final

from inference.contract import InputSpec, Text
from inference.features.dates import whole_years
from inference.features.feature import Absent, Feature, written
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot

Quantity = Callable[[InputSpec], Feature | Absent]

# What a grown person weighs and measures; a child's range would let a swapped unit pass.
_WEIGHT: Final = (20.0, 400.0)
_HEIGHT: Final = (100.0, 250.0)
_GROWN: Final = 20  # years, after which height no longer changes with growth
_LABEL: Final = Text("体质指数", "Body mass index")


def body_mass_index(
    spec: InputSpec, quantity: Quantity, *, snapshot: PatientSnapshot, zone: tzinfo
) -> Feature | Absent:
    """Return the reported index, or the one of a newer weight and the height of a grown person."""
    reported = quantity(spec)
    weight = quantity(_part("weight", "kg", _WEIGHT, spec.max_age_days))
    if isinstance(weight, Absent):
        return _or_why(reported, weight)
    if not _speaks(weight, reported):
        return reported
    height = quantity(_part("height", "cm", _HEIGHT, None))
    if isinstance(height, Absent):
        return _or_why(reported, height)
    impossible = next(_impossible(weight, height), None)
    if impossible is None and not _is_grown(height, spec, snapshot, zone):
        measured = height.effective.date().isoformat() if height.effective else ""
        impossible = Reason("height-of-a-child", {"date": measured})
    if impossible is not None:
        return reported if isinstance(reported, Feature) else Absent(spec.feature, impossible)
    return _computed(spec, weight, height, otherwise=reported)


def _or_why(reported: Feature | Absent, part: Absent) -> Feature | Absent:
    """Return the reported index; where there is none, why its part cannot be used."""
    nothing = isinstance(reported, Absent) and reported.reason.code == "no-value"
    return Absent(reported.name, part.reason) if nothing else reported


def _speaks(weight: Feature, reported: Feature | Absent) -> bool:
    """Whether a weight goes before the reported index, or stands in for it."""
    if isinstance(reported, Absent):
        return reported.reason.code != "values-conflict"
    return (
        weight.effective is not None
        and reported.effective is not None
        and weight.effective > reported.effective
    )


def _computed(
    spec: InputSpec, weight: Feature, height: Feature, *, otherwise: Feature | Absent
) -> Feature:
    value = weight.value / (height.value / 100) ** 2
    return Feature(
        spec.feature,
        value,
        spec.unit,
        written(value, "kg/m2"),
        weight.sources + height.sources,
        effective=weight.effective,
        conversion=f"{weight.reported} / ({height.reported})^2",
        cautions=(*weight.cautions, *height.cautions, *_left_unused(otherwise)),
    )


def _left_unused(reported: Feature | Absent) -> Iterator[Reason]:
    if isinstance(reported, Absent) and reported.reason.code == "value-unusable":
        yield reported.reason


def _part(name: str, unit: str, domain: tuple[float, float], max_age_days: int | None) -> InputSpec:
    return InputSpec(name, name, _LABEL, unit, *domain, max_age_days=max_age_days)


def _impossible(weight: Feature, height: Feature) -> Iterator[Reason]:
    for part, (low, high), unit in ((weight, _WEIGHT, "kg"), (height, _HEIGHT, "cm")):
        if not low <= part.value <= high:
            domain = {"value": part.reported, "low": f"{low:g}", "high": f"{high:g}", "unit": unit}
            yield Reason("outside-domain", domain)


def _is_grown(height: Feature, spec: InputSpec, snapshot: PatientSnapshot, zone: tzinfo) -> bool:
    """Whether the height was measured in a grown person, or as lately as the weight has to be."""
    if height.effective is None:
        return False
    days = spec.max_age_days
    if days is not None and snapshot.taken_at - height.effective <= timedelta(days=days):
        return True
    try:
        born = date.fromisoformat(str(snapshot.patient.resource.get("birthDate")))
    except ValueError:
        return False
    return whole_years(born, height.effective.astimezone(zone).date()) >= _GROWN
