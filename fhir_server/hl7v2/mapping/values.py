"""OBX-5 to Observation.value[x] by the type that OBX-2 names.

Source: v2-to-FHIR implementation guide, OBX[Observation]; HL7 v2.8 chapter 2A. A text that is
no value of its type is never read as a number: it becomes valueString, with a warning.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import clean, concept, number, quantity_unit
from fhir_server.hl7v2.mapping.times import moment, time_of_day
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject

_COMPARATORS: Final = frozenset(("<", "<=", ">", ">="))


@dataclass(frozen=True, slots=True)
class _Cell:
    """One repetition of OBX-5 with its surroundings."""

    value: Composite
    obx: Segment
    unit: JsonObject
    context: Context


def is_converted(obx: Segment) -> bool:
    """Whether a value of this OBX-2 becomes a FHIR value; an OBX without value always does."""
    return not obx.raw(5) or obx.text(2).upper() in _READERS


def values(obx: Segment, context: Context) -> list[JsonObject]:
    """Return one element (`{"valueQuantity": ...}`) per repetition of OBX-5, empty without value.

    Repetitions of a text are lines of one text (HL7 v2.8 section 2A.3.76, TX); a unit stands
    behind the text, for a valueString has no place of its own for it.
    """
    kind = obx.text(2).upper()
    cells = [_Cell(each, obx, quantity_unit(obx.first(6)), context) for each in obx.repetitions(5)]
    if kind in _TEXTS:
        lines = "\n".join(clean(cell.value.whole()) for cell in cells).strip()
        unit = str(quantity_unit(obx.first(6)).get("unit", ""))
        return [{"valueString": f"{lines} {unit}".strip()}] if lines else []
    reader = _READERS[kind] if cells else None
    if reader is None:
        return []
    return [element for cell in cells if cell.value and (element := reader(cell))]


def _nm(cell: _Cell) -> JsonObject:
    value = number(cell.value.whole())
    if value is None:
        return _as_text(cell, "OBX-5 is no number, though OBX-2 is NM; it is kept as text")
    return {"valueQuantity": {"value": value, **cell.unit}}


def _sn(cell: _Cell) -> JsonObject:
    comparator, separator = cell.value.text(1), cell.value.text(3)
    first, second = number(cell.value.text(2)), number(cell.value.text(4))
    if comparator in ("", "=") and separator == "-" and first is not None and second is not None:
        return _range(cell, first, second)
    if separator in (":", "/") and first is not None and second is not None:
        return _ratio(cell, comparator, first, second)
    if separator or second is not None or first is None:
        return _as_text(cell, "")
    if comparator in _COMPARATORS:
        return {"valueQuantity": {"value": first, "comparator": comparator, **cell.unit}}
    if comparator in ("", "="):
        return {"valueQuantity": {"value": first, **cell.unit}}
    return _as_text(cell, "")


def _range(cell: _Cell, low: Decimal, high: Decimal) -> JsonObject:
    if low > high:
        return _as_text(cell, "OBX-5 is a range whose low end is above its high end")
    return {
        "valueRange": {"low": {"value": low, **cell.unit}, "high": {"value": high, **cell.unit}}
    }


def _ratio(cell: _Cell, comparator: str, first: Decimal, second: Decimal) -> JsonObject:
    numerator: JsonObject = {"value": first}
    if comparator in _COMPARATORS:
        numerator["comparator"] = comparator
    elif comparator not in ("", "="):
        return _as_text(cell, "")
    # A titre (1:128) has no unit of its own; a unit of the whole belongs to neither part.
    if cell.unit:
        return _as_text(cell, "OBX-5 is a ratio with a unit in OBX-6; it is kept as text")
    return {"valueRatio": {"numerator": numerator, "denominator": {"value": second}}}


def _coded(cell: _Cell) -> JsonObject:
    found = concept(cell.value, cell.context)
    return {"valueCodeableConcept": found} if found else {}


def _date_time(cell: _Cell) -> JsonObject:
    try:
        return {"valueDateTime": moment(cell.value.text(1), zone=cell.context.zone).text}
    except ValueError as error:
        return _as_text(cell, f"OBX-5 is no date or time ({error}); it is kept as text")


def _time(cell: _Cell) -> JsonObject:
    try:
        return {"valueTime": time_of_day(cell.value.text(1))}
    except ValueError as error:
        return _as_text(cell, f"OBX-5 is no time of day ({error}); it is kept as text")


def _text(cell: _Cell) -> JsonObject:
    return _as_text(cell, "")


def _untyped(cell: _Cell) -> JsonObject:
    return _as_text(cell, "OBX-2 is empty: the value is kept as text")


def _as_text(cell: _Cell, reason: str) -> JsonObject:
    """Return the value as valueString, its unit behind it; `reason` becomes a warning."""
    if reason:
        cell.context.remark("102", reason, cell.obx.at(5))
    parts = [clean(cell.value.text(part)) for part in range(1, 5)]
    text = " ".join(part for part in (*parts, str(cell.unit.get("unit", ""))) if part)
    return {"valueString": text} if text else {}


# Table 0125, value type. ED, RP, NA, MA, DR, NR, EI and the rest are reported, not converted.
_READERS: Final[dict[str, Callable[[_Cell], JsonObject]]] = {
    "": _untyped,
    "CE": _coded,
    "CNE": _coded,
    "CWE": _coded,
    "DT": _date_time,
    "DTM": _date_time,
    "FT": _text,
    "IS": _coded,
    "NM": _nm,
    "SN": _sn,
    "ST": _text,
    "TM": _time,
    "TS": _date_time,
    "TX": _text,
}
_TEXTS: Final = frozenset(("FT", "ST", "TX"))
