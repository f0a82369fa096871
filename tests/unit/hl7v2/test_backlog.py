"""Kept messages: so many at once, each patient's in order, and acknowledgments before work."""

import asyncio
import time
from dataclasses import replace

import pytest

from fhir_server.hl7v2.backlog import Backlog, Room
from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.mapping.context import Translator
from fhir_server.hl7v2.ordering import PatientOrder, patient_keys
from fhir_server.hl7v2.policy import Policy, Sending
from fhir_server.hl7v2.working import Answer
from fhir_server.store.hl7v2_messages import KnownMessage
from tests.unit.hl7v2.examples import LOCAL_CODES, MSH, OBR, PID, SHANGHAI, message, with_field

pytestmark = pytest.mark.anyio


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_room_takes_so_many_messages_and_the_next_waits_its_turn():
    room = Room(messages=2, size=100)
    await room.enter(10)
    await room.enter(10)
    waiting = [asyncio.create_task(room.enter(10)) for _ in range(2)]
    await settle()
    assert [each.done() for each in waiting] == [False, False]
    room.leave(10)
    await settle()
    assert [each.done() for each in waiting] == [True, False]
    room.leave(10)
    await asyncio.gather(*waiting)


async def test_a_room_takes_so_many_bytes_and_one_alone_however_large():
    room = Room(messages=10, size=100)
    await room.enter(500)
    small = asyncio.create_task(room.enter(1))
    await settle()
    assert not small.done()
    room.leave(500)
    await small
    large = asyncio.create_task(room.enter(100))
    behind = asyncio.create_task(room.enter(1))
    await settle()
    # Nobody overtakes: the large one would wait for ever.
    assert (large.done(), behind.done()) == (False, False)
    room.leave(1)
    await settle()
    assert (large.done(), behind.done()) == (True, False)
    room.leave(100)
    await behind


async def test_who_goes_away_while_waiting_takes_no_place():
    room = Room(messages=1, size=100)
    await room.enter(1)
    gone, next_one = (asyncio.create_task(room.enter(1)) for _ in range(2))
    await settle()
    gone.cancel()
    await settle()
    room.leave(1)
    await asyncio.wait_for(next_one, 1)
    # The place of one that is cancelled in the moment in which it gets it goes on too.
    late, last = (asyncio.create_task(room.enter(1)) for _ in range(2))
    await settle()
    room.leave(1)
    late.cancel()
    await asyncio.wait_for(last, 1)
    with pytest.raises(asyncio.CancelledError):
        await late


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([PID], {"000123456"}),
        ([with_field(PID, 3, "7^^^A~8^^^B&1.2&ISO")], {"7", "8"}),
        ([PID, "MRG|9^^^A~10"], {"000123456", "9", "10"}),
        (["pid|1||7"], {"7"}),
        ([" PID|1||7"], {"7"}),
        ([with_field(PID, 3, "")], set()),
        (["PID|1"], set()),
        ([OBR], set()),
        (["ZPI|1||7", "OBX|1|ST|||PID|1||8"], set()),
    ],
)
def test_what_tells_the_patients_of_a_message(lines, expected):
    for raw in (message(MSH, *lines), message(MSH, *lines).replace(b"\r", b"\r\n")):
        assert patient_keys(raw, read_header(raw)) == expected


def test_a_patient_is_told_in_the_set_of_the_message():
    # The second byte of 億 in Big5 is a repetition mark.
    raw = "\r".join([with_field(MSH, 18, "BIG-5"), "PID|1||億7^^^A"]).encode("big5")
    assert patient_keys(raw, read_header(raw)) == {"億7"}


async def test_who_shares_a_patient_takes_turns_and_others_do_not_wait():
    order, done = PatientOrder(), []
    gates = {name: asyncio.Event() for name in "abcd"}

    async def work(name: str, turn) -> None:
        async with turn:
            await gates[name].wait()
            done.append(name)

    keys = {"a": {"1"}, "b": {"1", "2"}, "c": {"2"}, "d": {"3"}}
    tasks = [asyncio.create_task(work(name, order.turn(keys[name]))) for name in "abcd"]
    for name in "cbd":
        gates[name].set()
    await settle()
    assert done == ["d"]
    gates["a"].set()
    await asyncio.gather(*tasks)
    assert done == ["d", "a", "b", "c"]
    assert not order._last


async def test_a_turn_that_is_given_up_lets_the_next_go_on():
    order = PatientOrder()
    first, second, third = (order.turn({"1"}) for _ in range(3))

    async def hold(turn) -> None:
        async with turn:
            await asyncio.sleep(0)

    async with first:
        waiting = asyncio.create_task(hold(second))
        last = asyncio.create_task(hold(third))
        await settle()
        waiting.cancel()
        await settle()
        assert not last.done()  # the first still works
    await asyncio.wait_for(last, 1)


class SlowWorker:
    """Takes some milliseconds for each message, without holding up the loop."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.done: list[str] = []

    async def process(self, known: KnownMessage, sending: Sending) -> Answer:
        await asyncio.sleep(self.seconds)
        self.done.append(known.id)
        return Answer(b"", "AA", known.id)


def waiting_message(number: int) -> tuple[KnownMessage, Sending]:
    raw = message(with_field(MSH, 10, f"C{number}"), with_field(PID, 3, f"{number}"))
    codes: Translator = LOCAL_CODES
    known = KnownMessage(f"m{number}", 0, "LIS|H", "received", "", raw, b"kept")
    return known, Sending(read_header(raw), Policy(zone=SHANGHAI), codes)


def put_off(backlog: Backlog, known: KnownMessage, sending: Sending) -> None:
    backlog._room.enter_now(len(known.body))
    backlog.put_off(known, lambda: sending, is_new=True)


def a_backlog(worker: SlowWorker) -> Backlog:
    return Backlog(worker, Room(messages=1000, size=10**9), lambda _: None)


async def test_while_messages_come_in_those_that_wait_get_a_share_and_all_of_it_afterwards():
    worker = SlowWorker(0.005)
    found = a_backlog(worker)
    for number in range(200):
        put_off(found, *waiting_message(number))
    assert len(found) == 200
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        found.arrives()
        await asyncio.sleep(0.0005)
        found.has_arrived()
    meanwhile = len(worker.done)
    # One at a time and a pause nine times as long: some 10, never none, never all.
    assert 0 < meanwhile < 60
    assert await found.drain(20)
    assert len(worker.done) == 200
    assert len(found) == 0


class HoggingWorker(SlowWorker):
    """Holds up the loop, as a conversion does: what comes meanwhile is seen some turns later."""

    backlog: Backlog

    async def process(self, known: KnownMessage, sending: Sending) -> Answer:
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self.backlog.arrives)
        time.sleep(self.seconds)  # noqa: ASYNC251 (what is tested)
        self.done.append(known.id)
        return Answer(b"", "AA", known.id)


async def test_what_came_during_a_conversion_is_seen_before_a_lull_is():
    worker = HoggingWorker(0.01)
    worker.backlog = found = a_backlog(worker)
    for number in range(5):
        put_off(found, *waiting_message(number))
    await settle()
    assert worker.done == ["m0"]
    await asyncio.sleep(0.03)
    assert worker.done == ["m0"]
    for number in range(1, 5):
        found.has_arrived()
        await asyncio.sleep(0.03)
        assert len(worker.done) == number + 1
    assert await found.drain(5)


async def test_a_short_burst_comes_first():
    worker = SlowWorker(0.001)
    found = a_backlog(worker)
    found.arrives()
    for number in range(5):
        put_off(found, *waiting_message(number))
    await asyncio.sleep(0.1)
    assert not worker.done
    await asyncio.sleep(0.3)
    assert worker.done
    found.has_arrived()
    assert await found.drain(5)


async def test_what_was_not_begun_when_the_time_is_up_is_left_for_the_next_start():
    worker = SlowWorker(0.05)
    found = a_backlog(worker)
    for number in range(100):
        put_off(found, *waiting_message(number))
    assert not await found.drain(0.01)
    assert len(found) < 100
    await asyncio.gather(*found._running.values())
    assert (len(found), found._room._inside) == (0, 0)
    assert len(worker.done) < 100


async def test_a_drain_ends_in_time_and_says_what_is_left():
    worker = SlowWorker(0.2)
    found = a_backlog(worker)
    known, sending = waiting_message(1)
    found._room.enter_now(len(known.body))
    task = found.begin(known, sending, waited_for=False, is_new=True)
    assert not await found.drain(0.01)
    await task
    assert await found.drain(0.01)


async def test_who_asks_for_a_message_that_is_being_processed_joins_that_work():
    worker = SlowWorker(0.01)
    found = a_backlog(worker)
    known, sending = waiting_message(1)
    tasks = []
    for _ in range(3):
        found._room.enter_now(len(known.body))
        tasks.append(found.begin(known, sending, waited_for=True, is_new=True))
    await asyncio.gather(*tasks)
    assert worker.done == ["m1"]
    assert found._room._inside == 0


class GatedWorker:
    """Holds each message until its gate is opened."""

    def __init__(self, *names: str) -> None:
        self.gates = {name: asyncio.Event() for name in names}
        self.begun: list[str] = []

    async def process(self, known: KnownMessage, sending: Sending) -> Answer:
        self.begun.append(known.id)
        await self.gates[known.id].wait()
        return Answer(b"", "AA", known.id)


async def test_messages_of_one_patient_are_processed_one_after_another_in_order():
    worker = GatedWorker("a", "b", "c", "d")
    found = a_backlog(worker)
    tasks = {}
    for name, patient in {"a": "1", "b": "1~2", "c": "2", "d": "3"}.items():
        raw = message(MSH, with_field(PID, 3, patient))
        known, sending = waiting_message(1)
        found._room.enter_now(len(raw))
        known = replace(known, id=name, body=raw)
        tasks[name] = found.begin(known, sending, waited_for=True, is_new=True)
    await settle()
    # Another patient's is not held up; what shares a patient, even by one number, is.
    assert worker.begun == ["a", "d"]
    for name, begun in {"a": "adb", "b": "adbc"}.items():
        worker.gates[name].set()
        await tasks[name]
        await settle()
        assert worker.begun == list(begun)
    worker.gates["c"].set()
    worker.gates["d"].set()
    assert await found.drain(5)


def of_patient(number: int, patient: str) -> tuple[KnownMessage, Sending]:
    raw = message(with_field(MSH, 10, f"C{number}"), with_field(PID, 3, patient))
    known, sending = waiting_message(number)
    return replace(known, body=raw), replace(sending, header=read_header(raw))


async def test_one_that_is_waited_for_goes_behind_those_of_its_patient_that_were_put_off():
    worker = SlowWorker(0.0001)
    found = a_backlog(worker)
    for number in range(40):
        put_off(found, *of_patient(number, "1" if number % 2 else "2"))
    assert len(found._running) < 40
    known, sending = of_patient(40, "1~2")
    found._room.enter_now(len(known.body))
    await found.begin(known, sending, waited_for=True, is_new=True)
    assert worker.done[-1] == "m40"
    for patient in (0, 1):
        numbers = [int(each[1:]) for each in worker.done[:-1] if int(each[1:]) % 2 == patient]
        assert numbers == list(range(patient, 40, 2))
    assert (len(found), found._room._inside) == (0, 0)


async def test_a_resend_of_one_that_was_put_off_is_the_same_message():
    worker = SlowWorker(0.0001)
    found = a_backlog(worker)
    for number in [*range(30), 29, 3]:
        put_off(found, *waiting_message(number))
    assert (len(found), found._room._inside) == (30, 30)
    known, sending = waiting_message(29)
    found._room.enter_now(len(known.body))
    # Who asks for it again waits for the outcome that it has then.
    assert (await found.begin(known, sending, waited_for=True, is_new=False)).message_id == "m29"
    assert await found.drain(20)
    assert sorted(worker.done) == sorted(f"m{number}" for number in range(30))
    assert found._room._inside == 0
