"""A batch or transaction from the body to its operations: all that needs no store."""

from dataclasses import replace

from fhir_server.r4.codec import JsonObject, check_duplicate_keys, decode
from fhir_server.r4.outcome import BadRequest, FhirError, InvalidResource, Issue
from fhir_server.r4.validation import validate
from fhir_server.rest.bundle_context import BundleContext
from fhir_server.rest.bundle_entries import Operation, read_entry
from fhir_server.rest.bundle_outcomes import Failed
from fhir_server.rest.bundle_references import identities, rewritten
from fhir_server.rest.errors import within
from fhir_server.rest.incoming import check_resource
from fhir_server.store.identity import new_id


def prepare(body: bytes, context: BundleContext) -> tuple[str, tuple[Operation | Failed, ...]]:
    """Return the Bundle's type and its operations, resources valid, references rewritten.

    In a transaction every problem is a FhirError; in a batch it is that entry's `Failed`.
    """
    bundle = decode(body)
    check_duplicate_keys(body)
    type, entries = _envelope(bundle, context)
    if type == "transaction":
        base_url = context.place.base_url
        read = [
            _identified(read_entry(entry, index, base_url=base_url), context)
            for index, entry in enumerate(entries)
        ]
        known = identities(read)
        return type, tuple(_checked(operation, known, context) for operation in read)
    return type, tuple(_batch_entry(entry, i, context) for i, entry in enumerate(entries))


def _envelope(bundle: JsonObject, context: BundleContext) -> tuple[str, list[JsonObject]]:
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


def _batch_entry(entry: JsonObject, index: int, context: BundleContext) -> Operation | Failed:
    try:
        operation = read_entry(entry, index, base_url=context.place.base_url)
        return _checked(_identified(operation, context), {}, context)
    except FhirError as error:
        return Failed(error)


def _identified(operation: Operation, context: BundleContext) -> Operation:
    """Return a create with the id that it will be stored under, others as they are."""
    if operation.kind != "create":
        return operation
    return replace(operation, id=new_id(context.now))


def _checked(operation: Operation, known: dict[str, str], context: BundleContext) -> Operation:
    if operation.resource is None:
        return operation
    resource = {**rewritten(operation, known), "id": operation.id}
    try:
        check_resource(resource, now=context.now)
    except FhirError as error:
        raise within(error, operation.place) from error
    return replace(operation, resource=resource)


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
