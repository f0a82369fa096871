"""SQL for a search, compiled once per shape.

A page is found in three steps: candidates (from the most selective criterion, or every resource
of the type), checks of the other criteria on each, and an order with a place to go on from.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
    union,
)

from fhir_server.store.search_conditions import (
    DATE_INDEX,
    KINDS,
    RESOURCE,
    VERSION,
    Columns,
)
from fhir_server.store.statements import Prepared, not_by_index

_Candidates = Select[tuple[int]] | CompoundSelect[tuple[int]]


@dataclass(frozen=True, slots=True)
class Order:
    """The column that a page is ordered by: `low` or `high` of a date, or `last_updated`."""

    column: Literal["low", "high", "last_updated"]
    descending: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides a search's SQL, its values left out.

    `driver` and each of `checks` are kind names joined by OR. `order` None is the order of
    resources. `lead` is a date's kind: the walk is along its matching rows alone. `tail` asks
    for those without a sort value. `resumes`: a page came before this one.
    """

    driver: tuple[str, ...] | None
    checks: tuple[tuple[str, ...], ...]
    order: Order | None = None
    lead: str | None = None
    tail: bool = False
    resumes: bool = False


@lru_cache(maxsize=512)
def page_statement(shape: Shape) -> Prepared:
    """Return the statement of one page.

    Columns: rid, sort value (None without an order), id, version, last_updated, body. Parameters
    beside those of the tests: `type`, `limit`, `sort_param`, `after_rid`, `after_value`.
    """
    page = _page(shape).subquery("page")
    statement = (
        select(
            page.c.rid,
            page.c.sort_value,
            RESOURCE.c.id,
            RESOURCE.c.version,
            VERSION.c.last_updated,
            VERSION.c.body,
        )
        .select_from(page)
        .join(RESOURCE, RESOURCE.c.rid == page.c.rid)
        .join(VERSION, VERSION.c.rid == page.c.rid)
        .where(VERSION.c.version == RESOURCE.c.version)
    )
    if shape.order is None or shape.tail:
        return Prepared(statement.order_by(page.c.rid))
    by = (page.c.sort_value, page.c.rid)
    return Prepared(statement.order_by(*(_down(by) if shape.order.descending else by)))


@lru_cache(maxsize=256)
def count_statement(shape: Shape) -> Prepared:
    """Return the statement that counts every match."""
    return Prepared(select(func.count()).select_from(_candidates(shape).subquery()))


@lru_cache(maxsize=64)
def estimate_statement(kind: str) -> Prepared:
    """Return the statement that counts the rows of one test, up to `limit`."""
    rows = KINDS[kind].index.alias("rows")
    found = select(rows.c.rid).where(_holds(kind, _columns(rows), "")).limit(bindparam("limit"))
    return Prepared(select(func.count()).select_from(found.subquery()))


def value_names(kind: str, prefix: str) -> tuple[str, ...]:
    """Return the parameter names of a test's values; `prefix` tells the tests of a shape apart."""
    return tuple(f"{prefix}_{name}" for name in KINDS[kind].values)


def _page(shape: Shape) -> Select[Any]:
    if shape.order is None or shape.tail:
        return _by_rid(shape)
    if shape.order.column == "last_updated":
        return _by_last_updated(shape, shape.order)
    return _by_date(shape, shape.order)


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
        found = found.where(*_every(row), *_checks(shape, row))
    else:
        row = RESOURCE.alias("s")
        candidates = _candidates(shape).subquery("candidates")
        found = select(row.c.rid, row.c.last_updated.label("sort_value")).join_from(
            candidates, row, row.c.rid == candidates.c.rid
        )
    return _ordered(found, (row.c.last_updated, row.c.rid), shape, order)


def _by_date(shape: Shape, order: Order) -> Select[Any]:
    dated = DATE_INDEX.alias("dated")
    value = dated.c[order.column]
    found: Select[Any] = select(dated.c.rid, value.label("sort_value"))
    if shape.driver is None:
        found, checked = _with_resource(found, dated, shape)
        found = found.where(dated.c.param == bindparam("sort_param"), *_checks(shape, checked))
    else:
        candidates = _candidates(shape).subquery("candidates")
        found = found.join_from(candidates, dated, dated.c.rid == candidates.c.rid)
        # The candidates are few: the planner must not walk the whole date index to save a sort.
        found = found.where(not_by_index(dated.c.param) == bindparam("sort_param"))
    if shape.lead is not None:
        found = found.where(_holds(shape.lead, _columns(dated), "lead"))
    found = found.where(_first_of_resource(dated, shape, order))
    return _ordered(found, (value, dated.c.rid), shape, order)


def _first_of_resource(dated: FromClause, shape: Shape, order: Order) -> ColumnElement[bool]:
    """A resource with several values stands where the first of them, in this order, puts it.

    R4 search.html#sort: "the sort is based on the item in the set of multiple parameters that
    comes earliest in the specified sort order". Along a lead, the set is of those that match.
    """
    other = DATE_INDEX.alias("other")
    names = (order.column, "low", "high")
    mine = tuple_(*(dated.c[name] for name in names))
    theirs = tuple_(*(not_by_index(other.c[name]) for name in names))
    earlier = exists().where(
        other.c.rid == dated.c.rid,
        other.c.param == bindparam("sort_param"),
        theirs > mine if order.descending else theirs < mine,
    )
    if shape.lead is not None:
        earlier = earlier.where(_holds(shape.lead, _columns_of_resource(other), "lead"))
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


def _candidates(shape: Shape) -> _Candidates:
    """Return the rids of all matches (or of a page's rest where the order is by rid)."""
    row = RESOURCE.alias("r")
    if shape.driver is None:
        return select(row.c.rid).where(*_every(row), *_checks(shape, row), *_rest(shape, row.c.rid))
    arms = [_arm(shape, place, kind) for place, kind in enumerate(shape.driver)]
    return arms[0] if len(arms) == 1 else union(*arms)


def _arm(shape: Shape, place: int, kind: str) -> Select[tuple[int]]:
    if KINDS[kind].index is RESOURCE:
        row = RESOURCE.alias("r")
        found = select(row.c.rid).where(
            row.c.deleted == 0, _holds(kind, _columns(row), f"d{place}")
        )
        return found.where(*_checks(shape, row), *_rest(shape, row.c.rid))
    rows = KINDS[kind].index.alias("d")
    found, checked = _with_resource(select(rows.c.rid), rows, shape)
    found = found.where(_holds(kind, _columns(rows), f"d{place}"), *_checks(shape, checked))
    found = found.where(*_rest(shape, rows.c.rid))
    return found if KINDS[kind].by_rid else found.distinct()


def _with_resource(
    found: Select[Any], rows: FromClause, shape: Shape
) -> tuple[Select[Any], FromClause]:
    """Return what the checks look at: the rows' own rid, or the resource where one reads it."""
    if not any(KINDS[kind].index is RESOURCE for kinds in shape.checks for kind in kinds):
        return found, rows
    row = RESOURCE.alias("r")
    return found.join_from(rows, row, row.c.rid == rows.c.rid), row


def _every(row: FromClause) -> tuple[ColumnElement[bool], ...]:
    return row.c.type == bindparam("type"), row.c.deleted == 0


def _rest(shape: Shape, rid: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """Return what leaves out earlier pages, and, for the tail, those with a sort value."""
    rest: list[ColumnElement[bool]] = []
    if shape.tail:
        dated = DATE_INDEX.alias("tail")
        rest.append(~exists().where(dated.c.rid == rid, dated.c.param == bindparam("sort_param")))
    if shape.resumes and (shape.order is None or shape.tail):
        rest.append(rid > bindparam("after_rid"))
    return tuple(rest)


def _checks(shape: Shape, row: FromClause) -> tuple[ColumnElement[bool], ...]:
    return tuple(
        or_(*(_check(kind, row, f"c{number}_{place}") for place, kind in enumerate(kinds)))
        for number, kinds in enumerate(shape.checks)
    )


def _check(kind: str, row: FromClause, prefix: str) -> ColumnElement[bool]:
    index = KINDS[kind].index
    if index is RESOURCE:
        return _holds(kind, _columns(row), prefix)
    rows = index.alias(prefix)
    # One resource has few rows; the planner must not read a range of all of them instead.
    columns = _columns(rows) if KINDS[kind].by_rid else _columns_of_resource(rows)
    return exists().where(rows.c.rid == row.c.rid, _holds(kind, columns, prefix))


def _holds(kind: str, columns: Columns, prefix: str) -> ColumnElement[bool]:
    bind: dict[str, BindParameter[Any]] = {
        value: bindparam(name)
        for value, name in zip(KINDS[kind].values, value_names(kind, prefix), strict=True)
    }
    return KINDS[kind].condition(columns, bind)


def _columns(rows: FromClause) -> Columns:
    return dict(rows.c.items())


def _columns_of_resource(rows: FromClause) -> Columns:
    """Return the columns so that only the index by resource can be used."""
    return {
        name: column if name in ("param", "rid") else not_by_index(column)
        for name, column in rows.c.items()
    }
