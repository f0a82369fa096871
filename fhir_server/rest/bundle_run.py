"""A Bundle's operations on the store, inside one transaction of the caller."""

from collections.abc import Sequence

from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError, NotFound
from fhir_server.rest.bundle_context import BundleContext
from fhir_server.rest.bundle_entries import Operation
from fhir_server.rest.bundle_outcomes import Done, Failed
from fhir_server.rest.errors import within
from fhir_server.rest.search_bundle import search_bundle
from fhir_server.rest.search_request import parse_search
from fhir_server.store import resources
from fhir_server.store.search import search
from fhir_server.store.writer import savepoint

# R4 http.html#trules: DELETE, POST, PUT, then GET, whatever the order of the entries.
_ORDER = {"delete": 0, "create": 1, "update": 2, "read": 3, "vread": 3, "search": 3}


def run_transaction(
    connection: Connection, operations: Sequence[Operation], context: BundleContext
) -> tuple[Done, ...]:
    """Carry out all operations in the order of R4, or raise with nothing kept."""
    done: dict[int, Done] = {}
    for operation in sorted(operations, key=lambda o: _ORDER[o.kind]):
        try:
            done[operation.index] = _run(connection, operation, context)
        except FhirError as error:
            raise within(error, operation.place) from error
    return tuple(done[operation.index] for operation in operations)


def run_batch(
    connection: Connection, entries: Sequence[Operation | Failed], context: BundleContext
) -> tuple[Done | Failed, ...]:
    """Carry out each operation by itself, in the order of the entries."""
    return tuple(
        entry if isinstance(entry, Failed) else _run_alone(connection, entry, context)
        for entry in entries
    )


def _run_alone(
    connection: Connection, operation: Operation, context: BundleContext
) -> Done | Failed:
    try:
        with savepoint(connection):
            return _run(connection, operation, context)
    except FhirError as error:
        return Failed(within(error, operation.place))


def _run(connection: Connection, operation: Operation, context: BundleContext) -> Done:
    type, id, resource = operation.type, operation.id, operation.resource
    if resource is not None:
        stored = resources.put(
            connection, resource, now=context.now, expected_version=operation.version
        )
        return Done(operation, stored)
    if id is None:
        return Done(operation, searchset=_search(connection, operation, context))
    if operation.kind == "delete":
        return _delete(connection, operation, id, context)
    if operation.kind == "vread" and operation.version is not None:
        return Done(operation, resources.read_version(connection, type, id, operation.version))
    return Done(operation, resources.read(connection, type, id))


def _delete(connection: Connection, operation: Operation, id: str, context: BundleContext) -> Done:
    try:
        stored = resources.delete(
            connection,
            operation.type,
            id,
            now=context.now,
            expected_version=operation.version,
        )
    except NotFound:
        return Done(operation)
    return Done(operation, stored)


def _search(connection: Connection, operation: Operation, context: BundleContext) -> bytes:
    asked = parse_search(
        operation.type,
        operation.pairs,
        lenient=context.preferences.lenient,
        place=context.place,
        limits=context.limits,
    )
    page = search(connection, operation.type, asked.query)
    return search_bundle(context.place.base_url, operation.type, asked, page)
