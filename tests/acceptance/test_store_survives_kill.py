"""kill -9 during writes: everything that was acknowledged is there, nothing is half there."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from fhir_server.r4.codec import decode
from fhir_server.store import resources
from fhir_server.store.database import Database
from fhir_server.store.statements import driver

ROUNDS = 5

# Eight writers at once, each write of two resources; an id is printed once its write returned.
WRITER = """
import asyncio, itertools, sys
from datetime import UTC, datetime
from fhir_server.store import resources
from fhir_server.store.database import Database

database = Database.open(sys.argv[1])
numbers = itertools.count()

def pair(number):
    id = f"r{sys.argv[2]}-{number}"
    patient = {"resourceType": "Patient", "id": id}
    result = {"resourceType": "Observation", "id": id, "status": "final",
              "code": {"text": "HbA1c"}, "subject": {"reference": f"Patient/{id}"}}

    def job(connection):
        for resource in (patient, result):
            resources.put(connection, resource, now=datetime.now(UTC))

    return job

async def write():
    while True:
        number = next(numbers)
        await database.write(pair(number))
        sys.stdout.write(f"r{sys.argv[2]}-{number}\\n")
        sys.stdout.flush()

async def main():
    await asyncio.gather(*(write() for _ in range(8)))

asyncio.run(main())
"""


def killed_writer(url: str, round: int) -> list[str]:
    """Return the ids that a writer acknowledged before it was killed in the middle of its work."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(round)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    acknowledged = [child.stdout.readline().strip()]
    time.sleep(0.1 + 0.05 * round)
    os.kill(child.pid, signal.SIGKILL)
    rest, _ = child.communicate(timeout=10)
    assert child.returncode == -signal.SIGKILL
    # The last line may have been cut by the kill: its write was acknowledged all the same, but
    # its id cannot be read.
    acknowledged += [line for line in rest.split("\n")[:-1] if line]
    return acknowledged


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    acknowledged: list[str] = []
    for round in range(ROUNDS):
        new = killed_writer(url, round)
        assert len(new) > 1
        acknowledged += new
        database = Database.open(url)
        try:
            database.read_now(partial(check, acknowledged))
        finally:
            database.close()


def check(acknowledged: list[str], connection: Connection) -> None:
    for id in acknowledged:
        for type in ("Patient", "Observation"):
            stored = resources.read(connection, type, id)
            assert decode(stored.body)["id"] == id
    run = driver(connection).execute
    assert run("PRAGMA integrity_check").fetchone() == ("ok",)
    assert run("PRAGMA foreign_key_check").fetchone() is None
    # No half of a pair, no version without a body, no index row without its resource.
    counts = dict(run("SELECT type, count(*) FROM resource GROUP BY type").fetchall())
    assert counts["Patient"] == counts["Observation"]
    assert run("SELECT count(*) FROM resource_version").fetchone()[0] == sum(counts.values())
    subjects = run("SELECT count(DISTINCT rid) FROM reference_index").fetchone()[0]
    assert subjects == counts["Observation"]
