"""One entry's write, its criteria resolved where it has some."""

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.patch_fhirpath import apply_fhirpath_patch
from fhir_server.rest import writes
from fhir_server.rest.bundle_operation import Operation
from fhir_server.rest.bundle_outcomes import Done
from fhir_server.rest.bundle_patches import binary_content
from fhir_server.rest.content import JSON_PATCH
from fhir_server.rest.context import Context
from fhir_server.rest.matching import Criteria
from fhir_server.rest.patch import read_change


def write(connection: Connection, operation: Operation, context: Context) -> Done:
    """Carry out one write of a Bundle."""
    resource, criteria, guard = operation.resource, operation.criteria, operation.guard
    if operation.kind == "delete":
        return Done(operation, writes.delete(connection, _target(operation), guard, context))
    if operation.patch is not None:
        change = _change(operation.patch, operation.place)
        stored, patched = writes.patch(connection, _target(operation), change, guard, context)
        return Done(operation, stored, resource=patched)
    if resource is None:
        raise ValueError(f"{operation.place} has no resource")
    if operation.kind == "create":
        found = None if criteria is None else writes.matched(connection, criteria, context)
        if found is not None:
            return Done(operation, found, resource=resource)
        # Its id was chosen when the references to it were written.
        stored = writes.create_as(connection, resource, context)
    elif criteria is None:
        stored = writes.update(connection, resource, guard, context)
    else:
        stored = writes.conditional_update(connection, resource, criteria, guard, context)
    return Done(operation, stored, resource=resource)


def _target(operation: Operation) -> tuple[str, str] | Criteria:
    if operation.criteria is not None:
        return operation.criteria
    if operation.id is None:
        raise ValueError(f"{operation.place} names no resource")
    return operation.type, operation.id


def _change(patch: JsonObject, place: str) -> writes.Change:
    if patch["resourceType"] == "Binary":
        return read_change(JSON_PATCH, binary_content(patch, f"{place}.resource"))
    return lambda resource: apply_fhirpath_patch(resource, patch)
