"""Search on one type: plan, run, page.

The most selective criterion leads: its rows are counted up to a bound, the others are checked on
each candidate. Where every criterion matches much, the walk follows an index in its own order and
stops at the end of the page. So a page costs what it holds, not what the store holds.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from fhir_server.store.resources import Stored, moment
from fhir_server.store.search_compile import conditions_of, parameter_number
from fhir_server.store.search_plan import Plan, plan
from fhir_server.store.search_query import Cursor, SearchPage, SearchQuery, Sort
from fhir_server.store.search_statements import (
    Order,
    Shape,
    count_statement,
    page_statement,
    value_names,
)
from fhir_server.store.statements import SqlValue

_NOTHING = SearchPage((), 0, None)


def search(connection: Connection, type: str, query: SearchQuery) -> SearchPage:
    """Return one page of the resources of `type` for which every criterion of `query` holds.

    Deleted resources are never among them. `total` is given where `query.total` asks for it.
    """
    tested = [conditions_of(connection, type, criterion) for criterion in query.criteria]
    if not all(tested):  # a criterion that nothing stored can satisfy
        return _NOTHING if query.total else replace(_NOTHING, total=None)
    chosen = plan(connection, tested, query.sort, cursor=query.cursor)
    run = _Run(connection, type, query, chosen)
    rows = run.rows() if query.count else []
    page, more = rows[: query.count], len(rows) > query.count
    total = None
    if query.total:
        complete = query.cursor is None and query.count and not more
        total = len(page) if complete else run.count()
    return SearchPage(
        tuple(_stored(type, row) for row in page),
        total,
        Cursor(run.plan.sort, page[-1][1], page[-1][0]) if more else None,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """A planned search with the values that its statements are run with."""

    connection: Connection
    type: str
    query: SearchQuery
    plan: Plan

    def rows(self) -> list[Any]:
        """Return the rows of the page, one more where a further page follows."""
        cursor, sort = self.query.cursor, self.plan.sort
        if sort is None:
            return self._page(self._shape(), self.query.count + 1)
        rows: list[Any] = []
        in_tail = cursor is not None and cursor.value is None
        if not in_tail:
            rows = self._page(self._sorted_shape(sort), self.query.count + 1)
        wanted = self.query.count + 1 - len(rows)
        if wanted and self._has_tail(sort):
            rows += self._page(replace(self._shape(), tail=True, resumes=in_tail), wanted)
        return rows

    def count(self) -> int:
        """Return how many resources match, on all pages."""
        lead = self.plan.lead
        if lead is not None:
            return replace(self, plan=Plan((lead,), self.plan.checks, None)).count()
        shape = replace(self._shape(), resumes=False)
        total: int = count_statement(shape).run_named(self.connection, self._values()).fetchone()[0]
        return total

    def _page(self, shape: Shape, limit: int) -> list[Any]:
        values = {**self._values(), "limit": limit}
        return page_statement(shape).run_named(self.connection, values).fetchall()

    def _shape(self) -> Shape:
        driver = self.plan.driver
        return Shape(
            None if driver is None else tuple(condition.kind for condition in driver),
            tuple(tuple(condition.kind for condition in check) for check in self.plan.checks),
            lead=None if self.plan.lead is None else self.plan.lead.kind,
            resumes=self.query.cursor is not None,
        )

    def _sorted_shape(self, sort: Sort) -> Shape:
        if sort.parameter == "_lastUpdated":
            return replace(self._shape(), order=Order("last_updated", sort.descending))
        order = Order("high" if sort.by_end else "low", sort.descending)
        return replace(self._shape(), order=order)

    def _has_tail(self, sort: Sort) -> bool:
        """Resources without a sort value are looked for, unless a criterion excludes them."""
        tested = {criterion.parameter for criterion in self.query.criteria}
        return sort.parameter != "_lastUpdated" and sort.parameter not in tested

    def _values(self) -> dict[str, SqlValue]:
        values: dict[str, SqlValue] = {"type": self.type}
        for place, condition in enumerate(self.plan.driver or ()):
            values.update(
                zip(value_names(condition.kind, f"d{place}"), condition.values, strict=True)
            )
        for number, check in enumerate(self.plan.checks):
            for place, condition in enumerate(check):
                names = value_names(condition.kind, f"c{number}_{place}")
                values.update(zip(names, condition.values, strict=True))
        lead = self.plan.lead
        if lead is not None:
            values.update(zip(value_names(lead.kind, "lead"), lead.values, strict=True))
        sort, cursor = self.plan.sort, self.query.cursor
        if sort is not None and sort.parameter != "_lastUpdated":
            values["sort_param"] = parameter_number(self.connection, self.type, sort.parameter)
        if cursor is not None:
            values.update(after_rid=cursor.rid, after_value=cursor.value)
        return values


def _stored(type: str, row: Any) -> Stored:
    _rid, _sort_value, id, version, last_updated, body = row
    return Stored(type, id, version, moment(last_updated), False, body)
