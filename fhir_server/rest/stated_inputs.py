"""The body of a prediction on named values: read strictly, every fault at its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from inference.contract import InputSpec, ModelDefinition
from inference.features import kinds
from inference.features.stated import Stated, StatedFeatures
from inference.snapshot import PatientSnapshot, RecordList, Sourced
from terminology.catalogue import Catalogue
from terminology.units import UnitRefused, conversion

_KEYS: Final = ("inputs", "states")
_PARTS: Final = ("value", "unit", "effective")
_SEXES: Final = {"male": Decimal(1), "female": Decimal(0)}
_UNITLESS: Final = ("1", "a")
_LARGEST: Final = Decimal("1e12")


class InvalidInputs(FhirError):
    """422: the JSON is well formed, but a value cannot be read; each fault at its place."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__(422, *issues)


@dataclass(slots=True)
class _Reading:
    """The faults found so far; one that is found stops nothing, so that all are told at once."""

    issues: list[Issue] = field(default_factory=list)

    def fault(self, code: str, text: str, where: str) -> None:
        self.issues.append(Issue("error", code, text, (where,)))


def stated_features(
    body: JsonObject, model: ModelDefinition, *, catalogue: Catalogue, at: datetime
) -> StatedFeatures:
    """Return what the body states; `InvalidInputs` (422) with every fault.

    A unit is never guessed: what has none, an unknown one, or one that cannot be converted is a
    fault, as is a name that the model does not have.
    """
    reading = _Reading()
    for key in body:
        if key not in _KEYS:
            reading.fault("structure", f"There are {', '.join(_KEYS)}, nothing else.", key[:64])
    specs = {spec.name: spec for spec in model.inputs}
    values: dict[str, Stated] = {}
    for name, given in _object(body, "inputs", reading).items():
        where = f"inputs.{name[:64]}"
        spec = specs.get(name)
        if spec is None:
            text = f"{model.id} has no such input; it has {', '.join(specs)}."
            reading.fault("not-found", text, where)
            continue
        stated = _stated(given, spec, where, reading, catalogue)
        if stated is not None:
            values[name] = stated
    states = _states(body, model, reading)
    _tell_exclusions(model, values, states, reading)
    if reading.issues:
        raise InvalidInputs(reading.issues)
    nothing = RecordList((), complete=False)
    snapshot = PatientSnapshot(Sourced({}, "stated"), (), nothing, nothing, at)
    return StatedFeatures(snapshot, values, states, catalogue)


def _object(body: JsonObject, key: str, reading: _Reading) -> Mapping[str, Any]:
    found = body.get(key, {})
    if isinstance(found, dict):
        return found
    reading.fault("structure", f"{key} is an object.", key)
    return {}


def _states(body: JsonObject, model: ModelDefinition, reading: _Reading) -> dict[str, bool]:
    flags = [exclusion.flag for exclusion in model.exclusions]
    found: dict[str, bool] = {}
    for name, value in _object(body, "states", reading).items():
        where = f"states.{name[:64]}"
        if name not in flags:
            there = ", ".join(flags) or "none"
            reading.fault("not-found", f"{model.id} has no such exclusion; it has {there}.", where)
        elif not isinstance(value, bool):
            reading.fault("value", "A state is true or false; leave out what is not known.", where)
        else:
            found[name] = value
    return found


def _tell_exclusions(
    model: ModelDefinition,
    values: Mapping[str, Stated],
    states: dict[str, bool],
    reading: _Reading,
) -> None:
    """Let an input that is also a state that excludes tell it; the two may not contradict."""
    flags = [exclusion.flag for exclusion in model.exclusions]
    for spec in model.inputs:
        if spec.feature not in flags or spec.name not in values:
            continue
        told = bool(values[spec.name].value)
        if states.setdefault(spec.feature, told) != told:
            text = f"inputs.{spec.name} says otherwise; state it once."
            reading.fault("value", text, f"states.{spec.feature}")


def _stated(
    given: Any, spec: InputSpec, where: str, reading: _Reading, catalogue: Catalogue
) -> Stated | None:
    if not isinstance(given, dict) or "value" not in given:
        text = 'Write an object such as {"value": 152, "unit": "mm[Hg]"}.'
        reading.fault("structure", text, where)
        return None
    for key in given:
        if key not in _PARTS:
            reading.fault("structure", f"There are {', '.join(_PARTS)}.", f"{where}.{key[:64]}")
    before = len(reading.issues)
    value = _value(given["value"], spec, f"{where}.value", reading, catalogue)
    unit = _unit(given.get("unit", ""), spec, f"{where}.unit", reading, catalogue)
    effective = _effective(given.get("effective"), f"{where}.effective", reading)
    if value is None or len(reading.issues) > before:
        return None
    return Stated(value, unit, effective)


def _value(
    given: Any, spec: InputSpec, where: str, reading: _Reading, catalogue: Catalogue
) -> Decimal | None:
    if kinds.is_flag(spec):
        return _flag(given, spec, where, reading)
    if isinstance(given, bool) or not isinstance(given, (int, Decimal)):
        reading.fault("value", "Write a JSON number, without a comparator.", where)
        return None
    value = Decimal(given)
    if abs(value) > _LARGEST:
        reading.fault("value", "No clinical quantity is so large; mend the value.", where)
        return None
    if kinds.is_whole(spec, catalogue) and value != value.to_integral_value():
        reading.fault("value", "Write a whole number; age is in completed years.", where)
        return None
    return value


def _flag(given: Any, spec: InputSpec, where: str, reading: _Reading) -> Decimal | None:
    if spec.feature == "male" and isinstance(given, str) and given in _SEXES:
        return _SEXES[given]
    # JSON's true is Python's 1.
    if isinstance(given, (bool, int, Decimal)) and given in (0, 1):
        return Decimal(int(given))
    words = "male, female, true or false" if spec.feature == "male" else "true or false"
    reading.fault("value", f"Write {words} (or 1 or 0); leave out what is not known.", where)
    return None


def _unit(given: Any, spec: InputSpec, where: str, reading: _Reading, catalogue: Catalogue) -> str:
    analyte = catalogue.measured(spec.feature)
    if given == "" and spec.unit in _UNITLESS:
        return spec.unit
    if not isinstance(given, str) or not given:
        reading.fault("required", f"A unit is required, for example {spec.unit}.", where)
    elif analyte is not None:
        try:
            conversion(given, analyte=analyte, to=spec.unit)
            conversion(given, analyte=analyte)
        except UnitRefused as refused:
            reading.fault("value", f"{refused.text}.", where)
    elif given != spec.unit:
        reading.fault("value", f"The unit here is {spec.unit}.", where)
    return str(given)


def _effective(given: Any, where: str, reading: _Reading) -> datetime | None:
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        text = "Write an instant with its zone, such as 2026-05-11T08:00:00+08:00."
        reading.fault("value", text, where)
        return None
    return found
