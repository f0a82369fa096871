"""A column's values in the model's unit, and those that are refused with what is wrong."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.batch.plan import Column, Kind
from inference.batch.refusal import RefusalCode

Values: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
# Numbers with NaN for an empty cell, or texts with None for one.
Cells: TypeAlias = Values | Sequence[str | None]

# How tables write an empty cell (R, pandas, SQL).
EMPTY: Final = frozenset({"", "NA", "NaN", "nan", "NULL", "null", "None"})
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_YES_NO: Final = {"0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0, "false": 0.0, "true": 1.0}
_SEX: Final = {"female": 0.0, "male": 1.0, "女": 0.0, "男": 1.0}
_WORDS: Final[Mapping[Kind, Mapping[str, float]]] = {
    "flag": _YES_NO,
    "male": _YES_NO | _SEX,
    "sex": _SEX,
}
# Float64 and decimal arithmetic differ by less; so near a bound the value is computed exactly.
_NEAR: Final = 1e-9


@dataclass(slots=True)
class Read:
    """Values in the model's unit, NaN for none; `faults` are by their place in the chunk."""

    values: Values
    faults: dict[int, RefusalCode] = field(default_factory=dict)


def read(column: Column, cells: Cells) -> Read:
    """Return the values of one chunk of a column."""
    if column.kind in _WORDS:
        return _flags(column.kind, cells)
    found = _numbers(cells)
    if column.kind == "quantity":
        return _converted(column, cells, found)
    if column.kind == "whole" and (broken := found.values != np.floor(found.values)).any():
        found = Read(found.values.copy(), found.faults)
        _fault(found, broken, "not-whole")
    return _outside(found, column, lambda _place: math.nan)


def text_of(cells: Cells, place: int) -> str:
    """Return a cell as the file has it; "" for an empty one."""
    cell = cells[place]
    if isinstance(cell, str) or cell is None:
        return cell or ""
    value = float(cell)
    return "" if math.isnan(value) else repr(value).removesuffix(".0")


def _fault(found: Read, where: Mask, code: RefusalCode) -> None:
    """Note a fault where there is a value, and take the value away; the array is no cell's."""
    for place in np.flatnonzero(where & ~np.isnan(found.values)):
        found.faults[int(place)] = code
        found.values[place] = math.nan


def _numbers(cells: Cells) -> Read:
    if isinstance(cells, np.ndarray):
        found = Read(cells)
        if not np.isfinite(cells).all():
            found = Read(cells.copy())
            _fault(found, np.isinf(cells), "not-a-number")
        return found
    parsed: list[float] = []
    faults: dict[int, RefusalCode] = {}
    for place, cell in enumerate(cells):
        text = "" if cell is None else cell.strip()
        if _NUMBER.fullmatch(text):
            parsed.append(float(text))
            continue
        parsed.append(math.nan)
        if text not in EMPTY:
            faults[place] = "not-a-number"
    return Read(np.array(parsed, dtype=np.float64), faults)


def _flags(kind: Kind, cells: Cells) -> Read:
    if isinstance(cells, np.ndarray):
        strange = ~np.isnan(cells) if kind == "sex" else (cells != 0) & (cells != 1)
        if not strange.any():
            return Read(cells)
        found = Read(cells.copy())
        _fault(found, strange, "not-a-flag")
        return found
    words = _WORDS[kind]
    texts = ["" if cell is None else cell.strip() for cell in cells]
    values = [words.get(text.lower(), math.nan) for text in texts]
    faults: dict[int, RefusalCode] = {
        place: "not-a-flag"
        for place, (text, value) in enumerate(zip(texts, values, strict=True))
        if math.isnan(value) and text not in EMPTY
    }
    return Read(np.array(values, dtype=np.float64), faults)


def _converted(column: Column, cells: Cells, found: Read) -> Read:
    """Convert, then refuse what no body has and what the model does not know."""
    line = column.line

    def exact(place: int) -> float:
        # As on a card: the decimal digits that the file shows, converted without rounding.
        return float(_decimal(cells, place) * line.multiplier + line.offset)

    if not column.is_as_it_comes:
        values = found.values * float(line.multiplier)
        if line.offset:
            values += float(line.offset)
        found = Read(values, found.faults)
    return _outside(found, column, exact)


def _decimal(cells: Cells, place: int) -> Decimal:
    cell = cells[place]
    return Decimal(cell.strip()) if isinstance(cell, str) else Decimal(repr(float(cell or 0)))


def _outside(found: Read, column: Column, exact: Callable[[int], float]) -> Read:
    """Take away what lies outside the plausible range or the model's domain."""
    spec = column.spec
    if spec is None or not len(found.values):
        return found
    least, most = max(spec.low, column.plausible[0]), min(spec.high, column.plausible[1])
    # One pass over a column that is whole and inside; a NaN makes both comparisons false.
    values = found.values
    if values.min() > least + _margin(least) and values.max() < most - _margin(most):
        return found
    found = Read(values.copy(), found.faults)
    if not column.is_as_it_comes:
        _settle(found, (spec.low, spec.high, *column.plausible), exact)
    low, high = column.plausible
    _fault(found, (found.values < low) | (found.values > high), "implausible")
    _fault(found, (found.values < spec.low) | (found.values > spec.high), "outside-domain")
    return found


def _margin(bound: float) -> float:
    return _NEAR * abs(bound) if math.isfinite(bound) else 0.0


def _settle(found: Read, bounds: Sequence[float], exact: Callable[[int], float]) -> None:
    near = np.zeros(len(found.values), dtype=np.bool_)
    for bound in bounds:
        if math.isfinite(bound):
            near |= np.abs(found.values - bound) <= _margin(bound)
    for place in np.flatnonzero(near):
        found.values[place] = exact(int(place))
