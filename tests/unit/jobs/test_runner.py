"""The worker of bulk jobs: a restart, a full disk, a cancellation, the end of the files' time."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fhir_server.jobs import export, requests, runner
from fhir_server.jobs.export import Cancelled, Export
from fhir_server.jobs.requests import ExportRequest, ImportRequest, Result, source_of
from fhir_server.jobs.runner import JobPolicy, JobRunner, TooManyJobs
from fhir_server.store import jobs, resources
from fhir_server.store.database import Database
from fhir_server.store.jobs import Job
from fhir_server.store.resources import microseconds
from tests.support.bulk import ndjson
from tests.support.fhir_store import BASE, BOTH, fresh_url, hba1c, patient

pytestmark = pytest.mark.anyio

EVERYTHING = ExportRequest(url=f"{BASE}/$export", base_url=BASE, level="system")


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with fresh_url(str(request.param)) as place:
        yield place


class Clock:
    """A clock that goes on by itself and can be moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@asynccontextmanager
async def working(
    url: str, folder: Path, clock: Clock | None = None
) -> AsyncIterator[tuple[JobRunner, Database]]:
    database = Database.open(url)
    worker = JobRunner(
        database=database,
        policy=JobPolicy(folder=folder),
        check=lambda _: None,
        clock=clock or Clock(),
    )
    await worker.start()
    try:
        yield worker, database
    finally:
        await worker.stop()
        database.close()


async def ended(worker: JobRunner, job: Job) -> Job:
    for _ in range(1000):
        found = await worker.find(job.id)
        assert found is not None
        if found.is_finished:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("the job does not end")


async def fill(database: Database, count: int) -> None:
    def job(connection) -> None:
        for number in range(count):
            resources.put(connection, patient(f"p{number}"), now=datetime.now(UTC))

    await database.write(job)


class Gate:
    """Holds an export at its first report of progress."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = asyncio.Event()
        loop, original = asyncio.get_running_loop(), Export._check_stop

        def hold(work: Export) -> None:
            loop.call_soon_threadsafe(self.reached.set)
            work.stop.wait(5)
            original(work)

        monkeypatch.setattr(Export, "_check_stop", hold)


async def test_a_stop_leaves_an_export_open_and_the_next_start_makes_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(url, tmp_path / "jobs") as (worker, database):
        await fill(database, 3)
        gate = Gate(monkeypatch)
        job = await worker.submit(EVERYTHING, owner="")
        await gate.reached.wait()
    monkeypatch.undo()
    async with working(url, tmp_path / "jobs") as (worker, _database):
        done = await ended(worker, job)
        assert (done.state, done.attempts) == ("complete", 2)
        [file] = requests.RESULT.decode(done.result).files
        assert (file.type, file.count) == ("Patient", 3)


async def test_a_cancelled_export_stops_and_leaves_nothing(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(url, tmp_path / "jobs") as (worker, database):
        await fill(database, 3)
        gate = Gate(monkeypatch)
        job = await worker.submit(EVERYTHING, owner="")
        await gate.reached.wait()
        await worker.cancel(job)
        assert await worker.find(job.id) is None
        assert not worker.folder(job.id).path.exists()
        await asyncio.sleep(0.05)
        kept = database.read_now(lambda c: jobs.get(c, job.id))
        assert kept is not None and kept.state == "cancelled"


async def test_nothing_is_written_for_a_cancelled_job_once_its_cancellation_is_answered(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, reached = asyncio.get_running_loop(), asyncio.Event()

    def slow_to_stop(work: Export) -> Result:
        loop.call_soon_threadsafe(reached.set)
        work.stop.wait(5)
        time.sleep(0.1)
        work.folder.make()
        raise Cancelled

    monkeypatch.setattr(Export, "run", slow_to_stop)
    async with working(url, tmp_path / "jobs") as (worker, _database):
        job = await worker.submit(EVERYTHING, owner="")
        await reached.wait()
        await worker.cancel(job)
        await asyncio.sleep(0.2)
        assert not worker.folder(job.id).path.exists()


async def test_a_job_that_waits_for_room_is_cancelled_at_once(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_AT_ONCE", 1)
    async with working(url, tmp_path / "jobs") as (worker, _database):
        gate = Gate(monkeypatch)
        first = await worker.submit(EVERYTHING, owner="")
        await gate.reached.wait()
        second = await worker.submit(EVERYTHING, owner="")
        await asyncio.wait_for(worker.cancel(second), 2)
        assert await worker.find(second.id) is None
        await worker.cancel(first)
        monkeypatch.setattr(Export, "_check_stop", lambda _: None)
        # The room that it waited for is there for the next one.
        assert (await ended(worker, await worker.submit(EVERYTHING, owner=""))).state == "complete"


async def test_an_export_is_of_an_instant_behind_which_nothing_is_written(
    url: str, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(url, tmp_path / "jobs", clock) as (worker, database):
        done = await ended(worker, await worker.submit(EVERYTHING, owner=""))
        early = clock() - timedelta(minutes=1)
        stored = await database.write(lambda c: resources.put(c, patient("p"), now=early))
        assert done.horizon is not None
        assert microseconds(stored.last_updated) > done.horizon


async def test_a_failure_that_cannot_be_recorded_is_logged_and_taken_up_by_the_next_start(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> Result:
        raise KeyError("Zhang San")

    monkeypatch.setattr(Export, "run", broken)
    monkeypatch.setattr(jobs, "fail", broken)
    async with working(url, tmp_path / "jobs") as (worker, _database):
        job = await worker.submit(EVERYTHING, owner="")
        for _ in range(500):
            if not worker._running:
                break
            await asyncio.sleep(0.01)
        assert not worker._running
        assert [r.msg for r in caplog.records] == ["bulk job failed", "bulk job not closed"]
    monkeypatch.undo()
    async with working(url, tmp_path / "jobs") as (worker, _database):
        assert (await ended(worker, job)).state == "complete"


async def test_a_sweep_that_fails_is_logged_and_not_the_last(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runner, "_SWEEP_SECONDS", 0.01)
    async with working(url, tmp_path / "jobs") as (worker, _database):
        done = await ended(worker, await worker.submit(EVERYTHING, owner=""))

        def broken(*_: object) -> tuple[str, ...]:
            raise KeyError("a fault of the driver")

        clock = worker._clock
        assert isinstance(clock, Clock)
        with monkeypatch.context() as patched:
            patched.setattr(jobs, "expired", broken)
            await asyncio.sleep(0.1)
        assert "bulk jobs not swept" in [record.msg for record in caplog.records]
        clock.ahead = timedelta(hours=25)
        for _ in range(500):
            if not worker.folder(done.id).path.exists():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it is not swept any more")


async def test_a_full_disk_fails_the_export_with_its_reason(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export.LineFiles, "add", full)
    async with working(url, tmp_path / "jobs") as (worker, database):
        await fill(database, 1)
        done = await ended(worker, await worker.submit(EVERYTHING, owner=""))
        assert done.state == "failed"
        assert "No space left on device" in done.error
        assert not worker.folder(done.id).path.exists()


async def test_an_unforeseen_error_is_a_failed_job_without_its_text(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_work: Export) -> Result:
        raise KeyError("Zhang San")

    monkeypatch.setattr(Export, "run", broken)
    async with working(url, tmp_path / "jobs") as (worker, _database):
        done = await ended(worker, await worker.submit(EVERYTHING, owner=""))
        assert done.state == "failed"
        assert done.error == "The server failed; its log names the place."


async def test_a_job_that_the_server_died_of_is_given_up(url: str, tmp_path: Path) -> None:
    async with working(url, tmp_path / "jobs") as (worker, database):
        done = await ended(worker, await worker.submit(EVERYTHING, owner=""))

    def as_after_three_crashes(connection) -> None:
        jobs.remove(connection, done.id)
        jobs.add(connection, done_again)

    from dataclasses import replace

    done_again = replace(done, state="running", attempts=3, result="", expires=None)
    database = Database.open(url)
    await database.write(as_after_three_crashes)
    database.close()
    async with working(url, tmp_path / "jobs") as (worker, _database):
        found = await ended(worker, done)
        assert found.state == "failed"
        assert "stopped 3 times" in found.error


async def test_a_finished_job_and_its_files_expire(url: str, tmp_path: Path) -> None:
    clock = Clock()
    async with working(url, tmp_path / "jobs", clock) as (worker, database):
        await fill(database, 1)
        done = await ended(worker, await worker.submit(EVERYTHING, owner=""))
        clock.ahead = timedelta(hours=23)
        await worker.sweep()
        assert worker.folder(done.id).whole("Patient.1.ndjson") is not None
        clock.ahead = timedelta(hours=25)
        assert await worker.find(done.id) is None
        await worker.sweep()
        assert not worker.folder(done.id).path.exists()
        assert database.read_now(lambda c: jobs.get(c, done.id)) is None


async def test_a_folder_that_no_job_has_is_cleared_at_the_start(url: str, tmp_path: Path) -> None:
    async with working(url, tmp_path / "jobs"):
        pass
    (tmp_path / "jobs" / "0123").mkdir()
    (tmp_path / "jobs" / "0123" / "input.ndjson").write_bytes(b"{}")
    async with working(url, tmp_path / "jobs"):
        assert not (tmp_path / "jobs" / "0123").exists()


async def test_another_servers_jobs_are_left_to_it(url: str, tmp_path: Path) -> None:
    async with working(url, tmp_path / "one") as (one, _), working(url, tmp_path / "two") as other:
        done = await ended(one, await one.submit(EVERYTHING, owner=""))
        found = await other[0].find(done.id)
        assert found is not None
        assert (one.is_here(found), other[0].is_here(found)) == (True, False)


async def test_there_is_a_bound_to_open_jobs(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_MOST_OPEN", 1)
    async with working(url, tmp_path / "jobs") as (worker, _database):
        gate = Gate(monkeypatch)
        job = await worker.submit(EVERYTHING, owner="")
        await gate.reached.wait()
        with pytest.raises(TooManyJobs):
            await worker.submit(EVERYTHING, owner="")
        await worker.cancel(job)
        monkeypatch.setattr(Export, "_check_stop", lambda _: None)
        assert (await ended(worker, await worker.submit(EVERYTHING, owner=""))).state == "complete"


async def test_a_file_that_changed_after_the_kick_off_is_not_imported(
    url: str, tmp_path: Path
) -> None:
    path = tmp_path / "lab.ndjson"
    path.write_bytes(ndjson(hba1c("o1")))
    wanted = ImportRequest(url=f"{BASE}/$import", sources=(source_of(path.name, path),))
    path.write_bytes(ndjson(hba1c("o2"), hba1c("o3")))
    async with working(url, tmp_path / "jobs") as (worker, _database):
        done = await ended(worker, await worker.submit(wanted, owner=""))
        assert (done.state, done.result) == ("failed", "")
        assert "lab.ndjson has changed" in done.error


async def test_other_writes_pass_while_an_import_runs(url: str, tmp_path: Path) -> None:
    path = tmp_path / "lab.ndjson"
    path.write_bytes(ndjson(*(hba1c(f"o{number}") for number in range(2000))))
    wanted = ImportRequest(url=f"{BASE}/$import", sources=(source_of(path.name, path),))
    async with working(url, tmp_path / "jobs") as (worker, database):
        job = await worker.submit(wanted, owner="")
        waits: list[float] = []
        while True:
            found = await worker.find(job.id)
            assert found is not None
            if found.is_finished:
                break
            start = asyncio.get_running_loop().time()
            await database.write(lambda c: resources.put(c, patient("p"), now=datetime.now(UTC)))
            waits.append(asyncio.get_running_loop().time() - start)
        assert found.state == "complete"
        # A part holds the writer for a few hundredths of a second, however long the file is.
        assert len(waits) > 20
        assert sorted(waits)[len(waits) // 2] < 0.5
