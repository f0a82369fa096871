"""The door to search indexing: the declared parameters and the values a resource gives them."""

from collections.abc import Iterator
from datetime import tzinfo
from functools import cache
from typing import Any, TypeAlias

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.r4.search_table import (
    COMMON_PARAMETERS,
    SEARCH_PARAMETERS,
    SearchParameter,
    SearchType,
)
from fhir_server.r4.search_values import (
    DateValue,
    IndexValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    dates,
    normalise,
    references,
    strings,
    tokens,
)

__all__ = [
    "COMMON_PARAMETERS",
    "SEARCH_PARAMETERS",
    "STORED_TYPES",
    "DateValue",
    "IndexValue",
    "ReferenceValue",
    "SearchParameter",
    "SearchType",
    "StringValue",
    "TokenValue",
    "index_values",
    "normalise",
]


def index_values(
    resource: JsonObject, *, default_zone: tzinfo, base_url: str | None = None
) -> Iterator[IndexValue]:
    """Yield what `resource` (valid by `validate`) is found by; nothing for a type not stored.

    `default_zone` places dates without an offset: the same zone must place a query's dates.
    `base_url` (no slash at its end) is this server's: references below it are local.
    The values of one parameter may repeat; ValueError where a date or reference is malformed.
    """
    for first, below, parameters in _plan(resource["resourceType"]):
        found = resource.get(first)
        if found is None:
            continue
        for element in _elements(found, below):
            for parameter in parameters:
                yield from _values(parameter, element, default_zone, base_url)


# What one path serves: its first name, the names below it, the parameters that read it.
_Step: TypeAlias = tuple[str, tuple[str, ...], tuple[SearchParameter, ...]]


@cache
def _plan(type_name: str) -> tuple[_Step, ...]:
    readers: dict[str, list[SearchParameter]] = {}
    for parameter in SEARCH_PARAMETERS.get(type_name, {}).values():
        for path in parameter.paths:
            readers.setdefault(path, []).append(parameter)
    steps = ((path.split("."), parameters) for path, parameters in readers.items())
    return tuple((names[0], tuple(names[1:]), tuple(parameters)) for names, parameters in steps)


def _values(
    parameter: SearchParameter, element: Any, zone: tzinfo, base_url: str | None
) -> Iterator[IndexValue]:
    match parameter.type:
        case "token":
            return tokens(parameter.name, element, code_system=parameter.code_system)
        case "string":
            return strings(parameter.name, element)
        case "date":
            return dates(parameter.name, element, zone=zone)
        case "reference":
            return references(parameter.name, element, targets=parameter.targets, base_url=base_url)


def _elements(found: Any, names: tuple[str, ...]) -> list[Any]:
    """Return the elements at `names` below `found`, arrays flattened, nulls left out."""
    nodes: list[Any] = found if isinstance(found, list) else [found]
    for name in names:
        below: list[Any] = []
        for node in nodes:
            child = node.get(name)
            if isinstance(child, list):
                below += child
            elif child is not None:
                below.append(child)
        nodes = below
    return [node for node in nodes if node is not None]
