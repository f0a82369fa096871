"""Figures as a physician reads them."""

from collections.abc import Sequence
from decimal import Decimal

from cds_hooks.wording import Wording, escape
from inference.contract import InputSpec, Outcome
from inference.features.feature import Feature
from inference.features.risk_regions import RISK_REGIONS
from inference.prediction import Estimate
from terminology.catalogue import load
from terminology.units import UnitRefused, convert

_PRINTED_UNITS = {
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73m²",
    "kg/m2": "kg/m²",
    "umol/L": "μmol/L",
    "{decile}": "/ 10",
    "{index}": "",
    # A score, a grade and a class are bare numbers.
    "{score}": "",
    "{class}": "",
    "{grade}": "",
    "{degree}": "",
}
_DECIMALS = {"{index}": 2}

_WORDS = ("yes", "no", "male", "female", *(f"risk-region-{region}" for region in RISK_REGIONS))


def unit(code: str) -> str:
    """Return a UCUM code as it is printed."""
    return _PRINTED_UNITS.get(code, escape(code))


def _with_unit(number: str, code: str) -> str:
    return f"{number} {unit(code)}".rstrip()


def amount(outcome: Outcome, value: float, bounds: Sequence[float] = ()) -> str:
    """Return an outcome's value with its unit; a risk as a percentage.

    Decimals are added until the printed figure lies on the same side of each of `bounds` as the
    value: 7.46 % is below 7.5 %, and "7.5 %" would say otherwise.
    """
    if outcome.unit == "1":
        if value < _LEAST_RISK:
            return "<0.1%"
        return f"{_on_its_side(100 * value, 1, [100 * bound for bound in bounds])}%"
    printed = _on_its_side(value, _DECIMALS.get(outcome.unit, 0), bounds)
    return _with_unit(printed, outcome.unit)


def value_of(estimate: Estimate, bounds: Sequence[float] = ()) -> str:
    """Return one value, or the span that the unknown inputs allow."""
    if estimate.possible is None:
        return amount(estimate.outcome, estimate.value, bounds)
    low, high = (amount(estimate.outcome, end, bounds) for end in estimate.possible)
    return low if low == high else f"{low}-{high}"


_LEAST_RISK = 0.001
_WHOLE_FROM = 1000
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
        if feature.reported in _WORDS:
            return wording.say(f"value.{feature.reported}")
        return wording.say("value.yes" if feature.value else "value.no")
    if feature.unit == "a":
        return wording.say("value.years", years=f"{feature.value:g}")
    number, _, code = feature.reported.partition(" ")
    return _with_unit(escape(number), code)


def label(spec: InputSpec, wording: Wording) -> str:
    """Return what an input is called beside its value: sex has no yes or no."""
    return wording.feature("male") if spec.feature == "male" else wording.text(spec.label)


def at(spec: InputSpec, feature: Feature | None, value: float | None, wording: Wording) -> str:
    """Return another value of an input, in the unit in which its source wrote `feature`.

    Without a feature, as of an imputed value, it is said in the model's own unit.
    """
    if value is None:
        return wording.say("value.none")
    if spec.feature == "male":
        return wording.say("value.male" if value else "value.female")
    if spec.unit == "1":
        return wording.say("value.yes" if value else "value.no")
    if spec.unit == "a":
        return wording.say("value.years", years=f"{value:g}")
    shown, code = _as_reported(spec, feature, value) if feature else (value, spec.unit)
    number = f"{shown:.3g}" if abs(shown) < _WHOLE_FROM else f"{shown:.0f}"
    return _with_unit(number, code)


def _as_reported(spec: InputSpec, feature: Feature, value: float) -> tuple[float, str]:
    code = feature.reported.partition(" ")[2]
    try:
        analyte = load().analyte(spec.feature)
        found = convert(Decimal(repr(value)), unit=spec.unit, analyte=analyte, to=code)
    except (KeyError, UnitRefused):
        # Not measured but computed, or in a unit of its own: said in the model's unit.
        return value, spec.unit
    return float(found.value), code


def share(outcome: Outcome, value: float, wording: Wording) -> str:
    """Return a part of an estimate with its sign; of a risk in percentage points."""
    if outcome.unit == "1":
        return wording.say("unit.percentage-points", share=f"{100 * value:+.1f}")
    return _with_unit(f"{value:+.1f}", outcome.unit)
