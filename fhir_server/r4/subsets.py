"""Less than the whole of a resource: `_summary` and `_elements`, by R4's own definitions.

Sources: http://hl7.org/fhir/R4/search.html#summary, #elements. What changes the meaning of the
rest (R4's isModifier) and what must be there (a minimum of one) stays in every subset, so that a
part never says something else than the whole. Numbers keep their spelling.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

from fhir_server.r4.codec import JsonObject, decode, encode
from fhir_server.r4.definitions import Element, definitions

SummaryKind: TypeAlias = Literal["true", "text", "data"]

# R4 search.html#summary: "Servers SHOULD mark the resources with the tag SUBSETTED".
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
# Identity: without these nobody could say what the part is a part of.
_IDENTITY = frozenset({"resourceType", "id", "meta"})


@dataclass(frozen=True, slots=True)
class Subset:
    """What is left of a resource: a `summary`, or the named `elements` of its own level."""

    summary: SummaryKind | None = None
    elements: frozenset[str] = frozenset()


def subset(body: bytes, wanted: Subset) -> bytes:
    """Return the JSON of a stored resource with what `wanted` leaves, labelled SUBSETTED.

    The order of what stays is kept. `body` is valid R4 with a `meta`, as the store holds it.
    """
    resource = decode(body)
    kept = _kept(resource, wanted)
    if "contained" in resource and "contained" not in kept:
        # A reference to `#x` that stays needs its target (R4 references.html#contained).
        found = _referenced(kept, resource["contained"])
        if found:
            kept = {**kept, "contained": found}
    return encode(_labelled(kept))


def element_names(type: str) -> frozenset[str]:
    """Return the names that `_elements` may take for a resource type: `value` and `valueQuantity`.

    KeyError where R4 has no such type.
    """
    names: set[str] = set()
    for element in definitions().elements(type):
        names.update((element.name.removesuffix("[x]"), *definitions().json_names(element)))
    return frozenset(names)


def _kept(resource: JsonObject, wanted: Subset) -> JsonObject:
    type = resource["resourceType"]
    if wanted.summary == "data":
        return {name: value for name, value in resource.items() if name != "text"}
    if wanted.summary == "true":
        return {**_identity(resource), **_summarised(resource, type)}
    names = wanted.elements if wanted.summary is None else frozenset({"text"})
    rows = _rows(type)
    return {
        name: value
        for name, value in resource.items()
        if name in _IDENTITY or _is_kept(rows.get(name.removeprefix("_")), name, names)
    }


def _identity(resource: JsonObject) -> JsonObject:
    return {name: value for name, value in resource.items() if name in _IDENTITY}


def _is_kept(row: "_Row | None", name: str, wanted: frozenset[str]) -> bool:
    if row is None:
        return False
    return row.needed or bool(wanted & {name.removeprefix("_"), row.stem})


def _summarised(value: JsonObject, structure: str) -> JsonObject:
    """Return what is part of a summary, to any depth."""
    rows = _rows(structure)
    kept: JsonObject = {}
    for name, child in value.items():
        row = rows.get(name.removeprefix("_"))
        if row is None or not (row.summary or row.needed):
            continue
        part = child if name.startswith("_") else _part(child, row.type)
        if part not in (None, {}, []):
            kept[name] = part
        elif row.mandatory:  # nothing of it is in a summary, but it must be there
            kept[name] = child
    return kept


def _part(value: Any, type: str) -> Any:
    if isinstance(value, list):
        if not _has_structure(type):
            return value
        parts = [_part(item, type) for item in value]
        return [part for part in parts if part != {}]
    if isinstance(value, dict) and _has_structure(type):
        return _summarised(value, type)
    return value


def _has_structure(type: str) -> bool:
    # A resource inside a resource (Bundle.entry.resource) is an answer of its own, and an extension
    # without its value says nothing: both are left whole.
    return type not in ("Resource", "Extension") and type in definitions().names


@dataclass(frozen=True, slots=True)
class _Row:
    stem: str
    type: str
    summary: bool
    mandatory: bool
    needed: bool


@cache
def _rows(structure: str) -> Mapping[str, _Row]:
    """Return what is declared for each JSON name of a structure."""
    return {
        name: _row(element, type)
        for element in definitions().elements(structure)
        for name, type in definitions().json_names(element).items()
    }


def _row(element: Element, type: str) -> _Row:
    mandatory = element.min > 0
    needed = mandatory or element.modifier
    return _Row(element.name.removesuffix("[x]"), type, element.summary, mandatory, needed)


def _referenced(kept: JsonObject, contained: list[JsonObject]) -> list[JsonObject]:
    """Return those of `contained` that `kept` refers to, also by way of each other."""
    wanted: set[str] = set(_local_references(kept))
    while True:
        found = [part for part in contained if f"#{part.get('id')}" in wanted]
        more = wanted.union(*(_local_references(part) for part in found))
        if more == wanted:
            return found
        wanted = more


def _local_references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, child in value.items():
            if isinstance(child, str):
                if child.startswith("#") and not name.startswith("_"):
                    yield child
            else:
                yield from _local_references(child)
    elif isinstance(value, list):
        for child in value:
            yield from ([child] if isinstance(child, str) and child.startswith("#") else ())
            yield from _local_references(child)


def _labelled(resource: JsonObject) -> JsonObject:
    meta = resource.get("meta", {})
    tags = meta.get("tag", [])
    if any(tag.get("code") == SUBSETTED["code"] for tag in tags):
        return resource
    return {**resource, "meta": {**meta, "tag": [*tags, SUBSETTED]}}
