"""A Bundle's operations on the store, inside one transaction of the caller."""

from collections.abc import Sequence

from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError
from fhir_server.rest.bundle_operation import Operation
from fhir_server.rest.bundle_outcomes import Done, Failed
from fhir_server.rest.bundle_reads import READING, read
from fhir_server.rest.bundle_transaction import Transaction
from fhir_server.rest.bundle_writes import write
from fhir_server.rest.context import Context
from fhir_server.rest.errors import within
from fhir_server.rest.operations.session import Session
from fhir_server.store.writer import savepoint


def run_transaction(
    connection: Connection, operations: Sequence[Operation], context: Context
) -> tuple[Done, ...]:
    """Carry out all operations in the order of R4, or raise with nothing kept."""
    done: dict[int, Done] = {}
    transaction = Transaction(connection, context)
    for outcome in transaction.write_all(operations):
        done[outcome.operation.index] = outcome
    session = Session(connection)
    for operation in operations:
        if operation.kind in READING:
            try:
                done[operation.index] = read(session, operation, context)
            except FhirError as error:
                raise within(error, operation.place) from error
    return tuple(done[operation.index] for operation in operations)


def run_batch(
    connection: Connection, entries: Sequence[Operation | Failed], context: Context
) -> tuple[Done | Failed, ...]:
    """Carry out each operation by itself, in the order of the entries."""
    session = Session(connection)
    outcomes: list[Done | Failed] = []
    for entry in entries:
        if isinstance(entry, Failed):
            outcomes.append(entry)
            continue
        outcomes.append(_run_alone(session, entry, context))
        if entry.kind not in READING:
            # What was written may be a code system that has been read already.
            session = Session(connection)
    return tuple(outcomes)


def _run_alone(session: Session, operation: Operation, context: Context) -> Done | Failed:
    try:
        with savepoint(session.connection):
            if operation.kind in READING:
                return read(session, operation, context)
            return write(session.connection, operation, context)
    except FhirError as error:
        return Failed(within(error, operation.place))
