"""The entries of a batch or transaction, read into operations.

Source: http://hl7.org/fhir/R4/http.html#transaction. What an entry asks for beyond this is
refused with its expression; nothing of it is passed over.
"""

from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest, FhirError
from fhir_server.rest.bundle_calls import is_call, read_call
from fhir_server.rest.bundle_gets import (
    CONDITIONS,
    read_get,
    refuse_resource,
    type_and_id,
    type_of,
)
from fhir_server.rest.bundle_operation import Operation, entry_place
from fhir_server.rest.bundle_patches import patch_body
from fhir_server.rest.conditions import create_only
from fhir_server.rest.content import version_tag
from fhir_server.rest.context import Context
from fhir_server.rest.errors import within
from fhir_server.rest.incoming import check_type
from fhir_server.rest.matching import read_criteria
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
    for name in CONDITIONS:
        if name in request and name not in _CONDITIONS[method]:
            raise BadRequest(
                "not-supported", f"{name} does not go with {method}.", f"{place}.request.{name}"
            )
    url = str(request.get("url", "")).removeprefix(f"{context.place.base_url}/").removeprefix("/")
    try:
        return reader(entry, index, url, context)
    except FhirError as error:
        raise within(error, place) from error


def _read_post(entry: JsonObject, index: int, url: str, context: Context) -> Operation:
    if not is_call(url):
        return _read_create(entry, index, url, context)
    if "ifNoneExist" in entry["request"]:
        where = f"{entry_place(index)}.request.ifNoneExist"
        raise BadRequest("not-supported", "ifNoneExist goes with a create only.", where)
    return read_call(entry, index, url, context)


def _read_create(entry: JsonObject, index: int, url: str, context: Context) -> Operation:
    type = type_of(url, index)
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
        patch=patch_body(entry, index),
        full_url=_full_url(entry),
        criteria=target.criteria,
        guard=Guard(_if_match(entry, index)),
    )


def _read_delete(entry: JsonObject, index: int, url: str, context: Context) -> Operation:
    target = _target(url, index, context)
    refuse_resource(entry, index)
    guard = Guard(_if_match(entry, index))
    return Operation(index, "delete", target.type, target.id, criteria=target.criteria, guard=guard)


_READERS = {
    "POST": _read_post,
    "PUT": _read_update,
    "PATCH": _read_patch,
    "DELETE": _read_delete,
    "GET": read_get,
    "HEAD": read_get,
}


def _target(url: str, index: int, context: Context) -> Operation:
    """Return the type with the id, or with the criteria, that the url of a write names."""
    path, mark, query = url.partition("?")
    if not mark:
        type, id = type_and_id(url, index)
        return Operation(index, "update", type, id)
    type = type_of(path, index)
    where = f"{entry_place(index)}.request.url"
    return Operation(index, "update", type, criteria=read_criteria(type, query, context, where))


def _resource(entry: JsonObject, index: int, type: str) -> JsonObject:
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        where = f"{entry_place(index)}.resource"
        raise BadRequest("required", "This method needs a resource in its entry.", where)
    check_type(resource, type)
    return resource


def _if_match(entry: JsonObject, index: int) -> int | None:
    tag: Any = entry["request"].get("ifMatch")
    if tag is None:
        return None
    return version_tag(str(tag), "ifMatch", f"{entry_place(index)}.request.ifMatch")


def _full_url(entry: JsonObject) -> str | None:
    full_url = entry.get("fullUrl")
    return full_url if isinstance(full_url, str) else None
