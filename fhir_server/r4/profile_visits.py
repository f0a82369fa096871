"""Every resource and every extension of a record, with the place where an extension stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.definitions import Element, definitions
from fhir_server.r4.findings import Path
from fhir_server.r4.primitives import PRIMITIVES
from fhir_server.r4.profile_items import Item

# R4 datatypes.html: these are refinements, and an extension on the wider type suits them too.
_KINDS_OF = {
    **dict.fromkeys(
        ("Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity"), "Quantity"
    ),
    **dict.fromkeys(("url", "canonical", "uuid", "oid"), "uri"),
    **dict.fromkeys(("code", "id", "markdown"), "string"),
    **dict.fromkeys(("unsignedInt", "positiveInt"), "integer"),
}
_NOT_DOMAIN = ("Bundle", "Parameters", "Binary")


@dataclass(frozen=True, slots=True)
class Visit:
    """A resource or an extension; `places` are the names of what an extension stands on."""

    item: Item
    places: frozenset[str] = frozenset()
    within: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """An element: its structure or primitive type, path from its resource, and declared name."""

    structure: str
    element: str
    declared: str
    path: Path


def visits(resource: JsonObject, path: Path) -> Iterator[Visit]:
    """Yield the resource, those inside it, and every extension, outer ones first."""
    type_name = resource["resourceType"]
    yield Visit(Item(resource, None, type_name, path))
    yield from _below(resource, _Place(type_name, type_name, type_name, path))


@cache
def _keys(structure: str) -> dict[str, tuple[Element, str]]:
    """Return JSON key -> its element and type, for the keys of objects and of primitives."""
    found: dict[str, tuple[Element, str]] = {}
    for element in definitions().elements(structure):
        for key, kind in definitions().json_names(element).items():
            found[key] = element, kind
            if kind in PRIMITIVES:
                found["_" + key] = element, kind
    return found


def _below(node: JsonObject, place: _Place, within: str | None = None) -> Iterator[Visit]:
    keys = _keys(place.structure if place.structure in definitions().names else "Element")
    for key, value in node.items():
        if key not in keys or not isinstance(value, dict | list):
            continue
        element, kind = keys[key]
        for index, one in _each(value):
            if type(one) is not dict:
                continue
            at: Path = (place.path, key.removeprefix("_"), index)
            if kind == "Resource":
                yield from visits(one, at)
            elif kind == "Extension":
                yield Visit(Item(one, None, "Extension", at), _places(place), within)
                inner = _Place("Extension", "Extension", "Extension", at)
                yield from _below(one, inner, one.get("url"))
            else:
                yield from _below(one, _inner(place, element, kind, at))


def _inner(place: _Place, element: Element, kind: str, at: Path) -> _Place:
    # A nested structure repeats its own path (Questionnaire.item.item is Questionnaire.item).
    name = f"{place.element}.{element.name}"
    return _Place(kind, kind if "." in kind else name, f"{place.structure}.{element.name}", at)


def _each(value: Any) -> Iterator[tuple[int | None, Any]]:
    if type(value) is list:
        yield from enumerate(value)
    else:
        yield None, value


def _places(place: _Place) -> frozenset[str]:
    names = {place.structure, place.element, place.declared}
    names |= {name.removesuffix("[x]") for name in names}
    names.add(_KINDS_OF.get(place.structure, place.structure))
    if place.structure in definitions().resource_types:
        names.add("Resource")
        if place.structure not in _NOT_DOMAIN:
            names.add("DomainResource")
    else:
        names.add("Element")
        if "." in place.structure:
            names.add("BackboneElement")
    return frozenset(names)
