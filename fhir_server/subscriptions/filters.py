"""Does a resource that was just written match a Subscription's filters? The search decides.

A filter means exactly what the same text means in a search: it is read by the search's reader and
run by the search itself, narrowed to the resources in question. `ReadSearch` is the one seam.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import parse_qsl

from sqlalchemy import Connection

from fhir_server.r4.outcome import BadRequest, FhirError, InvalidResource, Issue
from fhir_server.r4.references import ID_PATTERN
from fhir_server.store.access import Access, search_visible
from fhir_server.store.search_query import SearchQuery

ReadSearch: TypeAlias = Callable[[str, Sequence[tuple[str, str]]], SearchQuery]
"""Type and parameters into a query; FhirError for whatever is not understood, never less."""

_PATIENT = re.compile(rf"(?:[A-Z][A-Za-z]*/)?{ID_PATTERN}")
# Of one search; a search takes up to 200 values, the filters' own among them.
_TOGETHER = 100
# What says how to answer a search is no criterion.
_CONTROLS = frozenset(
    {"_count", "_sort", "_total", "_summary", "_elements", "_cursor", "_contained",
     "_containedType", "_include", "_revinclude", "_format", "_pretty"}
)  # fmt: skip


def check_filters(
    connection: Connection, type: str, filters: Sequence[str], access: Access, read: ReadSearch
) -> None:
    """Refuse (422) filters that no search on `type` could answer, with the reason.

    They are run: that a value set is not there shows only then.
    """
    examples = tuple(f"example-{number}" for number in range(_TOGETHER))
    try:
        matching(connection, type, filters, examples, access, read)
    except FhirError as error:
        where = ("Subscription.criteria.extension",)
        issues = [Issue("error", i.code, i.diagnostics, where) for i in error.issues]
        raise InvalidResource(issues) from error


def matching(
    connection: Connection,
    type: str,
    filters: Sequence[str],
    ids: Sequence[str],
    access: Access,
    read: ReadSearch,
) -> frozenset[str]:
    """Return those of `ids` for which every filter holds now, in the caller's transaction.

    A chain leads only over what `access` opens: else a filter would ask about others' records.
    """
    if not filters:
        return frozenset(ids)
    found: set[str] = set()
    for start in range(0, len(ids), _TOGETHER):
        query = _query(type, filters, ids[start : start + _TOGETHER], read)
        page = search_visible(connection, type, query, access)
        if page.next is not None:
            raise ValueError(
                f"a page holds less than the {_TOGETHER} resources that were asked for"
            )
        found.update(stored.id for stored in page.matches)
    return frozenset(found)


def cannot_match(filters: Sequence[str], body: bytes) -> bool:
    """Whether a look at the stored bytes already shows that some filter does not hold.

    A resource that refers to a patient holds the patient's id. So of a thousand Subscriptions to
    one patient each, a write asks the search about those few whose patient stands in it. False
    says nothing.
    """
    return any(not any(id in body for id in ids) for ids in _patients(tuple(filters)))


@lru_cache(maxsize=4096)
def _patients(filters: tuple[str, ...]) -> tuple[tuple[bytes, ...], ...]:
    """Return, for each plain criterion on the patient, the ids of which one must occur."""
    found: list[tuple[bytes, ...]] = []
    for text in filters:
        for name, value in _pairs(text):
            parts = value.split(",")
            if name in ("patient", "subject") and all(_PATIENT.fullmatch(part) for part in parts):
                found.append(tuple(part.rpartition("/")[2].encode() for part in parts))
    return tuple(found)


def _query(type: str, filters: Sequence[str], ids: Sequence[str], read: ReadSearch) -> SearchQuery:
    pairs = [pair for text in filters for pair in _pairs(text)]
    return read(type, [*pairs, ("_id", ",".join(ids)), ("_count", str(_TOGETHER))])


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=50)
    except ValueError as error:
        raise BadRequest("value", f"The filter {text[:100]!r} is no query ({error}).") from None
    for name, _value in pairs:
        if name.partition(":")[0] in _CONTROLS:
            what = f"{name[:40]} says how to answer a search; it is no filter."
            raise BadRequest("not-supported", what)
    return pairs
