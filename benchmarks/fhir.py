"""The FHIR API beside the Python peer: both in one run, on the same bodies, one worker each."""

import asyncio
import json
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks import resources
from benchmarks.load import Load, prepared, run
from benchmarks.peer import PeerMissing, install, peer
from benchmarks.processes import Server, StartFailed, attending

CONNECTIONS = 16
PATIENTS = 100
JSON = (("Content-Type", "application/fhir+json"),)
# Requests of ours for each of the peer's.
TARGETS = {"create": 4.0, "read": 8.0, "search": 3.0, "transaction": 6.0}
MOST_START = 1.5
MOST_RESIDENT = 150.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A server with the same data as the other, and the requests that it is measured with."""

    server: Server
    requests: dict[str, Sequence[bytes]]


def loaded(server: Server) -> Subject:
    """Store the patients and their results by FHIR create, and prepare every kind of request."""
    base = server.base
    with httpx.Client(base_url=base, headers=dict(JSON), timeout=30) as client:
        subjects = [_create(client, resources.patient(n)) for n in range(PATIENTS)]
        observations = [
            _create(client, resources.observation(subject, number))
            for subject in subjects
            for number in range(resources.PER_PATIENT)
        ]
        searches = [
            resources.search_path(subject, number)
            for subject in subjects
            for number in range(resources.PER_PATIENT // 2)
        ]
        _check(client, observations[0], searches[0])
    chance = random.Random(20261124)
    chance.shuffle(observations)
    chance.shuffle(searches)
    bodies = [
        json.dumps(resources.observation(subjects[n % PATIENTS], n)).encode() for n in range(200)
    ]
    return Subject(server, {
        "create": [prepared(f"{base}/Observation", body, JSON) for body in bodies],
        "read": [prepared(f"{base}/{reference}") for reference in observations],
        "search": [prepared(base + path) for path in searches],
        "transaction": [prepared(base, resources.transaction(n), JSON) for n in range(20)],
    })  # fmt: skip


def _create(client: httpx.Client, resource: dict[str, Any]) -> str:
    answer = client.post(f"/{resource['resourceType']}", content=json.dumps(resource))
    answer.raise_for_status()
    parts = answer.headers["Location"].split("/_history")[0].split("/")
    return "/".join(parts[-2:])


def _check(client: httpx.Client, reference: str, search: str) -> None:
    """Refuse to measure a server that does not do what is measured."""
    client.get(f"/{reference}").raise_for_status()
    found = client.get(search).raise_for_status().json()
    if len(found.get("entry", [])) != 2:
        raise RuntimeError(f"{client.base_url}: {len(found.get('entry', []))} matches instead of 2")
    answer = client.post("", content=resources.transaction(10_000)).raise_for_status().json()
    statuses = [entry["response"]["status"][:3] for entry in answer["entry"]]
    if statuses != ["201"] * (1 + resources.PER_PATIENT):
        raise RuntimeError(f"{client.base_url}: the transaction answered {statuses}")


def measured(subject: Subject, kind: str, seconds: float) -> Load:
    requests, base = subject.requests[kind], subject.server.base
    asyncio.run(run(base, requests, connections=CONNECTIONS, seconds=1.0))
    return asyncio.run(run(base, requests, connections=CONNECTIONS, seconds=seconds))


def main(seconds: float = 6.0) -> int:
    """Print all figures of one run; 0 where no request failed. A target missed is only said."""
    print(
        f"FHIR: {PATIENTS} patients with {resources.PER_PATIENT} results each, "
        f"{CONNECTIONS} connections, validation, indexing and telemetry on\n"
    )
    with ExitStack() as stack:
        servers = [stack.enter_context(attending())]
        try:
            python = install()
            # As it comes, and as fast as its settings make it.
            servers += [stack.enter_context(peer(python, log=log)) for log in (True, False)]
        except (PeerMissing, StartFailed) as missing:
            print(f"no peer to compare with: {missing}\n")
        subjects = [loaded(server) for server in servers]
        failures = 0
        for kind, target in TARGETS.items():
            loads = [measured(subject, kind, seconds) for subject in subjects]
            failures += sum(load.failures for load in loads)
            for server, load in zip(servers, loads, strict=True):
                _show(kind, server, load)
            for server, load in zip(servers[1:], loads[1:], strict=True):
                _compare(f"{kind}, times {server.name}", loads[0].rate / load.rate, target, "least")
        print()
        for server in servers:
            print(
                f"{server.name}: first /metadata after {server.started_in:.2f} s, "
                f"{server.resident:.0f} MB resident after the load"
            )
        _compare("start to /metadata, s", servers[0].started_in, MOST_START, "most")
        _compare("resident memory, MB", servers[0].resident, MOST_RESIDENT, "most")
    print()
    return int(failures > 0)


def _show(kind: str, server: Server, load: Load) -> None:
    print(
        f"{kind:<12} {server.name:<21} {load.rate:8.0f} requests/s   "
        f"p50 {load.percentile(0.5):7.2f} ms   p99 {load.percentile(0.99):7.2f} ms   "
        f"failures {load.failures}"
    )


def _compare(name: str, value: float, target: float, side: str) -> None:
    met = value >= target if side == "least" else value <= target
    said = "met" if met else "NOT MET"
    print(f"  {name:<36} {value:8.2f}   target at {side} {target:g}: {said}")
