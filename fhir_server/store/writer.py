"""The one thread that writes: it commits what has gathered while the last commit was synced.

A durable commit costs a sync of the log (0.1 to 10 ms) however much it holds, so jobs that wait
share one: BEGIN, each job in a SAVEPOINT of its own, COMMIT, and only then the answers. BEGIN
takes the database's write lock, so that several processes write one after another. A group of
which each job is one statement needs none of that: a statement is a transaction.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.engine import Transaction

from fhir_server.store import changes, connections, gathering, horizon, interning
from fhir_server.store.changes import Watcher
from fhir_server.store.connections import StoreUnavailable
from fhir_server.store.engines import DatabaseRefused
from fhir_server.store.statements import driver

# What a driver raises for a value that it has no form for.
_UNBINDABLE = (UnicodeError, OverflowError)
# More jobs in one transaction would delay the first of them for little gain.
_MOST_IN_GROUP = 256


# What is told of a write in the loop that asked for it: the result, or the error.
Settled: TypeAlias = Callable[[Any, BaseException | None], None]


@dataclass(slots=True)
class Write:
    """A job, and who is told of its end; `result` or `error` once it has run.

    `alone` does the same in one statement outside of a transaction, or returns None; what it has
    stored then, or where it raises, `job` must find again.
    """

    job: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    settled: Settled
    alone: Callable[[Connection], Any] | None = None
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell of the outcome, in the loop that waits for it."""
        self.settled(self.result, self.error)


@dataclass(frozen=True, slots=True)
class WriterStatistics:
    """Jobs and group commits since the start, and jobs that wait now."""

    jobs: int
    commits: int
    waiting: int


class Writer:
    """Runs jobs one after another on its own thread and connection, in group transactions.

    A connection that was lost is made anew by `connect`.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = connect()
        self._errors: tuple[type[Exception], ...] = connections.errors_of(self._connection)
        self._refusals: tuple[type[Exception], ...] = (*self._errors, DatabaseRefused)
        self._faults: tuple[type[Exception], ...] = (*_UNBINDABLE, *self._errors)
        self._jobs: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="attending-writer", daemon=True)
        self._done = 0
        self._commits = 0
        self._is_in_transaction = False
        self.watcher: Watcher | None = None
        self._thread.start()

    def submit(self, write: Write) -> None:
        """Queue `write`; it is settled after the commit that holds it."""
        self._jobs.put(write)

    def close(self) -> None:
        """Run what is queued, then end the thread and close the connection."""
        self._jobs.put(None)
        self._thread.join()
        self._drop()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits and no transaction is on its way; one statement may be."""
        return not self._is_in_transaction and self._jobs.empty()

    def statistics(self) -> WriterStatistics:
        """Return the counts since the start."""
        return WriterStatistics(self._done, self._commits, self._jobs.qsize())

    def _run(self) -> None:
        ended = False
        while not ended:
            group, ended = self._gather()
            if group:
                self._commit(group)

    def _gather(self) -> tuple[list[Write], bool]:
        """Wait for a job and take those behind it; the flag says that the end was reached."""
        group: list[Write] = []
        item = self._jobs.get()
        with contextlib.suppress(queue.Empty):
            while item is not None:
                group.append(item)
                if len(group) == _MOST_IN_GROUP:
                    return group, False
                item = self._jobs.get_nowait()
            return group, True
        return group, False

    def _commit(self, group: list[Write]) -> None:
        if all(each.alone is not None for each in group):
            group = self._left_after_alone(group)
        if group:
            self._is_in_transaction = True
            self._commit_together(group)
            self._is_in_transaction = False

    def _left_after_alone(self, group: list[Write]) -> list[Write]:
        """Run each job as one statement; return those that need a transaction."""
        ended: list[Write] = []
        left: list[Write] = []
        for write in group:
            (ended if self._ran_alone(write) else left).append(write)
        self._done += len(ended)
        self._commits += len(ended)
        _answer(ended)
        return left

    def _ran_alone(self, write: Write) -> bool:
        if self._connection is None or write.alone is None:
            return False
        try:
            write.result = write.alone(self._connection)
        except self._faults:
            # Its job meets the same fault where it can be told what became of it.
            return False
        return write.result is not None

    def _commit_together(self, group: list[Write]) -> None:
        ran = False
        try:
            connection, transaction = self._begun()
            with transaction:
                horizon.begin(connection)
                changes.watch(connection, self.watcher)
                for write in group:
                    _run_job(connection, write)
                # The rows of the whole group in one statement for each table.
                gathering.flush(connection)
                ran = True
            if self.watcher is not None:
                self.watcher.committed()
        except _UNBINDABLE as error:
            self._recover()
            self._commit_apart(group, error)
            return
        except self._refusals as error:
            # Disk full, I/O error, a lock held by another process: nothing of the group stands.
            unknown = ran and self._is_lost()
            self._recover()
            for write in group:
                write.error = StoreUnavailable.of_write(error, unknown=unknown)
        self._done += len(group)
        self._commits += 1
        _answer(group)

    def _commit_apart(self, group: list[Write], error: Exception) -> None:
        """Let the one write fail whose rows the driver cannot bind, and no other."""
        if len(group) > 1:
            for write in group:
                write.error = None
                self._commit_together([write])
            return
        group[0].error = error
        self._done += 1
        _answer(group)

    def _begun(self) -> tuple[Connection, Transaction]:
        """Begin on a connection that answers: one that was lost while idle is made anew."""
        if self._connection is not None:
            try:
                return self._connection, self._connection.begin()
            except self._errors:
                if not self._is_lost():
                    raise
                self._drop()
        self._connection = self._connect()
        return self._connection, self._connection.begin()

    def _is_lost(self) -> bool:
        return self._connection is not None and connections.is_lost(self._connection)

    def _recover(self) -> None:
        if self.watcher is not None:
            self.watcher.forget()
        if self._connection is None:
            return
        if connections.is_file(self._connection):
            interning.forget(self._connection)
            gathering.forget(self._connection)
        else:  # a failed transaction may still be open there, or the connection be lost
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            connections.close(self._connection)
            self._connection = None


@contextlib.contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Keep what the block writes, or, where it raises, none of it."""
    # What was stored before stands outside of the block, and so does what follows from it.
    changes.flush(connection)
    gathered = gathering.mark(connection)
    run = driver(connection).execute
    run("SAVEPOINT job")
    try:
        yield
        changes.flush(connection)
    except BaseException:
        # SQLite itself ends the transaction on a full disk or an I/O error; then there is no
        # savepoint left, and the error of this statement says so to the group.
        run("ROLLBACK TO SAVEPOINT job")
        run("RELEASE SAVEPOINT job")
        interning.forget(connection)
        gathering.back_to(connection, gathered)
        changes.forget(connection)
        raise
    run("RELEASE SAVEPOINT job")


def _run_job(connection: Connection, write: Write) -> None:
    try:
        with savepoint(connection):
            write.result = write.job(connection)
    except Exception as error:
        if not connections.is_in_transaction(connection):
            raise
        write.error = error


def _answer(group: Iterable[Write]) -> None:
    """Tell of the outcomes, with one wake-up for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Write]] = {}
    for write in group:
        by_loop.setdefault(write.loop, []).append(write)
    for loop, writes in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(_settle, writes)


def _settle(writes: list[Write]) -> None:
    for number, write in enumerate(writes):
        try:
            write.settle()
        except BaseException:
            # The others must not wait for ever.
            write.loop.call_soon(_settle, writes[number + 1 :])
            raise
