"""A Bundle's operations on the store, inside one transaction of the caller."""

from collections.abc import Sequence

from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError
from fhir_server.rest.bundle_operation import Operation
from fhir_server.rest.bundle_outcomes import Done, Failed
from fhir_server.rest.bundle_transaction import Transaction
from fhir_server.rest.bundle_writes import write
from fhir_server.rest.context import Context
from fhir_server.rest.errors import within
from fhir_server.rest.read import read_current, read_one_version
from fhir_server.rest.search_bundle import search_bundle
from fhir_server.rest.search_request import parse_search
from fhir_server.store.search import search
from fhir_server.store.writer import savepoint


def run_transaction(
    connection: Connection, operations: Sequence[Operation], context: Context
) -> tuple[Done, ...]:
    """Carry out all operations in the order of R4, or raise with nothing kept."""
    done: dict[int, Done] = {}
    transaction = Transaction(connection, context)
    for outcome in transaction.write_all(operations):
        done[outcome.operation.index] = outcome
    for operation in operations:
        if operation.kind in ("read", "vread", "search"):
            try:
                done[operation.index] = _read(connection, operation, context)
            except FhirError as error:
                raise within(error, operation.place) from error
    return tuple(done[operation.index] for operation in operations)


def run_batch(
    connection: Connection, entries: Sequence[Operation | Failed], context: Context
) -> tuple[Done | Failed, ...]:
    """Carry out each operation by itself, in the order of the entries."""
    return tuple(
        entry if isinstance(entry, Failed) else _run_alone(connection, entry, context)
        for entry in entries
    )


def _run_alone(connection: Connection, operation: Operation, context: Context) -> Done | Failed:
    try:
        with savepoint(connection):
            if operation.kind in ("read", "vread", "search"):
                return _read(connection, operation, context)
            return write(connection, operation, context)
    except FhirError as error:
        return Failed(within(error, operation.place))


def _read(connection: Connection, operation: Operation, context: Context) -> Done:
    type, id = operation.type, operation.id
    if id is None:
        return Done(operation, searchset=_search(connection, operation, context))
    if operation.version is not None:
        version = operation.version
        stored = read_one_version(connection, type, id, version, context.access)
    else:
        stored = read_current(connection, type, id, context.access)
    return Done(operation, stored, known=operation.conditions.is_known(stored))


def _search(connection: Connection, operation: Operation, context: Context) -> bytes:
    asked = parse_search(
        operation.type,
        operation.pairs,
        lenient=context.preferences.lenient,
        place=context.place,
        limits=context.limits,
    )
    page = search(connection, operation.type, asked.query)
    return search_bundle(context.place.base_url, operation.type, asked, page)
