"""$meta of a resource, a type and the system, $meta-add and $meta-delete on a resource.

Sources: http://hl7.org/fhir/R4/resource-operation-meta.html, -meta-add.html, -meta-delete.html.
"""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Response

from fhir_server.r4.codec import JsonObject, decode, encode
from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.rest import writes
from fhir_server.rest.content import answer_type, if_match
from fhir_server.rest.context import context_of
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, services_of
from fhir_server.store.labels import Label, labels_in_use

# What a client may add and take away; versionId, lastUpdated and source are of the version.
_LABELS = ("profile", "security", "tag")
# How many resources carry a label: R4's Meta has no place of its own for it.
USE_COUNT = "https://attending.org/fhir/StructureDefinition/use-count"


async def meta(call: Call) -> Response:
    """Return the meta of a resource, or the labels that a type's (or all) resources carry."""
    call.check_known()
    if call.id is None:
        return await _in_use(call)
    type, id = _address(call)
    services = services_of(call.request)
    access = access_to(call.request)
    stored = await services.database.look_up(lambda c: read_current(c, type, id, access))
    return _answer(call, decode(stored.body)["meta"])


async def _in_use(call: Call) -> Response:
    types = STORED_TYPES if call.type is None else (call.type,)
    access = access_to(call.request)
    database = services_of(call.request).database
    labels = await database.read(lambda c: labels_in_use(c, types, access))
    return _answer(call, _labelled(labels) or {"extension": [_use_count(0)]})


def _labelled(labels: Sequence[Label]) -> JsonObject:
    """Return a Meta of labels, each with the number of resources that carry it."""
    found: JsonObject = {}
    for label in labels:
        counted = {"extension": [_use_count(label.count)]}
        if label.kind == "profile":
            found.setdefault("profile", []).append(label.value)
            found.setdefault("_profile", []).append(counted)
        else:
            found.setdefault(label.kind, []).append({**counted, **label.value})
    return found


def _use_count(count: int) -> JsonObject:
    return {"url": USE_COUNT, "valueInteger": count}


async def meta_add(call: Call) -> Response:
    """Add profiles, tags and security labels; those that are there already stay as they are."""
    return await _changed(call, _with)


async def meta_delete(call: Call) -> Response:
    """Take away profiles, tags and security labels; those that are not there are passed over."""
    return await _changed(call, _without)


async def _changed(call: Call, combine: Callable[[list[Any], list[Any]], list[Any]]) -> Response:
    call.check_known("meta")
    given = call.one("meta")
    if not isinstance(given, dict) or not given.keys() <= set(_LABELS):
        text = f"The operation needs a parameter meta with {', '.join(_LABELS)} only."
        raise BadRequest("value", text, "Parameters.parameter")
    answer_type(call.request)

    def change(resource: JsonObject) -> JsonObject:
        held = dict(resource.get("meta", {}))
        for name in _LABELS:
            kept = combine(held.get(name, []), given.get(name, []))
            held = {key: value for key, value in held.items() if key != name}
            if kept:
                held[name] = kept
        return {**resource, "meta": held}

    target, context = _address(call), context_of(call.request)
    guard = writes.Guard(if_match(call.request))
    stored, _resource = await services_of(call.request).database.write(
        lambda c: writes.patch(c, target, change, guard, context)
    )
    return _answer(call, decode(stored.body)["meta"])


def _with(held: list[Any], given: list[Any]) -> list[Any]:
    known = {_key(label) for label in held}
    return [*held, *(label for label in given if _key(label) not in known)]


def _without(held: list[Any], given: list[Any]) -> list[Any]:
    gone = {_key(label) for label in given}
    return [label for label in held if _key(label) not in gone]


def _key(label: Any) -> object:
    """Return what makes two labels the same: system and code (R4 resource.html#Meta)."""
    if isinstance(label, dict):
        return label.get("system"), label.get("code")
    return label


def _address(call: Call) -> tuple[str, str]:
    if call.type is None or call.id is None:
        raise BadRequest("required", "The operation is called on a resource: Type/id.")
    return call.type, call.id


def _answer(call: Call, found: JsonObject) -> Response:
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "return", "valueMeta": found}],
    }
    return Response(encode(parameters), media_type=answer_type(call.request))


_BASE = "http://hl7.org/fhir/OperationDefinition/Resource-"

OPERATIONS = (
    Operation("meta", f"{_BASE}meta", ("system", "type", "instance"), meta),
    Operation("meta-add", f"{_BASE}meta-add", ("instance",), meta_add, affects_state=True),
    Operation("meta-delete", f"{_BASE}meta-delete", ("instance",), meta_delete, affects_state=True),
)
