"""The store's door: durable writes through one writer thread, reads from snapshots."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, tzinfo
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError

from fhir_server.store.budget import Budget, BudgetSpent
from fhir_server.store.changes import Watcher
from fhir_server.store.connections import StoreUnavailable, close, errors_of, is_lost
from fhir_server.store.engines import (
    RELEASES,
    is_file,
    parse_url,
    prepare_place,
    reader_engine,
)
from fhir_server.store.opening import open_writer
from fhir_server.store.writer import Settled, Write, Writer, WriterStatistics
from terminology.releases.shelf import Shelf

T = TypeVar("T")

# Reads beyond this wait: two cores do not scan more at once.
_READERS = 4
# Writes beyond this wait in their own coroutines, which hold back their senders.
_WAITING_WRITES = 1024


class _Desk:
    """The writes of one event loop on their way to the writer.

    What is ready to run in one turn of the loop comes together and shares a commit: handed over
    one by one, the first would leave alone, and a commit costs far more than what it holds.
    """

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(_WAITING_WRITES)
        self.handed_in: deque[Write] = deque()

    def taken(self) -> Iterator[Write]:
        """Yield each write once, whichever thread asks."""
        with contextlib.suppress(IndexError):
            while True:
                yield self.handed_in.popleft()


def _stopping() -> StoreUnavailable:
    return StoreUnavailable("the server is stopping")


class Database:
    """One SQLite file or PostgreSQL database: one writer with group commit, reader threads.

    kill -9 at any moment loses nothing whose `write` has returned. Several servers may share one
    PostgreSQL database: their writers take turns, at each group of writes.
    """

    def __init__(self, url: URL, *, zone: tzinfo, releases: Shelf | None = None) -> None:
        self._zone = zone
        self._releases = releases
        self._is_file = is_file(url)
        self._writer = Writer(partial(open_writer, url, zone=zone, releases=releases))
        self._reader_engine = reader_engine(url, zone=zone)
        self._local = threading.local()
        self._reader_connections: list[Connection] = []
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="attending-reader")
        self._desks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Desk] = WeakKeyDictionary()
        self._budget = Budget()
        self._closed = False

    @classmethod
    def open(cls, url: str, *, zone: tzinfo = UTC, releases: Shelf | None = None) -> "Database":
        """Open `sqlite:///path` or `postgresql://user:password@host/database`.

        File and folder of SQLite are created where absent, tables in both. `zone` places dates
        without an offset, in resources and in searches alike; `releases` are terminologies that
        are too large for resources. DatabaseRefused for another scheme,
        for a database that does not answer, and for one that a newer version wrote.
        """
        parsed = parse_url(url)
        prepare_place(parsed)
        return cls(parsed, zone=zone, releases=releases)

    @property
    def zone(self) -> tzinfo:
        """The zone in which dates without an offset are placed."""
        return self._zone

    @property
    def is_file(self) -> bool:
        """Whether it is a SQLite file, of which one server at a time takes care."""
        return self._is_file

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run `job` on the writer; return its result once it is durable.

        What `job` raises is raised here, nothing of it kept, other jobs untouched.
        StoreUnavailable (503) where the commit failed or the store is closed.
        """
        loop = asyncio.get_running_loop()
        desk = self._desks.get(loop)
        if desk is None:
            desk = self._desks[loop] = _Desk()
        async with desk.room:
            if self._closed:
                raise _stopping()
            future: asyncio.Future[T] = loop.create_future()
            if not desk.handed_in:
                loop.call_soon(self._hand_over, desk)
            desk.handed_in.append(Write(job, loop, partial(_resolve, future)))
            return await future

    def submit(
        self,
        job: Callable[[Connection], T],
        settled: Settled,
        *,
        alone: Callable[[Connection], T | None] | None = None,
    ) -> None:
        """Have `job` written as by `write`; `settled` is told of its end in the running loop.

        `alone` is tried first where nothing but such jobs waits: it does the same in one statement
        outside of a transaction, or returns None; what it has stored then `job` must find again.
        StoreUnavailable (503) where the store is closed.
        """
        if self._closed:
            raise _stopping()
        self._writer.submit(Write(job, asyncio.get_running_loop(), settled, alone))

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run `job` on one snapshot in a reader thread; it cannot write."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, job)

    async def read_soon(self, job: Callable[[Connection], T]) -> T:
        """Run `job`, a read that is most often short, on one snapshot; it cannot write.

        In a file it begins at once, where it is: a thread's hop takes as long as most searches.
        One that takes more than its budget is broken off and begins again in a reader thread, so
        that it holds up nobody else. It may run twice, so it must change nothing outside.
        """
        if not self._is_file:
            return await self.read(job)
        try:
            with self._budget.limited(self._local_reader()):
                return self.read_now(job)
        except BudgetSpent:
            return await self.read(job)

    async def look_up(self, job: Callable[[Connection], T]) -> T:
        """Run `job`, a read by key, on one snapshot.

        In a file that takes some 20 us: a thread's hop would cost more. A database server may
        be slow or gone, and must not hold the event loop.
        """
        return self.read_now(job) if self._is_file else await self.read(job)

    async def find(self, job: Callable[[Connection], T]) -> T:
        """Run `job`, one single statement by key: it is its own snapshot and needs no BEGIN."""
        if not self._is_file:
            return await self.read(job)
        return job(self._local_reader())

    def read_now(self, job: Callable[[Connection], T]) -> T:
        """Run `job` on one snapshot in the calling thread, which waits for it.

        StoreUnavailable (503) where the database server does not answer, also on a new connection.
        """
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            try:
                with connection.begin():
                    return job(connection)
            except errors_of(connection):
                if not is_lost(connection):
                    raise
                # The server has ended a connection, perhaps long ago; what it serves now decides.
                self._drop_reader(connection)
        try:
            connection = self._connect_reader()
        except SQLAlchemyError as error:
            raise StoreUnavailable.of_read(error) from error
        try:
            with connection.begin():
                return job(connection)
        except errors_of(connection) as error:
            if not is_lost(connection):
                raise
            self._drop_reader(connection)
            raise StoreUnavailable.of_read(error) from error

    def watch(self, watcher: Watcher) -> None:
        """Let `watcher` be told of every write from now on, inside its transaction."""
        self._writer.watcher = watcher

    @property
    def is_quiet(self) -> bool:
        """Whether no write waits and no transaction is on its way; one statement alone may be."""
        return self._writer.is_quiet

    def statistics(self) -> WriterStatistics:
        """Return what the writer has done so far."""
        return self._writer.statistics()

    def close(self) -> None:
        """Commit what is queued, then close every connection; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        for desk in list(self._desks.values()):
            for write in desk.taken():
                self._writer.submit(write)
        self._writer.close()
        self._readers.shutdown()
        for connection in self._reader_connections:
            close(connection)

    def _hand_over(self, desk: "_Desk") -> None:
        for write in desk.taken():
            if self._closed:
                write.error = _stopping()
                write.settle()
            else:
                self._writer.submit(write)

    def _local_reader(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        return connection or self._connect_reader()

    def _connect_reader(self) -> Connection:
        connection = self._reader_engine.connect()
        connection.info[RELEASES] = self._releases
        self._local.connection = connection
        self._reader_connections.append(connection)
        return connection

    def _drop_reader(self, connection: Connection) -> None:
        self._local.connection = None
        self._reader_connections.remove(connection)
        close(connection)


def _resolve(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():  # its caller was cancelled; the write stands all the same
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
