"""What the two drivers say of a connection: is it lost, is it in a transaction, what it raises."""

import contextlib
import sqlite3

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.store.statements import driver

# PQTRANS_INTRANS of libpq: a transaction that goes on, and is not one that failed.
_GOES_ON = 2


class StoreUnavailable(FhirError):
    """503: the store could not take or commit the write, or could not be read."""

    def __init__(self, reason: str, *, text: str = "The write was not stored") -> None:
        super().__init__(503, Issue("error", "no-store", f"{text} ({reason}); send it again."))

    @classmethod
    def of_write(cls, error: Exception, *, unknown: bool = False) -> "StoreUnavailable":
        """Return what the sender of a write is told; `unknown` where the commit got no answer."""
        text = "The write was not stored"
        if unknown:
            text = "The database was lost at the commit: the write may be stored; read, and if not"
        refused = cls(type(error).__name__, text=text)
        refused.__cause__ = error
        return refused

    @classmethod
    def of_read(cls, error: Exception) -> "StoreUnavailable":
        """Return what a reader is told."""
        refused = cls(type(error).__name__, text="The database does not answer")
        refused.__cause__ = error
        return refused


def errors_of(connection: Connection) -> tuple[type[Exception], ...]:
    """Return what a statement may raise: the driver's errors and SQLAlchemy's."""
    return (SQLAlchemyError, connection.dialect.loaded_dbapi.Error)


def is_file(connection: Connection) -> bool:
    """Whether the connection is to a file of SQLite."""
    return connection.dialect.name == "sqlite"


def is_lost(connection: Connection) -> bool:
    """Whether the database server has ended the connection; a file never does."""
    if connection.closed or connection.invalidated:
        return True
    below = driver(connection)
    return not isinstance(below, sqlite3.Connection) and bool(below.closed)


def is_in_transaction(connection: Connection) -> bool:
    """Whether the transaction goes on, so that what it has written can still be committed."""
    if connection.closed or connection.invalidated:
        return False
    below = driver(connection)
    if isinstance(below, sqlite3.Connection):
        return below.in_transaction
    return not below.closed and bool(below.info.transaction_status == _GOES_ON)


def close(connection: Connection) -> None:
    """Close a connection, lost or not."""
    with contextlib.suppress(*errors_of(connection)):
        connection.close()
