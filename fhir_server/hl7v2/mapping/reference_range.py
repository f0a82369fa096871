"""OBX-7 to Observation.referenceRange: low and high where the text says them, always the text."""

import re
from decimal import Decimal
from typing import Final

from fhir_server.hl7v2.mapping.datatypes import clean, number
from fhir_server.r4.codec import JsonObject

_NUMBER: Final = r"([+-]?[0-9]+(?:\.[0-9]+)?|[+-]?\.[0-9]+)"
_TO: Final = r"\s*(?:--|-|–|—|~|～|至|to)\s*"
_BETWEEN: Final = re.compile(rf"\(?\s*{_NUMBER}{_TO}{_NUMBER}\s*\)?\s*(?P<unit>\S*)")
_ONE_SIDED: Final = re.compile(rf"(<=|>=|≤|≥|<|>|＜|＞)\s*{_NUMBER}\s*(?P<unit>\S*)")


def reference_range(text: str, unit: JsonObject) -> list[JsonObject]:
    """Return the range of a result in `unit` (unit, system, code as in its Quantity).

    A bound is taken only where the whole text is one range in the unit of the result; ranges by
    sex, age or method stay text. FHIR's bounds are inclusive: that `<5.2` is not, the text says.
    """
    shown = clean(text)
    if not shown:
        return []
    low, high = _bounds(shown, unit)
    entry: JsonObject = {}
    if low is not None:
        entry["low"] = {"value": low, **unit}
    if high is not None:
        entry["high"] = {"value": high, **unit}
    return [entry | {"text": shown}]


def _bounds(text: str, unit: JsonObject) -> tuple[Decimal | None, Decimal | None]:
    between = _BETWEEN.fullmatch(text)
    if between is not None and _same_unit(between["unit"], unit):
        low, high = number(between[1]), number(between[2])
        if low is not None and high is not None and low <= high:
            return low, high
        return None, None
    one = _ONE_SIDED.fullmatch(text)
    if one is None or not _same_unit(one["unit"], unit):
        return None, None
    bound = number(one[2])
    return (None, bound) if one[1] in ("<", "<=", "≤", "＜") else (bound, None)


def _same_unit(written: str, unit: JsonObject) -> bool:
    return not written or written in (unit.get("unit"), unit.get("code"))
