"""OBX-5 to Observation.value[x] by the type that OBX-2 names.

Source: v2-to-FHIR implementation guide, OBX[Observation]; HL7 v2.8 chapter 2A. A text that is
no value of its type is never read as a number: it becomes valueString, with a warning.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fhir_server.hl7v2.escapes import Separators
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import (
    CONCEPT_PARTS,
    UNIT_PARTS,
    clean,
    concept,
    number,
    quantity_unit,
)
from fhir_server.hl7v2.mapping.parts import EVERY, TEXTS, Parts, chosen, parts
from fhir_server.hl7v2.mapping.recurring import recurring
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


def values(obx: Segment, context: Context) -> list[JsonObject]:
    """Return one element (`{"valueQuantity": ...}`) per value of OBX-5, empty without value.

    Repetitions of a text are lines of one text (HL7 v2.8 section 2A.3.76, TX); a unit stands
    behind the text, for a valueString has no place of its own for it. Documents (ED, RP) are no
    values: `mapping.documents`.
    """
    kind, unit = obx.text(2).upper(), unit_of(obx)
    cells = [_Cell(each, obx, unit, context) for each in obx.repetitions(5)]
    if kind in _TEXTS:
        lines = "\n".join(clean(cell.value.whole()) for cell in cells).strip()
        return [{"valueString": f"{lines} {unit.get('unit', '')}".strip()}] if lines else []
    if kind == "NA":
        return [element for cell in cells for element in _array(cell)]
    reader = _READERS.get(kind, _foreign)
    return [element for cell in cells if cell.value and (element := reader(cell))]


def unit_of(obx: Segment) -> JsonObject:
    """Return unit, system and code of what an OBX measures (OBX-6), {} without."""
    return _unit(obx.first(6).raw, obx.separators, obx.codec)


@recurring
def _unit(raw: str, separators: Separators, codec: str) -> JsonObject:
    # The elements go into many Quantities and are never changed.
    return quantity_unit(Composite(raw, separators, codec))


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


def _quantity(cell: _Cell) -> JsonObject:
    """Return a CQ: its own unit, else that of OBX-6."""
    value = number(cell.value.text(1))
    if value is None:
        return _as_text(cell, "OBX-5 is no quantity; it is kept as text")
    unit = quantity_unit(cell.value.component(2).promoted()) or cell.unit
    return {"valueQuantity": {"value": value, **unit}}


def _integer(cell: _Cell) -> JsonObject:
    text = cell.value.text(1)
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        return _as_text(cell, "OBX-5 is no sequence number; it is kept as text")
    return {"valueInteger": int(text)}


def _number_range(cell: _Cell) -> JsonObject:
    low, high = number(cell.value.text(1)), number(cell.value.text(2))
    if low is None or high is None:
        return _as_text(cell, "OBX-5 is no range of two numbers; it is kept as text")
    return _range(cell, low, high)


def _period(cell: _Cell) -> JsonObject:
    """Return a DR as Period; an open end stays open."""
    try:
        ends = [
            moment(text, zone=cell.context.zone) if (text := cell.value.text(part)) else None
            for part in (1, 2)
        ]
    except ValueError as error:
        return _as_text(cell, f"OBX-5 is no range of times ({error}); it is kept as text")
    start, end = ends
    if start is not None and end is not None and end.low < start.low:
        return _as_text(cell, "OBX-5 is a range of times that ends before it starts")
    period = {name: end.text for name, end in zip(("start", "end"), ends, strict=True) if end}
    return {"valuePeriod": period} if period else {}


def _array(cell: _Cell) -> list[JsonObject]:
    """Return an NA as one value per number, in their order.

    R4's SampledData asks for the time between two numbers, which NA does not say.
    """
    parts = cell.value.texts()
    numbers = [number(part) for part in parts]
    if any(each is None for each in numbers):
        text = _as_text(cell, "OBX-5 is no array of numbers; it is kept as text")
        return [text] if text else []
    return [{"valueQuantity": {"value": each, **cell.unit}} for each in numbers]


def _foreign(cell: _Cell) -> JsonObject:
    kind = cell.obx.text(2).upper()[:10]
    return _as_text(cell, f"OBX-2 {kind} has no form among FHIR's values; it is kept as text")


def _document(cell: _Cell) -> JsonObject:
    return {}


def _pointer(cell: _Cell) -> JsonObject:
    """Return the text of an RP: where the document is, for whoever cannot follow the reference."""
    return _as_text(cell, "")


def _as_text(cell: _Cell, reason: str) -> JsonObject:
    """Return the value as valueString, its unit behind it; `reason` becomes a warning."""
    if reason:
        cell.context.remark("102", reason, cell.obx.at(5))
    parts = (clean(part) for part in cell.value.texts())
    text = " ".join(part for part in (*parts, str(cell.unit.get("unit", ""))) if part)
    return {"valueString": text} if text else {}


# Table 0125, value type; NA is above, and what is not here becomes text with a warning.
_READERS: Final[dict[str, Callable[[_Cell], JsonObject]]] = {
    "": _untyped,
    "CE": _coded,
    "CF": _coded,
    "CNE": _coded,
    "CQ": _quantity,
    "CWE": _coded,
    "DR": _period,
    "DT": _date_time,
    "DTM": _date_time,
    "ED": _document,
    "FT": _text,
    "ID": _coded,
    "IS": _coded,
    "NM": _nm,
    "NR": _number_range,
    "RP": _pointer,
    "SI": _integer,
    "SN": _sn,
    "ST": _text,
    "TM": _time,
    "TS": _date_time,
    "TX": _text,
}
_TEXTS: Final = frozenset(("FT", "ST", "TX"))

# What is read of a value of each type; of the others all of it, as one text.
_PARTS: Final[Mapping[str, Parts]] = {
    **dict.fromkeys(("CE", "CF", "CNE", "CWE", "ID", "IS"), CONCEPT_PARTS),
    **dict.fromkeys(("DT", "DTM", "SI", "TM", "TS"), parts(1)),
    **dict.fromkeys(("DR", "NR"), parts(1, 2)),
    "CQ": parts(1, inner={2: UNIT_PARTS.components}),
    # ED.5 is the last component: what follows belongs to it.
    "ED": parts(2, 3, 4, inner=dict.fromkeys(range(5, 100), EVERY)),
    "SN": parts(1, 2, 3, 4),
}


def _value_parts(obx: Segment, _components: Sequence[str]) -> Parts:
    return _PARTS.get(obx.text(2).upper(), TEXTS)


VALUE_PARTS: Final = chosen(_value_parts, repeats=True)
