"""The entries of a batch or transaction, read into operations.

Source: http://hl7.org/fhir/R4/http.html#transaction. What an entry asks for beyond this is
refused with its expression; nothing of it is passed over.
"""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest, FhirError
from fhir_server.rest.bundle_operation import Kind, Operation, entry_place
from fhir_server.rest.compartment_answer import EVERY_TYPE
from fhir_server.rest.conditions import create_only, parse_read_conditions
from fhir_server.rest.content import JSON_PATCH, version_tag
from fhir_server.rest.context import Context
from fhir_server.rest.errors import within
from fhir_server.rest.incoming import check_type, is_id, stored_type
from fhir_server.rest.matching import read_criteria
from fhir_server.rest.patch import read_change
from fhir_server.rest.read import version_number
from fhir_server.rest.update import check_id
from fhir_server.rest.writes import Guard
from fhir_server.store.identity import new_id

# The conditions that each method takes; another one is refused: it would not be honoured.
_CONDITIONS = {
    "POST": ("ifNoneExist",),
    "PUT": ("ifMatch", "ifNoneMatch"),
    "PATCH": ("ifMatch",),
    "DELETE": ("ifMatch",),
    "GET": ("ifNoneMatch", "ifModifiedSince"),
    "HEAD": ("ifNoneMatch", "ifModifiedSince"),
}
_ALL_CONDITIONS = ("ifMatch", "ifNoneMatch", "ifModifiedSince", "ifNoneExist")


def read_entry(entry: JsonObject, index: int, context: Context) -> Operation:
    """Return the operation of an entry; FhirError with the entry's expression where it is none."""
    place = entry_place(index)
    request = entry.get("request")
    if not isinstance(request, dict):
        raise BadRequest("required", "An entry needs a request with method and url.", place)
    method = str(request.get("method"))
    reader = _READERS.get(method)
    if reader is None:
        raise BadRequest(
            "not-supported",
            f"Method {method[:20]!r} is not supported in a Bundle; {', '.join(_READERS)} are.",
            f"{place}.request.method",
        )
    for name in _ALL_CONDITIONS:
        if name in request and name not in _CONDITIONS[method]:
            raise BadRequest(
                "not-supported", f"{name} does not go with {method}.", f"{place}.request.{name}"
            )
    url = str(request.get("url", "")).removeprefix(f"{context.place.base_url}/").removeprefix("/")
    try:
        return reader(entry, index, url, context)
    except FhirError as error:
        raise within(error, place) from error


def _read_create(entry: JsonObject, index: int, url: str, context: Context) -> Operation:
    type = _type(url, index)
    condition = entry["request"].get("ifNoneExist")
    where = f"{entry_place(index)}.request.ifNoneExist"
    return Operation(
        index,
        "create",
        type,
        new_id(context.now),
        resource=_resource(entry, index, type),
        full_url=_full_url(entry),
        criteria=None if condition is None else read_criteria(type, condition, context, where),
    )


def _read_update(entry: JsonObject, index: int, url: str, context: Context) -> Operation:
    target = _target(url, index, context)
    resource = _resource(entry, index, target.type)
    if target.id is not None:
        check_id(resource, target.type, target.id)
    elif "id" in resource:
        check_id(resource, target.type, str(resource["id"]))
    place = f"{entry_place(index)}.request.ifNoneMatch"
    only = create_only(entry["request"].get("ifNoneMatch"), "ifNoneMatch", place)
    return Operation(
        index,
        "update",
        target.type,
        target.id or resource.get("id"),
        resource=resource,
        full_url=_full_url(entry),
        criteria=target.criteria,
        guard=Guard(_if_match(entry, index), only),
    )


def _read_patch(entry: JsonObject, index: int, url: str, context: Context) -> Operation:
    target = _target(url, index, context)
    return Operation(
        index,
        "patch",
        target.type,
        target.id,
        patch=_patch_body(entry, index),
        full_url=_full_url(entry),
        criteria=target.criteria,
        guard=Guard(_if_match(entry, index)),
    )


def _patch_body(entry: JsonObject, index: int) -> JsonObject:
    """Return the Parameters of a FHIRPath Patch, or the Binary that holds a JSON Patch."""
    where = f"{entry_place(index)}.resource"
    body = entry.get("resource")
    kind = body.get("resourceType") if isinstance(body, dict) else None
    if not isinstance(body, dict) or kind not in ("Parameters", "Binary"):
        text = (
            "PATCH needs a Parameters (FHIRPath Patch) or a Binary of application/json-patch+json."
        )
        raise BadRequest("required", text, where)
    if kind == "Binary":
        if body.get("contentType") != JSON_PATCH:
            text = f"The Binary of a patch has contentType {JSON_PATCH}."
            raise BadRequest("value", text, f"{where}.contentType")
        read_change(JSON_PATCH, binary_content(body, where))
    return body


def binary_content(body: JsonObject, where: str) -> bytes:
    """Return the bytes of a Binary; BadRequest (400) where `data` is no base64."""
    try:
        return base64.b64decode("".join(str(body.get("data", "")).split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("value", "Binary.data is no base64.", f"{where}.data") from None


def _read_delete(entry: JsonObject, index: int, url: str, context: Context) -> Operation:
    target = _target(url, index, context)
    _refuse_resource(entry, index)
    guard = Guard(_if_match(entry, index))
    return Operation(index, "delete", target.type, target.id, criteria=target.criteria, guard=guard)


def _read_get(entry: JsonObject, index: int, url: str, _context: Context) -> Operation:
    _refuse_resource(entry, index)
    request = entry["request"]
    is_head = request["method"] == "HEAD"
    path, _, query = url.partition("?")
    parts = path.split("/")
    if parts[-1] == "_history" and len(parts) <= 3:
        _refuse_conditions(request, index)
        type, id = _history_of(parts[:-1], index)
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Operation(index, "history", type, id, pairs=pairs, head=is_head)
    if len(parts) == 3 and parts[0] == "Patient" and is_id(parts[1]):
        _refuse_conditions(request, index)
        within = parts[2] if parts[2] == EVERY_TYPE else _type(parts[2], index)
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Operation(index, "compartment", within, parts[1], pairs=pairs, head=is_head)
    if len(parts) == 1:
        _refuse_conditions(request, index)
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Operation(index, "search", _type(path, index), pairs=pairs, head=is_head)
    if query:
        raise _bad_url(url, index)
    is_version = len(parts) == 4 and parts[2] == "_history"
    type, id = _type_and_id("/".join(parts[:2]) if is_version else path, index)
    conditions = parse_read_conditions(
        request.get("ifNoneMatch"),
        request.get("ifModifiedSince"),
        names=("ifNoneMatch", "ifModifiedSince"),
        place=f"{entry_place(index)}.request",
    )
    kind: Kind = "vread" if is_version else "read"
    version = version_number(parts[3]) if is_version else None
    return Operation(index, kind, type, id, version=version, conditions=conditions, head=is_head)


def _refuse_conditions(request: JsonObject, index: int) -> None:
    """Refuse (400) conditions on a search or a history: they are about one version."""
    for name in _ALL_CONDITIONS:
        if name in request:
            where = f"{entry_place(index)}.request.{name}"
            text = f"{name} goes with the read of one resource only."
            raise BadRequest("not-supported", text, where)


_READERS = {
    "POST": _read_create,
    "PUT": _read_update,
    "PATCH": _read_patch,
    "DELETE": _read_delete,
    "GET": _read_get,
    "HEAD": _read_get,
}


def _target(url: str, index: int, context: Context) -> Operation:
    """Return the type with the id, or with the criteria, that the url of a write names."""
    path, mark, query = url.partition("?")
    if not mark:
        type, id = _type_and_id(url, index)
        return Operation(index, "update", type, id)
    type = _type(path, index)
    where = f"{entry_place(index)}.request.url"
    return Operation(index, "update", type, criteria=read_criteria(type, query, context, where))


def _type(url: str, index: int) -> str:
    if "/" in url or "?" in url or not url:
        raise _bad_url(url, index)
    return stored_type(url)


def _type_and_id(url: str, index: int) -> tuple[str, str]:
    type, _, id = url.partition("/")
    if not type or not is_id(id):
        raise _bad_url(url, index)
    return stored_type(type), id


def _history_of(parts: list[str], index: int) -> tuple[str, str | None]:
    if len(parts) == 2:
        return _type_and_id("/".join(parts), index)
    return ("", None) if not parts else (_type(parts[0], index), None)


def _bad_url(url: str, index: int) -> BadRequest:
    where = f"{entry_place(index)}.request.url"
    return BadRequest("value", f"{url[:100]!r} is no address that this method takes.", where)


def _resource(entry: JsonObject, index: int, type: str) -> JsonObject:
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        where = f"{entry_place(index)}.resource"
        raise BadRequest("required", "This method needs a resource in its entry.", where)
    check_type(resource, type)
    return resource


def _refuse_resource(entry: JsonObject, index: int) -> None:
    if "resource" in entry:
        where = f"{entry_place(index)}.resource"
        raise BadRequest("invalid", "This method takes no resource; leave it out.", where)


def _if_match(entry: JsonObject, index: int) -> int | None:
    tag: Any = entry["request"].get("ifMatch")
    if tag is None:
        return None
    return version_tag(str(tag), "ifMatch", f"{entry_place(index)}.request.ifMatch")


def _full_url(entry: JsonObject) -> str | None:
    full_url = entry.get("fullUrl")
    return full_url if isinstance(full_url, str) else None
