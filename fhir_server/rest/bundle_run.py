"""A Bundle's operations on the store, inside one transaction of the caller."""

from collections.abc import Sequence

from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError
from fhir_server.rest.bundle_operation import Operation
from fhir_server.rest.bundle_outcomes import Done, Failed
from fhir_server.rest.bundle_transaction import Transaction
from fhir_server.rest.bundle_writes import write
from fhir_server.rest.compartment_answer import Compartment, answer_compartment
from fhir_server.rest.context import Context
from fhir_server.rest.errors import within
from fhir_server.rest.history_request import read_history
from fhir_server.rest.history_run import run_history
from fhir_server.rest.read import read_current, read_one_version
from fhir_server.rest.search_answer import answer_search
from fhir_server.rest.search_request import parse_search
from fhir_server.store.writer import savepoint

READING = ("read", "vread", "history", "search", "compartment")


def run_transaction(
    connection: Connection, operations: Sequence[Operation], context: Context
) -> tuple[Done, ...]:
    """Carry out all operations in the order of R4, or raise with nothing kept."""
    done: dict[int, Done] = {}
    transaction = Transaction(connection, context)
    for outcome in transaction.write_all(operations):
        done[outcome.operation.index] = outcome
    for operation in operations:
        if operation.kind in READING:
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
            if operation.kind in READING:
                return _read(connection, operation, context)
            return write(connection, operation, context)
    except FhirError as error:
        return Failed(within(error, operation.place))


def _read(connection: Connection, operation: Operation, context: Context) -> Done:
    type, id = operation.type, operation.id
    if operation.kind == "history":
        return Done(operation, searchset=_history(connection, operation, context))
    if operation.kind == "compartment":
        compartment = Compartment(str(id), type)
        found = answer_compartment(connection, compartment, operation.pairs, context)
        return Done(operation, searchset=found)
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
    return answer_search(
        connection,
        operation.type,
        asked,
        context.access,
        base_url=context.place.base_url,
        limits=context.limits,
    )


def _history(connection: Connection, operation: Operation, context: Context) -> bytes:
    type = operation.type or None
    lenient = context.preferences.lenient
    asked = read_history(type, operation.id, operation.pairs, context, lenient=lenient)
    return run_history(connection, asked, context)
