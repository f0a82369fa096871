"""SQL for a search, compiled once per shape.

A page is found in three steps: candidates (from the most selective criterion, or every resource
of the type), checks of the other criteria on each, and an order with a place to go on from.
Values are bound by place: those of the driver, of the checks, of the lead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    bindparam,
    exists,
    func,
    select,
    tuple_,
    union,
)

from fhir_server.store.search_conditions import RESOURCE, VERSION, kind_of
from fhir_server.store.search_kind import AnyKind, EveryKind, KindName
from fhir_server.store.search_rows import (
    Looked,
    Rids,
    checks,
    columns_of,
    columns_of_resource,
    holds,
    reads_resource,
    rids,
    width,
    width_of,
)
from fhir_server.store.search_sorting import Key, keys_of, ordered_by
from fhir_server.store.statements import Prepared, not_by_index
from fhir_server.store.tables import table

_Column = Literal["low", "high", "value", "uri", "last_updated"]

# Of an index that is in the order of a column: the columns that tell the rows of one resource
# apart, in that order.
_IN_ORDER: Mapping[_Column, tuple[str, tuple[str, ...]]] = {
    "low": ("date_index", ("low", "high")),
    "high": ("date_index", ("high", "low")),
    "value": ("string_index", ("value", "number")),
    "uri": ("uri_index", ("uri",)),
}


@dataclass(frozen=True, slots=True)
class Order:
    """The column that a page is ordered by: of a date `low` or `high`, a string's `value`,
    a `uri`, or `last_updated` of the resource.
    """

    column: _Column
    descending: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides a search's SQL, its values left out.

    `driver` and each of `checks` are kinds joined by OR. `order` None is the order of
    resources. `lead` is a date's kind: the walk is along its matching rows alone. `tail` asks
    for those without a value of the order. `resumes`: a page came before this one. `keys` are
    the sort keys of an order that no index gives; `known` says which had a value where a page
    ended.
    """

    driver: AnyKind | None
    checks: EveryKind
    order: Order | None = None
    lead: str | None = None
    tail: bool = False
    resumes: bool = False
    keys: tuple[Key, ...] = ()
    known: tuple[bool, ...] = ()


@lru_cache(maxsize=512)
def page_statement(shape: Shape) -> Prepared:
    """Return the statement of one page.

    Columns: rid, sort value (None without an order), id, version, last_updated, body, and of an
    order by keys the value of each. Parameters beside the values of the tests: `type`, `limit`,
    `sort_param`, `after_rid`, `after_value`; of keys those of `search_sorting`.
    """
    page = _page(shape).subquery("page")
    values = [page.c[f"key{place}"] for place in range(len(shape.keys))]
    statement = (
        select(
            page.c.rid,
            page.c.sort_value,
            RESOURCE.c.id,
            RESOURCE.c.version,
            VERSION.c.last_updated,
            VERSION.c.body,
            *values,
        )
        .select_from(page)
        .join(RESOURCE, RESOURCE.c.rid == page.c.rid)
        .join(VERSION, VERSION.c.rid == page.c.rid)
        .where(VERSION.c.version == RESOURCE.c.version)
    )
    if shape.keys:
        return Prepared(statement.order_by(*ordered_by(shape.keys, values), page.c.rid))
    if shape.order is None or shape.tail:
        return Prepared(statement.order_by(page.c.rid))
    by = (page.c.sort_value, page.c.rid)
    return Prepared(statement.order_by(*(_down(by) if shape.order.descending else by)))


@lru_cache(maxsize=256)
def count_statement(shape: Shape) -> Prepared:
    """Return the statement that counts every match."""
    return Prepared(select(func.count()).select_from(_candidates(shape).subquery()))


@lru_cache(maxsize=256)
def estimate_statement(kind: KindName) -> Prepared:
    """Return the statement that counts the rows of a kind that seeks, up to `limit`."""
    found = rids(kind, 0)
    if isinstance(found, CompoundSelect):
        found = select(found.subquery("rows").c.rid)
    return Prepared(
        select(func.count()).select_from(found.limit(bindparam("limit")).subquery("counted"))
    )


def _page(shape: Shape) -> Select[Any]:
    if shape.keys:
        return _by_keys(shape)
    if shape.order is None or shape.tail:
        return _by_rid(shape)
    if shape.order.column == "last_updated":
        return _by_last_updated(shape, shape.order)
    return _by_index(shape, shape.order)


def _by_keys(shape: Shape) -> Select[Any]:
    """Return the first of all candidates in the order of the keys: each is given its values."""
    candidates = _candidates(shape).subquery("candidates")
    return keys_of(candidates, shape.keys, shape.known if shape.resumes else None)


def _by_rid(shape: Shape) -> Select[Any]:
    candidates = _candidates(shape)
    # The driver's own column: by an equal one of a joined table, SQLite would sort all of it.
    by = "rid" if isinstance(candidates, CompoundSelect) else candidates.selected_columns[0]
    ordered = candidates.order_by(by).limit(bindparam("limit")).subquery("ordered")
    return select(ordered.c.rid, func.nullif(1, 1).label("sort_value"))


def _by_last_updated(shape: Shape, order: Order) -> Select[Any]:
    if shape.driver is None:
        row: FromClause = RESOURCE.alias("r")
        found = select(row.c.rid, row.c.last_updated.label("sort_value"))
        found = found.where(*_every(row), *_checks(shape, row.c.rid, row))
    else:
        row = RESOURCE.alias("s")
        candidates = _candidates(shape).subquery("candidates")
        found = select(row.c.rid, row.c.last_updated.label("sort_value")).join_from(
            candidates, row, row.c.rid == candidates.c.rid
        )
    return _ordered(found, (row.c.last_updated, row.c.rid), shape, order)


def _by_index(shape: Shape, order: Order) -> Select[Any]:
    dated = table(_IN_ORDER[order.column][0]).alias("dated")
    value = dated.c[order.column]
    found: Select[Any] = select(dated.c.rid, value.label("sort_value"))
    if shape.driver is None:
        found, row = _with_resource(found, dated, shape)
        found = found.where(
            dated.c.param == bindparam("sort_param"), *_checks(shape, dated.c.rid, row)
        )
    else:
        candidates = _candidates(shape).subquery("candidates")
        found = found.join_from(candidates, dated, dated.c.rid == candidates.c.rid)
        # The candidates are few: the planner must not walk the whole index to save a sort.
        found = found.where(not_by_index(dated.c.param) == bindparam("sort_param"))
    if shape.lead is not None:
        found = found.where(holds(shape.lead, columns_of(dated), _places(shape)[2]))
    found = found.where(_first_of_resource(dated, shape, order))
    return _ordered(found, (value, dated.c.rid), shape, order)


def _first_of_resource(dated: FromClause, shape: Shape, order: Order) -> ColumnElement[bool]:
    """A resource with several values stands where the first of them, in this order, puts it.

    R4 search.html#sort: "the sort is based on the item in the set of multiple parameters that
    comes earliest in the specified sort order". Along a lead, the set is of those that match.
    """
    index, names = _IN_ORDER[order.column]
    other = table(index).alias("other")
    mine = tuple_(*(dated.c[name] for name in names))
    theirs = tuple_(*(not_by_index(other.c[name]) for name in names))
    earlier = exists().where(
        other.c.rid == dated.c.rid,
        other.c.param == bindparam("sort_param"),
        theirs > mine if order.descending else theirs < mine,
    )
    if shape.lead is not None:
        earlier = earlier.where(holds(shape.lead, columns_of_resource(other), _places(shape)[2]))
    return ~earlier


def _ordered(
    found: Select[Any],
    by: tuple[ColumnElement[int], ColumnElement[int]],
    shape: Shape,
    order: Order,
) -> Select[Any]:
    if shape.resumes:
        after = tuple_(bindparam("after_value"), bindparam("after_rid"))
        found = found.where(tuple_(*by) < after if order.descending else tuple_(*by) > after)
    return found.order_by(*(_down(by) if order.descending else by)).limit(bindparam("limit"))


def _down(by: tuple[ColumnElement[int], ColumnElement[int]]) -> tuple[ColumnElement[int], ...]:
    return tuple(column.desc() for column in by)


def _candidates(shape: Shape) -> Rids:
    """Return the rids of all matches (or of a page's rest where the order is by rid)."""
    row = RESOURCE.alias("r")
    if shape.driver is None:
        found = select(row.c.rid).where(*_every(row), *_checks(shape, row.c.rid, row))
        return found.where(*_rest(shape, row.c.rid))
    arms, at = [], 0
    for kind in shape.driver:
        arms.append(_arm(shape, kind, at))
        at += width(kind)
    return arms[0] if len(arms) == 1 else union(*arms)


def _arm(shape: Shape, kind: KindName, at: int) -> Select[tuple[int]]:
    if not isinstance(kind, str):
        rows: FromClause = rids(kind, at).subquery(f"led{at}")
        found, row = _with_resource(select(rows.c.rid), rows, shape)
    elif kind_of(kind).index is RESOURCE:
        rows = row = RESOURCE.alias("r")
        found = select(rows.c.rid).where(rows.c.deleted == 0, holds(kind, columns_of(rows), at))
    else:
        rows = kind_of(kind).index.alias("d")
        found, row = _with_resource(select(rows.c.rid), rows, shape)
        found = found.where(holds(kind, columns_of(rows), at))
    found = found.where(*_checks(shape, rows.c.rid, row), *_rest(shape, rows.c.rid))
    by_rid = isinstance(kind, str) and kind_of(kind).by_rid
    return found if by_rid else found.distinct()


def _with_resource(
    found: Select[Any], rows: FromClause, shape: Shape
) -> tuple[Select[Any], FromClause | None]:
    """Return the row of the resource with what is found, where a check reads it."""
    if not any(reads_resource(kind) for kinds in shape.checks for kind in kinds):
        return found, None
    row = RESOURCE.alias("r")
    return found.join_from(rows, row, row.c.rid == rows.c.rid), row


def _every(row: FromClause) -> tuple[ColumnElement[bool], ...]:
    return row.c.type == bindparam("type"), row.c.deleted == 0


def _rest(shape: Shape, rid: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """Return what leaves out earlier pages, and, for the tail, those with a sort value."""
    rest: list[ColumnElement[bool]] = []
    if shape.tail and shape.order is not None:
        dated = table(_IN_ORDER[shape.order.column][0]).alias("tail")
        rest.append(~exists().where(dated.c.rid == rid, dated.c.param == bindparam("sort_param")))
    if shape.resumes and not shape.keys and (shape.order is None or shape.tail):
        rest.append(rid > bindparam("after_rid"))
    return tuple(rest)


def _checks(
    shape: Shape, rid: ColumnElement[int], row: FromClause | None
) -> tuple[ColumnElement[bool], ...]:
    return checks(shape.checks, Looked(rid, row), _places(shape)[1])


def _places(shape: Shape) -> tuple[int, int, int]:
    """Return where the values of the driver, of the checks and of the lead begin."""
    of_checks = sum(map(width, shape.driver or ()))
    return 0, of_checks, of_checks + width_of(shape.checks)
