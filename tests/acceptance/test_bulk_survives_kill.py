"""kill -9 in the middle of bulk jobs: half an export is none, an import goes on where it was."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhir_server.jobs import requests
from fhir_server.jobs.requests import ImportRequest, source_of
from fhir_server.jobs.runner import JobPolicy, JobRunner
from fhir_server.r4.codec import decode
from fhir_server.r4.outcome import BadRequest
from fhir_server.store import jobs, resources
from fhir_server.store.database import Database
from fhir_server.store.jobs import Job
from fhir_server.store.statements import driver
from tests.support.bulk import ndjson
from tests.support.fhir_store import BASE, BOTH, fresh_url, hba1c, patient

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL"),
]

COUNT = 400

# Works on the jobs that it finds, slowly, and says a line for each step until it is killed.
WORKER = """
import asyncio, sys, time
from datetime import UTC, datetime
from pathlib import Path
from fhir_server.jobs import ndjson, runner
from fhir_server.jobs.export import Export
from fhir_server.r4.outcome import BadRequest
from fhir_server.store import export_walk
from fhir_server.store.database import Database

export_walk.BATCH = 10
runner.PartSize = lambda **_: ndjson.PartSize(lines=5)
database = Database.open(sys.argv[1])

def check(resource):
    if resource.get("status") == "nonsense":
        raise BadRequest("value", "nonsense")

def step(*_):
    sys.stdout.write("step\\n")
    sys.stdout.flush()
    time.sleep(0.01)

original = Export._check_stop
Export._check_stop = lambda work: (step(), original(work))
described = runner.described
runner.described = lambda *given: (step(), described(*given))[1]

async def main():
    policy = runner.JobPolicy(folder=Path(sys.argv[2]))
    worker = runner.JobRunner(
        database=database, policy=policy, check=check, clock=lambda: datetime.now(UTC)
    )
    await worker.start()
    await asyncio.sleep(60)

asyncio.run(main())
"""


def killed(url: str, folder: Path, steps: int) -> None:
    """Let a worker take so many steps, then kill it."""
    child = subprocess.Popen(
        [sys.executable, "-c", WORKER, url, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for _ in range(steps):
        assert child.stdout.readline() == "step\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=10)
    assert child.returncode == -signal.SIGKILL


def check(resource: dict[str, object]) -> None:
    if resource.get("status") == "nonsense":
        raise BadRequest("value", "nonsense")


async def recorded(url: str, folder: Path, request, count: int) -> Job:
    """Record a job in a store of so many patients without working on it."""
    database = Database.open(url)
    worker = worker_of(database, folder)
    worker._spawn = lambda _: None  # type: ignore[method-assign]
    await worker.start()

    def fill(connection) -> None:
        for number in range(count):
            resources.put(connection, patient(f"p{number}"), now=datetime.now(UTC))

    await database.write(fill)
    job = await worker.submit(request, owner="")
    await worker.stop()
    database.close()
    return job


def worker_of(database: Database, folder: Path) -> JobRunner:
    return JobRunner(
        database=database,
        policy=JobPolicy(folder=folder),
        check=check,
        clock=lambda: datetime.now(UTC),
    )


async def finished(url: str, folder: Path, job: Job) -> tuple[Job, Database]:
    """Start a worker and wait for the job; the database is the caller's to close."""
    database = Database.open(url)
    worker = worker_of(database, folder)
    await worker.start()
    for _ in range(2000):
        found = await worker.find(job.id)
        assert found is not None
        if found.is_finished:
            break
        await asyncio.sleep(0.01)
    await worker.stop()
    return found, database


@pytest.mark.parametrize("adapter", BOTH)
async def test_an_export_that_was_killed_is_made_anew(adapter: str, tmp_path: Path) -> None:
    wanted = requests.ExportRequest(url=f"{BASE}/$export", base_url=BASE, level="system")
    with fresh_url(adapter) as url:
        job = await recorded(url, tmp_path, wanted, COUNT)
        killed(url, tmp_path, steps=170)

        database = Database.open(url)
        cut = database.read_now(lambda c: jobs.get(c, job.id))
        assert cut is not None
        assert (cut.state, cut.result) == ("running", "")
        # Something was written, and none of it under a name that is served.
        parts = [path.name for path in (tmp_path / job.id).iterdir()]
        assert parts
        assert all(name.endswith(".part") for name in parts)
        await database.write(
            lambda c: resources.put(c, patient("late"), now=datetime.now(UTC)),
        )
        database.close()

        done, database = await finished(url, tmp_path, job)
        database.close()
        assert (done.state, done.attempts) == ("complete", 2)
        assert done.horizon is not None and cut.horizon is not None
        assert done.horizon > cut.horizon
        [file] = requests.RESULT.decode(done.result).files
        path = tmp_path / job.id / file.name
        ids = [decode(line)["id"] for line in path.read_bytes().splitlines()]
        assert sorted(ids) == sorted([*(f"p{number}" for number in range(COUNT)), "late"])
        assert [each.name for each in path.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("adapter", BOTH)
async def test_an_import_that_was_killed_goes_on(adapter: str, tmp_path: Path) -> None:
    lines = [hba1c(f"o{number}") for number in range(COUNT)]
    for number in range(0, COUNT, 7):
        lines[number]["status"] = "nonsense"
    path = tmp_path / "lab.ndjson"
    path.write_bytes(ndjson(*lines))
    source = source_of("lab.ndjson", path)
    wanted = ImportRequest(url=f"{BASE}/$import", sources=(source,))
    folder = tmp_path / "jobs"
    with fresh_url(adapter) as url:
        job = await recorded(url, folder, wanted, 0)
        killed(url, folder, steps=13)
        killed(url, folder, steps=20)
        done, database = await finished(url, folder, job)
        try:
            assert (done.state, done.attempts) == ("complete", 3)
            result = requests.RESULT.decode(done.result)
            bad = len(range(0, COUNT, 7))
            [count] = result.counts
            # Every line once: what was stored before a kill is neither stored nor counted again.
            assert (count.created, count.updated, count.unchanged) == (COUNT - bad, 0, 0)
            [file] = result.files
            assert file.count == bad
            refused = (folder / job.id / file.name).read_bytes().splitlines()
            said = [decode(line)["issue"][0]["diagnostics"] for line in refused]
            numbers = [int(text.partition("line ")[2].partition(":")[0]) for text in said]
            assert numbers == [number + 1 for number in range(0, COUNT, 7)]
            versions = database.read_now(
                lambda c: driver(c).execute("SELECT version, count(*) FROM resource"
                                            " GROUP BY version").fetchall()
            )  # fmt: skip
            assert versions == [(1, COUNT - bad)]
        finally:
            database.close()
