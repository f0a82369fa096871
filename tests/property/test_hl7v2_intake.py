"""Whatever is sent, repeated, cut off and started again in whatever order: one row, one outcome.

A plain model holds what each sender sent and was told; the intake on a real store must agree.
"""

import asyncio
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from fhir_server.hl7v2.intake import Intake, Receipt
from fhir_server.hl7v2.senders import Sender, Senders
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.database import Database
from tests.support.mllp import result
from tests.unit.hl7v2.examples import LIS, SHANGHAI, Clock, intake, with_field

SENDERS = Senders(
    {
        (each.application, each.facility): each
        for each in (
            Sender("a", "LIS", "DEMOHOSP", acknowledge="processed"),
            Sender("b", "ANALYSER", "DEMOHOSP", acknowledge="stored"),
        )
    }
)
MODES = [("", ""), ("AL", "AL"), ("AL", "NE"), ("NE", "ER")]
BODIES = ["good", "good", "no patient", "other type", "not a message"]


@dataclass
class Known:
    """What the model knows of one message: its bytes, and what its sender was told."""

    raw: bytes
    state: str
    answers: tuple[bytes, ...] | None = None


@dataclass
class Model:
    """Messages by (application, control id): the first body, and the others under its id."""

    first: dict[tuple[str, str], Known] = field(default_factory=dict)
    others: dict[bytes, Known] = field(default_factory=dict)

    def take(self, application: str, id: str, raw: bytes, state: str) -> Known:
        found = self.first.setdefault((application, id), Known(raw, state))
        if found.raw == raw:
            return found
        return self.others.setdefault(raw, Known(raw, "quarantined"))

    def __iter__(self):
        return iter([*self.first.values(), *self.others.values()])


def body(kind: str, application: str, id: str, mode: tuple[str, str], value: str) -> bytes:
    raw = result(id, application=application, patient=value, accept=mode[0], answer=mode[1])
    match kind:
        case "no patient":
            return b"\r".join(line for line in raw.split(b"\r") if not line.startswith(b"PID"))
        case "other type":
            return with_field(raw.decode(), 9, "MDM^T02").encode()
        case "not a message":
            return b"NOTHING|" + id.encode()
    return raw


class Life(RuleBasedStateMachine):
    """One hospital's intake over several starts of the server."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.model = Model()
        self.loop = asyncio.new_event_loop()
        self.start()

    def start(self) -> None:
        self.database = Database.open(f"sqlite:///{self.folder.name}/store.db", zone=SHANGHAI)
        self.hospital: Intake = intake(self.database, self.clock, senders=SENDERS)

    def run(self, work):
        return self.loop.run_until_complete(work)

    async def send(self, raw: bytes, times: int = 1) -> list[tuple[bytes, ...]]:
        async def one() -> tuple[bytes, ...]:
            receipt: Receipt = await self.hospital.take(raw, channel="mllp", peer=LIS)
            found = [receipt.first, await receipt.application()]
            return tuple(each.acknowledgment for each in found if each is not None)

        return await asyncio.gather(*(one() for _ in range(times)))

    @rule(
        kind=st.sampled_from(BODIES),
        application=st.sampled_from(["LIS", "ANALYSER"]),
        number=st.integers(1, 4),
        mode=st.sampled_from(MODES),
        value=st.sampled_from(["1", "2"]),
        times=st.integers(1, 3),
    )
    def sends(self, kind, application, number, mode, value, times) -> None:
        """A message comes, perhaps not for the first time, perhaps on several connections."""
        self.clock.now += timedelta(seconds=1)
        id = f"C{number}"
        raw = body(kind, application, id, mode, value)
        state = {"good": "processed", "not a message": "quarantined"}.get(kind, "rejected")
        if kind == "not a message":
            # It names no sender: nobody is registered so; one row for the same bytes.
            known = self.model.others.setdefault(raw, Known(raw, "rejected"))
        else:
            known = self.model.take(application, id, raw, state)
        for answers in self.run(self.send(raw, times)):
            if known.answers is None:
                known.answers = answers
            assert answers == known.answers

    @rule(data=st.data())
    @precondition(lambda self: any(True for _ in self.model))
    def is_sent_again(self, data) -> None:
        """The acknowledgment was lost: the same bytes, the same answer."""
        known = data.draw(st.sampled_from(list(self.model)))
        self.clock.now += timedelta(minutes=1)
        (answers,) = self.run(self.send(known.raw))
        assert known.answers is None or answers == known.answers
        known.answers = answers

    @rule(
        number=st.integers(5, 8),
        value=st.sampled_from(["1", "2"]),
        application=st.sampled_from(["LIS", "ANALYSER"]),
        steps=st.integers(0, 40),
    )
    def is_cut_off(self, number, value, application, steps) -> None:
        """The server dies while a message is on its way: there or not, never twice."""
        raw = body("good", application, f"C{number}", ("", ""), value)

        async def cut() -> None:
            task = asyncio.ensure_future(self.send(raw))
            for _ in range(steps):
                await asyncio.sleep(0.0005)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.run(cut())
        self.restart(raw)
        if raw in self.bodies():
            self.model.take(application, f"C{number}", raw, "processed")

    @rule()
    def is_stopped_and_started(self) -> None:
        """A clean stop."""
        self.run(self.hospital.drain())
        self.restart(None)

    def bodies(self) -> list[bytes]:
        """What is stored, as it came."""
        return [
            self.run(self.database.read(lambda c, id=row.id: messages.get(c, id))).body
            for row in self.rows()
        ]

    def restart(self, _raw) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run(asyncio.sleep(0))
        self.database.close()
        self.start()
        self.run(self.hospital.recover())

    @rule(data=st.data())
    @precondition(lambda self: any(True for _ in self.model))
    def is_replayed(self, data) -> None:
        """An operator processes a message again: nothing changes but that of quarantine."""
        row = data.draw(st.sampled_from(self.rows()))
        before = self.versions()
        answer = self.run(self.hospital.process_again(row.id))
        assert answer is not None
        if row.state in ("processed", "rejected"):
            assert self.versions() == before
        for known in self.model:
            found = self.run(self.database.read(lambda c: messages.get(c, row.id)))
            if found.body == known.raw and known.state == "quarantined":
                # Released by a person: the sender, who was told of the quarantine, is told anew.
                known.state, known.answers = found.state, None

    def rows(self):
        return self.run(self.hospital.listed(messages.STATES))

    def versions(self) -> int:
        sql = "SELECT count(*) FROM resource_version"
        return int(self.database.read_now(lambda c: c.exec_driver_sql(sql).scalar_one()))

    @invariant()
    def each_has_one_row_and_its_outcome(self) -> None:
        if not hasattr(self, "hospital"):
            return
        self.run(self.hospital.drain())
        rows = {row.id: row for row in self.rows()}
        # One row for each body that was sent under an id, and none that nobody sent.
        bodies = self.bodies()
        assert sorted(bodies) == sorted(known.raw for known in self.model)
        by_body = dict(zip(bodies, rows.values(), strict=True))
        for known in self.model:
            assert by_body[known.raw].state == known.state

    def teardown(self) -> None:
        if hasattr(self, "hospital"):
            self.run(self.hospital.drain())
            self.database.close()
            self.loop.close()
            self.folder.cleanup()


Life.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
TestLife = Life.TestCase
