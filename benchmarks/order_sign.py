"""order-sign with a prefetch of 60 resources and three models, beside the bare echo."""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import httpx

from benchmarks.load import Load, prepared, run
from fhir_server.demo.people import stories
from fhir_server.demo.server import free_port, running
from fhir_server.r4.codec import decode

SERVICE = "/cds-services/chronic-risk-order-sign"
RESOURCES = 60
TARGETS = {
    "p50 at 1 connection, ms": (6.0, "at most"),
    "calls/s at 16 connections": (250.0, "at least"),
    "p99 at 16 connections, ms": (150.0, "at most"),
    "resident memory, MB": (200.0, "at most"),
    "start to ready, s": (3.0, "at most"),
}


def body() -> bytes:
    """Return the call: the Chinese story with older results added until there are 60 resources."""
    now = datetime.now(UTC)
    story = stories(now)[0]
    call = story.hook_request
    entries = call["prefetch"]["observations"]["entry"]
    added = [
        ("14647-2", 5.80, "mmol/L"), ("14646-4", 1.05, "mmol/L"), ("14682-9", 88, "umol/L"),
        ("30000-4", 3.5, "mg/mmol"), ("8480-6", 150, "mm[Hg]"), ("22748-8", 3.9, "mmol/L"),
        ("14927-8", 2.1, "mmol/L"), ("4548-4", 6.8, "%"),
    ]  # fmt: skip
    fixed = 1 + sum(len(call["prefetch"][k]["entry"]) for k in ("conditions", "medications"))
    template = entries[0]["resource"]
    number = 0
    while fixed + len(entries) < RESOURCES:
        code, value, unit = added[number % len(added)]
        at = now - timedelta(days=1 + 20 * (number // len(added)))
        copy = json.loads(json.dumps(template)) | {
            "id": f"older-{number}",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "effectiveDateTime": at.isoformat(timespec="seconds"),
        }
        copy["valueQuantity"] |= {"value": value, "unit": unit, "code": unit}
        entries.append({"resource": copy})
        number += 1
    return json.dumps(call).encode()


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS in /proc")


@contextmanager
def echo() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.echo", str(port)])
    try:
        url = f"http://127.0.0.1:{port}/"
        for _ in range(200):
            try:
                httpx.post(url, content=b"{}")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def measure(url: str, request: bytes, seconds: float) -> dict[int, Load]:
    asyncio.run(run(url, [request], connections=1, seconds=1.0))
    return {n: asyncio.run(run(url, [request], connections=n, seconds=seconds)) for n in (1, 16)}


def calibration(payload: bytes) -> float:
    """Return microseconds to decode the body: how fast this machine is at this moment."""
    decode(payload)
    started = time.perf_counter()
    for _ in range(500):
        decode(payload)
    return (time.perf_counter() - started) / 500 * 1e6


def show(name: str, loads: dict[int, Load]) -> None:
    for connections, load in loads.items():
        print(
            f"{name:<12} {connections:>2} connections: {load.rate:8.0f} requests/s   "
            f"p50 {load.percentile(0.5):7.2f} ms   p99 {load.percentile(0.99):7.2f} ms   "
            f"failures {load.failures}"
        )


def main(seconds: float = 8.0) -> int:
    """Print all figures of one run and whether each target was met; 0 where no call failed."""
    payload = body()
    print(f"order-sign: {RESOURCES} prefetched resources, {len(payload)} bytes, three models\n")
    codes = resources.files("fhir_server.demo") / "local-codes.json"
    with resources.as_file(codes) as path, running(local_codes=path) as server:
        url = server.url + SERVICE
        answer = httpx.post(url, content=payload, headers={"Content-Type": "application/json"})
        answer.raise_for_status()
        spoken = [c for c in answer.json()["cards"] if "/RiskAssessment/" in c["links"][0]["url"]]
        if len(spoken) != 3:
            raise RuntimeError(f"{len(spoken)} of 3 models answered")
        loads = measure(url, prepared(url, payload), seconds)
        memory = resident(server.pid)
    with echo() as url:
        floor = measure(url, prepared(url, payload), seconds / 2)
    print(f"this machine now: {calibration(payload):.0f} us to decode the body once\n")
    show("order-sign", loads)
    show("bare echo", floor)
    for n, load in loads.items():
        print(f"ratio to the bare echo at {n} connections: {floor[n].rate / load.rate:.1f}")
    figures = {
        "p50 at 1 connection, ms": loads[1].percentile(0.5),
        "calls/s at 16 connections": loads[16].rate,
        "p99 at 16 connections, ms": loads[16].percentile(0.99),
        "resident memory, MB": memory,
        "start to ready, s": server.started_in,
    }
    print()
    for name, value in figures.items():
        target, side = TARGETS[name]
        met = value <= target if side == "at most" else value >= target
        print(f"{name:<28} {value:8.2f}   target {side} {target:g}: {'met' if met else 'NOT MET'}")
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    print(f"\nthe load generator itself used {cpu.ru_utime + cpu.ru_stime:.1f} s of processor time")
    return int(any(load.failures for load in loads.values()))
