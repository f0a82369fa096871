"""What an entry of a Bundle reads: a resource, a version, a search, a history, an operation."""

from sqlalchemy import Connection

from fhir_server.r4.codec import encode
from fhir_server.rest.bundle_operation import Operation
from fhir_server.rest.bundle_outcomes import Done
from fhir_server.rest.compartment_answer import Compartment, answer_compartment
from fhir_server.rest.context import Context
from fhir_server.rest.history_request import read_history
from fhir_server.rest.history_run import run_history
from fhir_server.rest.operations.session import Session
from fhir_server.rest.read import read_current, read_one_version
from fhir_server.rest.search_answer import answer_search
from fhir_server.rest.search_request import parse_search

READING = ("read", "vread", "history", "search", "compartment", "call")


def read(session: Session, operation: Operation, context: Context) -> Done:
    """Return what an entry asks for; FhirError where it is not there or may not be seen."""
    if operation.call is not None:
        return Done(operation, searchset=encode(operation.call(session)))
    connection = session.connection
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
