"""An order by several keys, or by one that no index gives: every candidate gets its values.

R4 search.html#sort: of several values of a resource the one counts that comes earliest in the
order. Resources without a value come last in both directions. Equals are in the order of
resources. Parameters of the SQL: `key{n}_{m}` the interned parameters of a key and `type{n}_{m}`
their target type, `after{n}` and `after_rid` the place where the page before ended.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    or_,
    select,
)

from fhir_server.store.statements import not_by_index
from fhir_server.store.tables import table

_RESOURCE = table("resource")
# An open end, as a number that JSON and both databases can write.
_MOST = 1.7e308

_Value: TypeAlias = Callable[[FromClause], ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key: what it is read from, and which of its parameters have a target type.

    `of` is a type of parameter ("string"), or a column of the resource ("_id", "_lastUpdated").
    """

    of: str
    descending: bool
    typed: tuple[bool, ...] = (False,)
    by_end: bool = False


def keys_of(
    candidates: FromClause, keys: tuple[Key, ...], known: tuple[bool, ...] | None
) -> Select[Any]:
    """Return `limit` candidates in order: rid, sort_value (NULL), key0, key1 and so on.

    `known` says which keys have a value in `after{n}`; None where this is the first page.
    """
    row = _RESOURCE.alias("s")
    valued = (
        select(row.c.rid, *(_value(key, row, n).label(f"key{n}") for n, key in enumerate(keys)))
        .join_from(candidates, row, row.c.rid == candidates.c.rid)
        .subquery("valued")
    )
    values = [valued.c[f"key{place}"] for place in range(len(keys))]
    found = select(valued.c.rid, func.nullif(1, 1).label("sort_value"), *values)
    if known is not None:
        found = found.where(_after(keys, values, known, valued.c.rid))
    return found.order_by(*ordered_by(keys, values), valued.c.rid).limit(bindparam("limit"))


def ordered_by(
    keys: Sequence[Key], values: Sequence[ColumnElement[Any]]
) -> tuple[ColumnElement[Any], ...]:
    """Return what to order by, resources without a value last."""
    by: list[ColumnElement[Any]] = []
    for key, value in zip(keys, values, strict=True):
        missing = case((value.is_(None), 1), else_=0)
        by += [missing, value.desc() if key.descending else value]
    return tuple(by)


def _after(
    keys: Sequence[Key],
    values: Sequence[ColumnElement[Any]],
    known: Sequence[bool],
    rid: ColumnElement[int],
) -> ColumnElement[bool]:
    """Return whether a resource comes after the last one of the page before."""
    later: ColumnElement[bool] = rid > bindparam("after_rid")
    for place in reversed(range(len(keys))):
        value = values[place]
        last: BindParameter[Any] = bindparam(f"after{place}")
        if known[place]:
            beyond = value < last if keys[place].descending else value > last
            later = or_(beyond, value.is_(None), and_(value == last, later))
        else:
            later = and_(value.is_(None), later)
    return or_(false(), later)


def _value(key: Key, row: FromClause, place: int) -> ColumnElement[Any]:
    if key.of == "_id":
        return row.c.id
    if key.of == "_lastUpdated":
        return row.c.last_updated
    rows = table(f"{key.of}_index").alias(f"k{place}")
    value = rows.c.high if key.by_end else _VALUES[key.of](rows)
    earliest = func.max(value) if key.descending else func.min(value)
    uses = (_use(rows, place, number, typed) for number, typed in enumerate(key.typed))
    return select(earliest).where(rows.c.rid == row.c.rid, or_(*uses)).scalar_subquery()


def _use(rows: FromClause, place: int, number: int, typed: bool) -> ColumnElement[bool]:
    # One resource has few rows; the planner must not read those of all resources.
    ours = not_by_index(rows.c.param) == bindparam(f"key{place}_{number}")
    return and_(ours, rows.c.type == bindparam(f"type{place}_{number}")) if typed else ours


def _bounded(number: ColumnElement[float]) -> ColumnElement[Any]:
    return case(
        (number < literal(-_MOST), literal(-_MOST)),
        (number > literal(_MOST), literal(_MOST)),
        else_=number,
    )


_VALUES: Mapping[str, _Value] = {
    "string": lambda rows: rows.c.value,
    "token": lambda rows: rows.c.code,
    "date": lambda rows: rows.c.low,
    "reference": lambda rows: rows.c.target,
    "uri": lambda rows: rows.c.uri,
    "number": lambda rows: _bounded(rows.c.low),
    # In the unit of UCUM where there is one, so that 900 umol/L stands before 1 mmol/L.
    "quantity": lambda rows: _bounded(
        case((rows.c.canonical_code != "", rows.c.canonical_low), else_=rows.c.low)
    ),
}
SORTED_TYPES = frozenset(_VALUES)
