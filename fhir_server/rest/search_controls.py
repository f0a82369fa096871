"""The parameters of a search that say how to answer: order, page, total.

Sources: http://hl7.org/fhir/R4/search.html#sort, #count, #total. Each reader returns what a
control asks for and appends what of it is used to the self link.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fhir_server.r4.outcome import BadRequest, Issue
from fhir_server.rest.cursors import read_cursor
from fhir_server.rest.page_links import CURSOR
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits
from fhir_server.rest.subset_request import subset_of
from fhir_server.store.search_includes import Include
from fhir_server.store.search_query import Cursor, Sort, SortValue, Test
from fhir_server.store.search_served import searchable, sortable, walks_index

_TOTALS = {"none": False, "accurate": True, "estimate": True}
# Each key is one more lookup for every match.
_MOST_KEYS = 8


@dataclass(slots=True)
class Reading:
    """What has been read of a search so far."""

    type: str
    place: Place
    limits: FhirLimits
    criteria: list[Test] = field(default_factory=list)
    controls: dict[str, Any] = field(default_factory=dict)
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[Issue] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)


# Reads the value of a control; BadRequest (400) where it is not understood.
Control: TypeAlias = Callable[[Reading, str], Any]


def _count(reading: Reading, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= 9):
        raise BadRequest("value", f"_count={value[:40]}: write a number from 0.")
    count = min(int(value), reading.limits.page_most)
    reading.used.append(("_count", str(count)))
    return count


def _sort(reading: Reading, value: str) -> tuple[Sort, ...]:
    known = sortable(reading.type)
    sorts: list[Sort] = []
    for text in value.split(","):
        name = text.removeprefix("-")
        if name not in known:
            raise BadRequest("not-supported", _unsorted(reading.type, value, name))
        if any(sort.parameter == name for sort in sorts):
            raise BadRequest("value", f"_sort={value[:100]}: {name} stands twice.")
        sorts.append(Sort(name, descending=text.startswith("-")))
    if len(sorts) > _MOST_KEYS:
        raise BadRequest("too-costly", f"_sort takes up to {_MOST_KEYS} parameters.")
    reading.used.append(("_sort", value))
    return tuple(sorts)


def _unsorted(type: str, value: str, name: str) -> str:
    if name in searchable(type):
        why = f"{name} is a composite, which has no order"
    else:
        why = f"{name[:60]!r} is no search parameter of {type}"
    names = ", ".join(sortable(type))
    return f"_sort={value[:100]}: {why}. {type} is sorted by {names}, with '-' before it for"\
        " the largest first."  # fmt: skip


def _total(reading: Reading, value: str) -> bool:
    if value not in _TOTALS:
        raise BadRequest("value", f"_total={value[:40]}: write none, estimate or accurate.")
    reading.used.append(("_total", value))
    return _TOTALS[value]


def _summary(reading: Reading, value: str) -> str:
    subset_of(reading.type, value, None)
    reading.used.append(("_summary", value))
    return value


def _elements(reading: Reading, value: str) -> str:
    # Its names are looked at when it is known what else is asked for: `search_request`.
    reading.used.append(("_elements", value))
    return value


def _cursor(reading: Reading, value: str) -> Cursor:
    cursor = read_cursor(value)
    if cursor.sort is not None:
        keys = ((cursor.sort, cursor.value), *zip(cursor.then_by, cursor.further, strict=True))
        if not all(_is_value(reading.type, sort, last) for sort, last in keys):
            raise BadRequest("value", f"{CURSOR} belongs to another search.")
    reading.used.append((CURSOR, value))
    return cursor


def _is_value(type: str, sort: Sort, value: SortValue) -> bool:
    """Return whether `value` can be a value of a sort key on `type`."""
    parameter = sortable(type).get(sort.parameter)
    if parameter is None or (sort.by_end and not walks_index(parameter)):
        return False
    if parameter.type == "date":
        return value is None or isinstance(value, int)
    if parameter.type in ("number", "quantity"):
        return value is None or isinstance(value, int | float)
    return value is None or isinstance(value, str)


def _format(reading: Reading, value: str) -> str:
    # What it asks for is decided with the Accept header, in `content.answer_type`.
    reading.used.append(("_format", value))
    return value


def _pretty(reading: Reading, value: str) -> str:
    # R4 http.html#parameters: of every request; `answer_form` gives the answer its form.
    if value not in ("true", "false"):
        raise BadRequest("value", f"_pretty={value[:40]}: write true or false.")
    reading.used.append(("_pretty", value))
    return value


# What says how to answer, by name; each may stand once.
CONTROLS: Mapping[str, Control] = {
    "_count": _count,
    "_sort": _sort,
    "_total": _total,
    "_summary": _summary,
    "_elements": _elements,
    "_format": _format,
    "_pretty": _pretty,
    CURSOR: _cursor,
}
