"""A made-up release of the international size of SNOMED CT: loaded, then asked over HTTP."""

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import httpx

from benchmarks.load import Load, prepared, run
from benchmarks.processes import Server, attending
from scripts.make_rf2_release import IDEOGRAPHS, ROOT, Release

CONCEPTS = 370_000
_SNOMED = "http://snomed.info/sct"
# What is asked for.
MOST_SECONDS = 90.0
MOST_MB = 1500.0
LEAST_RATE = 1000.0
MOST_MEDIAN = 2.0
MOST_EXPAND = 50.0
_SECONDS = 6.0
_EXPANSIONS = 300


def main(concepts: int = CONCEPTS) -> int:
    """Load and measure; 0 where every figure is as good as it must be."""
    with tempfile.TemporaryDirectory(prefix="attending-snomed-") as temporary:
        folder = Path(temporary)
        release = Release(concepts, seed=1)
        release.write(folder / "rf2")
        missed = _load(folder)
        with attending(folder / "data") as server:
            missed += _operations(server, release)
            missed += _expansions(server)
            print(f"memory of the server then: {server.resident:.0f} MB")
    return 1 if missed else 0


def _load(folder: Path) -> int:
    """Load the release in a process of its own; return how many targets were missed."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("ATTENDING_")}
    environment |= {"ATTENDING_DATA_DIR": str(folder / "data"), "ATTENDING_LANGUAGE": "en"}
    command = [sys.executable, "-m", "fhir_server.cli", "terms", "load-snomed", str(folder / "rf2")]
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError("the release was not loaded")
    seconds, memory = time.perf_counter() - begun, used.ru_maxrss / 1024
    size = sum(each.stat().st_size for each in (folder / "data").rglob("*.release")) / 2**20
    print(f"loaded in {seconds:.1f} s ({MOST_SECONDS:.0f}), {memory:.0f} MB ({MOST_MB:.0f}), "
          f"file {size:.0f} MB")  # fmt: skip
    return (seconds > MOST_SECONDS) + (memory > MOST_MB)


def _operations(server: Server, release: Release) -> int:
    chance = random.Random(7)
    codes = chance.sample(release.codes, 5000)
    below = f"{_SNOMED}?fhir_vs=isa/{ROOT}"
    ways = {
        "CodeSystem/$lookup": [{"system": _SNOMED, "code": each} for each in codes],
        "CodeSystem/$validate-code": [{"url": _SNOMED, "code": each} for each in codes],
        "ValueSet/$validate-code": [
            {"url": below, "system": _SNOMED, "code": each} for each in codes
        ],
        "CodeSystem/$subsumes": [
            {"system": _SNOMED, "codeA": one, "codeB": other}
            for one, other in zip(codes, chance.sample(codes, len(codes)), strict=True)
        ],
    }
    missed = 0
    for path, asked in ways.items():
        requests = [prepared(f"{server.base}/{path}?{_query(each)}") for each in asked]
        httpx.get(f"{server.base}/{path}?{_query(asked[0])}", timeout=30).raise_for_status()
        # The rate with as many as keep one process busy; the time of one who asks alone.
        busy, alone = (
            asyncio.run(run(server.base, requests, connections=n, seconds=_SECONDS)) for n in (8, 1)
        )
        missed += _told(path, busy, alone)
    return missed


def _told(path: str, busy: Load, alone: Load) -> int:
    median = alone.percentile(0.5)
    print(
        f"{path:28} {busy.rate:6.0f}/s ({LEAST_RATE:.0f})  alone p50 {median:.2f} ms "
        f"({MOST_MEDIAN:.0f}) p95 {alone.percentile(0.95):.2f}  failures "
        f"{busy.failures + alone.failures}"
    )
    return (busy.rate < LEAST_RATE) + (median > MOST_MEDIAN) + bool(busy.failures + alone.failures)


def _expansions(server: Server) -> int:
    """Ask as one types: two or three letters of one or two words, two ideographs."""
    chance = random.Random(11)
    seen = Release(3000, seed=1)
    latin = [word[: chance.choice((2, 3, 4))] for word in seen.words[:_EXPANSIONS]]
    pairs = [f"{a} {b}" for a, b in zip(latin[::2], latin[1::2], strict=True)]
    ideographs = ["".join(chance.choices(IDEOGRAPHS, k=2)) for _ in range(_EXPANSIONS)]
    missed = 0
    for name, terms in {"letters": latin, "two words": pairs, "two ideographs": ideographs}.items():
        times, found = [], 0
        with httpx.Client(timeout=30) as client:
            for term in terms:
                query = {"url": f"{_SNOMED}?fhir_vs", "filter": term, "count": "10"}
                begun = time.perf_counter()
                answer = client.get(f"{server.base}/ValueSet/$expand?{_query(query)}")
                times.append(1000 * (time.perf_counter() - begun))
                found += len(answer.raise_for_status().json()["expansion"].get("contains", ()))
        times.sort()
        p95 = times[int(0.95 * len(times))]
        print(f"$expand by {name:14} p50 {times[len(times) // 2]:.1f} p95 {p95:.1f} ms "
              f"({MOST_EXPAND:.0f}), {found / len(terms):.1f} codes each")  # fmt: skip
        missed += p95 > MOST_EXPAND
    return missed


def _query(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
