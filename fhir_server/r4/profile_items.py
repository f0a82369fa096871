"""The values of a record as a profile meets them: items with their type, path and children."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.definitions import definitions
from fhir_server.r4.findings import Path
from fhir_server.r4.primitives import PRIMITIVES


@dataclass(frozen=True, slots=True)
class Item:
    """One value: `sibling` holds the id and extensions of a primitive, `type` its R4 type."""

    value: Any
    sibling: Any
    type: str
    path: Path


def root_item(resource: JsonObject, path: Path) -> Item:
    """Return a whole resource as an item."""
    return Item(resource, None, str(resource.get("resourceType")), path)


def children(item: Item, name: str, type_name: str = "") -> Iterator[Item]:
    """Yield the values of the element `name` (`value[x]`: of any type) below `item`."""
    node = item.value if type(item.value) is dict else item.sibling
    if type(node) is not dict:
        return
    if name.endswith("[x]"):
        for key, kind in _choice_keys(node, name[:-3]):
            yield from _values(node, key, kind, item.path)
    else:
        yield from _values(node, name, type_name, item.path)


def _choice_keys(node: JsonObject, stem: str) -> Iterator[tuple[str, str]]:
    for key in dict.fromkeys(key.removeprefix("_") for key in node):
        kind = key[len(stem) :]
        if not key.startswith(stem) or not kind:
            continue
        primitive = kind[0].lower() + kind[1:]
        if primitive in PRIMITIVES:
            yield key, primitive
        elif kind in definitions().names:
            yield key, kind


def _values(node: JsonObject, key: str, kind: str, path: Path) -> Iterator[Item]:
    value, sibling = node.get(key), node.get("_" + key)
    if type(value) is list or type(sibling) is list:
        values, siblings = value or [], sibling or []
        for index in range(max(len(values), len(siblings))):
            one = values[index] if index < len(values) else None
            other = siblings[index] if index < len(siblings) else None
            yield _item(one, other, kind, (path, key, index))
    elif value is not None or sibling is not None:
        yield _item(value, sibling, kind, (path, key, None))


def _item(value: Any, sibling: Any, kind: str, path: Path) -> Item:
    if type(value) is dict and "resourceType" in value:
        kind = value["resourceType"]
    return Item(value, sibling, kind, path)


def is_exactly(wanted: Any, value: Any) -> bool:
    """Return whether `value` is the fixed value: all of it, nothing beside it."""
    return (type(value) is not bool and type(wanted) is not bool and bool(wanted == value)) or (
        value is wanted
    )


def matches_pattern(wanted: Any, value: Any) -> bool:
    """Return whether `value` holds what the pattern holds (R4, ElementDefinition.pattern[x])."""
    if type(wanted) is dict:
        return type(value) is dict and all(
            key in value and matches_pattern(part, value[key]) for key, part in wanted.items()
        )
    if type(wanted) is list:
        return type(value) is list and all(
            any(matches_pattern(part, item) for item in value) for part in wanted
        )
    return is_exactly(wanted, value)
