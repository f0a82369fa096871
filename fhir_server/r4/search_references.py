"""Where the references of a resource lead, by the search parameters that read them.

The index holds a reference's target only; what an include follows, and whose record a version is
part of, is read from the resource itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.references import parse_reference
from fhir_server.r4.search_plan import finder
from fhir_server.r4.search_table import SearchParameter, SearchPath, parameters_of


@dataclass(frozen=True, slots=True)
class Link:
    """A resource of this server that is referred to; `version` where the reference names one."""

    type: str
    id: str
    version: str | None = None


def links(resource: JsonObject, parameter: str, *, base_url: str | None) -> Iterator[Link]:
    """Yield where the references of `resource` lead that the reference parameter `parameter` reads.

    An absolute reference below `base_url`, this server's own base, leads to this server; one to
    another server, a contained resource, a urn or a canonical leads nowhere here.
    KeyError where the type has no such parameter.
    """
    declared = parameters_of(resource["resourceType"])
    found = declared[parameter]
    for use in found.union_of:
        for link in _own(resource, declared[use.name], base_url):
            if not use.types or link.type in use.types:
                yield link
    yield from _own(resource, found, base_url)


def _own(resource: JsonObject, parameter: SearchParameter, base_url: str | None) -> Iterator[Link]:
    for path in parameter.paths:
        if path.type == "Reference":
            for link in _read(resource, path, base_url):
                if not path.targets or link.type in path.targets:
                    yield link


def _read(resource: JsonObject, path: SearchPath, base_url: str | None) -> Iterator[Link]:
    value = resource.get(path.steps[0].name)
    for element in () if value is None else finder(path.steps)(value):
        text = element.get("reference")
        if text is None:
            continue
        try:
            target = parse_reference(text)
        except ValueError:
            continue
        if target.type is None or target.id is None:
            continue
        if target.is_local or target.base == base_url:
            yield Link(target.type, target.id, target.version)
