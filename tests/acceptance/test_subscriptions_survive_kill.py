"""kill -9 while results come in: every acknowledged result is told, in order, none is lost."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from fhir_server.demo.server import free_port
from tests.support.fhir_http import FHIR
from tests.support.fhir_store import BOTH, fresh_url, hba1c
from tests.support.hook_server import HookServer, hook_server
from tests.support.subscriptions import subscription

ROUNDS = int(os.environ.get("KILL_ROUNDS", "2"))
WRITERS = 4

pytestmark = pytest.mark.anyio

# The FHIR part of the server alone: it starts in half a second.
SERVER = """
import sys
from datetime import UTC, datetime
import uvicorn
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirServices
from fhir_server.rest.subscription_writes import read_search
from fhir_server.store.database import Database
from fhir_server.subscriptions.courier import Courier
from fhir_server.subscriptions.recording import Recorder
from fhir_server.subscriptions.sending import HttpSend
from tests.support.fhir_http import fhir_app

url, port = sys.argv[1], int(sys.argv[2])
base = f"http://127.0.0.1:{port}/fhir"
database = Database.open(url)
now = lambda: datetime.now(UTC)
services = FhirServices(database=database, clock=now, base_url=base)
courier = Courier(database=database, send=HttpSend(), policy=services.subscriptions,
                  base_url=base, clock=now)
database.watch(Recorder(read=read_search(Place(database.zone, base), services.limits),
                        policy=services.subscriptions, clock=now, on_events=courier.wake))
app = fhir_app(services)
app.router.on_startup.append(courier.start)
uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")
"""


@contextmanager
def server(url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, "-c", SERVER, url, str(port)])
    try:
        yield child
    finally:
        child.kill()
        child.wait(10)


async def answers(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await client.get("metadata")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


async def write_on(client: httpx.AsyncClient, writer: str, acknowledged: list[str]) -> None:
    """Store results one after another until the server is gone."""
    for number in range(100_000):
        id = f"{writer}-{number}"
        try:
            answer = await client.put(f"Observation/{id}", json=hba1c(id), headers=FHIR)
        except httpx.TransportError:
            return
        assert answer.status_code == 201
        acknowledged.append(id)


def told(hook: HookServer) -> set[str]:
    return {event["focus"]["reference"].rpartition("/")[2] for event in hook.events}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("adapter", BOTH)
async def test_every_acknowledged_result_is_told_in_order(adapter: str) -> None:
    port = free_port()
    acknowledged: list[str] = []
    base = f"http://127.0.0.1:{port}/fhir/"
    with fresh_url(adapter) as url:
        async with hook_server() as hook, httpx.AsyncClient(base_url=base, timeout=30) as client:
            for round in range(ROUNDS + 1):
                with server(url, port) as child:
                    await answers(client)
                    if round == 0:
                        given = subscription(endpoint=hook.url, max_count=7, timeout=1)
                        await client.post("Subscription", json=given, headers=FHIR)
                        await hook.until(lambda: len(hook.notes) == 1)
                    if round < ROUNDS:
                        before = len(hook.notes)
                        writers = [
                            asyncio.create_task(write_on(client, f"r{round}-{w}", acknowledged))
                            for w in range(WRITERS)
                        ]
                        # In the middle of a delivery, each round a little later.
                        await hook.until(lambda b=before, r=round: len(hook.notes) > b + 2 + r, 40)
                        os.kill(child.pid, signal.SIGKILL)
                        await asyncio.gather(*writers)
                    else:
                        await hook.until(lambda: told(hook) >= set(acknowledged), 60)
    assert len(acknowledged) > 10 * ROUNDS
    # Repeated at most from where the last process was cut off: never a step ahead of the count.
    highest = 0
    for note in hook.notes[1:]:
        assert note.numbers == list(range(note.numbers[0], note.numbers[0] + len(note.numbers)))
        assert note.numbers[0] <= highest + 1
        highest = max(highest, note.numbers[-1])
    focus_of = {e["event-number"]: e["focus"]["reference"] for e in hook.events}
    assert len(set(focus_of.values())) == len(focus_of) == highest
