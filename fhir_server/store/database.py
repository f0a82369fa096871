"""The store's door: durable writes through one writer thread, reads from snapshots."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from fhir_server.store import schema
from fhir_server.store.engines import database_path, reader_engine, writer_engine
from fhir_server.store.writer import StoreUnavailable, Write, Writer, WriterStatistics

T = TypeVar("T")

# Reads beyond this wait: two cores do not scan more at once.
_READERS = 4
# Writes beyond this wait in their own coroutines, which hold back their senders.
_WAITING_WRITES = 1024


class Database:
    """One SQLite file: WAL, synchronous=FULL, one writer with group commit, reader threads.

    kill -9 at any moment loses nothing whose `write` has returned.
    """

    def __init__(self, path: Path, *, zone: tzinfo) -> None:
        self.path = path
        self._zone = zone
        connection = open_writer(path, zone=zone)
        self._reader_engine = reader_engine(path, zone=zone)
        self._local = threading.local()
        self._reader_connections: list[Connection] = []
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="attending-reader")
        self._room: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )
        self._closed = False
        self._writer = Writer(connection)

    @classmethod
    def open(cls, url: str, *, zone: tzinfo = UTC) -> "Database":
        """Open `sqlite:///path`, creating file and folder where absent.

        `zone` places dates without an offset, in resources and in searches alike.
        DatabaseRefused for another scheme, or a file that a newer version wrote.
        """
        path = database_path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path, zone=zone)

    @property
    def zone(self) -> tzinfo:
        """The zone in which dates without an offset are placed."""
        return self._zone

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run `job` on the writer; return its result once it is durable.

        What `job` raises is raised here, nothing of it kept, other jobs untouched.
        StoreUnavailable (503) where the commit failed or the store is closed.
        """
        loop = asyncio.get_running_loop()
        room = self._room.get(loop)
        if room is None:
            room = self._room[loop] = asyncio.Semaphore(_WAITING_WRITES)
        async with room:
            if self._closed:
                raise StoreUnavailable("the server is stopping")
            future: asyncio.Future[T] = loop.create_future()
            self._writer.submit(Write(job, loop, future))
            return await future

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run `job` on one snapshot in a reader thread; it cannot write."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, job)

    def read_now(self, job: Callable[[Connection], T]) -> T:
        """Run `job` on one snapshot in the calling thread.

        For reads by key, which take some 20 us: a thread's hop would cost more than they do.
        """
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect_reader()
        with connection.begin():
            return job(connection)

    def statistics(self) -> WriterStatistics:
        """Return what the writer has done so far."""
        return self._writer.statistics()

    def close(self) -> None:
        """Commit what is queued, then close every connection; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._readers.shutdown()
        for connection in self._reader_connections:
            connection.close()

    def _connect_reader(self) -> Connection:
        connection = self._reader_engine.connect()
        self._local.connection = connection
        self._reader_connections.append(connection)
        return connection


def open_writer(path: Path, *, zone: tzinfo) -> Connection:
    """Return a connection that may write `path`, its schema ready; DatabaseRefused as `open`."""
    connection = writer_engine(path, zone=zone).connect()
    try:
        with connection.begin():
            schema.prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection
