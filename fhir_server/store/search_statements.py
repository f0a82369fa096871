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
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from fhir_server.store.search_conditions import DATE_INDEX, KINDS, RESOURCE, VERSION
from fhir_server.store.statements import Prepared

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
    resources. `tail` asks for those without a sort value. `resumes`: a page came before this
    one. `bounded`: the walk along a date ends at a value.
    """

    driver: tuple[str, ...] | None
    checks: tuple[tuple[str, ...], ...]
    order: Order | None = None
    tail: bool = False
    resumes: bool = False
    bounded: bool = False


@lru_cache(maxsize=512)
def page_statement(shape: Shape) -> Prepared:
    """Return the statement of one page.

    Columns: rid, sort value (None without an order), id, version, last_updated, body. Parameters
    beside those of the tests: `type`, `limit`, `sort_param`, `after_rid`, `after_value`,
    `bound`.
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
    found = select(rows.c.rid).where(_holds(kind, rows, "")).limit(bindparam("limit"))
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
    if shape.driver is None:
        row = RESOURCE.alias("r")
        found = select(dated.c.rid, value.label("sort_value")).join_from(
            dated, row, row.c.rid == dated.c.rid
        )
        found = found.where(dated.c.param == bindparam("sort_param"), *_checks(shape, row))
        if shape.bounded:
            end: BindParameter[int] = bindparam("bound")
            found = found.where(value >= end if order.descending else value <= end)
    else:
        candidates = _candidates(shape).subquery("candidates")
        found = select(dated.c.rid, value.label("sort_value")).join_from(
            candidates, dated, dated.c.rid == candidates.c.rid
        )
        # The candidates are few: the planner must not walk the whole date index to save a sort.
        found = found.where(_not_by_index(dated.c.param) == bindparam("sort_param"))
    found = found.where(_first_of_resource(dated, order))
    return _ordered(found, (value, dated.c.rid), shape, order)


def _first_of_resource(dated: FromClause, order: Order) -> ColumnElement[bool]:
    """A resource with several values stands where the first of them, in this order, puts it."""
    other = DATE_INDEX.alias("other")
    mine = (dated.c[order.column], dated.c.low, dated.c.high)
    theirs = (other.c[order.column], other.c.low, other.c.high)
    earlier = (
        tuple_(*theirs) > tuple_(*mine) if order.descending else tuple_(*theirs) < tuple_(*mine)
    )
    return ~exists().where(
        other.c.rid == dated.c.rid, other.c.param == bindparam("sort_param"), earlier
    )


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
        found = select(row.c.rid).where(row.c.deleted == 0, _holds(kind, row, f"d{place}"))
        return found.where(*_checks(shape, row), *_rest(shape, row.c.rid))
    rows = KINDS[kind].index.alias("d")
    found = select(rows.c.rid)
    checked: FromClause = rows
    if any(KINDS[check].index is RESOURCE for checks in shape.checks for check in checks):
        checked = RESOURCE.alias("r")
        found = found.join_from(rows, checked, checked.c.rid == rows.c.rid)
    found = found.where(_holds(kind, rows, f"d{place}"), *_checks(shape, checked))
    found = found.where(*_rest(shape, rows.c.rid))
    return found if KINDS[kind].by_rid else found.distinct()


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
        return _holds(kind, row, prefix)
    rows = index.alias(prefix)
    return exists().where(rows.c.rid == row.c.rid, _holds(kind, rows, prefix))


def _holds(kind: str, rows: FromClause, prefix: str) -> ColumnElement[bool]:
    bind: dict[str, BindParameter[Any]] = {
        value: bindparam(name)
        for value, name in zip(KINDS[kind].values, value_names(kind, prefix), strict=True)
    }
    return KINDS[kind].condition(rows, bind)


def _not_by_index(column: ColumnElement[int]) -> ColumnElement[int]:
    # https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    return UnaryExpression(column, operator=custom_op("+"))
