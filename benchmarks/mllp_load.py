"""A load of MLLP frames on this machine: so many connections, closed loop or at a given rate."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count

from benchmarks.load import Load

_SB, _END = b"\x0b", b"\x1c\r"
_PANEL = [
    ("ALT", "丙氨酸氨基转移酶", "23", "U/L", "9-50"),
    ("AST", "天门冬氨酸氨基转移酶", "21", "U/L", "15-40"),
    ("CREA", "肌酐", "88", "umol/L", "57-97"),
    ("UREA", "尿素", "5.4", "mmol/L", "3.1-8.0"),
    ("GLU", "葡萄糖", "5.1", "mmol/L", "3.9-6.1"),
    ("TC", "总胆固醇", "4.6", "mmol/L", "3.1-5.2"),
    ("TG", "甘油三酯", "1.2", "mmol/L", "0.6-1.7"),
    ("K", "钾", "4.1", "mmol/L", "3.5-5.3"),
    ("NA", "钠", "140", "mmol/L", "137-147"),
    ("CA", "钙", "2.31", "mmol/L", "2.11-2.52"),
]


def panels(prefix: str, *, patients: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield (patient number, message of 20 results), each with a control id of its own.

    `patients` many take turns; 0: each message is of a patient of its own.
    """
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    lines = [
        f"OBX|{n + 1}|NM|{code}{n}^{name}^99LIS||{value}|{unit}|{limits}|N|||F|||{now}||1001^王^芳"
        for n, (code, name, value, unit, limits) in enumerate(_PANEL * 2)
    ]
    for number in count():
        patient = f"{prefix}{number % patients if patients else number}"
        yield (
            patient,
            "\r".join([
                f"MSH|^~\\&|LIS|BENCH|ATTENDING|BENCH|{now}||ORU^R01^ORU_R01|{prefix}{number}|P|2.5.1"
                "||||||UNICODE UTF-8",
                f"PID|1||{patient}^^^BENCH^MR||张^伟||19680312|M",
                f"OBR|1|P{prefix}{number}|F{prefix}{number}|SHQ^生化全套^99LIS|||{now}|||||||||||||||"
                f"{now}||CH|F",
                *lines,
            ]).encode() + b"\r",
        )  # fmt: skip


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> bytes:
    """Send one message and return its acknowledgment."""
    writer.write(_SB + raw + _END)
    return (await reader.readuntil(_END))[1:-2]


async def connect(
    port: int, source: str = "127.0.0.1"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))


async def burst(port: int, messages: Sequence[bytes], *, connections: int = 8) -> Load:
    """Send each message once, on `connections` that each wait for the acknowledgment."""
    left = iter(messages)
    times: list[float] = []

    async def one() -> int:
        reader, writer = await connect(port)
        failures = 0
        for raw in left:
            began = time.perf_counter()
            answer = await exchange(reader, writer, raw)
            times.append(1000 * (time.perf_counter() - began))
            failures += b"|AA|" not in answer
        writer.close()
        await writer.wait_closed()
        return failures

    began = time.perf_counter()
    failures = await asyncio.gather(*(one() for _ in range(connections)))
    return Load(len(times), time.perf_counter() - began, tuple(times), sum(failures))


async def paced(
    rate: float, work: Sequence[Callable[[], Awaitable[bool]]], *, most: int = 64
) -> Load:
    """Begin one of `work` every 1/rate seconds whatever the others do; times count from then."""
    times: list[float] = []
    failures = 0
    room = asyncio.Semaphore(most)
    began = time.perf_counter()

    async def one(due: float, job: Callable[[], Awaitable[bool]]) -> None:
        nonlocal failures
        async with room:
            failures += not await job()
        times.append(1000 * (time.perf_counter() - due))

    tasks = []
    for number, job in enumerate(work):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due, job)))
    await asyncio.gather(*tasks)
    return Load(len(times), time.perf_counter() - began, tuple(times), failures)
