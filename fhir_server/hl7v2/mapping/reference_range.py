"""OBX-7 to Observation.referenceRange: low and high where the text says them, always the text."""

import re
from decimal import Decimal
from typing import Final

from fhir_server.hl7v2.mapping.datatypes import clean, number
from fhir_server.r4.codec import JsonObject
from terminology.codings import UCUM
from terminology.units import ucum_code

# Full-width forms of ASCII, as an input method writes them: the same characters.
_NARROW: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_BRACKETS: Final = re.compile(r"\((.*)\)|\[(.*)\]|【(.*)】")
_UNSIGNED: Final = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_NUMBER: Final = rf"[+-]?{_UNSIGNED}"
_TO: Final = r"\s*(?P<to>--|[-‐‑‒–—−~至]|to)\s*"
_INNER: Final = r"(?P<inner>[A-Za-z%μµ][A-Za-z0-9%μµ/^*.]*?)?"
_BETWEEN: Final = re.compile(
    rf"(?P<low>{_NUMBER})\s*{_INNER}{_TO}(?P<high>{_NUMBER})\s*(?P<unit>\S*)"
)
_ONE_SIDED: Final = re.compile(
    rf"(?P<sign><=|>=|≤|≥|⩽|⩾|<|>)\s*(?P<bound>{_NUMBER})\s*(?P<unit>\S*)"
)
_UPPER: Final = frozenset(("<", "<=", "≤", "⩽"))


def reference_range(text: str, unit: JsonObject) -> list[JsonObject]:
    """Return the range of a result in `unit` (unit, system, code as in its Quantity).

    A bound is taken only where the whole text is one range in the unit of the result; ranges by
    sex, age or method stay text. FHIR's bounds are inclusive: that `<5.2` is not, the text says.
    """
    shown = clean(text)
    if not shown:
        return []
    low, high = _bounds(_bare(shown), unit)
    entry: JsonObject = {}
    if low is not None:
        entry["low"] = {"value": low, **unit}
    if high is not None:
        entry["high"] = {"value": high, **unit}
    return [entry | {"text": shown}]


def _bare(text: str) -> str:
    """Return a range in ASCII digits and signs, without brackets around the whole."""
    narrow = text.translate(_NARROW).strip()
    found = _BRACKETS.fullmatch(narrow)
    return next(part for part in found.groups() if part is not None).strip() if found else narrow


def _bounds(text: str, unit: JsonObject) -> tuple[Decimal | None, Decimal | None]:
    between = _BETWEEN.fullmatch(text)
    if between is not None:
        inner, outer = between["inner"], between["unit"]
        if _same_unit(outer, unit) and (not inner or (outer and _same_unit(inner, unit))):
            return _two(between["low"], between["to"], between["high"])
        return None, None
    one = _ONE_SIDED.fullmatch(text)
    if one is None or not _same_unit(one["unit"], unit):
        return None, None
    bound = number(one["bound"])
    return (None, bound) if one["sign"] in _UPPER else (bound, None)


def _two(first: str, to: str, second: str) -> tuple[Decimal | None, Decimal | None]:
    """Return the ends of a range; none where it can be read in two ways.

    `3.9--6.1` is a doubled dash, for nothing lies between 3.9 and -6.1; `-5--3` may be -5 to -3 as
    well as -5 to 3, and is not guessed at.
    """
    low, high = number(first), number(second)
    if low is None or high is None or low > high:
        return None, None
    if to == "--" and low <= -high:
        return None, None
    return low, high


def _same_unit(written: str, unit: JsonObject) -> bool:
    """Whether a unit inside the range is that of the result: as written, or the same in UCUM."""
    if not written or written in (unit.get("unit"), unit.get("code")):
        return True
    return unit.get("system") == UCUM and ucum_code(written) == unit.get("code")
