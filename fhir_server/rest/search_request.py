"""A search as it comes in: pairs of names and values into a query, nothing passed over.

R4 search.html#errors lets a server ignore what it does not know and answer a different question.
This one refuses with 400 and the name, unless the client prefers `handling=lenient`; then the
name is left out of the self link and a warning stands in the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_server.r4.outcome import BadRequest, Issue
from fhir_server.r4.subsets import Subset
from fhir_server.rest.include_request import is_include, read_include
from fhir_server.rest.page_links import CURSOR
from fhir_server.rest.search_controls import CONTROLS, Reading
from fhir_server.rest.search_criteria import UnknownParameter, read_test
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits
from fhir_server.rest.subset_request import subset_of
from fhir_server.store.search_includes import Include
from fhir_server.store.search_query import (
    ChainTerm,
    Criterion,
    Cursor,
    HasTerm,
    SearchQuery,
    Sort,
    Test,
)
from fhir_server.store.search_served import searchable, walks_index

# Each value is looked for; more are a list to be sent in parts.
_MOST_VALUES = 200


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A query, what of the request it answers (for the self link), and what was left out.

    `includes` are what the matches bring along, `subset` how much of each match is answered.
    """

    query: SearchQuery
    used: tuple[tuple[str, str], ...]
    ignored: tuple[Issue, ...]
    includes: tuple[Include, ...] = ()
    subset: Subset | None = None


def parse_search(
    type: str,
    pairs: Sequence[tuple[str, str]],
    *,
    lenient: bool,
    place: Place,
    limits: FhirLimits,
) -> SearchRequest:
    """Return the search on the stored `type`; BadRequest (400) naming what is not understood."""
    reading = Reading(type, place, limits)
    for name, value in pairs:
        if "\0" in value or "\0" in name:
            raise BadRequest("value", f"{name[:40]!r}: no record holds the character U+0000.")
        control = CONTROLS.get(name)
        if control is not None:
            if name in reading.controls:
                raise BadRequest("value", f"{name} stands twice; send it once.")
            reading.controls[name] = control(reading, value)
        elif is_include(name):
            _read_include(reading, name, value, lenient)
        else:
            _read_criterion(reading, name, value, lenient)
    if sum(map(_size, reading.criteria)) > _MOST_VALUES:
        raise BadRequest("too-costly", f"A search takes up to {_MOST_VALUES} values; split it.")
    return SearchRequest(
        _query(reading),
        tuple(reading.used),
        tuple(reading.ignored),
        tuple(reading.includes),
        _subset(reading),
    )


def _read_criterion(reading: Reading, name: str, value: str, lenient: bool) -> None:
    try:
        reading.criteria.append(read_test(reading.type, name, value, reading.place))
    except UnknownParameter as error:
        if not lenient:
            raise
        text = f"Left out: {error.issues[0].diagnostics}"
        reading.ignored.append(Issue("warning", "not-supported", text))
        return
    reading.used.append((name, value))


def _read_include(reading: Reading, name: str, value: str, lenient: bool) -> None:
    try:
        reading.includes.append(read_include(reading.type, name, value))
    except BadRequest as refusal:
        if not lenient:
            raise
        text = f"Left out: {refusal.issues[0].diagnostics}"
        reading.ignored.append(Issue("warning", "not-supported", text))
    else:
        reading.used.append((name, value))


def _subset(reading: Reading) -> Subset | None:
    controls = reading.controls
    if controls.get("_summary") == "text" and reading.includes:
        # R4 search.html#summary: "the _include and _revinclude parameters cannot be mixed with
        # _summary=text".
        raise BadRequest("not-supported", "_summary=text does not go with _include, _revinclude.")
    summary = controls.get("_summary", "false")
    return subset_of(reading.type, summary, controls.get("_elements"))


def _size(test: Test) -> int:
    """Return how many values are looked for, those of chains included."""
    if not isinstance(test, Criterion):
        return 1
    return sum(
        sum(map(_size, term.tests)) if isinstance(term, ChainTerm | HasTerm) else 1
        for term in test.terms
    )


def _query(reading: Reading) -> SearchQuery:
    controls = reading.controls
    count = controls.get("_count")
    if count is None:
        count = reading.limits.page_default
    # R4 search.html#count: `_count=0` is the same as `_summary=count`.
    counting = count == 0 or controls.get("_summary") == "count"
    cursor: Cursor | None = controls.get(CURSOR)
    sorts: tuple[Sort, ...] = controls.get("_sort", ())
    if cursor is not None and not _follows(reading.type, cursor, sorts):
        raise BadRequest("value", f"{CURSOR} belongs to a search in another order.")
    return SearchQuery(
        criteria=tuple(reading.criteria),
        sort=sorts[0] if sorts else None,
        then_by=sorts[1:],
        count=0 if counting else count,
        total=counting or controls.get("_total", False),
        cursor=None if counting else cursor,
    )


def _follows(type: str, cursor: Cursor, sorts: tuple[Sort, ...]) -> bool:
    """Return whether a page ended at `cursor` in the order of `sorts`, or of the server's own."""
    if sorts:
        return (cursor.sort, *cursor.then_by) == sorts
    if cursor.sort is None:
        return True
    return not cursor.then_by and walks_index(searchable(type)[cursor.sort.parameter])
