"""Date search agrees with a reading of the specification that knows no index."""

from collections.abc import Iterator
from datetime import UTC, date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from fhir_server.r4.dates import EARLIEST, LATEST, instant_range
from fhir_server.store import search_plan
from fhir_server.store.search import search
from fhir_server.store.search_query import Criterion, DateTerm, SearchQuery, Sort
from fhir_server.store.statements import driver
from tests.support.fhir_store import hba1c, store, writing

DAYS = st.dates(date(2025, 12, 29), date(2026, 1, 4))
TIMES = st.sampled_from(["00:00:00", "08:30:00", "08:30:00.250", "23:59:59"])
ZONES = st.sampled_from(["Z", "+08:00", "-05:00"])


@st.composite
def moments(draw: st.DrawFn) -> str:
    """A date of any precision around the turn of a year."""
    day = draw(DAYS).isoformat()
    precision = draw(st.sampled_from(["year", "month", "day", "time"]))
    if precision == "time":
        return f"{day}T{draw(TIMES)}{draw(ZONES)}"
    return day[: {"year": 4, "month": 7, "day": 10}[precision]]


PERIODS = st.fixed_dictionaries({}, optional={"start": moments(), "end": moments()})
PREFIXES = st.sampled_from(["eq", "ne", "lt", "gt", "ge", "le", "sa", "eb"])


def span(text: str) -> tuple[int, int]:
    return instant_range(text, default_zone=UTC)


def stored_span(resource: dict) -> tuple[int, int]:
    if "effectiveDateTime" in resource:
        return span(resource["effectiveDateTime"])
    period = resource["effectivePeriod"]
    low = span(period["start"])[0] if "start" in period else EARLIEST
    high = span(period["end"])[1] if "end" in period else LATEST
    return low, high


def holds(prefix: str, value: tuple[int, int], asked: tuple[int, int]) -> bool:
    """R4 search.html#prefix, in the words of its table."""
    contains = asked[0] <= value[0] and value[1] <= asked[1]
    above_overlaps = value[1] > asked[1]
    below_overlaps = value[0] < asked[0]
    return {
        "eq": contains,
        "ne": not contains,
        "gt": above_overlaps,
        "lt": below_overlaps,
        "ge": above_overlaps or contains,
        "le": below_overlaps or contains,
        "sa": value[0] >= asked[1],
        "eb": value[1] <= asked[0],
    }[prefix]


# R4 invariant per-1: a Period starts before it ends.
DATED = moments().map(lambda text: {"effectiveDateTime": text}) | PERIODS.filter(bool).map(
    lambda period: {"effectivePeriod": period}
).filter(lambda resource: stored_span(resource)[0] < stored_span(resource)[1])


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with writing() as opened:
        yield opened


@pytest.mark.parametrize("many", [20_000, 2], ids=["few matches", "walked by an index"])
@settings(max_examples=120, deadline=None)
@given(
    dated=st.lists(DATED, min_size=1, max_size=6),
    prefix=PREFIXES,
    asked=moments(),
    sort=st.none() | st.builds(Sort, st.just("date"), st.booleans()),
    count=st.integers(1, 4),
)
def test_date_search_agrees_with_the_specification(
    connection: Connection, many: int, dated: list, prefix, asked: str, sort, count: int
) -> None:
    resources = [hba1c(f"o{n}", at=None, **period) for n, period in enumerate(dated)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_plan, "_FEW", min(many, search_plan._FEW))
        patch.setattr(search_plan, "_MANY", many)
        run = driver(connection).execute
        run("SAVEPOINT example")
        try:
            store(connection, *resources)
            found = walk(connection, DateTerm(prefix, *span(asked)), sort, count)
        finally:
            run("ROLLBACK TO example")
            run("RELEASE example")
    expected = [r["id"] for r in resources if holds(prefix, stored_span(r), span(asked))]
    assert sorted(found) == expected
    if sort is not None:
        lows = {r["id"]: stored_span(r)[0] for r in resources}
        ordered = [lows[id] for id in found]
        assert ordered == sorted(ordered, reverse=sort.descending)


def walk(connection: Connection, term: DateTerm, sort: Sort | None, count: int) -> list[str]:
    query = SearchQuery((Criterion("date", (term,)),), sort=sort, count=count)
    found: list[str] = []
    while True:
        page = search(connection, "Observation", query)
        found += [match.id for match in page.matches]
        if page.next is None:
            return found
        query = SearchQuery(query.criteria, sort=sort, count=count, cursor=page.next)
