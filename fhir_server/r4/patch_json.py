"""JSON Patch on a decoded resource: RFC 6902, with pointers of RFC 6901.

Values are moved, never converted: a number keeps the spelling that `codec.decode` gave it. The
usual libraries copy documents in ways that lose it, and take `true` for equal to `1` in a `test`.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError
from fhir_server.r4.patch_errors import check_identity, conflict, malformed, test_failed

# A patch beyond this rewrites the resource; PUT does that, with one validation and no walk.
MOST_OPERATIONS = 1000
# Copies of copies double what there is: a patch of forty operations would fill any memory.
MOST_COPIED = 1_000_000
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_BAD_ESCAPE = re.compile(r"~(?![01])")


def apply_json_patch(resource: JsonObject, patch: Any) -> JsonObject:
    """Return `resource` (left as it is) with every operation of `patch` carried out in order.

    FhirError 400 where `patch` is no JSON Patch, 409 where a target does not exist, 422 where a
    `test` does not hold or the identity would change.
    """
    if not isinstance(patch, list):
        raise malformed("A JSON Patch is an array of operations", "/")
    if len(patch) > MOST_OPERATIONS:
        raise malformed(f"A patch takes up to {MOST_OPERATIONS} operations; send a PUT", "/")
    document: Any = copied(resource)
    weight = 0
    for index, operation in enumerate(patch):
        where = f"/{index}"
        if isinstance(operation, dict) and operation.get("op") == "copy":
            weight += _weight(_found(document, _pointer(operation, "from", where), where))
            if weight > MOST_COPIED:
                raise malformed(f"The patch copies more than {MOST_COPIED} characters", where)
        document = _apply(document, operation, where)
    return check_identity(resource, document)


def copied(value: Any) -> Any:
    """Return a copy of the containers; leaves are shared, so numbers keep their spelling."""
    if isinstance(value, dict):
        return {key: copied(child) for key, child in value.items()}
    if isinstance(value, list):
        return [copied(child) for child in value]
    return value


def _weight(value: Any) -> int:
    """Return about how many characters a value has when it is written."""
    if isinstance(value, dict):
        return 2 + sum(len(key) + 4 + _weight(child) for key, child in value.items())
    if isinstance(value, list):
        return 2 + sum(1 + _weight(child) for child in value)
    return len(value) + 2 if isinstance(value, str) else 4


def _apply(document: Any, operation: Any, where: str) -> Any:
    if not isinstance(operation, dict):
        raise malformed("An operation is a JSON object", where)
    name = operation.get("op")
    carry_out = _OPERATIONS.get(name) if isinstance(name, str) else None
    if carry_out is None:
        known = ", ".join(_OPERATIONS)
        raise malformed(f"op is {str(name)[:20]!r}; it is one of {known}", f"{where}/op")
    path = _pointer(operation, "path", where)
    return carry_out(document, path, operation, where)


def _add(document: Any, path: list[str], operation: JsonObject, where: str) -> Any:
    return _put_in(document, path, copied(_value(operation, where)), where)


def _remove(document: Any, path: list[str], _operation: JsonObject, where: str) -> Any:
    _take_out(document, path, where)
    return document


def _replace(document: Any, path: list[str], operation: JsonObject, where: str) -> Any:
    value = copied(_value(operation, where))
    if not path:
        return value
    parent, key = _target(document, path, where)
    parent[key] = value
    return document


def _move(document: Any, path: list[str], operation: JsonObject, where: str) -> Any:
    source = _pointer(operation, "from", where)
    if path == source:
        _found(document, source, where)
        return document
    if path[: len(source)] == source:
        raise malformed("A value cannot be moved into one of its children", f"{where}/from")
    return _put_in(document, path, _take_out(document, source, where), where)


def _copy(document: Any, path: list[str], operation: JsonObject, where: str) -> Any:
    source = _pointer(operation, "from", where)
    return _put_in(document, path, copied(_found(document, source, where)), where)


def _test(document: Any, path: list[str], operation: JsonObject, where: str) -> Any:
    wanted = _value(operation, where)
    try:
        found = _found(document, path, where)
    except FhirError as error:
        raise test_failed("The tested element is not there", where) from error
    if not _equal(found, wanted):
        raise test_failed("The tested element has another value", where)
    return document


_OPERATIONS: dict[str, Callable[[Any, list[str], JsonObject, str], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _value(operation: JsonObject, where: str) -> Any:
    if "value" not in operation:
        raise malformed(f"{operation['op']} needs a value", where)
    return operation["value"]


def _pointer(operation: JsonObject, name: str, where: str) -> list[str]:
    text = operation.get(name)
    if not isinstance(text, str) or (text and not text.startswith("/")) or _BAD_ESCAPE.search(text):
        raise malformed(f"{name} is a JSON Pointer such as /name/0/family", f"{where}/{name}")
    # RFC 6901, section 4: first ~1, then ~0, so that ~01 is the text ~1.
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _found(document: Any, path: list[str], where: str) -> Any:
    node = document
    for depth, key in enumerate(path):
        node = _child(node, key, _text(path[: depth + 1]), where)
    return node


def _child(node: Any, key: str, place: str, where: str) -> Any:
    if isinstance(node, dict) and key in node:
        return node[key]
    if isinstance(node, list) and _INDEX.fullmatch(key) and int(key) < len(node):
        return node[int(key)]
    raise conflict(f"{place} is not in the resource", where)


def _target(document: Any, path: list[str], where: str) -> tuple[Any, Any]:
    """Return parent and key of an element that exists."""
    parent = _found(document, path[:-1], where)
    _child(parent, path[-1], _text(path), where)
    return parent, int(path[-1]) if isinstance(parent, list) else path[-1]


def _put_in(document: Any, path: list[str], value: Any, where: str) -> Any:
    if not path:
        return value
    parent, key = _found(document, path[:-1], where), path[-1]
    if isinstance(parent, dict):
        parent[key] = value
    elif isinstance(parent, list) and key == "-":
        parent.append(value)
    elif isinstance(parent, list) and _INDEX.fullmatch(key) and int(key) <= len(parent):
        parent.insert(int(key), value)
    else:
        raise conflict(f"{_text(path)} is no place to put a value", where)
    return document


def _take_out(document: Any, path: list[str], where: str) -> Any:
    if not path:
        raise malformed("The whole resource cannot be removed; DELETE does that", where)
    parent, key = _target(document, path, where)
    return parent.pop(key)


def _equal(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal by RFC 6902, 4.6; numbers are by value."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return left == right
    return type(left) is type(right) and bool(left == right)


def _text(path: list[str]) -> str:
    return "".join(f"/{part}" for part in path)[:100]
