"""The value[x] of an Observation or a component, to the canonical unit of its analyte."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from terminology.catalogue import Analyte, LoincCode
from terminology.codings import UCUM
from terminology.unit_table import UNITS
from terminology.units import UnitRefused, convert, same_meaning, ucum_code

RefusalReason = Literal[
    "no-value", "comparator", "not-numeric", "missing-unit", "unknown-unit", "unit-conflict",
    "no-conversion", "implausible", "malformed", "modifier-extension",
]  # fmt: skip

_VALUES: Final = (
    "valueString", "valueCodeableConcept", "valueInteger", "valueRatio", "valueRange",
    "valueBoolean", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod",
)  # fmt: skip


class ValueRefused(ValueError):
    """A value cannot be used; `code` for machines, `text` for people."""

    def __init__(self, code: RefusalReason, text: str) -> None:
        super().__init__(text)
        self.code: RefusalReason = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Reading:
    """A value in the canonical unit and as it was reported (unit as UCUM code)."""

    value: Decimal
    reported_value: Decimal
    reported_unit: str
    conversion: str


def read_quantity(
    part: Mapping[str, Any], *, analyte: Analyte, codes: tuple[LoincCode, ...]
) -> Reading:
    """The value of an Observation or component that carries the analyte's LOINC `codes`.

    Raises ValueRefused with the reason where there is no value to trust.
    """
    quantity = _quantity(part, analyte)
    value = _number(quantity, analyte)
    unit = _unit(quantity, analyte)
    mismatch = _code_mismatch(unit, analyte, codes)
    try:
        converted = convert(value, unit=unit, analyte=analyte)
    except UnitRefused as refused:
        code: RefusalReason = "implausible" if refused.code == "not-a-number" else refused.code
        raise ValueRefused(code, refused.text) from None
    if not analyte.is_plausible(converted.value):
        raise _implausible(value, unit, converted.value, analyte)
    notes = f"{converted.rule}; {mismatch}".removeprefix("; ") if mismatch else converted.rule
    return Reading(converted.value, value, unit, notes)


def _quantity(part: Mapping[str, Any], analyte: Analyte) -> Mapping[str, Any]:
    quantity = part.get("valueQuantity")
    if quantity is None:
        raise _without_quantity(part, analyte)
    if not isinstance(quantity, dict):
        raise ValueRefused("malformed", f"{analyte.id}: valueQuantity is not an object")
    if part.get("modifierExtension") or quantity.get("modifierExtension"):
        # R4 extensibility.html#modifierExtension: unknown ones may negate the whole element.
        text = f"{analyte.id}: a modifierExtension changes the meaning in a way not known here"
        raise ValueRefused("modifier-extension", text)
    if part.get("dataAbsentReason"):
        # R4 invariant obs-6: dataAbsentReason and value exclude each other.
        text = f"{analyte.id}: dataAbsentReason stands beside a value; send one of the two"
        raise ValueRefused("malformed", text)
    if quantity.get("comparator"):
        bound = f"{quantity['comparator']!s:.10}{quantity.get('value')!s:.40}"
        raise ValueRefused("comparator", f"{analyte.id}: {bound} is a bound, not a value")
    return quantity


def _without_quantity(part: Mapping[str, Any], analyte: Analyte) -> ValueRefused:
    given = next((name for name in _VALUES if name in part), None)
    if given is None:
        return ValueRefused("no-value", f"{analyte.id}: there is no value")
    if given == "valueInteger":
        text = f"{analyte.id}: valueInteger has no unit; send valueQuantity"
        return ValueRefused("missing-unit", text)
    return ValueRefused("not-numeric", f"{analyte.id}: {given} is no number with a unit")


def _number(quantity: Mapping[str, Any], analyte: Analyte) -> Decimal:
    """Return Quantity.value as Decimal; a float keeps the digits that it prints."""
    value = quantity.get("value")
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if value is None:
        raise ValueRefused("no-value", f"{analyte.id}: the quantity has no value")
    raise ValueRefused("not-numeric", f"{analyte.id}: the quantity's value is no JSON number")


def _unit(quantity: Mapping[str, Any], analyte: Analyte) -> str:
    """Return the UCUM code of a Quantity's unit."""
    system, code, printed = quantity.get("system"), quantity.get("code"), quantity.get("unit")
    coded = code if isinstance(code, str) and system in (UCUM, None) else ""
    text = printed if isinstance(printed, str) else ""
    by_code, by_text = ucum_code(coded), ucum_code(text)
    if by_code and by_text and not same_meaning(by_code, by_text, analyte=analyte):
        raise ValueRefused(
            "unit-conflict",
            f"{analyte.id}: unit {text!r} and code {coded!r} disagree; send one of the two",
        )
    # R4 invariant qty-3: a code without its system is no code; the printed unit is left.
    given, known = (coded, by_code) if coded and system == UCUM else (text, by_text)
    if known:
        return known
    example = f"send a UCUM code, for example {analyte.canonical_unit}"
    if given.strip():
        text = f"{analyte.id}: unit {given[:40]!r} is not known; {example}"
        raise ValueRefused("unknown-unit", text)
    raise ValueRefused("missing-unit", f"{analyte.id}: the value has no unit; {example}")


def _code_mismatch(unit: str, analyte: Analyte, codes: tuple[LoincCode, ...]) -> str:
    """Say where unit and LOINC property disagree; the unit decides, as long as it can."""
    if analyte.factor in ("none", "enzyme"):
        return ""
    given = UNITS[unit].dimension if unit in UNITS else None
    if given is None or given == "charge concentration":
        return ""
    for code in codes:
        if UNITS[code.unit].dimension == given:
            return ""
    if analyte.factor == "hba1c" and unit == "%":
        # LOINC 59261-8 is the IFCC scale, also printed as a percentage (4.75 % = 47.5 mmol/mol),
        # so the number may be NGSP or IFCC: a difference of two percentage points.
        text = f"{analyte.id}: LOINC {codes[0].code} is the IFCC scale and % the NGSP one"
        raise ValueRefused("no-conversion", f"{text}; send mmol/mol, or LOINC 4548-4 with %")
    wanted = UNITS[codes[0].unit].dimension
    return f"unit {unit} although LOINC {codes[0].code} is a {wanted}; the unit decided"


def _implausible(value: Decimal, unit: str, canonical: Decimal, analyte: Analyte) -> ValueRefused:
    low, high, wanted = analyte.plausible_low, analyte.plausible_high, analyte.canonical_unit
    converted = "" if unit == wanted else f" ({canonical:.6g} {wanted})"
    return ValueRefused(
        "implausible",
        f"{analyte.id}: {value!s:.40} {unit}{converted} is outside {low} to {high} {wanted}, the "
        "range of a living body; check the value and its unit",
    )
