"""The way through a search when every criterion matches much: no page reads the whole store."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from fhir_server.store import search_plan
from fhir_server.store.search import search
from fhir_server.store.search_compile import compile_tests
from fhir_server.store.search_plan import plan
from fhir_server.store.search_query import Cursor, ReferenceTerm, SearchQuery, Sort, TokenTerm
from fhir_server.store.search_statements import Order, Shape, page_statement
from fhir_server.store.statements import driver
from tests.support.fhir_store import LOINC, hba1c, store
from tests.unit.store.test_search import coded, found, on, where

# The comparisons that an open period satisfies too.
_OPEN = ("ge", "gt", "le", "lt")
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
    tested = compile_tests(connection, "Observation", criteria).conditions
    return plan(connection, tested, sort, cursor=None)


def test_the_rarest_criterion_leads(many: Connection) -> None:
    chosen = leader(many, CODE, PATIENT, sort=Sort("date"))
    assert chosen.driver is not None
    assert [c.parameter for c in chosen.driver] == ["subject"]  # `patient` is answered by its rows
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
        (on("ge", "2025-12-01"), Sort("date", by_end=True)),
        (on("gt", "2025-12-01"), Sort("date", by_end=True)),
        (on("le", "2026-12-01"), Sort("date")),
        (on("lt", "2026-12-01"), Sort("date")),
        (on("sa", "2025-12-31"), Sort("date")),
        (on("eb", "2026-12-01"), Sort("date", by_end=True)),
        (on("eq", "2026"), Sort("date")),
    ],
)
def test_a_wide_range_of_time_is_walked_from_its_own_end(many: Connection, term, sort) -> None:
    chosen = leader(many, where("date", term))
    assert chosen.sort == sort
    assert chosen.lead is not None
    query = SearchQuery((where("date", term),), count=3, total=True)
    assert search(many, "Observation", query).total == (27 if term.prefix in _OPEN else 26)
    expected = {f"a{n:02}" for n in range(5)} | {f"b{n:02}" for n in range(20)} | {"local"}
    if term.prefix in _OPEN:
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
    "shape",
    [
        Shape(("token",), ()),
        Shape(("token",), (("reference",), ("date-ge",)), resumes=True),
        Shape(("token", "token"), ()),
        Shape(("reference", "reference"), (("code",),), resumes=True),
        Shape(None, ()),
        Shape(None, (("token",),), Order("low", True)),
        Shape(None, (("token",), ("target",)), Order("low", False), resumes=True),
        Shape(None, (("token",),), Order("high", False), lead="date-ge"),
        Shape(None, (), Order("low", False), lead="date-eq", resumes=True),
        Shape(None, (("token",),), Order("last_updated", False)),
    ],
)
def test_a_walk_follows_an_index_to_the_end_of_its_page(
    connection: Connection, shape: Shape
) -> None:
    steps = inner_steps(connection, shape)
    assert not [step for step in steps if "FOR ORDER BY" in step], steps


@pytest.mark.parametrize(
    "shape",
    [
        Shape(("reference",), (("token",),), Order("low", True)),
        Shape(("reference",), (("date-ge",), ("starts",), ("code",)), Order("low", True)),
        Shape(("code",), (("date-le",), ("system",), ("target",)), resumes=True),
        Shape(None, (("date-gt",), ("date-ne",), ("contains",)), Order("high", False)),
        Shape(None, (("normalised",),), Order("low", False), lead="date-eb"),
        Shape(("token",), (("date-ge",),), tail=True),
    ],
)
def test_a_candidate_is_checked_by_its_own_rows(connection: Connection, shape: Shape) -> None:
    """A check that read a range of the whole index would cost the store, not the page."""
    steps = inner_steps(connection, shape)
    for step in steps:
        looked_up = step.split(" USING ")[0].removeprefix("SEARCH ")
        if looked_up[:1] == "c" or looked_up in ("other", "tail"):
            assert "(rid=? AND param=?" in step or "system=? AND rid=?" in step, steps
        if looked_up == "dated" and shape.driver is not None:
            assert "date_index_by_resource" in step, steps
        assert not step.startswith("SCAN d"), steps


def inner_steps(connection: Connection, shape: Shape) -> list[str]:
    """SQLite's own plan for finding the page; the page's rows are sorted once more, outside."""
    if connection.dialect.name != "sqlite":
        pytest.skip("EXPLAIN QUERY PLAN is SQLite's; PostgreSQL plans by its statistics")
    statement = page_statement(shape)
    values = [None] * len(statement.names(connection))
    rows = (
        driver(connection)
        .execute(f"EXPLAIN QUERY PLAN {statement.sql(connection)}", values)
        .fetchall()
    )
    return [row[3] for row in rows if row[1] != 0]


def test_a_walk_in_order_of_resources_keeps_its_order_when_the_store_grows(
    many: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_plan, "_MANY", 1000)
    query = SearchQuery((where("date", on("ge", "2025")),), count=20)
    first = search(many, "Observation", query)
    assert first.next is not None
    assert first.next.sort is None
    monkeypatch.setattr(search_plan, "_MANY", 12)
    rest = search(many, "Observation", SearchQuery(query.criteria, count=20, cursor=first.next))
    ids = [match.id for page in (first, rest) for match in page.matches]
    assert len(ids) == len(set(ids)) == 27


def test_a_cursor_of_the_servers_own_order_is_followed(many: Connection) -> None:
    query = SearchQuery((where("date", on("ge", "2025")),), count=10)
    page = search(many, "Observation", query)
    assert isinstance(page.next, Cursor)
    assert page.next.sort == Sort("date", by_end=True)
    assert [match.id for match in page.matches[:2]] == ["a00", "a01"]
