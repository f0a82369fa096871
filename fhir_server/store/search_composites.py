"""Conditions on composites with rows of their own: http://hl7.org/fhir/R4/search.html#combining.

A kind is named by those of its parts, `composite:token,quantity-canonical-gt`; its columns are
those that `tables.CompositeIndex` gives each type of part.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from sqlalchemy import ColumnElement, and_

from fhir_server.store.search_amounts import COMPARE, PREFIXES
from fhir_server.store.search_kind import Bind, Columns, Holds, Kind
from fhir_server.store.tables import table

PREFIX = "composite:"

# The columns of a part that must be equal, then those that are compared.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "token": ("text", "system"),
    "code": ("text",),
    "system": ("system",),
    "reference": ("text", "system"),
    "target": ("text",),
    "uri": ("text",),
    "number": (),
    "quantity-canonical": ("text", "system"),
    "quantity-coded": ("text", "system"),
}


def name_of(parts: tuple[str, ...]) -> str:
    """Return the name of the kind with these parts."""
    return PREFIX + ",".join(parts)


@lru_cache(maxsize=512)
def kind_of(name: str) -> Kind:
    """Return the kind of this name; KeyError where it has a part that no row can answer."""
    if not name.startswith(PREFIX):
        raise KeyError(name)
    parts = [_part(part, place) for place, part in enumerate(name[len(PREFIX) :].split(","), 1)]
    values = ("param", *(value for names, _holds in parts for value in names))

    def condition(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        return and_(rows["param"] == bind["param"], *(holds(rows, bind) for _names, holds in parts))

    # The rows are by the first part's text, unless it is asked for by its system alone.
    seeks = "text1" in values or "text1_from" in values
    return Kind(table("composite_index"), values, condition, seeks=seeks, hides_param=True)


def _part(name: str, place: int) -> tuple[tuple[str, ...], Holds]:
    if name == "starts":
        return _starts(place)
    base, _, prefix = name.rpartition("-")
    if prefix in PREFIXES:
        return _compared(_PARTS[base], _COMPARE[prefix], place)
    columns = tuple(f"{column}{place}" for column in _PARTS[name])

    def same(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        return and_(*(rows[column] == bind[column] for column in columns))

    return columns, same


def _starts(place: int) -> tuple[tuple[str, ...], Holds]:
    column, names = f"text{place}", (f"text{place}_from", f"text{place}_to")

    def begins(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        return and_(rows[column] >= bind[names[0]], rows[column] < bind[names[1]])

    return names, begins


def _compared(
    equal_to: tuple[str, ...], compare: Callable[..., ColumnElement[bool]], place: int
) -> tuple[tuple[str, ...], Holds]:
    columns = tuple(f"{column}{place}" for column in equal_to)
    low, high = f"low{place}", f"high{place}"

    def holds(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        same = (rows[column] == bind[column] for column in columns)
        return and_(*same, compare(rows[low], rows[high], bind[low], bind[high]))

    return (*columns, low, high), holds


_COMPARE: Mapping[str, Callable[..., ColumnElement[bool]]] = {
    str(prefix): compare for prefix, compare in COMPARE.items()
}
