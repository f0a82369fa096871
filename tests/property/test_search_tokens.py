"""Token search agrees with a reading of the specification that knows no index."""

from collections.abc import Iterator
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from fhir_server.rest.search_request import parse_search
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits
from fhir_server.store import search_plan
from fhir_server.store.search import search
from fhir_server.store.statements import driver
from tests.support.fhir_store import hba1c, store, writing

SYSTEMS = [None, "http://loinc.org", "urn:lis"]
# A comma, a bar and a backslash are escaped in a query; case is no difference.
CODES = ["4548-4", "HBA1C", "hba1c", "a,b", "a|b", "a\\b", "糖化"]
CODINGS = st.tuples(st.sampled_from(SYSTEMS), st.sampled_from(CODES))
# (system or None for any, "" for none; code or None for any)
TERMS = st.tuples(
    st.sampled_from([None, "", "http://loinc.org", "urn:lis", "urn:unknown"]),
    st.none() | st.sampled_from(CODES),
).filter(lambda term: term[1] is not None or term[0])


def written(term: tuple[str | None, str | None]) -> str:
    system, code = term
    text = (code or "").replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|")
    return text if system is None else f"{system}|{text}"


def holds(term: tuple[str | None, str | None], coding: tuple[str | None, str]) -> bool:
    system, code = term
    if system is not None and (system or None) != coding[0]:
        return False
    return code is None or code.lower() == coding[1].lower()


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with writing() as opened:
        yield opened


@pytest.mark.parametrize("many", [20_000, 2], ids=["few matches", "walked by an index"])
@settings(max_examples=120, deadline=None)
@given(
    stored=st.lists(st.lists(CODINGS, min_size=1, max_size=3), min_size=1, max_size=6),
    asked=st.lists(st.lists(TERMS, min_size=1, max_size=3), min_size=1, max_size=2),
    count=st.integers(1, 4),
)
def test_token_search_agrees_with_the_specification(
    connection: Connection, many: int, stored: list, asked: list, count: int
) -> None:
    resources = [
        hba1c(f"o{n}", code={"coding": [_coding(*coding) for coding in codings]})
        for n, codings in enumerate(stored)
    ]
    pairs = [("code", ",".join(written(term) for term in terms)) for terms in asked]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_plan, "_FEW", min(many, search_plan._FEW))
        patch.setattr(search_plan, "_MANY", many)
        run = driver(connection).execute
        run("SAVEPOINT example")
        try:
            store(connection, *resources)
            found = walk(connection, pairs, count)
        finally:
            run("ROLLBACK TO example")
            run("RELEASE example")
            connection.info.pop("attending.interned", None)
    expected = [
        f"o{n}"
        for n, codings in enumerate(stored)
        if all(any(holds(t, c) for t in terms for c in codings) for terms in asked)
    ]
    assert found == expected


def walk(connection: Connection, pairs: list[tuple[str, str]], count: int) -> list[str]:
    found: list[str] = []
    place, limits = Place(UTC, "http://test/fhir"), FhirLimits(page_default=count)
    query = parse_search("Observation", pairs, lenient=False, place=place, limits=limits).query
    while True:
        page = search(connection, "Observation", query)
        found += [match.id for match in page.matches]
        if page.next is None:
            return found
        query = type(query)(query.criteria, count=count, cursor=page.next)


def _coding(system: str | None, code: str) -> dict[str, str]:
    return {"code": code} if system is None else {"system": system, "code": code}
