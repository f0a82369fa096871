"""Printed units to UCUM, and reported values to an analyte's canonical unit."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

import msgspec

from terminology.catalogue import Analyte
from terminology.printed_units import PRINTED
from terminology.unit_table import UNITS

RefusalCode = Literal["missing-unit", "unknown-unit", "no-conversion", "not-a-number"]

# Hoelzel W et al., Clin Chem 2004;50:166-174: NGSP (%) = 0.09148 x IFCC (mmol/mol) + 2.152.
# The two scales do not share their zero, so no factor exists, least of all 10.
_NGSP_SLOPE: Final = Decimal("0.09148")
_NGSP_INTERCEPT: Final = Decimal("2.152")

# Beyond these no clinical quantity exists, and a Decimal's exponent could overflow below.
_LARGEST_EXPONENT: Final = 30
_LONGEST_UNIT: Final = 64

_SUPERSCRIPT_POWER: Final = re.compile("10([⁰¹²³⁴-⁹]+)")
_LOOKALIKES: Final = str.maketrans({"μ": "u", "∕": "/", "⁄": "/", "×": "x", "＾": "^", "−": "-"})


class UnitRefused(ValueError):
    """A value cannot be brought to the unit wanted; `code` for machines, `text` for people."""

    def __init__(self, code: RefusalCode, text: str) -> None:
        super().__init__(text)
        self.code: RefusalCode = code
        self.text = text


class Converted(msgspec.Struct, frozen=True):
    """A value in `unit` and the rule that brought it there ("" where the unit was already that)."""

    value: Decimal
    unit: str
    rule: str


@dataclass(frozen=True, slots=True)
class Line:
    """A conversion as a straight line: `multiplier * value + offset`."""

    multiplier: Decimal
    offset: Decimal
    unit: str
    rule: str


def _folded(text: str) -> str:
    """Return the unit without white space, in one width, with one mu and with `^` for powers."""
    spelled = _SUPERSCRIPT_POWER.sub(r"10^\1", text)
    return "".join(unicodedata.normalize("NFKC", spelled).translate(_LOOKALIKES).split())


_BY_PRINT: Final = {
    _folded(form): code
    for code, forms in PRINTED.items()
    for form in (code, *forms.split())
} | {code: code for code in UNITS}  # fmt: skip


@lru_cache(maxsize=4096)
def ucum_code(text: str) -> str | None:
    """The UCUM code of a unit as laboratories print it, None where it is not known for certain.

    A UCUM code of the product's tables is returned as UCUM spells it with an upper-case litre
    (`mg/dl` is `mg/dL`). Nothing is matched by likeness.
    """
    if len(text) > _LONGEST_UNIT:
        return None
    return _BY_PRINT.get(text) or _BY_PRINT.get(_folded(text))


def convert(value: Decimal, *, unit: str, analyte: Analyte, to: str | None = None) -> Converted:
    """Bring `value` from `unit` to the analyte's canonical unit, or to the unit `to`.

    The result is not rounded. Raises UnitRefused where no published factor leads there; units
    may be UCUM codes or printed forms that `ucum_code` knows.
    """
    if not value.is_finite() or value.adjusted() > _LARGEST_EXPONENT:
        raise UnitRefused("not-a-number", f"{analyte.id}: {value!s:.40} is no measured value")
    line = conversion(unit, analyte=analyte, to=to)
    return Converted(value * line.multiplier + line.offset, line.unit, line.rule)


def conversion(unit: str, *, analyte: Analyte, to: str | None = None) -> Line:
    """Return the line by which every value of a column in `unit` is converted; raises as `convert`.

    Every conversion of this product is a straight line, HbA1c's between NGSP and IFCC too.
    """
    line = _line(unit, analyte, analyte.canonical_unit if to is None else to)
    if isinstance(line, UnitRefused):
        raise UnitRefused(line.code, line.text)
    return line


def same_meaning(first: str, second: str, *, analyte: Analyte) -> bool:
    """Whether a value of the analyte is the same in both units; both must be convertible."""
    if first == second:
        return True
    lines = [_line(unit, analyte, analyte.canonical_unit) for unit in (first, second)]
    meanings = {
        (line.multiplier, line.offset) if isinstance(line, Line) else None for line in lines
    }
    return None not in meanings and len(meanings) == 1


@lru_cache(maxsize=4096)
def _line(unit: str, analyte: Analyte, to: str) -> Line | UnitRefused:
    """Return the line from `unit` to `to`, or the refusal (an exception would not be cached)."""
    try:
        source, target = _known(unit, analyte), _known(to, analyte)
        if source == target:
            return Line(Decimal(1), Decimal(0), target, "")
        if analyte.factor == "hba1c":
            return _hba1c_line(source, target, analyte)
        there, back = _to_base(source, analyte), _to_base(target, analyte)
    except UnitRefused as refused:
        return refused
    multiplier = there / back
    rule = f"1 {source} = {multiplier.normalize():.6g} {target}{_basis(source, target, analyte)}"
    return Line(multiplier, Decimal(0), target, rule)


def _known(unit: str, analyte: Analyte) -> str:
    if not unit.strip():
        raise UnitRefused(
            "missing-unit",
            f"{analyte.id}: the value has no unit; send one, for example {analyte.canonical_unit}",
        )
    code = ucum_code(unit)
    if code is None:
        raise UnitRefused(
            "unknown-unit",
            f"{analyte.id}: unit {unit[:_LONGEST_UNIT]!r} is not known; send a UCUM code, for "
            f"example {analyte.canonical_unit}",
        )
    if analyte.is_coded:
        raise UnitRefused("no-conversion", f"{analyte.id} is answered by a code and has no unit")
    return code


def _hba1c_line(source: str, target: str, analyte: Analyte) -> Line:
    if (source, target) == ("mmol/mol", "%"):
        rule = f"NGSP = {_NGSP_SLOPE} x IFCC + {_NGSP_INTERCEPT}"
        return Line(_NGSP_SLOPE, _NGSP_INTERCEPT, target, rule)
    if (source, target) == ("%", "mmol/mol"):
        rule = f"IFCC = (NGSP - {_NGSP_INTERCEPT}) / {_NGSP_SLOPE}"
        return Line(1 / _NGSP_SLOPE, -_NGSP_INTERCEPT / _NGSP_SLOPE, target, rule)
    unit = target if source in ("%", "mmol/mol") else source
    raise _no_conversion(unit, analyte, "HbA1c is % (NGSP) or mmol/mol (IFCC)")


def _to_base(code: str, analyte: Analyte) -> Decimal:
    """Return the unit's size in the base of the analyte's canonical dimension."""
    unit = UNITS.get(code)
    if unit is None:
        raise _no_conversion(code, analyte, "the unit measures something else")
    wanted = UNITS[analyte.canonical_unit].dimension
    if unit.dimension == wanted:
        return unit.size
    bridge = _bridge(unit.dimension, wanted, analyte)
    if bridge is None:
        raise _no_conversion(code, analyte, _why_not(unit.dimension, wanted, analyte))
    return unit.size * bridge


def _bridge(given: str, wanted: str, analyte: Analyte) -> Decimal | None:
    """Return how many base units of `wanted` one base unit of `given` is for this analyte."""
    mass, substance = "mass concentration", "substance concentration"
    molar_mass = analyte.molar_mass
    if analyte.factor == "molar" and molar_mass is not None:
        if (given, wanted) == (mass, substance):
            return 1 / molar_mass
        if (given, wanted) == (substance, mass):
            return molar_mass
    if analyte.factor == "acr" and molar_mass is not None and given == "mass per substance":
        return 1 / molar_mass
    if analyte.valence is not None and (given, wanted) == ("charge concentration", substance):
        return Decimal(1) / analyte.valence
    if analyte.factor == "enzyme" and given == "arbitrary concentration":
        # IUB 1961: the international unit of an enzyme is 1 umol/min, which UCUM writes U.
        return Decimal(1)
    return None


def _basis(source: str, target: str, analyte: Analyte) -> str:
    dimensions = {UNITS[source].dimension, UNITS[target].dimension}
    if len(dimensions) == 1:
        return ""
    if "charge concentration" in dimensions:
        return f" (valence {analyte.valence})"
    if analyte.factor == "enzyme":
        return " (the international unit of an enzyme is 1 umol/min)"
    whose = "creatinine" if analyte.factor == "acr" else "molar mass"
    return f" ({whose} {analyte.molar_mass} g/mol)"


def _why_not(given: str, wanted: str, analyte: Analyte) -> str:
    concentrations = {"mass concentration", "substance concentration"}
    if {given, wanted} == concentrations and analyte.id.startswith("lpa_"):
        return "lipoprotein(a) differs in mass from person to person, so no factor is valid"
    if {given, wanted} == concentrations:
        return "no published molar mass is agreed for it"
    return f"it is a {given}, and a {wanted} is wanted"


def _no_conversion(unit: str, analyte: Analyte, why: str) -> UnitRefused:
    return UnitRefused(
        "no-conversion",
        f"{analyte.id}: {unit} cannot become {analyte.canonical_unit}: {why}",
    )
