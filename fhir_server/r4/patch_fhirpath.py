"""FHIRPath Patch: a Parameters resource of operations on one resource.

Source: http://hl7.org/fhir/R4/fhirpatch.html.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.definitions import Element, definitions
from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.patch_errors import check_identity, conflict
from fhir_server.r4.patch_json import MOST_OPERATIONS, copied
from fhir_server.r4.patch_path import Place, element_of, resolve

_PARTS = frozenset({"type", "path", "name", "value", "index", "source", "destination"})
_Parts = Mapping[str, JsonObject]


def apply_fhirpath_patch(resource: JsonObject, parameters: JsonObject) -> JsonObject:
    """Return `resource` (left as it is) with the operations of `parameters` carried out in order.

    FhirError 400 for a malformed patch, 409 where the resource does not allow an operation, 422
    where the identity would change. That the result is valid is the caller's check.
    """
    given = parameters.get("parameter", [])
    if parameters.get("resourceType") != "Parameters" or not isinstance(given, list):
        raise BadRequest("structure", "A FHIRPath Patch is a Parameters resource.", "Parameters")
    if len(given) > MOST_OPERATIONS:
        text = f"A patch takes up to {MOST_OPERATIONS} operations; send a PUT."
        raise BadRequest("too-long", text, "Parameters.parameter")
    patched: JsonObject = copied(resource)
    for index, parameter in enumerate(given):
        _apply(patched, parameter, f"Parameters.parameter[{index}]")
    check_identity(resource, patched)
    return patched


def _apply(resource: JsonObject, parameter: Any, where: str) -> None:
    if not isinstance(parameter, dict) or parameter.get("name") != "operation":
        raise BadRequest("value", 'Each parameter of a patch is called "operation".', where)
    parts: dict[str, JsonObject] = {}
    for part in parameter.get("part", []):
        name = part.get("name") if isinstance(part, dict) else None
        if name not in _PARTS or name in parts:
            text = f"Part {str(name)[:20]!r} is not known, or stands twice, in an operation."
            raise BadRequest("value", text, f"{where}.part")
        parts[name] = part
    type = _text(parts, "type", ("valueCode", "valueString"), where)
    carry_out = _OPERATIONS.get(type)
    if carry_out is None:
        text = f"Type {type[:20]!r} is none of {', '.join(_OPERATIONS)}."
        raise BadRequest("value", text, f"{where}.part")
    path = _text(parts, "path", ("valueString",), where)
    carry_out(resolve(resource, path, where), parts, path, where)


def _add(places: list[Place], parts: _Parts, path: str, where: str) -> None:
    place = _one(places, path, where)
    name = _text(parts, "name", ("valueString",), where)
    element = element_of(place.type, name)
    node = place.value
    if element is None or not isinstance(node, dict):
        raise conflict(f"{path} takes no element {name[:60]!r}", where)
    key, value, sibling = _content(parts, element, where)
    if element.many:
        _insert(node, key, len(_list(node, key)), value, sibling)
        return
    if any(k in node or f"_{k}" in node for k in definitions().json_names(element)):
        raise conflict(f"{path}.{name} is there already; replace it", where)
    _set(node, key, None, value, sibling)


def _insert_at(places: list[Place], parts: _Parts, path: str, where: str) -> None:
    node, key = _collection(places, path, where)
    index = _number(parts, "index", where)
    if index > len(places):
        raise conflict(f"{path} has {len(places)} elements; index {index} lies beyond", where)
    _content_key, value, sibling = _value(parts, key, places[0].type, where)
    _insert(node, key, index, value, sibling)


def _delete(places: list[Place], _parts: _Parts, path: str, where: str) -> None:
    if not places:  # R4 fhirpatch.html: "Path of the element to delete (if found)"
        return
    place = _one(places, path, where)
    if place.parent is None:
        raise conflict("The whole resource cannot be deleted by a patch", where)
    for key in (place.key, f"_{place.key}"):
        _drop(place.parent, key, place.index)
    _prune(place.root)


def _replace(places: list[Place], parts: _Parts, path: str, where: str) -> None:
    place = _one(places, path, where)
    if place.parent is None:
        raise conflict("The whole resource cannot be replaced by a patch; PUT does that", where)
    key, value, sibling = _value(parts, place.key, place.type, where)
    if key != place.key:  # another type of a choice
        for old in (place.key, f"_{place.key}"):
            place.parent.pop(old, None)
    _set(place.parent, key, place.index, value, sibling)


def _move(places: list[Place], parts: _Parts, path: str, where: str) -> None:
    node, key = _collection(places, path, where)
    source = _number(parts, "source", where)
    destination = _number(parts, "destination", where)
    if max(source, destination) >= len(places):
        raise conflict(f"{path} has {len(places)} elements", where)
    for name in (key, f"_{key}"):
        if name in node:
            held = _list(node, name)
            held += [None] * (len(places) - len(held))
            held.insert(destination, held.pop(source))


_OPERATIONS: dict[str, Callable[[list[Place], _Parts, str, str], None]] = {
    "add": _add,
    "insert": _insert_at,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}


def _one(places: list[Place], path: str, where: str) -> Place:
    if len(places) != 1:
        raise conflict(f"{path} names {len(places)} elements; a patch needs exactly one", where)
    return places[0]


def _collection(places: list[Place], path: str, where: str) -> tuple[JsonObject, str]:
    """Return parent and key of the one list whose elements `places` are, all of them."""
    lists = {(id(place.parent), place.key) for place in places if place.index is not None}
    node = places[0].parent if places else None
    whole = [place.index for place in places] == list(range(len(places)))
    if len(lists) != 1 or node is None or not whole:
        raise conflict(f"{path} is not one list of the resource with at least one element", where)
    key = places[0].key
    if len(places) != max(len(node.get(key) or ()), len(node.get(f"_{key}") or ())):
        raise conflict(f"{path} is a part of a list; name the whole of it", where)
    return node, key


def _text(parts: _Parts, name: str, keys: tuple[str, ...], where: str) -> str:
    part = parts.get(name, {})
    for key in keys:
        if isinstance(part.get(key), str):
            return str(part[key])
    raise BadRequest("required", f"The operation needs a part {name} with {keys[0]}.", where)


def _number(parts: _Parts, name: str, where: str) -> int:
    part = parts.get(name, {})
    for key in ("valueInteger", "valueUnsignedInt", "valuePositiveInt"):
        value = part.get(key)
        if type(value) is int and value >= 0:
            return value
    raise BadRequest("required", f"The operation needs a part {name} with valueInteger.", where)


def _value(parts: _Parts, key: str, type: str, where: str) -> tuple[str, Any, Any]:
    """Return key, value and extensions for the place of `key`, which holds a `type`."""
    part = parts.get("value")
    if part is None:
        raise BadRequest("required", "The operation needs a part value.", where)
    suffix, value, sibling = _read_part(part, type, where)
    current = _capitalised(type)
    if suffix and suffix != current and key.endswith(current):
        return key.removesuffix(current) + suffix, value, sibling
    return key, value, sibling


def _content(parts: _Parts, element: Element, where: str) -> tuple[str, Any, Any]:
    part = parts.get("value")
    if part is None:
        raise BadRequest("required", "The operation needs a part value.", where)
    return _read_for(part, element, where)


def _read_for(part: JsonObject, element: Element, where: str) -> tuple[str, Any, Any]:
    """Return JSON key, value and extensions of `part` as the content of `element`."""
    suffix, value, sibling = _read_part(part, element.types[0], where)
    if element.name.endswith("[x]"):
        return element.name.removesuffix("[x]") + suffix, value, sibling
    return element.name, value, sibling


def _read_part(part: JsonObject, type: str, where: str) -> tuple[str, Any, Any]:
    """Return the type suffix of `value[x]`, the value, and the extensions of a primitive."""
    if "resource" in part:
        return "", copied(part["resource"]), None
    if "part" in part:
        return "", _read_parts(part["part"], type, where), None
    keys = [key.removeprefix("_") for key in part if key.lstrip("_").startswith("value")]
    if len(set(keys)) != 1:
        raise BadRequest("required", "A value has exactly one value[x], resource or part.", where)
    key = keys[0]
    return key.removeprefix("value"), copied(part.get(key)), copied(part.get(f"_{key}"))


def _read_parts(parts: Any, type: str, where: str) -> JsonObject:
    """Return a nested element from the parts that name its children (R4 fhirpatch.html)."""
    node: JsonObject = {}
    for part in parts if isinstance(parts, list) else ():
        name = part.get("name") if isinstance(part, dict) else None
        element = element_of(type, name) if isinstance(name, str) else None
        if element is None:
            raise BadRequest("value", f"{type} has no element {str(name)[:40]!r}.", where)
        key, value, sibling = _read_for(part, element, where)
        if element.many:
            _insert(node, key, len(_list(node, key)), value, sibling)
        elif key in node:
            raise BadRequest("value", f"{type}.{name} stands twice in a value.", where)
        else:
            _set(node, key, None, value, sibling)
    return node


def _list(node: JsonObject, key: str) -> list[Any]:
    held = node.get(key)
    return held if isinstance(held, list) else []


def _insert(node: JsonObject, key: str, index: int, value: Any, sibling: Any) -> None:
    """Insert into a list and, where primitives carry extensions, into the list beside it."""
    count = max(len(_list(node, key)), len(_list(node, f"_{key}")))
    for name, content in ((key, value), (f"_{key}", sibling)):
        if name in node or content is not None:
            held = node.setdefault(name, [])
            held += [None] * (count - len(held))
            held.insert(index, content)


def _set(node: JsonObject, key: str, index: int | None, value: Any, sibling: Any) -> None:
    for name, content in ((key, value), (f"_{key}", sibling)):
        if index is None:
            node.pop(name, None)
            if content is not None:
                node[name] = content
        elif name in node or content is not None:
            held = node.setdefault(name, [])
            held += [None] * (index + 1 - len(held))
            held[index] = content


def _drop(node: JsonObject, key: str, index: int | None) -> None:
    if index is None:
        node.pop(key, None)
        return
    held = _list(node, key)
    if index < len(held):
        del held[index]


def _prune(value: Any) -> bool:
    """Take out what a deletion has left empty: FHIR JSON has no empty object or array.

    Returns whether something is left. A null in a list of primitives keeps its place.
    """
    if isinstance(value, dict):
        for key in [key for key, child in value.items() if not _prune(child)]:
            del value[key]
        return bool(value)
    if isinstance(value, list):
        if any(isinstance(child, dict) for child in value) and None not in value:
            value[:] = [child for child in value if _prune(child)]
        return any(child is not None for child in value)
    return value is not None


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
