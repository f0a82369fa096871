"""A small HTTP/1.1 load generator: keep-alive connections, prepared requests, loopback only."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Load:
    """What one run measured; times in milliseconds."""

    requests: int
    seconds: float
    times: tuple[float, ...]
    failures: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def prepared(
    url: str,
    body: bytes | None = None,
    headers: Sequence[tuple[str, str]] = (("Content-Type", "application/json"),),
) -> bytes:
    """Return the bytes of one request: a POST of `body`, a GET where there is none."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{'GET' if body is None else 'POST'} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    if body is not None:
        lines += [f"Content-Length: {len(body)}", *(f"{n}: {v}" for n, v in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    await reader.readexactly(length)
    return int(head[9:12])


async def _connection(
    address: tuple[str, int], requests: Iterator[bytes], until: float, times: list[float]
) -> int:
    reader, writer = await asyncio.open_connection(*address, limit=1 << 22)
    failures = 0
    while time.perf_counter() < until:
        started = time.perf_counter()
        status = await _one(reader, writer, next(requests))
        times.append(1000 * (time.perf_counter() - started))
        failures += status >= 400
    writer.close()
    await writer.wait_closed()
    return failures


async def run(url: str, requests: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Send `requests`, over and over in their order, on `connections` at once for `seconds`."""
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise ValueError("a benchmark sends to this machine only")
    times: list[float] = []
    shared = cycle(requests)
    started = time.perf_counter()
    until = started + seconds
    failures = await asyncio.gather(
        *(
            _connection((parts.hostname, parts.port or 80), shared, until, times)
            for _ in range(connections)
        )
    )
    return Load(len(times), time.perf_counter() - started, tuple(times), sum(failures))
