"""The search of a conditional interaction: which one resource is meant.

Sources: http://hl7.org/fhir/R4/http.html#ccreate, #cond-update, #3.1.0.7.1 (conditional delete).
The search runs inside the write that depends on it, so nothing comes between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from sqlalchemy import Connection

from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.rest.context import Context
from fhir_server.rest.search_request import parse_search
from fhir_server.store.access import search_visible
from fhir_server.store.search_query import SearchQuery

# What says how to answer, not what to look for.
_ANSWER = frozenset({"_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class Criteria:
    """The search parameters that single out one resource of `type`; `text` as it was sent."""

    type: str
    query: SearchQuery
    text: str


def read_criteria(
    type: str, query: str | Sequence[tuple[str, str]], context: Context, *where: str
) -> Criteria:
    """Return the criteria of `query`; BadRequest (400) where one is unknown, or there is none.

    Criteria are never read leniently: with one left out, another resource would be written.
    """
    if isinstance(query, str):
        query = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
    pairs = [pair for pair in query if pair[0] not in _ANSWER]
    if not pairs:
        text = (
            f"A conditional interaction on {type} needs criteria, such as identifier=system|value."
        )
        raise BadRequest("required", text, *where)
    for name, _value in pairs:
        if name in _CONTROLS or name.partition(":")[0] in ("_include", "_revinclude"):
            text = f"{name[:40]} says how to answer a search; it is no criterion."
            raise BadRequest("not-supported", text, *where)
    try:
        asked = parse_search(type, pairs, lenient=False, place=context.place, limits=context.limits)
    except FhirError as error:
        issues = (replace(i, expression=i.expression or where) for i in error.issues)
        raise FhirError(error.status, *issues) from error
    return Criteria(type, asked.query, "&".join(f"{name}={value}" for name, value in pairs))


_CONTROLS = frozenset(
    {"_count", "_sort", "_total", "_summary", "_elements", "_cursor", "_contained"}
)


def one_match(connection: Connection, criteria: Criteria, context: Context) -> str | None:
    """Return the id of the one resource that matches, None for none; 412 for several."""
    query = replace(criteria.query, count=2, total=False)
    page = search_visible(connection, criteria.type, query, context.access)
    found = [stored.id for stored in page.matches]
    if len(found) > 1:
        text = (
            f"{criteria.type}?{criteria.text[:200]} matches more than one resource; "
            "name criteria that only one fulfils."
        )
        raise FhirError(412, Issue("error", "multiple-matches", text))
    return found[0] if found else None


def no_match(criteria: Criteria, status: int) -> FhirError:
    """Return the refusal of an interaction that needs a resource to work on."""
    text = f"{criteria.type}?{criteria.text[:200]} matches no resource."
    return FhirError(status, Issue("error", "not-found", text))
