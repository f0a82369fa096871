"""Where the references of a resource lead, by the search parameters that read them.

The index holds a reference's target only; what an include follows, and whose record a version is
part of, is read from the resource itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
        link = None if text is None else local_link(text, base_url=base_url)
        if link is not None:
            yield link


def every_link(value: Any, *, base_url: str | None) -> Iterator[Link]:
    """Yield where every reference in `value` leads, whether or not a search parameter reads it.

    The address of an attachment counts where it is a Binary of this server.
    """
    if isinstance(value, dict):
        for name, child in value.items():
            if isinstance(child, str):
                if name in ("reference", "url"):
                    found = local_link(child, base_url=base_url)
                    if found is not None and (name == "reference" or found.type == "Binary"):
                        yield found
            else:
                yield from every_link(child, base_url=base_url)
    elif isinstance(value, list):
        for child in value:
            yield from every_link(child, base_url=base_url)


def local_link(text: str, *, base_url: str | None) -> Link | None:
    """Return the resource of this server that a reference leads to, None where it leads nowhere."""
    try:
        target = parse_reference(text)
    except ValueError:
        return None
    if target.type is None or target.id is None:
        return None
    if target.is_local or target.base == base_url:
        return Link(target.type, target.id, target.version)
    return None
