"""The worker of bulk jobs: takes them one after another, survives a restart, clears what expired.

| the process dies while a job is | the next start                                                |
|---------------------------------|---------------------------------------------------------------|
| queued                          | takes it up                                                   |
| running, an export              | begins it anew, with a new transactionTime and no old file    |
| running, an import              | goes on behind the last part that was committed               |
| running for the third time      | marks it as failed: it may be what the process died of        |
"""

import asyncio
import contextlib
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection

from fhir_server.jobs import requests
from fhir_server.jobs.export import Cancelled, Export
from fhir_server.jobs.files import JobFolder, folder_names, server_id
from fhir_server.jobs.importing import PROGRESS, Check, Import, Progress, SourceChanged
from fhir_server.jobs.ndjson import PartSize
from fhir_server.jobs.requests import ExportRequest, ImportRequest, Result
from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.store import horizon, jobs
from fhir_server.store.database import Database
from fhir_server.store.jobs import Job, JobGone
from fhir_server.store.resources import microseconds

_LOG = logging.getLogger(__name__)

# Jobs that are worked on at once, and those that may wait besides.
_AT_ONCE: Final = 2
_MOST_OPEN: Final = 32
_ATTEMPTS: Final = 3
_SWEEP_SECONDS: Final = 60.0


class TooManyJobs(FhirError):
    """429: so many jobs wait that another would only wait too."""

    headers: Mapping[str, str] = {"Retry-After": "120"}

    def __init__(self) -> None:
        text = f"{_MOST_OPEN} bulk jobs are open; wait until one has ended, or delete one."
        super().__init__(429, Issue("error", "throttled", text))


@dataclass(frozen=True, slots=True)
class JobPolicy:
    """Where the files of jobs lie, how long they are kept, where imports may be read from.

    `import_limit` is the largest NDJSON body, in bytes; `longest_line` the longest line of one.
    """

    folder: Path
    keep: timedelta = timedelta(hours=24)
    import_folder: Path | None = None
    import_limit: int = 1 << 30
    longest_line: int = 5 << 20


@dataclass(slots=True)
class _Running:
    """A job that this process works on: how to stop it, and what it says of its progress."""

    stop: threading.Event = field(default_factory=threading.Event)
    has_room: bool = False
    said: str = "waiting"
    task: "asyncio.Task[None] | None" = None


class JobRunner:
    """Works on bulk jobs; one instance per server."""

    def __init__(
        self,
        *,
        database: Database,
        policy: JobPolicy,
        check: Check,
        clock: Callable[[], datetime],
    ) -> None:
        self.policy = policy
        self._database = database
        self._check = check
        self._clock = clock
        self._server = ""
        self._running: dict[str, _Running] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="attending-job")
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Take up what the last process left, clear what expired; return how many are open."""
        self._server = await asyncio.to_thread(server_id, self.policy.folder)
        await self.sweep()
        await self._clear_orphans()
        left = await self._database.read(lambda c: jobs.unfinished(c, self._server))
        for job in left:
            self._spawn(job)
        self._sweeper = asyncio.create_task(self._keep_sweeping())
        return len(left)

    async def stop(self) -> None:
        """Stop working; what is open stays open, for the next start."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for running in self._running.values():
            running.stop.set()
        tasks = [running.task for running in self._running.values() if running.task]
        if tasks:
            await asyncio.wait(tasks)
        self._threads.shutdown()

    async def submit(
        self, request: ExportRequest | ImportRequest, *, owner: str, id: str | None = None
    ) -> Job:
        """Record a job and begin it as soon as there is room; TooManyJobs (429) beyond a bound."""
        job = Job(
            id=id or self.new_id(),
            kind="export" if isinstance(request, ExportRequest) else "import",
            state="queued",
            owner=owner,
            server=self._server,
            request=requests.as_text(request),
            progress="",
            result="",
            error="",
            created=self._now(),
            finished=None,
            expires=None,
            horizon=None,
            attempts=0,
        )

        def add(connection: Connection) -> None:
            if jobs.count_unfinished(connection, self._server) >= _MOST_OPEN:
                raise TooManyJobs
            jobs.add(connection, job)

        await self._database.write(add)
        self._spawn(job)
        return job

    @staticmethod
    def new_id() -> str:
        """Return an id that nobody can guess."""
        return secrets.token_hex(16)

    def folder(self, id: str) -> JobFolder:
        """Return the folder of a job."""
        return JobFolder(self.policy.folder, id)

    async def find(self, id: str) -> Job | None:
        """Return a job that was neither cancelled nor has expired."""
        job = await self._database.look_up(lambda c: jobs.get(c, id))
        if job is None or job.state == "cancelled":
            return None
        return None if job.expires is not None and job.expires <= self._now() else job

    def said(self, job: Job) -> str:
        """Return in a few words how far a job has come."""
        running = self._running.get(job.id)
        return running.said if running is not None else job.state

    def is_here(self, job: Job) -> bool:
        """Whether this server holds the files of a job."""
        return job.server == self._server

    async def cancel(self, job: Job) -> None:
        """Cancel a job, or drop a finished one; its files are gone when this returns."""
        now = self._now()
        await self._database.write(lambda c: jobs.cancel(c, job.id, now=now, until=self._until()))
        running = self._running.get(job.id)
        if running is not None and running.task is not None:
            running.stop.set()
            if not running.has_room:  # what it waits for may take an hour
                running.task.cancel()
            await asyncio.wait([running.task])
        if self.is_here(job):
            await asyncio.to_thread(self.folder(job.id).remove)

    async def sweep(self) -> None:
        """Remove the jobs whose time is over, with their files."""
        now = self._now()
        ids = await self._database.read(lambda c: jobs.expired(c, self._server, now))
        for id in ids:
            await asyncio.to_thread(self.folder(id).remove)
            await self._database.write(partial(jobs.remove, id=id))

    async def _clear_orphans(self) -> None:
        """Remove the folders of bodies whose job was never recorded: the process died before."""
        for name in await asyncio.to_thread(folder_names, self.policy.folder):
            if await self._database.read(partial(jobs.get, id=name)) is None:
                await asyncio.to_thread(self.folder(name).remove)

    async def _keep_sweeping(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 (a worker loop: files must not stay for ever)
                _LOG.error("bulk jobs not swept", extra={"reason": type(error).__name__})

    def _spawn(self, job: Job) -> None:
        running = self._running[job.id] = _Running()
        running.task = asyncio.create_task(self._guarded(job, running))

    async def _guarded(self, job: Job, running: _Running) -> None:
        """Work on a job; whatever goes wrong there is recorded as its failure."""
        try:
            await self._work(job, running)
        except (Cancelled, JobGone):
            return
        except Exception as error:  # noqa: BLE001 (a worker loop: whatever it is, the job failed)
            _LOG.error("bulk job failed", extra={"error": type(error).__name__}, exc_info=error)
            await self._close(job, _reason(error))
        finally:
            self._running.pop(job.id, None)

    async def _close(self, job: Job, reason: str) -> None:
        try:
            await self._fail(job, reason)
        except JobGone:
            return
        except Exception as fault:  # noqa: BLE001 (nothing above it could record it either)
            # It stays open in the record, and the next start takes it up.
            _LOG.error("bulk job not closed", extra={"reason": type(fault).__name__})

    async def _work(self, job: Job, running: _Running) -> None:
        async with self._room:
            running.has_room = True
            if running.stop.is_set():
                raise Cancelled
            if job.attempts >= _ATTEMPTS:
                text = f"The server stopped {job.attempts} times while it worked on this job."
                await self._fail(job, text)
                return
            if job.kind == "export":
                result = await self._export(job, running)
            else:
                result = await self._import(job, running)
            said = requests.as_text(result)
            await self._database.write(
                lambda c: jobs.complete(c, job.id, said, now=self._now(), until=self._until())
            )

    async def _export(self, job: Job, running: _Running) -> Result:
        def begin(connection: Connection) -> Job:
            at = horizon.advance(connection, self._now())
            return jobs.begin(connection, job.id, horizon=at)

        begun = await self._database.write(begin)

        def tell(done: int, total: int) -> None:
            running.said = f"{done} of {total} resources, {100 * done // max(total, 1)} %"

        export = Export(
            database=self._database,
            request=requests.EXPORT_REQUEST.decode(job.request),
            horizon=begun.horizon or 0,
            folder=self.folder(job.id),
            progress=tell,
            stop=running.stop,
        )
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, export.run)

    async def _import(self, job: Job, running: _Running) -> Result:
        # What it is a view of is not asked of an import; the field says when it was begun.
        at = self._now()
        begun = await self._database.write(lambda c: jobs.begin(c, job.id, horizon=at))
        request = requests.IMPORT_REQUEST.decode(job.request)

        def tell(progress: Progress) -> None:
            running.said = described(progress, request)

        def keep(connection: Connection, progress: Progress) -> None:
            jobs.set_progress(connection, job.id, requests.as_text(progress))

        work = Import(
            database=self._database,
            request=request,
            folder=self.folder(job.id),
            check=self._check,
            clock=self._clock,
            keep=keep,
            threads=self._threads,
            stop=running.stop,
            size=PartSize(longest=self.policy.longest_line),
            tell=tell,
        )
        return await work.run(PROGRESS.decode(begun.progress) if begun.progress else Progress())

    async def _fail(self, job: Job, reason: str) -> None:
        if job.kind == "export":
            # A part of an export must not be taken for one.
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self.folder(job.id).remove)
        await self._database.write(
            lambda c: jobs.fail(c, job.id, reason, now=self._now(), until=self._until())
        )

    def _now(self) -> int:
        return microseconds(self._clock())

    def _until(self) -> int:
        return microseconds(self._clock() + self.policy.keep)


def described(progress: Progress, request: ImportRequest) -> str:
    """Return in a few words how far an import has come."""
    stored = sum(c.created + c.updated + c.unchanged for c in progress.counts)
    before = sum(source.size for source in request.sources[: progress.source])
    whole = max(sum(source.size for source in request.sources), 1)
    percent = 100 * (before + progress.offset) // whole
    return f"{stored} resources, {sum(progress.refused)} refused, {percent} %"


def _reason(error: BaseException) -> str:
    """Return what the client is told; an unforeseen error is in the log only."""
    match error:
        case FhirError():
            return error.issues[0].diagnostics
        case SourceChanged():
            return str(error)
        case FileNotFoundError():
            return "A file of the job is not there any more."
        case OSError():
            return f"The server could not write or read a file: {error.strerror}."
        case msgspec.DecodeError():
            return "The job was recorded by another version of Attending; send it again."
        case _:
            return "The server failed; its log names the place."
