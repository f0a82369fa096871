"""SQLite as the store needs it: what every connection is set to, and how a transaction begins."""

from datetime import tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from fhir_server.store.exact_text import holds_text

# Where a connection keeps the zone in which it places dates without an offset.
ZONE = "attending.zone"

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
    "PRAGMA cache_size=-16000",
    "PRAGMA journal_size_limit=67108864",
)
_READER_PRAGMAS = ("PRAGMA query_only=ON", "PRAGMA cache_size=-4000")


class DatabaseRefused(Exception):
    """The file that ATTENDING_DATABASE_URL names cannot be used; the text says how to mend it."""


def database_path(url: str) -> Path:
    """Return the file of a `sqlite:///path` URL; DatabaseRefused for anything else."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseRefused(
            "ATTENDING_DATABASE_URL is no URL; write sqlite:///path/to/file.db"
        ) from error
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        # The URL may hold a password: only its scheme is repeated.
        raise DatabaseRefused(
            f"ATTENDING_DATABASE_URL names {parsed.drivername!r}; this version stores in SQLite: "
            "write sqlite:///path/to/file.db"
        )
    if parsed.query:
        raise DatabaseRefused(
            "ATTENDING_DATABASE_URL has options after '?'; the store sets SQLite itself: "
            "write sqlite:///path/to/file.db"
        )
    if parsed.database in (None, "", ":memory:"):
        raise DatabaseRefused(
            "ATTENDING_DATABASE_URL names no file; a record must survive the process: "
            "write sqlite:///path/to/file.db"
        )
    return Path(str(parsed.database))


def writer_engine(path: Path, *, zone: tzinfo) -> Engine:
    """Return the engine of the one writer: durable commits, the write lock taken at BEGIN."""
    # IMMEDIATE: a transaction that reads first and writes later cannot fail half-way on the lock.
    return _engine(path, (*_COMMON_PRAGMAS, *_WRITER_PRAGMAS), "BEGIN IMMEDIATE", zone)


def reader_engine(path: Path, *, zone: tzinfo) -> Engine:
    """Return the engine of the readers: no writes, one snapshot per transaction."""
    return _engine(path, (*_COMMON_PRAGMAS, *_READER_PRAGMAS), "BEGIN", zone)


def _engine(path: Path, pragmas: tuple[str, ...], begin: str, zone: tzinfo) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,
        # Each connection is used by one thread and closed by the thread that closes the store.
        connect_args={"check_same_thread": False, "cached_statements": 512},
    )

    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `start` does
        for pragma in pragmas:
            connection.execute(pragma)
        connection.create_function("holds_text", 3, holds_text, deterministic=True)
        record.info[ZONE] = zone

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", start)
    return engine
