"""A search as it comes in: pairs of names and values into a query, nothing passed over.

R4 search.html#errors lets a server ignore what it does not know and answer a different question.
This one refuses with 400 and the name, unless the client prefers `handling=lenient`; then the
name is left out of the self link and a warning stands in the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.r4.outcome import BadRequest, Issue
from fhir_server.r4.search_parameters import SearchParameter
from fhir_server.r4.subsets import Subset
from fhir_server.rest.cursors import read_cursor
from fhir_server.rest.include_request import is_include, read_include
from fhir_server.rest.search_terms import Place, read_terms
from fhir_server.rest.services import FhirLimits
from fhir_server.rest.subset_request import subset_of
from fhir_server.store.search_includes import Include
from fhir_server.store.search_query import Criterion, Cursor, SearchQuery, Sort, TokenTerm
from fhir_server.store.search_served import searchable

CURSOR = "_cursor"
# Each value is one more branch of the statement; more are a list to be sent in parts.
_MOST_VALUES = 200
_TOTALS = {"none": False, "accurate": True, "estimate": True}


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


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    type: str
    place: Place
    limits: FhirLimits
    criteria: list[Criterion] = field(default_factory=list)
    controls: dict[str, Any] = field(default_factory=dict)
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[Issue] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)


def parse_search(
    type: str,
    pairs: Sequence[tuple[str, str]],
    *,
    lenient: bool,
    place: Place,
    limits: FhirLimits,
) -> SearchRequest:
    """Return the search on the stored `type`; BadRequest (400) naming what is not understood."""
    reading = _Reading(type, place, limits)
    for name, value in pairs:
        control = _CONTROLS.get(name)
        if control is not None:
            if name in reading.controls:
                raise BadRequest("value", f"{name} stands twice; send it once.")
            reading.controls[name] = control(reading, value)
        elif is_include(name):
            _read_include(reading, name, value, lenient)
        else:
            _read_criterion(reading, name, value, lenient)
    if sum(len(c.terms) for c in reading.criteria) > _MOST_VALUES:
        raise BadRequest("too-costly", f"A search takes up to {_MOST_VALUES} values; split it.")
    return SearchRequest(
        _query(reading),
        tuple(reading.used),
        tuple(reading.ignored),
        tuple(reading.includes),
        _subset(reading),
    )


def parameter_of(type: str, name: str) -> SearchParameter | None:
    """Return the search parameter `name` of `type`, None where it is not served."""
    return searchable(type).get(name)


def _read_criterion(reading: _Reading, given: str, value: str, lenient: bool) -> None:
    name, _, modifier = given.partition(":")
    parameter = parameter_of(reading.type, name)
    if parameter is None or "." in modifier:
        if not lenient:
            raise BadRequest("not-supported", _unknown(reading.type, given))
        reading.ignored.append(
            Issue("warning", "not-supported", f"Left out: {_unknown(reading.type, given)}")
        )
        return
    terms = read_terms(parameter, modifier, value, reading.place)
    if name == "_id" and any(isinstance(t, TokenTerm) and t.system is not None for t in terms):
        raise BadRequest("value", f"_id={value[:100]}: write ids without a system.")
    reading.criteria.append(Criterion(name, terms))
    reading.used.append((given, value))


def _unknown(type: str, name: str) -> str:
    known = ", ".join(sorted(searchable(type)))
    what = "a chain, which is" if "." in name else f"a search parameter of {type} that is"
    return f"{name[:100]!r} is {what} not supported. Supported: {known}."


def _query(reading: _Reading) -> SearchQuery:
    controls = reading.controls
    count = controls.get("_count")
    if count is None:
        count = reading.limits.page_default
    # R4 search.html#count: `_count=0` is the same as `_summary=count`.
    counting = count == 0 or controls.get("_summary") == "count"
    cursor: Cursor | None = controls.get(CURSOR)
    sort: Sort | None = controls.get("_sort")
    if cursor is not None and sort is not None and cursor.sort != sort:
        raise BadRequest("value", f"{CURSOR} belongs to a search in another order.")
    return SearchQuery(
        criteria=tuple(reading.criteria),
        sort=sort,
        count=0 if counting else count,
        total=counting or controls.get("_total", False),
        cursor=None if counting else cursor,
    )


def _count(reading: _Reading, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= 9):
        raise BadRequest("value", f"_count={value[:40]}: write a number from 0.")
    count = min(int(value), reading.limits.page_most)
    reading.used.append(("_count", str(count)))
    return count


def _sort(reading: _Reading, value: str) -> Sort:
    name = value.removeprefix("-")
    parameter = parameter_of(reading.type, name)
    if parameter is None or not _is_order(parameter):
        dates = (p.name for p in searchable(reading.type).values() if _is_order(p))
        raise BadRequest(
            "not-supported",
            f"_sort={value[:100]}: a search on {reading.type} is sorted by one of "
            f"{', '.join(dates)}, with '-' before it for the latest first.",
        )
    reading.used.append(("_sort", value))
    return Sort(name, descending=value.startswith("-"))


def _is_order(parameter: SearchParameter) -> bool:
    """Whether resources have an order by it: a date with rows, or a column, of its own."""
    return parameter.type == "date" and not parameter.union_of


def _total(reading: _Reading, value: str) -> bool:
    if value not in _TOTALS:
        raise BadRequest("value", f"_total={value[:40]}: write none, estimate or accurate.")
    reading.used.append(("_total", value))
    return _TOTALS[value]


def _read_include(reading: _Reading, name: str, value: str, lenient: bool) -> None:
    try:
        reading.includes.append(read_include(reading.type, name, value))
    except BadRequest as refusal:
        if not lenient:
            raise
        text = f"Left out: {refusal.issues[0].diagnostics}"
        reading.ignored.append(Issue("warning", "not-supported", text))
    else:
        reading.used.append((name, value))


def _subset(reading: _Reading) -> Subset | None:
    controls = reading.controls
    if controls.get("_summary") == "text" and reading.includes:
        # R4 search.html#summary: "_include and _revinclude cannot be mixed with _summary=text".
        raise BadRequest("not-supported", "_summary=text does not go with _include, _revinclude.")
    summary = controls.get("_summary", "false")
    return subset_of(reading.type, summary, controls.get("_elements"))


def _summary(reading: _Reading, value: str) -> str:
    subset_of(reading.type, value, None)
    reading.used.append(("_summary", value))
    return value


def _elements(reading: _Reading, value: str) -> str:
    reading.used.append(("_elements", value))
    return value


def _cursor(reading: _Reading, value: str) -> Cursor:
    cursor = read_cursor(value)
    if cursor.sort is not None:
        parameter = parameter_of(reading.type, cursor.sort.parameter)
        if parameter is None or not _is_order(parameter):
            raise BadRequest("value", f"{CURSOR} belongs to a search on another type.")
    reading.used.append((CURSOR, value))
    return cursor


def _format(reading: _Reading, value: str) -> str:
    # What it asks for is decided with the Accept header, in `content.answer_type`.
    reading.used.append(("_format", value))
    return value


_CONTROLS = {
    "_count": _count,
    "_sort": _sort,
    "_total": _total,
    "_summary": _summary,
    "_elements": _elements,
    "_format": _format,
    CURSOR: _cursor,
}
