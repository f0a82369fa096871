"""Conditions on numbers and quantities: http://hl7.org/fhir/R4/search.html#number, #quantity.

A stored value is `[low, high]`: a point, or the range that a comparator ("<5") or a Range means.
A search's `[low, high)` of `eq` and `ne` is the span of its precision; the other prefixes compare
with the number itself, `ap` with the range that a value must meet.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, or_

from fhir_server.store.search_kind import Bind, Columns, Holds, Kind
from fhir_server.store.search_query import Prefix
from fhir_server.store.tables import table

# The stored low and high, the search's low and high: a condition of columns, a bool of numbers.
_Compare: TypeAlias = Callable[[Any, Any, Any, Any], Any]

PREFIXES: tuple[Prefix, ...] = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")

# By the stored bounds and the search's, of columns and of plain numbers alike. Where only one end
# decides, and the index is by the other, the other's bound is written out beside it: no value ends
# before it begins.
COMPARE: Mapping[Prefix, _Compare] = {
    "eq": lambda low, high, from_, to: (low >= from_) & (low < to) & (high < to),
    "ne": lambda low, high, from_, to: (low < from_) | (high >= to),
    "gt": lambda low, high, from_, to: high > from_,
    "lt": lambda low, high, from_, to: low < from_,
    "ge": lambda low, high, from_, to: high >= from_,
    "le": lambda low, high, from_, to: low <= from_,
    "sa": lambda low, high, from_, to: low > from_,
    "eb": lambda low, high, from_, to: (low < from_) & (high < from_),
    "ap": lambda low, high, from_, to: (low <= to) & (high >= from_),
}
# The index is by the lower bound: these read all rows of the parameter.
_READ_ALL = ("ne", "gt", "ge")

_NUMBER = table("number_index")
_QUANTITY = table("quantity_index")


def _bounds(prefix: Prefix, low: str, high: str, *equal_to: str) -> Holds:
    def condition(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        same = (rows[name] == bind[name] for name in ("param", *equal_to))
        compared = COMPARE[prefix](rows[low], rows[high], bind["low"], bind["high"])
        return and_(*same, compared)

    return condition


def _unit(prefix: Prefix) -> Holds:
    written = _bounds(prefix, "low", "high")

    def condition(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        # `5.4||mg`: "where the unit - either the code (code) or the stated human unit (unit) - is"
        unit = or_(rows["code"] == bind["unit"], rows["unit"] == bind["unit"])
        return and_(written(rows, bind), unit)

    return condition


def _kinds(prefix: Prefix) -> Mapping[str, Kind]:
    seeks = prefix not in _READ_ALL

    def quantity(condition: Holds, *values: str) -> Kind:
        names = ("param", *values, "low", "high")
        return Kind(_QUANTITY, names, condition, seeks=seeks, hides_param=True)

    written, canonical = ("low", "high"), ("canonical_low", "canonical_high")
    return {
        f"number-{prefix}": Kind(
            _NUMBER, ("param", "low", "high"), _bounds(prefix, *written), seeks=seeks
        ),
        f"quantity-written-{prefix}": quantity(_bounds(prefix, *written)),
        f"quantity-canonical-{prefix}": quantity(
            _bounds(prefix, *canonical, "canonical_code"), "canonical_code"
        ),
        f"quantity-coded-{prefix}": quantity(
            _bounds(prefix, *written, "system", "code"), "system", "code"
        ),
        f"quantity-unit-{prefix}": quantity(_unit(prefix), "unit"),
    }


KINDS: Mapping[str, Kind] = {
    name: kind for prefix in PREFIXES for name, kind in _kinds(prefix).items()
}
