"""A connection that may write: connected, its schema ready, its indexes true."""

from datetime import tzinfo
from pathlib import Path

from sqlalchemy import URL, Connection
from sqlalchemy.exc import OperationalError

from fhir_server.store import reindex, schema
from fhir_server.store.engines import (
    RELEASES,
    DatabaseRefused,
    is_file,
    reader_engine,
    writer_engine,
)
from terminology.releases.shelf import Shelf


def open_writer(url: URL, *, zone: tzinfo, releases: Shelf | None = None) -> Connection:
    """Return a connection that may write to `url`, its schema ready and its indexes current.

    DatabaseRefused where it does not answer, or where a newer version wrote it.
    """
    connection = _connected(url, zone)
    connection.info[RELEASES] = releases
    try:
        with connection.begin():
            stale = schema.prepare(connection)
        if stale:
            reindex.index_anew_at_start(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def index_anew(url: URL, *, zone: tzinfo, progress: reindex.Progress) -> int:
    """Index every resource anew and return how many there are; DatabaseRefused as `open_writer`."""
    connection = _connected(url, zone)
    try:
        with connection.begin():
            schema.prepare(connection)
        return reindex.index_anew(connection, progress)
    finally:
        connection.close()


def holds_store(url: URL, *, zone: tzinfo) -> bool:
    """Whether there is a store at `url`; looking creates nothing."""
    if is_file(url) and not Path(str(url.database)).exists():
        return False
    engine = reader_engine(url, zone=zone)
    try:
        with engine.connect() as connection, connection.begin():
            return schema.is_there(connection)
    except OperationalError as error:
        raise _unreachable(error) from error


def _connected(url: URL, zone: tzinfo) -> Connection:
    try:
        return writer_engine(url, zone=zone).connect()
    except OperationalError as error:
        raise _unreachable(error) from error


def _unreachable(error: OperationalError) -> DatabaseRefused:
    # The driver's text names host and reason, never the password.
    reason = " ".join(str(error.orig).split())
    return DatabaseRefused(
        f"the database that ATTENDING_DATABASE_URL names does not answer: {reason}"
    )
