"""Where the store is: the database that a URL names, and what every connection to it is set to."""

from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from fhir_server.store.statements import driver

# Where a connection keeps the zone in which it places dates without an offset.
ZONE = "attending.zone"
# And where the releases of large terminologies, None where there are none.
RELEASES = "attending.releases"

_WRITE: Final = "write sqlite:///path/to/file.db or postgresql://user:password@host/database"

# Readers and a second process (a command beside the server) wait for the writer this long.
_BUSY_MS = 10_000
_COMMON_PRAGMAS = (
    f"PRAGMA busy_timeout={_BUSY_MS}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
)
_WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL: the log is synced before COMMIT returns, so what is acknowledged survives a power cut.
    "PRAGMA synchronous=FULL",
    "PRAGMA cache_size=-2000",
    "PRAGMA journal_size_limit=67108864",
)
_READER_PRAGMAS = ("PRAGMA query_only=ON", "PRAGMA cache_size=-1500")

# Of all servers on one database one writes at a time; readers ask for no lock. One message for
# both: the server would answer each apart.
_BEGIN_WRITING = "BEGIN; SELECT pg_advisory_xact_lock(4841544454)"
# A database that does not answer, or a server that was stopped while it wrote, must not hold
# everybody else for ever: every wait ends.
_POSTGRESQL_CONNECT: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_POSTGRESQL_SETTINGS = (
    "SET lock_timeout = '10s'",
    "SET idle_in_transaction_session_timeout = '60s'",
    # Whatever the server's default, what is acknowledged survives its power cut.
    "SET synchronous_commit = on",
    # The type of a column is asked of what is stored, not of the machine.
    "SET TIME ZONE 'UTC'",
)


class DatabaseRefused(Exception):
    """The database that ATTENDING_DATABASE_URL names cannot be used; the text says how to mend."""


def parse_url(url: str) -> URL:
    """Return the URL of a SQLite file or a PostgreSQL database; DatabaseRefused for another.

    A URL may hold a password: nothing of it but its scheme stands in a refusal.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseRefused(f"ATTENDING_DATABASE_URL is no URL; {_WRITE}") from error
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite":
            return _file_url(parsed)
        case "postgresql" | "postgresql+psycopg" | "postgres":
            return _server_url(parsed)
        case other:
            raise DatabaseRefused(
                f"ATTENDING_DATABASE_URL names {other!r}; Attending stores in SQLite or "
                f"PostgreSQL: {_WRITE}"
            )


def is_file(url: URL) -> bool:
    """Whether `url` names a SQLite file."""
    return url.drivername == "sqlite"


def _file_url(url: URL) -> URL:
    if url.query:
        raise DatabaseRefused(
            "ATTENDING_DATABASE_URL has options after '?'; the store sets SQLite itself: "
            "write sqlite:///path/to/file.db"
        )
    if url.database in (None, "", ":memory:"):
        raise DatabaseRefused(
            "ATTENDING_DATABASE_URL names no file; a record must survive the process: "
            "write sqlite:///path/to/file.db"
        )
    return url.set(drivername="sqlite")


def _server_url(url: URL) -> URL:
    if not url.database:
        raise DatabaseRefused(
            "ATTENDING_DATABASE_URL names no database; "
            "write postgresql://user:password@host/database"
        )
    return url.set(drivername="postgresql+psycopg")


def writer_engine(url: URL, *, zone: tzinfo) -> Engine:
    """Return the engine of the one writer: durable commits, the write lock taken at BEGIN."""
    if is_file(url):
        # IMMEDIATE: a transaction that reads first and writes later cannot fail on the lock.
        return _sqlite(url, (*_COMMON_PRAGMAS, *_WRITER_PRAGMAS), "BEGIN IMMEDIATE", zone)
    engine = _postgresql(url, read_only=False, zone=zone)

    def start(connection: Connection) -> None:
        driver(connection).execute(_BEGIN_WRITING)

    event.listen(engine, "begin", start)
    return engine


def reader_engine(url: URL, *, zone: tzinfo) -> Engine:
    """Return the engine of the readers: no writes, one snapshot per transaction."""
    if is_file(url):
        return _sqlite(url, (*_COMMON_PRAGMAS, *_READER_PRAGMAS), "BEGIN", zone)
    return _postgresql(url, read_only=True, zone=zone)


def _sqlite(url: URL, pragmas: tuple[str, ...], begin: str, zone: tzinfo) -> Engine:
    engine = create_engine(
        url,
        poolclass=NullPool,
        # Each connection is used by one thread and closed by the thread that closes the store.
        connect_args={"check_same_thread": False, "cached_statements": 512},
    )

    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `start` does
        for pragma in pragmas:
            connection.execute(pragma)
        record.info[ZONE] = zone

    def start(connection: Connection) -> None:
        # The driver's own statement: SQLAlchemy's way to it takes longer than a read by key.
        driver(connection).execute(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", start)
    return engine


def _postgresql(url: URL, *, read_only: bool, zone: tzinfo) -> Engine:
    # Imported where it is used: a server on SQLite need not load it.
    from psycopg import IsolationLevel  # noqa: PLC0415

    wanted = {name: value for name, value in _POSTGRESQL_CONNECT.items() if name not in url.query}
    engine = create_engine(url, poolclass=NullPool, connect_args=wanted)

    def prepare(connection: Any, record: Any) -> None:
        connection.autocommit = True
        for setting in _POSTGRESQL_SETTINGS:
            connection.execute(setting)
        if read_only:
            connection.autocommit = False
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
        # The driver of the writer begins nothing by itself: a statement outside of a transaction
        # is one, as in SQLite.
        record.info[ZONE] = zone

    event.listen(engine, "connect", prepare)
    return engine


def prepare_place(url: URL) -> None:
    """Create the folder of a SQLite file where it is absent."""
    if is_file(url):
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
