"""kill -9 during writes: everything that was acknowledged is there, nothing is half there."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from fhir_server.r4.codec import decode
from fhir_server.store import indexing, interning, resources
from fhir_server.store.database import Database
from fhir_server.store.statements import driver
from tests.support.fhir_store import BOTH, fresh_url

ROUNDS = int(os.environ.get("KILL_ROUNDS", "5"))

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
    time.sleep(0.1 + 0.05 * (round % 8))
    os.kill(child.pid, signal.SIGKILL)
    rest, _ = child.communicate(timeout=10)
    assert child.returncode == -signal.SIGKILL
    # The last line may have been cut by the kill: its write was acknowledged all the same, but
    # its id cannot be read.
    acknowledged += [line for line in rest.split("\n")[:-1] if line]
    return acknowledged


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("adapter", BOTH)
def test_what_was_acknowledged_survives_a_kill(adapter: str) -> None:
    with fresh_url(adapter) as url:
        acknowledged: list[str] = []
        for round in range(ROUNDS):
            new = killed_writer(url, round)
            assert len(new) > 1
            acknowledged += new
            database = Database.open(url)
            try:
                database.read_now(partial(check_new, new))
                database.read_now(partial(check_all, len(acknowledged)))
            finally:
                database.close()


def check_new(acknowledged: list[str], connection: Connection) -> None:
    """What was acknowledged is there, and is found by its indexes."""
    params = interning.parameter_ids(connection, "Observation")
    for id in acknowledged:
        for type in ("Patient", "Observation"):
            stored = resources.read(connection, type, id)
            body = decode(stored.body)
            assert (body["id"], body["meta"]["versionId"]) == (id, str(stored.version))
        found = driver(connection).execute(
            "SELECT r.id FROM reference_index x JOIN resource r ON r.rid = x.rid"
            f" WHERE x.param = {params['subject']} AND x.target = '{id}' AND x.type = 'Patient'"
        )
        assert found.fetchall() == [(id,)]


def check_all(least: int, connection: Connection) -> None:
    """Nothing of what is there, acknowledged or not, is half there."""

    def run(statement: str) -> list[tuple[Any, ...]]:
        return list(driver(connection).execute(statement).fetchall())

    if connection.dialect.name == "sqlite":
        assert run("PRAGMA integrity_check") == [("ok",)]
        assert run("PRAGMA foreign_key_check") == []
    # Pairs were written: no half of one; no resource without its version, nor the other way.
    counts = dict(run("SELECT type, count(*) FROM resource GROUP BY type"))
    assert counts["Patient"] == counts["Observation"] >= least
    assert run("SELECT count(*) FROM resource_version") == [(sum(counts.values()),)]
    assert (
        run(
            "SELECT r.id FROM resource r LEFT JOIN resource_version v"
            " ON v.rid = r.rid AND v.version = r.version AND v.last_updated = r.last_updated"
            " WHERE v.rid IS NULL OR length(v.body) = 0"
        )
        == []
    )
    # Every index row has its resource, every Observation its rows: what its body says, no more.
    for index in indexing.INDEXES:
        assert (
            run(
                f"SELECT x.rid FROM {index.name} x LEFT JOIN resource r ON r.rid = x.rid"
                " WHERE r.rid IS NULL"
            )
            == []
        )
    rows = run(
        "SELECT count(DISTINCT x.rid), count(*) FROM token_index x"
        " JOIN resource r ON r.rid = x.rid WHERE r.type = 'Observation'"
    )
    with_codes, tokens = rows[0]
    assert (with_codes, tokens) == (counts["Observation"], counts["Observation"])
