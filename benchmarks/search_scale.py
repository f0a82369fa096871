"""A search by subject and code at 10,000 and at a million Observations: how much slower it gets."""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks import resources
from benchmarks.load import Load, prepared, run
from benchmarks.processes import attending
from fhir_server.settings import Settings
from fhir_server.store.database import Database
from fhir_server.store.resources import put

SMALL = 10_000
LARGE = 1_000_000
MOST_RATIO = 1.5
_BATCH = 1000
_QUERIES = 2000


def observations() -> Iterator[dict[str, Any]]:
    """Yield results without end, patient by patient, in an order that is not the patients'."""
    number = 0
    while True:
        # One round holds 500 patients, so that a patient's results do not lie side by side.
        first, place = 500 * (number // SMALL), number % SMALL
        subject, result = first + place % 500, place // 500
        yield resources.observation(_subject(subject), result) | {"id": f"o{number}"}
        number += 1


def _subject(number: int) -> str:
    return f"Patient/p{number}"


async def grow(folder: Path, source: Iterator[dict[str, Any]], count: int) -> None:
    """Store the next `count` results, a thousand in a transaction."""
    # In the zone that the server will serve them in, or it would index them all again.
    database = Database.open(f"sqlite:///{folder / 'attending.db'}", zone=Settings().zone)
    began = time.perf_counter()
    try:
        for done in range(0, count, _BATCH):
            batch = list(islice(source, min(_BATCH, count - done)))
            await database.write(_storing(batch))
            _progress(done + len(batch), count, began)
    finally:
        database.close()


def _storing(batch: list[dict[str, Any]]) -> Callable[[Connection], None]:
    now = datetime.now(UTC)

    def job(connection: Connection) -> None:
        for resource in batch:
            put(connection, resource, now=now)

    return job


def _progress(done: int, count: int, began: float) -> None:
    rate = done / (time.perf_counter() - began)
    end = "\n" if done == count else ""
    if sys.stderr.isatty() or done == count or not done % 100_000:
        print(f"\r  {done:>9,} of {count:,} stored, {rate:,.0f}/s ", end=end, file=sys.stderr)


def measured(folder: Path, stored: int, seconds: float) -> dict[int, Load]:
    """Return the load at 1 and 16 connections, by HTTP, on the database in `folder`."""
    chance = random.Random(stored)
    patients = stored // resources.PER_PATIENT
    with attending(folder) as server:
        requests = [
            prepared(
                server.base
                + resources.search_path(
                    _subject(chance.randrange(patients)), chance.randrange(resources.PER_PATIENT)
                )
            )
            for _ in range(_QUERIES)
        ]
        asyncio.run(run(server.base, requests, connections=1, seconds=2.0))
        return {
            connections: asyncio.run(
                run(server.base, requests, connections=connections, seconds=seconds)
            )
            for connections in (1, 16)
        }


def main(large: int = LARGE, seconds: float = 6.0) -> int:
    """Print the median latency at both sizes and their ratio; 0 where no request failed."""
    if large < SMALL or large % SMALL:
        print(f"search-scale: N is a multiple of {SMALL}", file=sys.stderr)
        return 2
    print(f"search by subject and code: {SMALL:,} and {large:,} Observations\n")
    source, found = observations(), {}
    with tempfile.TemporaryDirectory(prefix="attending-scale-") as temporary:
        folder, before = Path(temporary), 0
        for size in dict.fromkeys((SMALL, large)):
            asyncio.run(grow(folder, source, size - before))
            found[size], before = measured(folder, size, seconds), size
    for size, loads in found.items():
        for connections, load in loads.items():
            print(
                f"{size:>9,} stored, {connections:>2} connections: {load.rate:8.0f} searches/s   "
                f"p50 {load.percentile(0.5):6.2f} ms   p99 {load.percentile(0.99):6.2f} ms   "
                f"failures {load.failures}"
            )
    ratio = found[large][1].percentile(0.5) / found[SMALL][1].percentile(0.5)
    met = "met" if ratio <= MOST_RATIO else "NOT MET"
    print(f"  p50 at 1 connection, times that at {SMALL:,}: {ratio:.2f}   "
          f"target at most {MOST_RATIO:g}: {met}\n")  # fmt: skip
    return int(any(load.failures for loads in found.values() for load in loads.values()))
