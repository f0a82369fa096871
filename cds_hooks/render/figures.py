"""Figures as a physician reads them."""

from cds_hooks.wording import Wording, escape
from inference.contract import InputSpec, Outcome
from inference.features.feature import Feature

_PRINTED_UNITS = {
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73m²",
    "kg/m2": "kg/m²",
    "umol/L": "μmol/L",
}


def unit(code: str) -> str:
    """Return a UCUM code as it is printed."""
    return _PRINTED_UNITS.get(code, escape(code))


def risk(value: float) -> str:
    """Return a probability as a percentage with one decimal, never rounded to a bare zero."""
    percent = 100 * value
    return f"{percent:.1f}%" if percent >= 0.1 else "<0.1%"


def amount(outcome: Outcome, value: float) -> str:
    """Return an outcome's value with its unit; a risk as a percentage."""
    if outcome.unit == "1":
        return risk(value)
    return f"{value:.0f} {unit(outcome.unit)}"


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
