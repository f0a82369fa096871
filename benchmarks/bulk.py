"""Bulk data: resources per second in and out, and how long others wait meanwhile.

One process, one store; the event loop's lag and a small write are measured beside the work.
"""

import asyncio
import resource
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import resources as made
from fhir_server.jobs.export import Export
from fhir_server.jobs.files import JobFolder
from fhir_server.jobs.importing import Import, Progress
from fhir_server.jobs.requests import ExportRequest, ImportRequest, Result, source_of
from fhir_server.r4.codec import encode
from fhir_server.rest.incoming import check_resource
from fhir_server.store import horizon
from fhir_server.store import resources as stored
from fhir_server.store.database import Database
from fhir_server.store.resources import microseconds

BASE = "http://bench/fhir"


COUNT = 200_000


def main(count: int = COUNT) -> int:
    """Print the figures of one run on SQLite; 0: a line that is refused stops it."""
    print(f"bulk data: {count:,} results in and out\n")
    asyncio.run(_run(count))
    print()
    return 0


async def _run(count: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        database = Database.open(f"sqlite:///{folder}/store.db")
        try:
            path = folder / "in.ndjson"
            with path.open("wb") as file:
                for number in range(count):
                    file.write(encode(observation(number)) + b"\n")
            await told("import", count, database, lambda: imported(database, path, folder))
            await told("export, system", count, database, lambda: exported(database, folder))
            of_patients = ExportRequest(url="", base_url=BASE, level="patient")
            await told(
                "export, Patient", count, database, lambda: exported(database, folder, of_patients)
            )
        finally:
            database.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory {peak} MB")


def observation(number: int) -> dict[str, object]:
    body = made.observation(f"Patient/p{number // 100}", number % made.PER_PATIENT)
    return {**body, "id": f"o{number}"}


async def told(
    what: str, count: int, database: Database, work: Callable[[], Awaitable[Result]]
) -> None:
    """Print the rate of `work`, the lag of the event loop and the wait of small writes."""
    lags: list[float] = []
    waits: list[float] = []
    watching = [
        asyncio.create_task(_watch_loop(lags)),
        asyncio.create_task(_watch_writes(database, waits)),
    ]
    start = time.perf_counter()
    result = await work()
    seconds = time.perf_counter() - start
    # A rate of refusals would be no rate.
    done = sum(c.created for c in result.counts) or sum(file.count for file in result.files)
    assert done >= count, (done, count)
    for task in watching:
        task.cancel()
    print(
        f"{what}: {count} resources in {seconds:.1f} s = {count / seconds:,.0f}/s; "
        f"event loop late by p50 {_ms(lags, 0.5)}, p99 {_ms(lags, 0.99)} ms; "
        f"a small write p50 {_ms(waits, 0.5)}, p99 {_ms(waits, 0.99)} ms"
    )


def _ms(values: list[float], share: float) -> str:
    return f"{1000 * sorted(values)[int(share * (len(values) - 1))]:.1f}" if values else "-"


async def _watch_loop(lags: list[float]) -> None:
    while True:
        start = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append(time.perf_counter() - start - 0.005)


async def _watch_writes(database: Database, waits: list[float]) -> None:
    patient = {"resourceType": "Patient", "id": "p0"}
    while True:
        start = time.perf_counter()
        await database.write(lambda c: stored.put(c, patient, now=datetime.now(UTC)))
        waits.append(time.perf_counter() - start)
        await asyncio.sleep(0.05)


async def imported(database: Database, path: Path, folder: Path) -> Result:
    source = source_of("in", path)
    with ThreadPoolExecutor(1) as threads:
        work = Import(
            database=database,
            request=ImportRequest(url="", sources=(source,)),
            folder=JobFolder(folder, "import"),
            check=lambda one: check_resource(one, now=datetime.now(UTC)),
            clock=lambda: datetime.now(UTC),
            keep=lambda _connection, _progress: None,
            threads=threads,
        )
        return await work.run(Progress())


async def exported(
    database: Database, folder: Path, request: ExportRequest | None = None
) -> Result:
    at = await database.write(lambda c: horizon.advance(c, microseconds(datetime.now(UTC))))
    work = Export(
        database=database,
        request=request or ExportRequest(url="", base_url=BASE, level="system"),
        horizon=at,
        folder=JobFolder(folder, "export"),
        progress=lambda _done, _total: None,
        stop=threading.Event(),
    )
    return await asyncio.to_thread(work.run)
