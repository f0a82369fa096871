"""Figures as a physician reads them."""

from collections.abc import Sequence

from cds_hooks.wording import Wording, escape
from inference.contract import InputSpec, Outcome
from inference.features.feature import Feature

_PRINTED_UNITS = {
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73m²",
    "kg/m2": "kg/m²",
    "umol/L": "μmol/L",
    "{decile}": "/ 10",
}


def unit(code: str) -> str:
    """Return a UCUM code as it is printed."""
    return _PRINTED_UNITS.get(code, escape(code))


def amount(outcome: Outcome, value: float, bounds: Sequence[float] = ()) -> str:
    """Return an outcome's value with its unit; a risk as a percentage.

    Decimals are added until the printed figure lies on the same side of each of `bounds` as the
    value: 7.46 % is below 7.5 %, and "7.5 %" would say otherwise.
    """
    if outcome.unit == "1":
        if value < _LEAST_RISK:
            return "<0.1%"
        return f"{_on_its_side(100 * value, 1, [100 * bound for bound in bounds])}%"
    return f"{_on_its_side(value, 0, bounds)} {unit(outcome.unit)}"


_LEAST_RISK = 0.001
_MOST_DECIMALS = 6


def _on_its_side(value: float, decimals: int, bounds: Sequence[float]) -> str:
    for places in range(decimals, _MOST_DECIMALS):
        printed = f"{value:.{places}f}"
        if all((float(printed) >= bound) == (value >= bound) for bound in bounds):
            return printed
    return f"{value:.{_MOST_DECIMALS}f}"


def reported(feature: Feature, wording: Wording) -> str:
    """Return a feature's value as its source wrote it."""
    if feature.unit == "1":
        known = ("yes", "no", "male", "female")
        if feature.reported in known:
            return wording.say(f"value.{feature.reported}")
        return wording.say("value.yes" if feature.value else "value.no")
    if feature.unit == "a":
        return wording.say("value.years", years=f"{feature.value:.0f}")
    number, _, code = feature.reported.partition(" ")
    return f"{escape(number)} {unit(code)}"


def reference(spec: InputSpec, wording: Wording) -> str:
    """Return the value that a contribution is measured against."""
    if spec.reference is None:
        return wording.say("value.none")
    if spec.unit == "1":
        return wording.say("value.yes" if spec.reference else "value.no")
    if spec.unit == "a":
        return wording.say("value.years", years=f"{spec.reference:g}")
    return f"{spec.reference:.4g} {unit(spec.unit)}"
