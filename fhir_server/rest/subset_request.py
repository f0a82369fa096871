"""`_summary` and `_elements`: how much of each resource is asked for.

Sources: http://hl7.org/fhir/R4/search.html#summary, #elements; http.html#parameters (they go with
every interaction that returns resources). What is not understood is refused with its name.
"""

from collections.abc import Iterable

from fastapi import Request

from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.subsets import Subset, SummaryKind, element_names

PARAMETERS = ("_summary", "_elements")
COUNT = "count"

_SUMMARIES: dict[str, SummaryKind] = {"true": "true", "text": "text", "data": "data"}


def read_subset(type: str | None, pairs: Iterable[tuple[str, str]]) -> Subset | None:
    """Return what `pairs` ask for, None for whole resources; other parameters are passed over.

    `type` None is resources of several types, which have no elements in common to be named.
    BadRequest (400) for `_summary=count`, which only a search can answer.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in PARAMETERS:
            if name in given:
                raise BadRequest("value", f"{name} stands twice; send it once.")
            given[name] = value
    summary, elements = given.get("_summary", "false"), given.get("_elements")
    if summary == COUNT:
        raise BadRequest("not-supported", "_summary=count goes with a search only.")
    return subset_of(type, summary, elements)


def subset_of(type: str | None, summary: str, elements: str | None) -> Subset | None:
    """Return the subset that the values of both parameters ask for; BadRequest (400)."""
    if summary not in (*_SUMMARIES, COUNT, "false"):
        raise BadRequest(
            "value", f"_summary={summary[:40]}: write true, text, data, count or false."
        )
    if elements is None:
        return Subset(_SUMMARIES[summary]) if summary in _SUMMARIES else None
    if summary in _SUMMARIES:
        raise BadRequest("value", "_summary and _elements ask for different parts; send one.")
    return Subset(elements=_elements(type, elements))


def _elements(type: str | None, value: str) -> frozenset[str]:
    if type is None:
        text = "_elements names elements of one type; ask a type for them."
        raise BadRequest("not-supported", text)
    names = frozenset(part.strip().removeprefix(f"{type}.") for part in value.split(","))
    unknown = sorted(names - element_names(type))
    if unknown:
        known = ", ".join(sorted(element_names(type)))
        text = f"_elements: {type} has no element {unknown[0][:60]!r}. It has {known}."
        raise BadRequest("value", text)
    return names


def subset_asked(request: Request, type: str | None) -> Subset | None:
    """Return what the URL of a read asks for."""
    if b"_" not in request.scope["query_string"]:
        return None
    return read_subset(type, request.query_params.multi_items())
