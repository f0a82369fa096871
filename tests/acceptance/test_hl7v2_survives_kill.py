"""kill -9 under a load of HL7v2 messages: none that was acknowledged is missing, none is twice.

Eight connections: acknowledged when processed, when kept, and in enhanced mode. Each sender does
what a real one does after a lost connection: it sends again what was not acknowledged.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.senders import Sender, Senders
from fhir_server.store.database import Database
from fhir_server.store.statements import driver
from tests.support.fhir_store import BOTH, fresh_url
from tests.support.mllp import Sent, framed, next_answer, result
from tests.unit.hl7v2.examples import LIS, NOW, SHANGHAI, intake

ROUNDS = int(os.environ.get("HL7V2_KILL_ROUNDS", "3"))
ROOT = Path(__file__).parents[2]

SENDERS = Senders(
    {
        (each.application, each.facility): each
        for each in (
            Sender("processed", "LIS", "DEMOHOSP", acknowledge="processed"),
            Sender("stored", "ANALYSER", "DEMOHOSP", acknowledge="stored"),
        )
    }
)

# A listener as the server has it, without the rest of the server: it starts four times as fast.
LISTENER = """
import asyncio, sys
from fhir_server.hl7v2.mllp import MllpServer
from fhir_server.store.database import Database
from tests.acceptance.test_hl7v2_survives_kill import hospital
from tests.unit.hl7v2.examples import SHANGHAI

async def main():
    found = hospital(Database.open(sys.argv[1], zone=SHANGHAI))
    await found.resume()
    server = MllpServer(found, host="127.0.0.1", port=0)
    await server.start()
    print(server.port, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def hospital(database: Database) -> Intake:
    """The intake that the listener has, and after the kill the test."""
    return intake(database, lambda: NOW, senders=SENDERS)


@dataclass
class Connected:
    """One sender: how it wants to be acknowledged, what it sent, and what it must send again."""

    number: int
    application: str
    accept: str = ""
    answer: str = ""
    sent: list[Sent] = field(default_factory=list)
    pending: Sent | None = None

    @property
    def expected(self) -> list[str]:
        """The acknowledgments of a good message."""
        if not self.accept:
            return ["AA"]
        return ["CA"] if self.answer == "NE" else ["CA", "AA"]

    def next_message(self, chance: random.Random) -> Sent:
        """What was not acknowledged, now and then one that was, most often a new one."""
        if self.pending is not None:
            self.pending.answers.clear()
            return self.pending
        if self.sent and chance.random() < 0.1:
            again = chance.choice(self.sent[-20:])
            return Sent(again.control_id, again.raw)
        id = f"K{self.number}-{len(self.sent)}"
        patient = str(chance.randrange(3))
        raw = result(
            id,
            application=self.application,
            patient=patient,
            accept=self.accept,
            answer=self.answer,
        )
        self.pending = Sent(id, raw)
        return self.pending

    def acknowledged(self, message: Sent) -> None:
        """A resend got the same bytes as the first time; a new one is done."""
        if message is self.pending:
            self.sent.append(message)
            self.pending = None
            return
        (first,) = [each for each in self.sent if each.control_id == message.control_id]
        assert message.answers == first.answers

    async def send_until_killed(self, port: int, chance: random.Random) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                message = self.next_message(chance)
                writer.write(framed(message.raw))
                for code in self.expected:
                    message.answers.append(await next_answer(reader))
                    assert message.codes[-1] == code
                self.acknowledged(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.transport.abort()


def eight_senders() -> list[Connected]:
    kinds = [("LIS", "", ""), ("ANALYSER", "", ""), ("LIS", "AL", "AL"), ("ANALYSER", "AL", "NE")]
    return [Connected(number, *kinds[number % len(kinds)]) for number in range(8)]


def listener(url: str) -> "subprocess.Popen[str]":
    """A listener of its own process; the first line that it says is its port."""
    return subprocess.Popen(
        [sys.executable, "-c", LISTENER, url], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


async def a_killed_round(url: str, senders: list[Connected], seed: int) -> None:
    """Start the listener, send on all connections, and kill it in the middle of that."""
    child = listener(url)
    try:
        assert child.stdout is not None
        port = int(await asyncio.to_thread(child.stdout.readline))
        before = sum(len(each.sent) for each in senders)
        tasks = [
            asyncio.create_task(each.send_until_killed(port, random.Random(f"{seed}-{number}")))
            for number, each in enumerate(senders)
        ]
        while sum(len(each.sent) for each in senders) < before + 8:
            assert child.poll() is None
            await asyncio.sleep(0.002)
        await asyncio.sleep(random.Random(seed).uniform(0, 0.3))
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate(timeout=10)
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[Database, Intake]]:
    database = Database.open(url, zone=SHANGHAI)
    try:
        yield database, hospital(database)
    finally:
        database.close()


async def check_after(url: str, senders: list[Connected], checked: dict[int, int]) -> None:
    """What must hold after a kill, at once and when what was kept has been processed."""
    async with opened(url) as (database, found):
        new = {each.number: each.sent[checked.get(each.number, 0) :] for each in senders}
        database.read_now(partial(check_at_once, senders, new))
        await found.recover()
        database.read_now(partial(check_recovered, senders, new))
        for each in senders:
            checked[each.number] = len(each.sent)
            for message in each.sent[-2:]:
                receipt = await found.take(message.raw, channel="mllp", peer=LIS)
                answers = [receipt.first, await receipt.application()]
                assert [a.acknowledgment for a in answers if a is not None] == message.answers
        rows = database.read_now(lambda c: run(c, "SELECT count(*) FROM hl7v2_message"))
        assert rows[0][0] <= sum(len(each.sent) + (each.pending is not None) for each in senders)


def run(connection: Connection, statement: str) -> list[tuple]:
    return list(driver(connection).execute(statement).fetchall())


def check_at_once(
    senders: list[Connected], new: dict[int, list[Sent]], connection: Connection
) -> None:
    """Nothing acknowledged is missing; what was acknowledged as processed is in the record."""
    states = rows_of(connection)
    stored = results(connection)
    for each in senders:
        for message in new[each.number]:
            (state,) = states[message.control_id]
            if "AA" in message.codes and each.application == "LIS":
                assert state == "processed"
                assert stored[message.control_id] == 1


def check_recovered(
    senders: list[Connected], new: dict[int, list[Sent]], connection: Connection
) -> None:
    """All that was acknowledged is in the record, once; nothing is half there."""
    states = rows_of(connection)
    assert {state for found in states.values() for state in found} == {"processed"}
    assert all(len(found) == 1 for found in states.values())
    stored = results(connection)
    for each in senders:
        assert all(stored[message.control_id] == 1 for message in new[each.number])
    assert set(stored.values()) == {1}
    assert stored.keys() == states.keys()
    # One version each: neither a kill nor a resend wrote anything a second time.
    assert run(connection, "SELECT max(version) FROM resource WHERE type <> 'Patient'") == [(1,)]
    patients = run(connection, "SELECT count(*), max(version) FROM resource WHERE type = 'Patient'")
    assert patients[0][0] <= 3
    if connection.dialect.name == "sqlite":
        assert run(connection, "PRAGMA integrity_check") == [("ok",)]


def rows_of(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for id, state in run(connection, "SELECT control_id, state FROM hl7v2_message"):
        found.setdefault(id, []).append(state)
    return found


def results(connection: Connection) -> dict[str, int]:
    """How many results each message has in the record, by its control id."""
    rows = run(
        connection,
        "SELECT m.control_id, count(*) FROM hl7v2_origin o JOIN hl7v2_message m ON m.id = o.message"
        " JOIN resource r ON r.type = o.type AND r.id = o.id"
        " WHERE o.type = 'Observation' GROUP BY m.control_id",
    )
    return dict(rows)


@pytest.mark.anyio
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("adapter", BOTH)
async def test_no_acknowledged_message_is_missing_or_there_twice(adapter: str) -> None:
    began = time.monotonic()
    with fresh_url(adapter) as url:
        senders, checked = eight_senders(), {}
        for round in range(ROUNDS):
            await a_killed_round(url, senders, round)
            await check_after(url, senders, checked)
        total = sum(len(each.sent) for each in senders)
        assert total >= 8 * ROUNDS
    seconds = time.monotonic() - began
    sys.stdout.write(f"{adapter}: {ROUNDS} kills, {total} acknowledged, {seconds:.0f} s\n")
