"""UCUM: whether a unit expression is valid, and its value in base units.

For the search of quantities and the validation of codes only, never for an analyte. UCUM knows no
molar mass, so it converts no mg/dL into mmol/L; and it takes `%` and `mmol/mol` for pure numbers
ten apart, which turns an HbA1c of 6.5 % into 65 mmol/mol (true: 48). `terminology.units` converts
results.

Section signs cite The Unified Code for Units of Measure, version 2.2, https://ucum.org/ucum.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from math import inf
from typing import Final

import msgspec

from terminology import ucum_scales

# Of the essence that `data/ucum.json` was made from; a test holds the two together.
VERSION: Final = "2.2"
# No unit in use comes near either; without a bound a short code could keep a processor busy
# (10*999999999).
_MAX_LENGTH: Final = 128
_MAX_EXPONENT: Final = 99

# §2.1: printable ASCII; digits, operators, quotes and "=" stand in a symbol only inside brackets.
# "10*" and "10^" are the two symbols that begin with digits.
_COMPONENT: Final = re.compile(
    r"(?:(?P<symbol>10[*^]|(?:[^\x00-\x20\x7f-\U0010ffff\[\]{}()./+\-0-9\"=]|\[[!-Z\\^-~]+\])+)"
    r"(?P<exponent>[+-]?[0-9]+)?|(?P<number>[0-9]+)(?![0-9*^]))?(?P<annotation>\{[!-z|~]+\})?"
)


class UcumRefused(ValueError):
    """Two units between which UCUM does not convert, or a code that is no UCUM expression."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """A unit in base units: value x `factor` + `offset`, in `code`.

    Two quantities can be compared if their `code` is the same. `offset` is other than 0 for
    temperatures only (Cel, [degF], [degRe]; their `code` is K). A logarithmic unit and the like
    (pH, dB) is its own base unit: its values are as far apart as they were written, and a higher
    pH is not a lower number. An arbitrary unit ([IU]) is a base unit too (§3.2).
    """

    factor: Fraction
    code: str
    offset: Fraction = Fraction(0)

    def value(self, number: Decimal | Fraction | int) -> Fraction:
        """Return exactly how much `number` of the unit is in the canonical unit."""
        return Fraction(number) * self.factor + self.offset

    def interval(self, low: float, high: float) -> tuple[float, float]:
        """Return both ends in the canonical unit, rounded once; an open end stays open.

        A float stands for the shortest decimal that reads as it: 5.35 mg and 0.00535 g, whichever
        is indexed and whichever is asked for, give the same float.
        """
        first = self._rounded(low)
        return first, first if high == low else self._rounded(high)

    def _rounded(self, number: float) -> float:
        if number in (inf, -inf):
            return number
        try:
            return float(self.value(Decimal(repr(number))))
        except OverflowError:
            return inf if number > 0 else -inf


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit as a factor and the exponents of its base units, in order; `special` for §3.1."""

    factor: Fraction
    dimension: tuple[tuple[str, int], ...] = ()
    special: str | None = None

    def times(self, other: "_Unit", sign: int) -> "_Unit":
        if self.special or other.special:
            # §3.1: special units cannot take part in any algebraic operation.
            raise UcumRefused("a special unit stands alone")
        exponents = dict(self.dimension)
        for base, exponent in other.dimension:
            exponents[base] = exponents.get(base, 0) + sign * exponent
        dimension = tuple(sorted((b, e) for b, e in exponents.items() if e))
        return _Unit(self.factor * other.factor**sign, dimension)

    def power(self, exponent: int) -> "_Unit":
        if self.special:
            raise UcumRefused("a special unit has no exponent")
        dimension = tuple((base, exponent * e) for base, e in self.dimension) if exponent else ()
        return _Unit(self.factor**exponent, dimension)

    @property
    def code(self) -> str:
        parts = (base if e == 1 else f"{base}{e}" for base, e in self.dimension)
        return ".".join(parts) or "1"


_ONE: Final = _Unit(Fraction(1))


class _Definition(msgspec.Struct, frozen=True, array_like=True):
    """One unit of the table: so many of another unit, or of a special unit's reference."""

    metric: int
    arbitrary: int
    value: str
    unit: str
    function: str | None = None


class _Table(msgspec.Struct, frozen=True):
    prefixes: Mapping[str, str]
    base: tuple[str, ...]
    units: Mapping[str, _Definition]


@cache
def _table() -> _Table:
    data = files("terminology").joinpath("data", "ucum.json").read_bytes()
    return msgspec.json.decode(data, type=_Table)


@lru_cache(maxsize=4096)
def canonical(code: str) -> Canonical | None:
    """Return the canonical form of a case-sensitive UCUM code; None where it is none."""
    unit = _unit_of(code)
    if unit is None:
        return None
    if unit.special is None:
        return Canonical(unit.factor, unit.code)
    definition = _table().units[unit.special]
    offset = ucum_scales.OFFSETS.get(definition.function or "")
    if offset is None:
        return Canonical(unit.factor, unit.special)
    reference = _reference(unit.special)
    return Canonical(unit.factor * reference.factor, reference.code, offset * reference.factor)


def same_dimension(first: str, second: str) -> bool:
    """Whether UCUM converts between the two codes; False where either is no UCUM code."""
    units = _unit_of(first), _unit_of(second)
    return None not in units and len({_measured(u).dimension for u in units if u}) == 1


def arbitrary_units(code: str) -> tuple[str, ...]:
    """Return the arbitrary units in an expression, as base units: `[IU]` of `m[IU]/mL`.

    §3.2: they have no dimension in common with any other unit. None for a code that is none.
    """
    unit = _unit_of(code)
    if unit is None or unit.special is not None:
        return ()
    return tuple(base for base, _ in unit.dimension if base not in _table().base)


def convert(value: Decimal, source: str, target: str) -> Fraction:
    """Return `value` of one unit in another; `UcumRefused` where UCUM does not convert.

    Exact, but for logarithmic units and the like: those are computed with 50 digits (tangents:
    15), and refused beyond what they are defined for.
    """
    have, want = _known(source), _known(target)
    if _measured(have).dimension != _measured(want).dimension:
        raise UcumRefused(f"{source!r} and {target!r} measure different things")
    return _from_ratio(_to_ratio(Fraction(value), have), want)


def _known(code: str) -> _Unit:
    unit = _unit_of(code)
    if unit is None:
        raise UcumRefused(f"{code!r} is no UCUM expression")
    return unit


def _measured(unit: _Unit) -> _Unit:
    return unit if unit.special is None else _reference(unit.special)


def _to_ratio(value: Fraction, unit: _Unit) -> Fraction:
    """§3.1: m = f^-1(alpha x r) x u, in base units."""
    if unit.special is None:
        return value * unit.factor
    function = _table().units[unit.special].function or ""
    return ucum_scales.inverse(function, value * unit.factor) * _reference(unit.special).factor


def _from_ratio(measured: Fraction, unit: _Unit) -> Fraction:
    """§3.1: r = f(m / u) / alpha."""
    if unit.special is None:
        return measured / unit.factor
    function = _table().units[unit.special].function or ""
    return ucum_scales.forward(function, measured / _reference(unit.special).factor) / unit.factor


@cache
def _reference(symbol: str) -> _Unit:
    """Return the proper unit u that a special unit's function is applied to."""
    definition = _table().units[symbol]
    if definition.function in ucum_scales.TANGENTS:
        # The essence's text says 100tan(1 rad) for %[slope], its function element says deg;
        # a slope of 100 % is a quarter of pi radians.
        return _known("rad")
    reference = _known(definition.unit)
    return _Unit(Fraction(definition.value) * reference.factor, reference.dimension)


@lru_cache(maxsize=4096)
def _unit_of(code: str) -> _Unit | None:
    if len(code) > _MAX_LENGTH:
        return None
    try:
        return _Expression(code).parse()
    except UcumRefused:
        return None


class _Expression:
    """One expression of §2.2, read from the left; each method moves `_at`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def parse(self) -> _Unit:
        """Return the whole expression's value; the empty one is unity, as in UCUM's own tests."""
        if not self._text:
            return _ONE
        unit = _ONE.times(self._next_term(), -1) if self._take("/") else self._next_term()
        if self._at != len(self._text):
            raise UcumRefused(f"unexpected {self._text[self._at]!r} at {self._at}")
        return unit

    def _take(self, character: str) -> bool:
        found = self._text.startswith(character, self._at)
        self._at += found
        return found

    def _next_term(self) -> _Unit:
        # §2.2: "." and "/" bind alike and from the left: m/s.s is m.
        unit = self._next_component()
        while True:
            if self._take("."):
                unit = unit.times(self._next_component(), 1)
            elif self._take("/"):
                unit = unit.times(self._next_component(), -1)
            else:
                return unit

    def _next_component(self) -> _Unit:
        if self._take("("):
            unit = self._next_term()
            if not self._take(")"):
                raise UcumRefused("a parenthesis is not closed")
            return unit
        match = _COMPONENT.match(self._text, self._at)
        if match is None or match.end() == self._at:
            raise UcumRefused(f"no unit at {self._at}")
        self._at = match.end()
        symbol, exponent, number, _ = match.groups()
        if number is not None:
            return _number(number)
        if symbol is None:
            return _ONE  # §2.1: an annotation without a unit is unity
        unit = _atom(symbol)
        return unit if exponent is None else unit.power(_exponent(exponent))


def _number(digits: str) -> _Unit:
    if not int(digits):
        raise UcumRefused("a number in an expression is positive")  # §2.2
    return _Unit(Fraction(int(digits)))


def _exponent(text: str) -> int:
    exponent = int(text)
    if abs(exponent) > _MAX_EXPONENT:
        raise UcumRefused(f"exponent {exponent} is beyond what this server computes")
    return exponent


@lru_cache(maxsize=4096)
def _atom(symbol: str) -> _Unit:
    """Return a unit symbol's value, with or without prefix; a symbol of its own comes first."""
    table = _table()
    if symbol in table.base:
        return _Unit(Fraction(1), ((symbol, 1),))
    definition = table.units.get(symbol)
    if definition is not None:
        return _defined(symbol, definition)
    for length in (2, 1):
        prefix, rest = symbol[:length], symbol[length:]
        if prefix in table.prefixes and (rest in table.base or _is_metric(rest)):
            unit = _atom(rest)
            factor = Fraction(table.prefixes[prefix]) * unit.factor
            return _Unit(factor, unit.dimension, unit.special)
    raise UcumRefused(f"{symbol!r} is no unit")


def _is_metric(symbol: str) -> bool:
    definition = _table().units.get(symbol)
    return definition is not None and bool(definition.metric)


def _defined(symbol: str, definition: _Definition) -> _Unit:
    if definition.function is not None:
        return _Unit(Fraction(1), special=symbol)
    if definition.arbitrary and definition.unit == "1":
        return _Unit(Fraction(1), ((symbol, 1),))  # §3.2: commensurable with nothing else
    unit = _known(definition.unit)
    return _Unit(Fraction(definition.value) * unit.factor, unit.dimension)
