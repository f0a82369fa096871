"""The way through a search when every criterion matches much: no page reads the whole store."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from fhir_server.store import search_plan
from fhir_server.store.search import search
from fhir_server.store.search_compile import conditions_of
from fhir_server.store.search_plan import plan
from fhir_server.store.search_query import Cursor, ReferenceTerm, SearchQuery, Sort, TokenTerm
from fhir_server.store.search_statements import Order, Shape, page_statement
from fhir_server.store.statements import driver
from tests.support.fhir_store import LOINC, hba1c, store
from tests.unit.store.test_search import coded, found, on, where

CODE = where("code", TokenTerm(LOINC, "4548-4"))
BARE_CODE = where("code", TokenTerm(None, "4548-4"))
PATIENT = where("patient", ReferenceTerm("p1", "Patient"))


@pytest.fixture
def many(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A store in which six rows are few and twelve are many."""
    monkeypatch.setattr(search_plan, "_FEW", 6)
    monkeypatch.setattr(search_plan, "_MANY", 12)
    store(
        connection,
        *(hba1c(f"a{n:02}", "p1", at=f"2026-01-{n + 1:02}") for n in range(5)),
        *(hba1c(f"b{n:02}", "p2", at=f"2026-02-{n + 1:02}") for n in range(20)),
        coded("local", ("urn:lis", "4548-4")),
        hba1c("open", "p2", at=None, effectivePeriod={"start": "2025-01-01"}),
    )
    return connection


def leader(connection: Connection, *criteria, sort: Sort | None = None):
    tested = [conditions_of(connection, "Observation", c) for c in criteria]
    return plan(connection, tested, sort)


def test_the_rarest_criterion_leads(many: Connection) -> None:
    chosen = leader(many, CODE, PATIENT, sort=Sort("date"))
    assert chosen.driver is not None
    assert [c.parameter for c in chosen.driver] == ["patient"]
    assert [c[0].parameter for c in chosen.checks] == ["code"]


def test_a_common_code_is_walked_in_the_order_of_resources(many: Connection) -> None:
    chosen = leader(many, BARE_CODE, where("date", on("ge", "2025")))
    assert chosen.driver is not None
    assert {c.kind for c in chosen.driver} == {"token"}
    assert len(chosen.driver) == 2  # one for each system in which the code stands
    assert chosen.sort is None


@pytest.mark.parametrize(
    ("term", "sort"),
    [
        (on("ge", "2025-12-01"), Sort("date", descending=True, by_end=True)),
        (on("gt", "2025-12-01"), Sort("date", descending=True, by_end=True)),
        (on("le", "2026-12-01"), Sort("date")),
        (on("lt", "2026-12-01"), Sort("date")),
        (on("sa", "2025-12-31"), Sort("date", descending=True)),
        (on("eb", "2026-12-01"), Sort("date", by_end=True)),
        (on("eq", "2026"), Sort("date", descending=True)),
    ],
)
def test_a_wide_range_of_time_is_walked_from_its_own_end(many: Connection, term, sort) -> None:
    assert leader(many, where("date", term)).sort == sort
    expected = {f"a{n:02}" for n in range(5)} | {f"b{n:02}" for n in range(20)} | {"local"}
    if term.prefix in ("ge", "gt", "le", "lt"):
        expected |= {"open"}
    walked: list[str] = []
    query = SearchQuery((where("date", term),), count=4)
    while True:
        page = search(many, "Observation", query)
        walked += [match.id for match in page.matches]
        if page.next is None:
            break
        query = SearchQuery(query.criteria, count=4, cursor=page.next)
    assert len(walked) == len(set(walked))
    assert set(walked) == expected


def test_a_wide_range_of_changes_is_walked_in_order_of_change(many: Connection) -> None:
    criterion = where("_lastUpdated", on("ge", "2026"))
    assert leader(many, criterion).sort == Sort("_lastUpdated")
    assert len(found(many, "Observation", criterion)) == 27


def test_a_sorted_search_with_common_criteria_keeps_all_matches(many: Connection) -> None:
    for sort in (Sort("date"), Sort("date", descending=True)):
        ids = found(
            many, "Observation", BARE_CODE, where("date", on("lt", "2026-02-03")), sort=sort
        )
        assert len(ids) == 5 + 2 + 1  # local is of May: not among them; the open period is
        assert "open" in ids


@pytest.mark.parametrize(
    ("shape", "unwanted"),
    [
        (Shape(("token",), ()), "TEMP B-TREE"),
        (Shape(("token",), (("reference",), ("date-ge",)), resumes=True), "TEMP B-TREE"),
        (Shape(("token", "token"), ()), "TEMP B-TREE"),
        (Shape(None, ()), "TEMP B-TREE"),
        (Shape(None, (("token",),), Order("low", True)), "TEMP B-TREE"),
        (Shape(None, (("token",),), Order("high", True), bounded=True), "TEMP B-TREE"),
        (Shape(None, (("token",),), Order("last_updated", False)), "TEMP B-TREE"),
        (Shape(("reference",), (("token",),), Order("low", True)), "SCAN dated"),
        (Shape(("reference",), (("date-ge",),), Order("low", True)), "dated USING PRIMARY KEY"),
    ],
)
def test_a_walk_follows_an_index_to_the_end_of_its_page(
    connection: Connection, shape: Shape, unwanted: str
) -> None:
    """SQLite's own plan: no sort of everything and no walk through all dates for a few."""
    statement = page_statement(shape)
    values = [None] * len(statement.names)
    rows = driver(connection).execute(f"EXPLAIN QUERY PLAN {statement.sql}", values).fetchall()
    # The rows of one page are put in order once more, outside.
    inner = [row for row in rows if row[1] != 0]
    text = "\n".join(row[3] for row in inner)
    assert unwanted not in text, "\n".join(f"{row[0]} {row[1]} {row[3]}" for row in rows)


def test_a_cursor_of_the_servers_own_order_is_followed(many: Connection) -> None:
    query = SearchQuery((where("date", on("ge", "2025")),), count=10)
    page = search(many, "Observation", query)
    assert isinstance(page.next, Cursor)
    assert page.next.sort == Sort("date", descending=True, by_end=True)
    assert page.matches[0].id in ("open", "local")
