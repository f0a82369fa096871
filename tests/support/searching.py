"""Searches as a client writes them, run on a store without HTTP between."""

from dataclasses import replace
from datetime import UTC
from urllib.parse import parse_qsl

from sqlalchemy import Connection

from fhir_server.rest.search_request import parse_search
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits
from fhir_server.store.search import search
from fhir_server.store.search_query import SearchQuery
from tests.support.fhir_store import BASE, NOW

PLACE = Place(UTC, BASE, lambda: NOW)


def query_of(url: str) -> tuple[str, SearchQuery]:
    """Return the type and the query of `Type?name=value`."""
    type, _, text = url.partition("?")
    pairs = parse_qsl(text, keep_blank_values=True)
    return type, parse_search(type, pairs, lenient=False, place=PLACE, limits=FhirLimits()).query


def found(connection: Connection, url: str) -> list[str]:
    """Return the ids of the first page."""
    type, query = query_of(url)
    return [match.id for match in search(connection, type, query).matches]


def walked(connection: Connection, url: str, count: int) -> list[str]:
    """Return the ids of all pages of `count`, one after the other."""
    type, query = query_of(url)
    query = replace(query, count=count)
    ids: list[str] = []
    while True:
        page = search(connection, type, query)
        assert len(page.matches) <= count
        ids += [match.id for match in page.matches]
        if page.next is None:
            return ids
        assert page.matches
        query = replace(query, cursor=page.next)


def total(connection: Connection, url: str) -> int | None:
    """Return how many match."""
    type, query = query_of(url)
    return search(connection, type, replace(query, total=True, count=1)).total
