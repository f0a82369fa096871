"""A planned search on its connection: the statements of a page and a total, with their values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from fhir_server.store import interning
from fhir_server.store.search_compile import parameter_number
from fhir_server.store.search_kind import Condition, any_kind, flat_values
from fhir_server.store.search_plain import AFTER_ALL
from fhir_server.store.search_plan import Plan
from fhir_server.store.search_query import Criterion, Cursor, SearchQuery, Sort, SortValue
from fhir_server.store.search_served import BY_COLUMN, searchable, uses_of, walks_index
from fhir_server.store.search_sorting import Key
from fhir_server.store.search_statements import (
    Order,
    Shape,
    count_statement,
    page_statement,
)
from fhir_server.store.statements import SqlValue


def in_order_of_index(type: str, query: SearchQuery) -> bool:
    """Return whether an index gives the order of a query; otherwise its keys do."""
    if query.sort is None:
        return True
    return not query.then_by and walks_index(searchable(type)[query.sort.parameter])


@dataclass(frozen=True, slots=True)
class Run:
    """A planned search with the values that its statements are run with."""

    connection: Connection
    type: str
    query: SearchQuery
    plan: Plan

    def rows(self) -> list[Any]:
        """Return the rows of the page, one more where a further page follows."""
        cursor, sort = self.query.cursor, self.plan.sort
        if not in_order_of_index(self.type, self.query):
            run = self._on_one_page()
            return run._page(run._keyed_shape(), self.query.count + 1)
        if sort is None:
            return self._page(self._shape(), self.query.count + 1)
        rows: list[Any] = []
        in_tail = cursor is not None and cursor.value is None
        if not in_tail:
            rows = self._page(self._sorted_shape(sort), self.query.count + 1)
        wanted = self.query.count + 1 - len(rows)
        if wanted and self._has_tail(sort):
            tail = replace(self._sorted_shape(sort), tail=True, resumes=in_tail)
            rows += self._page(tail, wanted)
        return rows

    def count(self) -> int:
        """Return how many resources match, on all pages."""
        lead = self.plan.lead
        if lead is not None:
            return replace(self, plan=Plan((lead,), self.plan.checks, None)).count()
        shape = replace(self._shape(), resumes=False)
        total: int = count_statement(shape).run_named(self.connection, self._values()).fetchone()[0]
        return total

    def cursor(self, row: Any) -> Cursor:
        """Return where the page begins that follows a row of this search."""
        if in_order_of_index(self.type, self.query):
            return Cursor(self.plan.sort, row[1], row[0])
        first, *further = row[6:]
        return Cursor(self.query.sort, first, row[0], self.query.then_by, tuple(further))

    def _page(self, shape: Shape, limit: int) -> list[Any]:
        values = {**self._values(), "limit": limit}
        return page_statement(shape).run_named(self.connection, values).fetchall()

    def _shape(self) -> Shape:
        driver, lead = self.plan.driver, self.plan.lead
        return Shape(
            None if driver is None else any_kind(driver),
            tuple(any_kind(check) for check in self.plan.checks),
            lead=lead.kind if lead is not None and isinstance(lead.kind, str) else None,
            resumes=self.query.cursor is not None,
        )

    def _sorted_shape(self, sort: Sort) -> Shape:
        return replace(self._shape(), order=_order(self.type, sort))

    def _on_one_page(self) -> "Run":
        """Return this run with no more resources to put in order than the page needs.

        Where an index is in the order of the first key, a walk along it says at which value the
        page ends at the latest; the other keys decide among what lies before.
        """
        sort, cursor = self.query.sort, self.query.cursor
        if sort is None or self.plan.driver is not None or (cursor and cursor.value is None):
            return self
        if not walks_index(searchable(self.type)[sort.parameter]):
            return self
        beyond = None
        if cursor is not None:  # its equals are among what is put in order
            beyond = Cursor(sort, cursor.value, -1 if sort.descending else _AFTER_EVERY_RID)
        walk = replace(self.query, then_by=(), cursor=beyond)
        plan = replace(self.plan, sort=sort)
        rows = replace(self, query=walk, plan=plan).rows()
        if len(rows) <= self.query.count or rows[-1][1] is None:
            return self
        column = _order(self.type, sort).column
        ends = [_FIRST[column] if cursor is None else cursor.value, rows[-1][1]]
        if sort.descending:
            ends = [rows[-1][1], _LAST[column] if cursor is None else cursor.value]
        of: SqlValue = self.type
        if sort.parameter != "_lastUpdated":
            of = parameter_number(self.connection, self.type, sort.parameter)
        page = Condition(f"walk-{column}", (of, *ends), sort.parameter)
        return replace(self, plan=replace(self.plan, driver=(page,)))

    def _keyed_shape(self) -> Shape:
        cursor = self.query.cursor
        known = () if cursor is None else tuple(v is not None for v in _key_values(cursor))
        keys = tuple(_key(self.type, sort) for sort in _sorts(self.query))
        return replace(self._shape(), keys=keys, known=known)

    def _has_tail(self, sort: Sort) -> bool:
        """Resources without a sort value are looked for, unless a criterion excludes them."""
        tested = {
            test.parameter
            for test in self.query.criteria
            if isinstance(test, Criterion) and not test.negated
        }
        return sort.parameter != "_lastUpdated" and sort.parameter not in tested

    def _values(self) -> dict[str, SqlValue]:
        plan = self.plan
        tests = [*([] if plan.driver is None else [plan.driver]), *plan.checks]
        flat = flat_values(tests if plan.lead is None else [*tests, (plan.lead,)])
        values: dict[str, SqlValue] = {f"v{place}": value for place, value in enumerate(flat)}
        values["type"] = self.type
        sort, cursor = plan.sort, self.query.cursor
        if not in_order_of_index(self.type, self.query):
            self._add_key_values(values)
        elif sort is not None and sort.parameter != "_lastUpdated":
            values["sort_param"] = parameter_number(self.connection, self.type, sort.parameter)
        if cursor is not None:
            values.update(after_rid=cursor.rid, after_value=cursor.value)
        return values

    def _add_key_values(self, values: dict[str, SqlValue]) -> None:
        numbers = interning.parameter_ids(self.connection, self.type)
        for place, sort in enumerate(_sorts(self.query)):
            if sort.parameter in BY_COLUMN:
                continue
            for number, (name, type) in enumerate(_sources(self.type, sort)):
                values[f"key{place}_{number}"] = numbers[name]
                values[f"type{place}_{number}"] = type
        if self.query.cursor is not None:
            for place, value in enumerate(_key_values(self.query.cursor)):
                values[f"after{place}"] = value


_AFTER_EVERY_RID = (1 << 63) - 1
# Ends of each order.
_FIRST: Mapping[str, SqlValue] = {
    "low": -_AFTER_EVERY_RID, "last_updated": -_AFTER_EVERY_RID, "value": "", "uri": "",
}  # fmt: skip
_LAST: Mapping[str, SqlValue] = {
    "low": _AFTER_EVERY_RID, "last_updated": _AFTER_EVERY_RID, "value": AFTER_ALL, "uri": AFTER_ALL,
}  # fmt: skip


def _order(type: str, sort: Sort) -> Order:
    if sort.parameter == "_lastUpdated":
        return Order("last_updated", sort.descending)
    match searchable(type)[sort.parameter].type:
        case "string":
            return Order("value", sort.descending)
        case "uri":
            return Order("uri", sort.descending)
    return Order("high" if sort.by_end else "low", sort.descending)


def _sorts(query: SearchQuery) -> tuple[Sort, ...]:
    return query.then_by if query.sort is None else (query.sort, *query.then_by)


def _key_values(cursor: Cursor) -> tuple[SortValue, ...]:
    return (cursor.value, *cursor.further)


def _key(type: str, sort: Sort) -> Key:
    if sort.parameter in BY_COLUMN:
        return Key(sort.parameter, sort.descending)
    typed = tuple(target is not None for _name, target in _sources(type, sort))
    return Key(searchable(type)[sort.parameter].type, sort.descending, typed, sort.by_end)


def _sources(type: str, sort: Sort) -> list[tuple[str, str | None]]:
    """Return the parameters whose rows give a key, each with the target type that it allows."""
    return [
        (use.name, target)
        for use in uses_of(searchable(type)[sort.parameter])
        for target in (use.types or (None,))
    ]
