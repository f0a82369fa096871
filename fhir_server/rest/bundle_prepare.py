"""A batch or transaction from the body to its operations: all that needs no store."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import BadRequest, FhirError, InvalidResource, Issue
from fhir_server.r4.validation import validate
from fhir_server.rest.bundle_entries import read_entry
from fhir_server.rest.bundle_operation import Operation
from fhir_server.rest.bundle_outcomes import Failed
from fhir_server.rest.bundle_references import (
    Known,
    Link,
    conditional_references,
    identities,
    is_conditional,
    links_of,
    point,
)
from fhir_server.rest.context import Context
from fhir_server.rest.errors import within
from fhir_server.rest.incoming import check_resource
from fhir_server.rest.matching import Criteria, read_criteria
from fhir_server.store.identity import new_id


def prepare(body: bytes, context: Context) -> tuple[str, tuple[Operation | Failed, ...]]:
    """Return the Bundle's type and its operations, resources valid, references rewritten.

    In a transaction every problem is a FhirError; in a batch it is that entry's `Failed`.
    """
    bundle = decode(body, unique_keys=True)
    type, entries = _envelope(bundle, context)
    if type == "transaction":
        read = [
            _identified(read_entry(entry, index, context), context)
            for index, entry in enumerate(entries)
        ]
        _refuse_twins(read)
        linked = [_linked(operation) for operation in read]
        pending = _conditional(linked, context)
        targets = {text: target for text, (target, _criteria) in pending.items()}
        known = Known.of({**identities(read), **targets})
        return type, tuple(_checked(one, known, pending, context) for one in linked)
    return type, tuple(_batch_entry(entry, i, context) for i, entry in enumerate(entries))


@dataclass(frozen=True, slots=True)
class _Linked:
    """An operation with the texts of its resource that may be references; none for a read."""

    operation: Operation
    held: JsonObject | None
    links: list[Link]


def _linked(operation: Operation) -> _Linked:
    held = operation.patch if operation.resource is None else operation.resource
    return _Linked(operation, held, [] if held is None else links_of(held))


def _envelope(bundle: JsonObject, context: Context) -> tuple[str, list[JsonObject]]:
    if bundle.get("resourceType") != "Bundle":
        raise BadRequest("structure", "POST to the FHIR base takes a Bundle.")
    type = bundle.get("type")
    if type not in ("batch", "transaction"):
        text = "POST to the FHIR base takes a Bundle of type batch or transaction."
        raise BadRequest("value", text, "Bundle.type")
    entries = bundle.get("entry", [])
    most = context.limits.bundle_entries
    if isinstance(entries, list) and len(entries) > most:
        text = f"The Bundle has {len(entries)} entries, up to {most} are taken."
        raise FhirError(413, Issue("error", "too-long", text, ("Bundle.entry",)))
    errors = [i for i in validate(_without_resources(bundle)) if i.severity in ("error", "fatal")]
    if errors:
        raise InvalidResource(errors)
    return type, entries


def _batch_entry(entry: JsonObject, index: int, context: Context) -> Operation | Failed:
    try:
        operation = read_entry(entry, index, context)
        # R4 http.html#brules: entries of a batch do not refer to each other, nor by criteria.
        return _checked(_linked(_identified(operation, context)), Known({}, {}), {}, context)
    except FhirError as error:
        return Failed(error)


def _identified(operation: Operation, context: Context) -> Operation:
    """Return what only criteria identify with an alias."""
    if operation.kind in ("update", "patch") and operation.id is None:
        return structs.replace(operation, alias=new_id(context.now))
    return operation


def _refuse_twins(operations: Sequence[Operation]) -> None:
    """Refuse (400) two writes by the same criteria: whatever they match, they are one identity."""
    seen: dict[tuple[str, str], Operation] = {}
    for operation in operations:
        if operation.criteria is not None:
            key = (operation.type, operation.criteria.text)
            first = seen.setdefault(key, operation)
            if first is not operation:
                text = f"Entries {first.index} and {operation.index} have the same criteria."
                raise FhirError(400, Issue("error", "duplicate", text, (operation.place,)))


def _conditional(linked: Sequence[_Linked], context: Context) -> dict[str, tuple[str, Criteria]]:
    """Return text -> provisional `Type/id` and criteria of every conditional reference."""
    found: dict[str, tuple[str, Criteria]] = {}
    for one in linked:
        if not any(is_conditional(link) for link in one.links):
            continue
        place = f"{one.operation.place}.resource"
        for text, type, query, path in conditional_references(one.held, place):
            if text not in found:
                criteria = read_criteria(type, query, context, path)
                found[text] = (f"{type}/{new_id(context.now)}", criteria)
    return found


def _checked(
    linked: _Linked,
    known: Known,
    pending: dict[str, tuple[str, Criteria]],
    context: Context,
) -> Operation:
    operation, held = linked.operation, linked.held
    if held is None:
        return operation
    point(held, linked.links, operation, known)
    own = {link.text for link in linked.links if link.name == "reference"} if pending else ()
    waiting = tuple(pending[text] for text in sorted(own) if text in pending)
    if operation.resource is None:
        return structs.replace(operation, pending=waiting)
    resource = held if operation.id is None else {**held, "id": operation.id}
    try:
        check_resource(resource, now=context.now, profiles=context.profiles)
    except FhirError as error:
        raise within(error, operation.place) from error
    return structs.replace(operation, resource=resource, pending=waiting)


def _without_resources(bundle: JsonObject) -> JsonObject:
    """Return the Bundle itself: resources are checked one by one, with their own outcome."""
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return bundle
    bare = [
        {key: value for key, value in entry.items() if key != "resource"}
        if isinstance(entry, dict) and "request" in entry
        else entry
        for entry in entries
    ]
    return {**bundle, "entry": bare}
