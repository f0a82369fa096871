"""Observation/$lastn: http://hl7.org/fhir/R4/observation-operation-lastn.html."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from fastapi import Response
from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.lastn import Dated, newest_of_each
from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.search_parameters import DateValue, index_values
from fhir_server.r4.search_references import local_link
from fhir_server.rest.content import answer_type
from fhir_server.rest.context import Context, context_of
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.search_bundle import search_bundle
from fhir_server.rest.search_request import SearchRequest, parse_search
from fhir_server.rest.services import services_of
from fhir_server.store.access import search_visible
from fhir_server.store.resources import Stored
from fhir_server.store.search_includes import included
from fhir_server.store.search_query import SearchPage

# A patient's results that are looked at: beyond is no ward's record but a wrong question.
_LOOKED_AT = 50_000
_STEP = 1000
_PAGING = ("_count", "_sort", "_total", "_cursor")
_SUBJECTS = ("patient", "subject")
_CODES = ("category", "code", "combo-code", "component-code")


async def lastn(call: Call) -> Response:
    """Return the newest `max` results (1 where it is not given) of each code, ties included."""
    media_type = answer_type(call.request)
    context = context_of(call.request)
    most = call.number("max") or 1
    pairs = [(name, _text(name, value)) for name, value in call.arguments if name != "max"]
    asked = parse_search(
        "Observation",
        pairs,
        lenient=context.preferences.lenient,
        place=context.place,
        limits=context.limits,
    )
    # By what is used: what a lenient client had left out names no subject.
    _check(asked.used)
    database = services_of(call.request).database
    body = await database.read(lambda c: _bundle(c, asked, most, context))
    return Response(body, media_type=media_type)


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise BadRequest("value", f"{name} takes the text of a search parameter's value.")


def _check(pairs: Sequence[tuple[str, str]]) -> None:
    """Refuse (400) where what R4 demands is not there, and what the newest have no use for."""
    names = [name.partition(":") for name, _value in pairs]
    given = {bare.partition(".")[0] for bare, _, modifier in names if modifier != "missing"}
    if not given.intersection(_SUBJECTS):
        raise BadRequest("required", "$lastn needs patient or subject.")
    if not any(name.startswith(_CODES) for name in given):
        raise BadRequest("required", "$lastn needs category, or a parameter with a code: code.")
    for name, value in pairs:
        if name in _PAGING or (name, value) == ("_summary", "count"):
            text = f"{name} does not go with $lastn: it answers the newest of each code, by max."
            raise BadRequest("not-supported", text)


def _bundle(connection: Connection, asked: SearchRequest, most: int, context: Context) -> bytes:
    found = list(_matches(connection, asked, context))
    dated = [_dated(place, stored, context) for place, stored in enumerate(found)]
    chosen = tuple(found[place] for place in newest_of_each(dated, most=most))
    brought = included(
        connection,
        chosen,
        asked.includes,
        context.access,
        base_url=context.place.base_url,
        most=context.limits.included_most,
    )
    if most > 1:
        asked = replace(asked, used=(("max", str(most)), *asked.used))
    page = SearchPage(chosen, len(chosen), None)
    return search_bundle(context.place.base_url, "Observation/$lastn", asked, page, brought)


def _matches(connection: Connection, asked: SearchRequest, context: Context) -> Iterator[Stored]:
    query = replace(asked.query, count=_STEP, total=False)
    for _ in range(_LOOKED_AT // _STEP):
        page = search_visible(connection, "Observation", query, context.access)
        yield from page.matches
        if page.next is None:
            return
        query = replace(query, cursor=page.next)
    text = f"More than {_LOOKED_AT} results match; narrow $lastn by code, category or date."
    raise BadRequest("too-costly", text)


def _dated(place: int, stored: Stored, context: Context) -> Dated:
    resource = decode(stored.body)
    times = [
        value
        for value in index_values(resource, default_zone=context.place.zone)
        if isinstance(value, DateValue) and value.param == "date"
    ]
    subject = _subject(resource.get("subject", {}), context.place.base_url)
    if not times:
        return Dated(place, subject, resource["code"], None, None)
    low, high = max(time.low for time in times), max(time.high for time in times)
    return Dated(place, subject, resource["code"], low, high)


def _subject(reference: JsonObject, base_url: str) -> Hashable:
    """Return what tells subjects apart: one search may match several, whose results do not mix."""
    text = reference.get("reference", "")
    link = local_link(text, base_url=base_url)
    if link is not None:
        return link.type, link.id
    identifier = reference.get("identifier", {})
    return text, identifier.get("system"), identifier.get("value")


OPERATION = Operation(
    name="lastn",
    definition="http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    levels=("type",),
    answer=lastn,
    types=("Observation",),
    documentation="max (1 where it is not given) and the search parameters of Observation, of "
    "which patient or subject and category or one with a code are required.",
)
