"""A search in one patient's compartment, on one type or on every type, carried out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from fhir_server.r4.compartments import patient_parameters
from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.r4.search_table import patient_compartment
from fhir_server.rest.context import Context
from fhir_server.rest.cursors import read_cursor, write_cursor
from fhir_server.rest.page_links import CURSOR
from fhir_server.rest.search_answer import answer_search
from fhir_server.rest.search_bundle import search_bundle
from fhir_server.rest.search_request import SearchRequest, parse_search
from fhir_server.store import search_query
from fhir_server.store.search_includes import included
from fhir_server.store.search_query import SearchPage
from fhir_server.store.search_several import SeveralCursor, SeveralPage, search_several

EVERY_TYPE = "*"
_TYPE = "_type"


@dataclass(frozen=True, slots=True)
class Compartment:
    """The compartment of the Patient `id`, and the `type` in it (EVERY_TYPE for all)."""

    id: str
    type: str

    @property
    def path(self) -> str:
        """The address below the FHIR base."""
        return f"Patient/{self.id}/{self.type}"


def answer_compartment(
    connection: Connection,
    compartment: Compartment,
    pairs: Sequence[tuple[str, str]],
    context: Context,
) -> bytes:
    """Return the searchset Bundle; FhirError 400 or 404 naming what is not understood."""
    if compartment.type == EVERY_TYPE:
        return _of_every_type(connection, compartment, pairs, context)
    if compartment.type not in patient_compartment():
        text = f"{compartment.type} is in no patient's compartment; ask /{compartment.type}."
        raise FhirError(404, Issue("error", "not-supported", text))
    asked = _read(compartment, compartment.type, pairs, context)
    return answer_search(
        connection,
        compartment.type,
        asked,
        context.access,
        base_url=context.place.base_url,
        limits=context.limits,
        path=compartment.path,
    )


def _read(
    compartment: Compartment, type: str, pairs: Sequence[tuple[str, str]], context: Context
) -> SearchRequest:
    asked = parse_search(
        type,
        pairs,
        lenient=context.preferences.lenient,
        place=context.place,
        limits=context.limits,
    )
    names = patient_parameters(type)
    within = search_query.Compartment(
        ("_id", *names) if type == "Patient" else names,
        (compartment.id,),
        base_url=context.place.base_url,
    )
    return replace(asked, query=replace(asked.query, criteria=(within, *asked.query.criteria)))


def _of_every_type(
    connection: Connection,
    compartment: Compartment,
    pairs: Sequence[tuple[str, str]],
    context: Context,
) -> bytes:
    """Search type after type; a parameter must be one of each type that is searched."""
    types = _types([value for name, value in pairs if name == _TYPE])
    cursors = [value for name, value in pairs if name == CURSOR]
    if any(name == "_sort" for name, _value in pairs):
        text = "A search of several types is answered type by type; search one type to sort it."
        raise BadRequest("not-supported", f"_sort: {text}")
    rest = [pair for pair in pairs if pair[0] not in (_TYPE, CURSOR)]
    asked = {type: _read(compartment, type, rest, context) for type in types}
    page = search_several(
        connection,
        [(type, request.query) for type, request in asked.items()],
        context.access,
        cursor=_cursor(cursors),
    )
    first = next(iter(asked.values()))
    brought = included(
        connection,
        page.matches,
        first.includes,
        context.access,
        base_url=context.place.base_url,
        most=context.limits.included_most,
    )
    used = (*((name, value) for name, value in pairs if name == _TYPE), *_used_by_all(asked))
    # What one type does not know leaves its matches unfiltered: the answer says so of each.
    ignored = tuple(dict.fromkeys(one for request in asked.values() for one in request.ignored))
    return search_bundle(
        context.place.base_url,
        compartment.path,
        replace(first, used=used, ignored=ignored),
        SearchPage(page.matches, page.total, None),
        brought,
        following=_following(page),
    )


def _used_by_all(asked: Mapping[str, SearchRequest]) -> Iterator[tuple[str, str]]:
    first, *others = asked.values()
    return (pair for pair in first.used if all(pair in other.used for other in others))


def _types(given: Sequence[str]) -> tuple[str, ...]:
    known = tuple(sorted(patient_compartment()))
    if not given:
        return known
    wanted = {name.strip() for value in given for name in value.split(",")}
    unknown = sorted(wanted - set(known))
    if unknown:
        text = f"_type: {unknown[0][:64]!r} is in no patient's compartment."
        raise BadRequest("value", text)
    return tuple(sorted(wanted))


def _cursor(given: Sequence[str]) -> SeveralCursor | None:
    if not given:
        return None
    type, dot, inner = given[0].partition(".")
    if len(given) > 1 or not dot or type not in patient_compartment():
        raise BadRequest("value", f"{CURSOR} is not from a next link of this search.")
    return SeveralCursor(type, read_cursor(inner) if inner else None)


def _following(page: SeveralPage) -> str | None:
    if page.next is None:
        return None
    inner = "" if page.next.cursor is None else write_cursor(page.next.cursor)
    return f"{page.next.type}.{inner}"
